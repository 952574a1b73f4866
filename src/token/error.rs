//! What can go wrong with a token, and what is safe to do then.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::record::{TokenId, Tries};

/// Whose PIN it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinRole {
    /// The key holder's.
    User,
    /// The security officer's.
    SecurityOfficer,
    /// The one that unblocks a PIN: what a YubiKey has in place of an SO PIN.
    Puk,
    /// What a key file is closed under.
    Passphrase,
}

impl fmt::Display for PinRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "PIN",
            Self::SecurityOfficer => "SO PIN",
            Self::Puk => "PUK",
            Self::Passphrase => "passphrase",
        })
    }
}

/// Why a token did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    #[error("the key file {file} {problem}")]
    KeyFile {
        file: String,
        /// What is the matter, as a verb.
        problem: String,
    },
    #[error("the {role} is wrong{}", of_tries(*role, *tries))]
    WrongPin { role: PinRole, tries: Tries },
    #[error("the {role} is locked")]
    PinLocked { role: PinRole },
    #[error("the token has no PIN yet")]
    PinNotSet,
    /// The token cannot have such a PIN. No try was spent.
    #[error(
        "a PIN of this token has {} to {} bytes, and only characters that it takes",
        length.start(), length.end()
    )]
    PinFormat { length: RangeInclusive<usize> },
    /// Everybody knows that PIN: such tokens leave the factory with it. No try was spent.
    #[error("that {role} is the one that every such token leaves the factory with")]
    FactoryPin { role: PinRole },
    /// The key that lets keys be made is neither under the PIN nor as from the factory.
    #[error("the management key of the token is not known here")]
    ManagementKey,
    #[error("another program uses the token")]
    InUse,
    #[error("the service for smart cards does not answer: {why}")]
    Service { why: String, install: String },
    /// The PIN is to be typed on the token's own keys.
    #[error("the token takes its PIN on its own keys only")]
    OwnPinPad,
    /// A label that PKCS#11 cannot hold.
    #[error(
        "a token's label has 1 to 32 bytes, no control characters and no spaces around it; {label:?} is none"
    )]
    Label { label: String },
    /// The token was taken away, or another stands in its place.
    #[error("the token was removed")]
    Removed,
    #[error("there is no {wanted}")]
    NotFound { wanted: String },
    #[error("{} tokens match: {}", found.len(), list(found))]
    Ambiguous { found: Vec<TokenId> },
    #[error("the token was not touched in time")]
    TouchTimeout,
    #[error("the token is not logged in")]
    LoginNeeded,
    #[error(
        "the token already holds an object with label {label:?} or ID {}",
        hex::encode(object_id)
    )]
    ObjectExists { label: String, object_id: Vec<u8> },
    #[error("the token holds no key with ID {}", hex::encode(object_id))]
    KeyNotFound { object_id: Vec<u8> },
    #[error(
        "key {} on the token is not as it should be: {problem}",
        hex::encode(object_id)
    )]
    KeyMismatch { object_id: Vec<u8>, problem: String },
    /// A wrapped key is not of the key-encryption key with which it was to be brought in, or was changed.
    #[error("the wrapped key does not open with this key-encryption key, or was changed")]
    NotUnwrapped,
    #[error("the token cannot {what}")]
    Unsupported {
        /// What it cannot do, as a verb: `make keys of type ed25519`.
        what: String,
    },
    #[error("cannot load the module{}: {why}", at(path.as_ref()))]
    Module {
        /// The file, when one was found.
        path: Option<PathBuf>,
        why: String,
        install: String,
    },
    #[error("{function} failed: {code}")]
    Device {
        /// The function that was called: `C_Sign`.
        function: String,
        /// What it answered: `CKR_DEVICE_ERROR`.
        code: String,
    },
}

/// What is known of the tries left; of a file, nobody counts them.
fn of_tries(role: PinRole, tries: Tries) -> String {
    match role {
        PinRole::Passphrase => String::new(),
        PinRole::User | PinRole::SecurityOfficer | PinRole::Puk => format!("; {tries}"),
    }
}

fn list(tokens: &[TokenId]) -> String {
    tokens
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn at(path: Option<&PathBuf>) -> String {
    path.map(|path| format!(" {}", path.display()))
        .unwrap_or_default()
}

impl TokenError {
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    pub(super) fn key_not_found(object_id: &[u8]) -> Self {
        Self::KeyNotFound {
            object_id: object_id.to_vec(),
        }
    }

    pub(super) fn mismatch(object_id: &[u8], problem: impl Into<String>) -> Self {
        Self::KeyMismatch {
            object_id: object_id.to_vec(),
            problem: problem.into(),
        }
    }

    /// The next safe act, for the operator.
    pub fn hint(&self) -> &str {
        match self {
            Self::KeyFile { .. } => {
                "nothing was changed; take the file that `conclave token list --profile docker-key-file` lists, as the client made it"
            }
            Self::WrongPin {
                role: PinRole::Passphrase,
                ..
            } => {
                "check the keyboard layout, and type it again: no number of wrong ones locks a file"
            }
            Self::WrongPin {
                role: PinRole::Puk,
                tries: Tries::Last | Tries::Exactly(1),
            } => {
                "stop: one more wrong PUK locks it, and the PIN can then never be unblocked. Check that this is the right token and the right envelope before trying again"
            }
            Self::WrongPin {
                role: PinRole::Puk, ..
            } => {
                "check that this is the right token, and the keyboard layout, then let whoever has its PUK type that again"
            }
            Self::WrongPin {
                role: PinRole::SecurityOfficer,
                tries: Tries::Last | Tries::Exactly(1),
            } => {
                "stop: one more wrong SO PIN locks it for good. Check that this is the right token and the right person before trying again"
            }
            Self::WrongPin {
                role: PinRole::SecurityOfficer,
                ..
            } => {
                "check that this is the right token, and the keyboard layout, then let its security officer type the SO PIN again"
            }
            Self::WrongPin {
                tries: Tries::Last | Tries::Exactly(1),
                ..
            } => {
                "stop: one more wrong PIN locks the token. Check that this is the right token and the right person before trying again"
            }
            Self::WrongPin { .. } => {
                "check that this is the right token, and the keyboard layout, then let its holder type the PIN again"
            }
            Self::PinLocked {
                role: PinRole::User,
            } => "whoever has its SO PIN or PUK can set a new PIN; or take the spare token",
            Self::PinLocked {
                role: PinRole::SecurityOfficer,
            } => "put it aside and take the spare token; its maker says how to erase it",
            Self::PinLocked {
                role: PinRole::Passphrase,
            } => "no number of wrong ones locks a file: try again",
            Self::PinLocked { role: PinRole::Puk } => {
                "its PIN can be changed no more but with the PIN itself; take the spare token, or erase this one with 'conclave token init'"
            }
            Self::PinNotSet => "its security officer sets a PIN first",
            Self::PinFormat { .. } => "choose another PIN; no try was spent",
            Self::OwnPinPad => "use a token whose PIN is typed on the computer",
            Self::Label { .. } => "choose a shorter label of plain characters",
            Self::Removed => "put the same token back, then go on; it will ask for the PIN again",
            Self::NotFound { .. } => {
                "insert the token, and compare its serial number with the script; 'conclave token list' shows what is there"
            }
            Self::Ambiguous { .. } => {
                "take out the tokens that are not meant, or name one by its serial number"
            }
            Self::TouchTimeout => "try again, and touch the token while it blinks",
            Self::LoginNeeded => "let the holder type the PIN first",
            Self::ObjectExists { .. } => {
                "nothing was changed; use another token, or destroy the old key first if that is meant"
            }
            Self::KeyNotFound { .. } => {
                "check that this is the right token; 'conclave token show' lists its keys"
            }
            Self::KeyMismatch { .. } => "do not use this key; put the token aside and note it",
            Self::NotUnwrapped => {
                "nothing came into the token; compare the wrapped key with the manifest of its backup"
            }
            Self::Unsupported { .. } => "choose another key type or another token in the script",
            Self::FactoryPin { .. } => "choose another one",
            Self::ManagementKey => {
                "whoever set this token up has its management key; initialize it anew, or put the key under the PIN with the maker's tool"
            }
            Self::InUse => {
                "close what uses it (a browser, gpg's scdaemon, the maker's own program), and try again"
            }
            Self::Module { install, .. } | Self::Service { install, .. } => install,
            Self::Device { .. } => {
                "take the token out, put it back and try once more; if it fails again, take the spare"
            }
        }
    }
}
