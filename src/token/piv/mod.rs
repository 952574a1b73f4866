//! YubiKeys: their PIV application behind PC/SC (NIST SP 800-73-4, and the vendor's extensions).
//!
//! A YubiKey has a PUK in place of an SO PIN. The management key, without which no key is generated, is random and stored on
//! the device behind the PIN, as the vendor's tools do it.

mod authentication;
mod card;
mod connection;
mod device;
mod management;
mod metadata;
mod new_key;
mod objects;
mod pins;
mod private_key;
mod pss;
mod signing;
mod slot;
mod tlv;
mod token;

use std::sync::{Arc, Mutex, Weak};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use pcsc::{Context, Error as Pcsc, Scope};

use crate::profile::Profile;
use crate::record::{Firmware, TokenId};

use self::card::Card;
use self::connection::{Connection, identify, readers, seen};
use self::device::YubiKey;
use super::query::only_one;
use super::{Reader, Seen, Token, TokenError, Touch, TouchObserver, lock};

/// The first firmware with GET METADATA.
const OLDEST_FIRMWARE: Firmware = Firmware::new(5, 3, 0);

fn fill_random(bytes: &mut [u8]) -> Result<(), TokenError> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| TokenError::device("the random number generator of this machine failed"))
}

/// The YubiKeys of this machine.
pub struct YubiKeys {
    profile: Profile,
    context: Context,
    open: Vec<Weak<Mutex<Connection>>>,
    observer: TouchObserver,
}

impl YubiKeys {
    /// Connects to the smart card service of the system.
    ///
    /// # Errors
    /// [`TokenError::Service`] when it does not answer.
    pub fn connect(profile: &Profile) -> Result<Self, TokenError> {
        let context = Context::establish(Scope::System).map_err(|error| match error {
            Pcsc::NoService | Pcsc::ServiceStopped => TokenError::Service {
                why: error.to_string(),
                install: profile.install.clone(),
            },
            other => card::device("SCardEstablishContext", other),
        })?;
        Ok(Self {
            profile: profile.clone(),
            context,
            open: Vec::new(),
            observer: Arc::new(|_: Touch| {}),
        })
    }

    fn connections(&mut self) -> Vec<Arc<Mutex<Connection>>> {
        self.open.retain(|connection| connection.strong_count() > 0);
        self.open.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Reader for YubiKeys {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn tokens(&mut self) -> Result<Vec<Seen>, TokenError> {
        let connections = self.connections();
        let mut found = Vec::new();
        'readers: for reader in readers(&self.context)? {
            // An open card is queried through its handle: a second handle would log it out.
            for connection in &connections {
                let mut connection = lock(connection);
                if connection.is_in(&reader) {
                    match connection.use_card(|card, _| seen(card, &self.profile.name)) {
                        Ok(token) => found.push(token),
                        Err(TokenError::Removed) => {}
                        Err(error) => return Err(error),
                    }
                    continue 'readers;
                }
            }
            if let Some(card) = Card::connect(&self.context, &reader, card::IN_USE_TIMEOUT)? {
                match seen(&card, &self.profile.name) {
                    Ok(token) => found.push(token),
                    Err(TokenError::Removed) => {}
                    Err(error) => return Err(error),
                }
                card.leave();
            }
        }
        Ok(found)
    }

    fn reset(&mut self) -> Result<(), TokenError> {
        for connection in self.connections() {
            lock(&connection).disconnect();
        }
        Ok(())
    }

    fn watch_touch(&mut self, observer: TouchObserver) {
        self.observer = observer;
    }

    fn open(&mut self, id: &TokenId) -> Result<Box<dyn Token>, TokenError> {
        let mut found = self.tokens()?;
        found.retain(|token| token.id == *id);
        let only = only_one(found, |token| token.id.clone(), || format!("token {id}"))?;
        let mut connection = Connection::new(self.context.clone(), only.id.serial);
        let firmware = connection.use_card(|card, _| identify(card))?.firmware;
        if firmware < OLDEST_FIRMWARE {
            return Err(TokenError::Unsupported {
                what: format!(
                    "be used: its firmware {firmware} does not report which keys it has; firmware {OLDEST_FIRMWARE} and later does"
                ),
            });
        }
        let connection = Arc::new(Mutex::new(connection));
        self.open.push(Arc::downgrade(&connection));
        Ok(Box::new(YubiKey::new(
            connection,
            id.clone(),
            firmware,
            Arc::clone(&self.observer),
        )))
    }
}
