//! What can go wrong with a token, and the next safe action.

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
    /// It unblocks a PIN: a YubiKey has it in place of an SO PIN.
    Puk,
    /// It decrypts a key file.
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
        /// What is wrong with it, as a verb.
        problem: String,
    },
    #[error("the {role} is wrong{}", of_tries(*role, *tries))]
    WrongPin { role: PinRole, tries: Tries },
    #[error("the {role} is locked")]
    PinLocked { role: PinRole },
    #[error("the token has no PIN yet")]
    PinNotSet,
    /// The token cannot have such a PIN. No try was used.
    #[error(
        "a PIN of this token has {} to {} bytes, in characters that it supports",
        length.start(), length.end()
    )]
    PinFormat { length: RangeInclusive<usize> },
    /// No try was used.
    #[error("this is the factory default {role}")]
    FactoryPin { role: PinRole },
    /// The management key is neither on the token behind the PIN, nor the factory default, nor the one that was entered.
    #[error("the management key of the token is missing or wrong")]
    ManagementKey,
    #[error("another program is using the token")]
    InUse,
    #[error("the smart card service does not answer: {why}")]
    Service { why: String, install: String },
    #[error("the PIN of this token is entered on the device")]
    PinPad,
    /// A label that PKCS#11 cannot hold.
    #[error(
        "a token label has 1 to 32 bytes, no control characters, and no spaces at its ends: {label:?}"
    )]
    Label { label: String },
    /// The token was removed, or another was inserted in its place.
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
        "key {} on the token cannot be used: {problem}",
        hex::encode(object_id)
    )]
    KeyMismatch { object_id: Vec<u8>, problem: String },
    #[error("the wrapped key was changed, or it was wrapped under another key-encryption key")]
    NotUnwrapped,
    #[error("the token cannot {what}")]
    Unsupported {
        /// What it cannot do, as a verb: `generate keys of type ed25519`.
        what: String,
    },
    #[error("cannot load the module{}: {why}", at(path.as_ref()))]
    Module {
        /// The file, when one was found.
        path: Option<PathBuf>,
        why: String,
        install: String,
    },
    #[error("{problem}")]
    Device {
        /// What failed, and the function and its return value: `cannot sign: the device reports an error (C_Sign:
        /// CKR_DEVICE_ERROR)`.
        problem: String,
        hint: &'static str,
    },
}

/// The tries that are left. Nobody counts those of a file.
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
    /// A device that fails for no known reason.
    pub(super) fn device(problem: impl Into<String>) -> Self {
        Self::Device {
            problem: problem.into(),
            hint: "remove the token, insert it again and retry; if it fails again, use the spare token",
        }
    }

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

    /// The next safe action.
    pub fn hint(&self) -> &str {
        use PinRole::{Passphrase, Puk, SecurityOfficer, User};
        match self {
            Self::KeyFile { .. } => {
                "nothing was changed; select a file that `conclave token list --profile docker-key-file` lists, as the client wrote it"
            }
            Self::WrongPin { role, tries } => match (role, tries) {
                (Passphrase, _) => {
                    "check the keyboard layout and type it again; wrong passphrases do not lock a file"
                }
                (Puk, Tries::Last | Tries::Exactly(1)) => {
                    "stop: one more wrong PUK locks it, and the PIN can then never be unblocked; check that this is the right token and the right envelope before you try again"
                }
                (SecurityOfficer, Tries::Last | Tries::Exactly(1)) => {
                    "stop: one more wrong SO PIN locks it permanently; check that this is the right token and the right person before you try again"
                }
                (User, Tries::Last | Tries::Exactly(1)) => {
                    "stop: one more wrong PIN locks the token; check that this is the right token and the right person before you try again"
                }
                (Puk, _) => {
                    "check the token and the keyboard layout, then have the person who has the PUK type it again"
                }
                (SecurityOfficer, _) => {
                    "check the token and the keyboard layout, then have the security officer type the SO PIN again"
                }
                (User, _) => {
                    "check the token and the keyboard layout, then have the holder type the PIN again"
                }
            },
            Self::PinLocked { role } => match role {
                User => "set a new PIN with the SO PIN or the PUK, or use the spare token",
                SecurityOfficer => {
                    "set the token aside and use the spare token; its vendor documents how to erase it"
                }
                Passphrase => "type the passphrase again; wrong passphrases do not lock a file",
                Puk => {
                    "without the PUK, the PIN can only be changed with the current PIN; use the spare token, or erase this one with 'conclave token init'"
                }
            },
            Self::PinNotSet => "have the security officer set a PIN first",
            Self::PinFormat { .. } => "choose another PIN; no try was used",
            Self::FactoryPin { .. } => "choose another one",
            Self::PinPad => {
                "use the vendor's tool; in a ceremony, Conclave waits while the PIN is entered on the device"
            }
            Self::Label { .. } => "choose a shorter label of plain characters",
            Self::Removed => {
                "insert the same token again, then continue; its PIN is requested again"
            }
            Self::NotFound { .. } => {
                "insert the token and compare its serial number with the script; 'conclave token list' shows the tokens that are present"
            }
            Self::Ambiguous { .. } => "remove the other tokens, or select one by its serial number",
            Self::TouchTimeout => "try again, and touch the token while it blinks",
            Self::LoginNeeded => "have the holder type the PIN first",
            Self::ObjectExists { .. } => {
                "nothing was changed; use another token, or destroy the old key first if that is intended"
            }
            Self::KeyNotFound { .. } => {
                "check that this is the right token; 'conclave token show' lists its keys"
            }
            Self::KeyMismatch { .. } => {
                "do not use this key; set the token aside and make a note of it"
            }
            Self::NotUnwrapped => {
                "nothing was imported; compare the wrapped key with the manifest of its backup"
            }
            Self::Unsupported { .. } => {
                "use another token or another key type; 'conclave token trial' shows what a token supports"
            }
            Self::ManagementKey => {
                "ask the person who set the token up for its management key; or initialize the token again, or store the key on it behind the PIN with the vendor's tool"
            }
            Self::InUse => {
                "close the program that uses it (a browser, gpg's scdaemon, the vendor's program), and try again"
            }
            Self::Module { install, .. } | Self::Service { install, .. } => install,
            Self::Device { hint, .. } => hint,
        }
    }
}
