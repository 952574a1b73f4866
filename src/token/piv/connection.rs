//! The connection to an opened YubiKey, in whichever reader it is.

use std::ffi::{CStr, CString};
use std::time::Duration;

use pcsc::{Context, Error as Pcsc};
use zeroize::Zeroizing;

use crate::record::{Firmware, TokenId, Tries};
use crate::secret::Pin;

use super::super::{FactorySecret, Seen, TokenError, TokenState};
use super::OLDEST_FIRMWARE;
use super::card::{self, Card, Command, Status};
use super::management::ManagementKey;
use super::metadata::{ManagementKeyStatus, PIN, PUK, PinStatus};
use super::objects::OwnObject;

/// How long a PIN or PUK may be.
pub(super) const PIN_LENGTH: std::ops::RangeInclusive<usize> = 6..=8;

/// How a card identifies itself.
pub(super) struct Identity {
    pub(super) serial: String,
    pub(super) firmware: Firmware,
}

/// Where an opened token is.
enum Place {
    /// Not connected: it is searched for when it is needed.
    Anywhere,
    In(Card),
    /// It was removed.
    Gone,
}

/// An opened token. Dropping it resets the card, which logs it out.
pub(super) struct Connection {
    context: Context,
    serial: String,
    place: Place,
    session: Session,
}

/// What lasts as long as a login.
#[derive(Default)]
pub(super) struct Session {
    /// The verified PIN, for keys that require it before every use.
    pub(super) pin: Option<Pin>,
    /// The management key that was entered because the card does not store it.
    pub(super) management: Option<ManagementKey>,
}

impl Connection {
    pub(super) fn new(context: Context, serial: String) -> Self {
        Self {
            context,
            serial,
            place: Place::Anywhere,
            session: Session::default(),
        }
    }

    /// Whether its card is connected in that reader.
    pub(super) fn is_in(&self, reader: &CStr) -> bool {
        matches!(&self.place, Place::In(card) if card.reader() == reader)
    }

    /// Logs out and resets the card. It is found again at its next use.
    pub(super) fn disconnect(&mut self) {
        self.session = Session::default();
        if matches!(self.place, Place::In(_)) {
            self.place = Place::Anywhere;
        }
    }

    /// Runs `act` with its card.
    pub(super) fn use_card<T>(
        &mut self,
        act: impl FnOnce(&Card, &mut Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        if matches!(self.place, Place::Anywhere) {
            self.place = match find(&self.context, &self.serial)? {
                Some(card) => Place::In(card),
                None => Place::Gone,
            };
        }
        let Place::In(card) = &self.place else {
            return Err(TokenError::Removed);
        };
        let result = act(card, &mut self.session);
        if matches!(result, Err(TokenError::Removed)) {
            self.place = Place::Gone;
            self.session = Session::default();
        }
        result
    }
}

/// The readers in YubiKeys. Other readers are not used.
pub(super) fn readers(context: &Context) -> Result<Vec<CString>, TokenError> {
    match context.list_readers_owned() {
        Ok(mut names) => {
            names.retain(|name| name.to_string_lossy().to_ascii_lowercase().contains("yubi"));
            Ok(names)
        }
        Err(Pcsc::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(card::device("SCardListReaders", error)),
    }
}

fn find(context: &Context, serial: &str) -> Result<Option<Card>, TokenError> {
    let (mut at_hand, in_use) = (readers(context)?, &mut Vec::new());
    let found = find_in(context, serial, &at_hand, Duration::ZERO, in_use)?;
    if found.is_some() || in_use.is_empty() {
        return Ok(found);
    }
    // The wanted card may be one that another program is about to release.
    at_hand = std::mem::take(in_use);
    find_in(context, serial, &at_hand, card::IN_USE_TIMEOUT, in_use)
}

fn find_in(
    context: &Context,
    serial: &str,
    readers: &[CString],
    patience: Duration,
    in_use: &mut Vec<CString>,
) -> Result<Option<Card>, TokenError> {
    for reader in readers {
        let card = match Card::connect(context, reader, patience) {
            Ok(Some(card)) => card,
            Ok(None) => continue,
            // A card in use may still not be the wanted one.
            Err(TokenError::InUse) => {
                in_use.push(reader.clone());
                continue;
            }
            Err(error) => return Err(error),
        };
        match identify(&card) {
            Ok(identity) if identity.serial == serial => return Ok(Some(card)),
            Ok(_) | Err(TokenError::Removed) => card.leave(),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

pub(super) fn identify(card: &Card) -> Result<Identity, TokenError> {
    let version = card
        .transmit(Command::VERSION, &[])?
        .expect(Command::VERSION)?;
    let [major, minor, patch] = version[..] else {
        return Err(Command::VERSION.failed(Status::OK));
    };
    // Firmware 4 has its serial number only in another application.
    let answer = card.transmit(Command::SERIAL, &[])?;
    let serial = match answer.status {
        Status::UNKNOWN => String::new(),
        _ => match answer.expect(Command::SERIAL)?[..] {
            [a, b, c, d] => u32::from_be_bytes([a, b, c, d]).to_string(),
            _ => return Err(Command::SERIAL.failed(Status::OK)),
        },
    };
    Ok(Identity {
        serial,
        firmware: Firmware::new(major, minor, patch),
    })
}

/// Reads the identity and the state of a card.
pub(super) fn seen(card: &Card, profile: &str) -> Result<Seen, TokenError> {
    let identity = identify(card)?;
    let (state, label) = if identity.firmware < OLDEST_FIRMWARE {
        (state_of_old_firmware(card)?, identity.serial.clone())
    } else {
        let state = state(card)?;
        let label = match (state.initialized, OwnObject::read(card)?.label) {
            (false, _) => String::new(),
            (true, Some(label)) => label,
            (true, None) => identity.serial.clone(),
        };
        (state, label)
    };
    Ok(Seen {
        id: TokenId {
            profile: profile.to_owned(),
            manufacturer: "Yubico".to_owned(),
            model: format!("YubiKey {}", identity.firmware),
            serial: identity.serial,
            label,
        },
        state,
    })
}

pub(super) fn state(card: &Card) -> Result<TokenState, TokenError> {
    let pin = PinStatus::ask(card, PIN)?;
    let puk = PinStatus::ask(card, PUK)?;
    let management = ManagementKeyStatus::ask(card)?;
    let at_factory_value: Vec<FactorySecret> = [
        (pin.factory, FactorySecret::Pin),
        (puk.factory, FactorySecret::Puk),
        (management.factory, FactorySecret::ManagementKey),
    ]
    .into_iter()
    .filter_map(|(factory, secret)| factory.then_some(secret))
    .collect();
    Ok(TokenState {
        initialized: !puk.factory && !management.factory,
        pin_set: !pin.factory,
        pin_tries: Tries::Exactly(pin.tries),
        so_pin_tries: Tries::Exactly(puk.tries),
        pin_length: PIN_LENGTH,
        login_required: true,
        pin_pad: false,
        write_protected: false,
        at_factory_value,
    })
}

/// The state of a card without GET METADATA.
fn state_of_old_firmware(card: &Card) -> Result<TokenState, TokenError> {
    let tries = card.transmit(Command::VERIFY_PIN, &[])?.status.tries();
    Ok(TokenState {
        initialized: true,
        pin_set: true,
        pin_tries: tries.map_or(Tries::Unknown, Tries::Exactly),
        so_pin_tries: Tries::Unknown,
        pin_length: PIN_LENGTH,
        login_required: true,
        pin_pad: false,
        write_protected: false,
        at_factory_value: Vec::new(),
    })
}

/// A PIN or PUK as cards take it: padded to eight bytes. They are on the heap, because an array that is returned leaves
/// copies on the stack.
pub(super) fn padded(pin: &Pin) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    let bytes = pin.expose().as_bytes();
    if !PIN_LENGTH.contains(&bytes.len()) {
        return Err(TokenError::PinFormat { length: PIN_LENGTH });
    }
    let mut block = Zeroizing::new(vec![0xff; 8]);
    block[..bytes.len()].copy_from_slice(bytes);
    Ok(block)
}
