//! Simulated tokens: a SoftHSM token or a virtual YubiKey for each key, inserted one at a time.
//!
//! Each simulated SoftHSM token has its own folder. SoftHSM looks for tokens in the folder `reader`, which is a link to
//! the inserted token or to an empty folder: replacing a link is atomic.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ceremony::SecretPurpose;
use crate::certificate::PublicKey;
use crate::executor::{Hands, approval_token_name};
use crate::metadata::KeyType;
use crate::profile::Profile;
use crate::record::Firmware;
use crate::script::{KeyId, MediumId, PersonId, Script, TokenSpec};
use crate::secret::Pin;
use crate::storage::{Links, Mode, make_folder, point_link, read_text, real_path, replace};
use crate::token::{KeyRequest, Reader, Token, TokenError, TokenQuery, open_reader};
use crate::words::Digest;
use zeroize::Zeroizing;

use super::custodians;
use super::virtual_yubikeys::{VirtualYubiKeys, YubiKeysError};

const PROFILE: &str = "softhsm2";
const YUBIKEY: &str = "yubikey-piv";
/// The firmware of a virtual YubiKey if the script does not name a model.
const FIRMWARE: Firmware = Firmware::new(5, 7, 4);
/// The delay before a virtual YubiKey is touched in front of people.
const TOUCH: Duration = Duration::from_secs(2);
/// The length of PINs and approval codes.
const DIGITS: usize = 8;
const EMPTY: &str = "no-token";
const READER: &str = "reader";
/// Folders that replace media.
pub(super) const MEDIA: &str = "media";
const FIRST_SCRIPT: &str = "first-script";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// SoftHSM for all tokens.
    SoftHsm,
    /// A virtual YubiKey for each YubiKey in the script, and SoftHSM for all other tokens.
    YubiKey,
}

/// A virtual YubiKey that replaces a token.
#[derive(Debug, Clone, Copy)]
struct VirtualToken {
    serial: u32,
    firmware: Firmware,
    slot: u8,
}

/// The simulated tokens of a script, which are inserted and removed automatically.
#[derive(Debug)]
pub struct SimulatedTokens {
    pub(super) store: PathBuf,
    /// The first script of the store. PINs are derived from it, and do not change with later scripts.
    script: Digest,
    /// Tokens that the script does not initialize, by name and label: they are initialized beforehand.
    ready_made: Vec<(String, String)>,

    yubikeys: Option<VirtualYubiKeys>,
    virtual_tokens: BTreeMap<String, VirtualToken>,
}

#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error("cannot use the store of the simulated tokens in {}: {source}", path.display())]
    Store { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    YubiKeys(#[from] YubiKeysError),
    #[error("cannot simulate the share set in the script: {why}")]
    Set { why: String },
    #[error("cannot simulate the root in the script: {why}")]
    Root { why: String },
}

impl SimulatedTokens {
    /// Makes a store, or uses an existing one. Afterwards the process must run with `SOFTHSM2_CONF` set to
    /// [`SimulatedTokens::configuration`], because the module reads its environment when it is loaded.
    pub fn prepare_store(store: &Path, kind: TokenKind) -> Result<(), SimulationError> {
        let failed = |source| SimulationError::Store {
            path: store.to_owned(),
            source,
        };
        let made = make_folder(&store.join(EMPTY)).and_then(|()| real_path(store));
        let store_path = made.map_err(|error| failed(error.into()))?;
        if kind == TokenKind::YubiKey {
            VirtualYubiKeys::prepare(store).map_err(failed)?;
        }
        let configuration = format!(
            "# Simulated tokens of a rehearsal.\n\
             directories.tokendir = {}\n\
             objectstore.backend = file\n\
             log.level = ERROR\n\
             slots.removable = true\n",
            store_path.join(READER).display()
        );
        let written = replace(
            &Self::configuration(store),
            configuration.as_bytes(),
            Mode::Private,
        );
        written.map_err(|error| failed(error.into()))?;
        point(store, EMPTY).map_err(failed)
    }

    /// Starts the virtual YubiKeys of a store, if it has any. They end when this process ends. Returns the value for
    /// `PCSCLITE_CSOCK_NAME`, with which the PC/SC library finds them.
    pub fn start_yubikeys(store: &Path) -> Result<Option<PathBuf>, SimulationError> {
        let yubikeys = VirtualYubiKeys::of(store);
        Ok(yubikeys.map(|yubikeys| yubikeys.start()).transpose()?)
    }

    /// The root certificate of the attestations of virtual YubiKeys, PEM.
    pub fn attestation_root(&self) -> Result<Option<String>, SimulationError> {
        let root = self
            .yubikeys
            .as_ref()
            .map(VirtualYubiKeys::root)
            .transpose();
        root.map_err(|source| SimulationError::Store {
            path: self.store.clone(),
            source,
        })
    }

    /// Delays the touch of virtual YubiKeys, so that people see the prompt for it.
    pub fn show_touches(&self) -> Result<(), SimulationError> {
        match &self.yubikeys {
            None => Ok(()),
            Some(yubikeys) => {
                yubikeys
                    .touch_after(TOUCH)
                    .map_err(|source| SimulationError::Store {
                        path: self.store.clone(),
                        source,
                    })
            }
        }
    }

    /// The configuration file for SoftHSM.
    pub fn configuration(store: &Path) -> PathBuf {
        store.join("softhsm2.conf")
    }

    /// The simulated tokens of a script, in a prepared store.
    pub fn new(store: &Path, script: &Script) -> Result<Self, SimulationError> {
        let initialized = |key: &KeyId| script.initializes(key);
        let yubikeys = VirtualYubiKeys::of(store);
        let virtual_tokens = if yubikeys.is_some() {
            virtual_tokens(script)
        } else {
            BTreeMap::new()
        };
        let mut simulated_tokens = Self {
            store: store.to_owned(),
            script: first_script(store, script.sha256()).map_err(|source| {
                SimulationError::Store {
                    path: store.to_owned(),
                    source,
                }
            })?,
            ready_made: Vec::new(),
            yubikeys,
            virtual_tokens,
        };
        for plan in script.keys().iter().filter(|plan| !initialized(&plan.id)) {
            let name = plan.id.to_string();
            let label = simulated_label(&name, &plan.token);
            simulated_tokens.ready_made.push((name, label));
        }
        for spare in script.spares() {
            let mut served = script.keys().iter().filter(|plan| spare.serves(plan));
            if !served.any(|plan| initialized(&plan.id)) {
                let name = spare.id.to_string();
                let label = simulated_label(&name, &spare.token);
                simulated_tokens.ready_made.push((name, label));
            }
        }
        for person in script.people() {
            if let Some(own) = &person.approval {
                let name = approval_token_name(&person.id);
                let label = simulated_label(&name, &own.token);
                simulated_tokens.ready_made.push((name, label));
            }
        }
        for (name, label) in simulated_tokens.ready_made.clone() {
            simulated_tokens.make_ready(&name, &label)?;
        }
        Ok(simulated_tokens)
    }

    /// Initializes a simulated token, unless that was done before.
    fn make_ready(&mut self, name: &str, label: &str) -> Result<(), SimulationError> {
        let mut reader = self.reader_with(name)?;
        let seen = reader.tokens()?;
        if seen.iter().any(|seen| seen.state.pin_set) {
            return Ok(());
        }
        let blank = reader.find(&TokenQuery::blank(self.profile_of(name)))?;
        let mut token = reader.open(&blank.id)?;
        let (so_pin, pin) = (
            self.pin(name, SecretPurpose::SoPin),
            self.pin(name, SecretPurpose::Pin),
        );
        let (so_pin, pin) = (own(so_pin)?, own(pin)?);
        token.initialize(&so_pin, label)?;
        token.set_pin(&so_pin, &pin)?;
        Ok(())
    }

    /// The public key on the simulated approval token of each person who has one.
    pub fn approval_tokens(
        &mut self,
        script: &Script,
    ) -> Result<BTreeMap<PersonId, PublicKey>, SimulationError> {
        let mut simulated_tokens = BTreeMap::new();
        for person in script.people().iter().filter(|one| one.approval.is_some()) {
            let public = self.with_token(&approval_token_name(&person.id), |token, slot| {
                let mut held = token.keys()?.into_iter();
                match held.next() {
                    Some(held) => Ok(held.public),
                    None => make_key(token, slot, KeyType::EcdsaP256, false),
                }
            })?;
            simulated_tokens.insert(person.id.clone(), public);
        }
        Ok(simulated_tokens)
    }

    /// Runs `act` with the simulated token of a key, logged in. A token that is not initialized is initialized first.
    pub(super) fn with_token<T>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut dyn Token, Option<u8>) -> Result<T, SimulationError>,
    ) -> Result<T, SimulationError> {
        let is_planned = self.ready_made.iter().any(|(ready, _)| ready == name);
        if !is_planned {
            let label: String = name.chars().take(32).collect();
            self.make_ready(name, &label)?;
        }
        let mut reader = self.reader_with(name)?;
        let seen = reader.find(&TokenQuery::of(self.profile_of(name)))?;
        let mut token = reader.open(&seen.id)?;
        token.login(&own(self.pin(name, SecretPurpose::Pin))?)?;
        let slot = self.virtual_tokens.get(name).map(|token| token.slot);
        act(token.as_mut(), slot)
    }

    fn profile_of(&self, name: &str) -> &'static str {
        if self.virtual_tokens.contains_key(name) {
            YUBIKEY
        } else {
            PROFILE
        }
    }

    /// The reader, with only this simulated token inserted.
    fn reader_with(&mut self, name: &str) -> Result<Box<dyn Reader>, SimulationError> {
        self.put_in(name).map_err(|source| SimulationError::Store {
            path: self.store.clone(),
            source,
        })?;
        let profile = self.profile_of(name);
        let profile = Profile::named(profile).map_err(|error| TokenError::Unsupported {
            what: format!("be used: {error}"),
        })?;
        Ok(open_reader(&profile)?)
    }

    /// The PIN of a simulated token. It is derived from the script and the name of the token, so that a rehearsal can be
    /// resumed. It protects nothing.
    fn pin(&self, name: &str, purpose: SecretPurpose) -> String {
        let whose = match purpose {
            SecretPurpose::Pin | SecretPurpose::NewPin | SecretPurpose::KeyFilePassphrase => "pin",
            SecretPurpose::SoPin
            | SecretPurpose::NewSoPin
            | SecretPurpose::Puk
            | SecretPurpose::NewPuk => "so-pin",
            // Approval codes belong to people, and a token generates its own management key.
            SecretPurpose::ManagementKey
            | SecretPurpose::ApprovalCode
            | SecretPurpose::NewApprovalCode => "code",

            SecretPurpose::SharePassphrase
            | SecretPurpose::NewSharePassphrase
            | SecretPurpose::IdentityPin
            | SecretPurpose::ShareWord => "share",
        };
        self.digits(name, whose)
    }

    fn digits(&self, of: &str, whose: &str) -> String {
        let digest = Digest::of(format!("rehearsal {} {of} {whose}", self.script).as_bytes());
        digest
            .as_bytes()
            .iter()
            .take(DIGITS)
            .map(|byte| char::from(b'0' + byte % 10))
            .collect()
    }
}

impl Hands for SimulatedTokens {
    fn put_in(&mut self, token: &str) -> io::Result<()> {
        if let (Some(yubikeys), Some(simulated)) = (&self.yubikeys, self.virtual_tokens.get(token))
        {
            point(&self.store, EMPTY)?;
            return yubikeys.bring(token, simulated.serial, &simulated.firmware.to_string());
        }
        if let Some(yubikeys) = &self.yubikeys {
            yubikeys.take_out()?;
        }
        make_folder(&self.store.join(token))?;
        point(&self.store, token)
    }

    fn take_out(&mut self) -> io::Result<()> {
        if let Some(yubikeys) = &self.yubikeys {
            yubikeys.take_out()?;
        }
        point(&self.store, EMPTY)
    }

    fn simulated(&self, token: &str, spec: &TokenSpec) -> Option<TokenQuery> {
        if let Some(simulated) = self.virtual_tokens.get(token) {
            return Some(TokenQuery {
                serial: Some(simulated.serial.to_string()),
                ..TokenQuery::of(YUBIKEY)
            });
        }
        Some(TokenQuery {
            label: Some(simulated_label(token, spec)),
            ..TokenQuery::of(PROFILE)
        })
    }

    fn simulated_signature(&mut self, key: &KeyId, message: &[u8]) -> Option<io::Result<Vec<u8>>> {
        Some(self.site_signature(key, message))
    }

    fn given_pin(&self, token: &str, purpose: SecretPurpose) -> Option<String> {
        Some(self.pin(token, purpose))
    }

    fn medium(&self, medium: &MediumId) -> Option<io::Result<PathBuf>> {
        let path = self.store.join(MEDIA).join(medium.as_str());
        let made = make_folder(&path).and_then(|()| real_path(&path));
        Some(made.map_err(io::Error::from))
    }

    fn simulated_recipients(
        &self,
        custodian: &PersonId,
        count: usize,
    ) -> Option<io::Result<Vec<String>>> {
        Some(custodians::recipients(&self.store, custodian, count))
    }

    fn simulated_identity(&self, custodian: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>> {
        Some(custodians::identity(&self.store, custodian))
    }

    fn kept(&self, folder: &str, file: &str) -> Option<io::Result<PathBuf>> {
        Some(self.kept_file(folder, file))
    }

    fn given_passphrase(&self, custodian: &PersonId) -> Option<String> {
        let half = |whose| self.digits(custodian.as_str(), whose);
        Some(half("passphrase") + &half("passphrase, second half"))
    }

    fn given_code(&self, person: &PersonId) -> Option<String> {
        Some(self.digits(person.as_str(), "code"))
    }
}

/// The first script of a store.
fn first_script(store: &Path, script: Digest) -> io::Result<Digest> {
    let path = store.join(FIRST_SCRIPT);
    match read_text(&path, Links::Refuse, 256) {
        Ok(text) => Digest::from_hex(text.trim())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        Err(error) if error.is_missing() => {
            replace(&path, format!("{script}\n").as_bytes(), Mode::Private)?;
            Ok(script)
        }
        Err(error) => Err(error.into()),
    }
}

/// The tokens of a script that are replaced by virtual YubiKeys, with the serial numbers and models in the script.
fn virtual_tokens(script: &Script) -> BTreeMap<String, VirtualToken> {
    let keys = script.keys().iter();
    let keys = keys.map(|plan| (plan.id.to_string(), &plan.token));
    let spares = script.spares().iter();
    let spares = spares.map(|spare| (spare.id.to_string(), &spare.token));
    let tokens = keys.chain(spares);
    tokens
        .filter_map(|(name, spec)| {
            let slot = spec.slot?.number;
            let serial = spec
                .serial
                .as_deref()
                .and_then(|serial| serial.parse().ok());
            let model = spec.model.as_deref();
            let firmware = model.and_then(|model| model.strip_prefix("YubiKey ")?.parse().ok());
            let simulated = VirtualToken {
                serial: serial.unwrap_or_else(|| some_serial(&name)),
                firmware: firmware.unwrap_or(FIRMWARE),
                slot,
            };
            Some((name, simulated))
        })
        .collect()
}

/// A serial number derived from the name of a token, if the script has none.
fn some_serial(name: &str) -> u32 {
    let digest = Digest::of(name.as_bytes());
    let [a, b, c, ..] = *digest.as_bytes();
    70_000_000 + u32::from_be_bytes([0, a, b, c]) % 10_000_000
}

fn own(pin: String) -> Result<Pin, TokenError> {
    Pin::new(Zeroizing::new(pin)).map_err(|error| TokenError::Unsupported {
        what: format!("use its PIN: {error}"),
    })
}

fn simulated_label(name: &str, spec: &TokenSpec) -> String {
    let label = spec.label.clone();
    label.unwrap_or_else(|| name.chars().take(32).collect())
}

/// Points the reader to a folder of the store, atomically.
fn point(store: &Path, folder: &str) -> io::Result<()> {
    Ok(point_link(&store.join(READER), Path::new(folder))?)
}

pub(super) fn make_key(
    token: &mut dyn Token,
    slot: Option<u8>,
    key_type: KeyType,
    extractable: bool,
) -> Result<PublicKey, SimulationError> {
    let request = KeyRequest {
        object_id: slot.map_or_else(|| b"simulated".to_vec(), |slot| vec![slot]),
        label: "REHEARSAL simulated".to_owned(),
        key_type,
        extractable,
    };
    Ok(token.generate(&request)?.public)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn one_simulated_token_is_inserted_at_a_time() {
        let store = tempfile::tempdir().unwrap();
        SimulatedTokens::prepare_store(store.path(), TokenKind::SoftHsm).unwrap();
        let reader = store.path().join(READER);
        assert_eq!(fs::read_link(&reader).unwrap(), Path::new(EMPTY));
        let mut simulated_tokens = SimulatedTokens {
            store: store.path().to_owned(),
            script: Digest::of(b""),
            ready_made: Vec::new(),
            yubikeys: None,
            virtual_tokens: BTreeMap::new(),
        };
        simulated_tokens.put_in("key-2").unwrap();
        assert_eq!(fs::read_link(&reader).unwrap(), Path::new("key-2"));
        simulated_tokens.put_in("key-3").unwrap();
        assert_eq!(fs::read_link(&reader).unwrap(), Path::new("key-3"));
        simulated_tokens.take_out().unwrap();
        assert_eq!(fs::read_dir(&reader).unwrap().count(), 0);
    }

    #[test]
    fn pins_depend_on_script_key_and_purpose_only() {
        let simulated_tokens = |script: &[u8]| SimulatedTokens {
            store: PathBuf::new(),
            script: Digest::of(script),
            ready_made: Vec::new(),
            yubikeys: None,
            virtual_tokens: BTreeMap::new(),
        };
        let (one, two) = ("key-1", "key-2");
        let of = |token: &str, purpose| simulated_tokens(b"a").pin(token, purpose);
        assert_eq!(of(one, SecretPurpose::NewPin), of(one, SecretPurpose::Pin));
        assert_ne!(of(one, SecretPurpose::Pin), of(two, SecretPurpose::Pin));
        assert_ne!(of(one, SecretPurpose::Pin), of(one, SecretPurpose::SoPin));
        assert_ne!(
            of(one, SecretPurpose::Pin),
            simulated_tokens(b"b").pin(one, SecretPurpose::Pin)
        );
    }
}
