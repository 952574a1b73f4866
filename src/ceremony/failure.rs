//! Failures without a loss: shown, recorded, and tried again.

use serde::{Deserialize, Serialize};

use crate::record::Tries;

/// A failure, in the words of the person who must act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub kind: FailureKind,
    /// What failed, and the object: a fragment that starts in lower case.
    pub what: String,
    /// The next safe action.
    pub hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// With the known number of attempts left.
    WrongPin {
        tries: Tries,
    },
    PinLocked,
    WrongSoPin {
        tries: Tries,
    },
    SoPinLocked,
    /// The PIN has characters other than digits, and the keyboard was not tested. No attempt was used.
    NotDigits,
    /// The last attempt was not confirmed. No attempt was used.
    LastTryNotConfirmed,
    /// The required secret is not known to anyone.
    SecretLost,
    /// The token was not touched in time. No PIN attempt was used.
    TouchTimeout,
    /// The token is not inserted, or was removed.
    TokenAbsent,
    /// A key file is gone after its destruction was interrupted.
    KeyFileMissing,
    /// More than one token matches.
    TokenAmbiguous,
    /// The token is not the one in the script, or not in the required state.
    WrongToken,
    /// The key on the token was generated in a rehearsal. No PIN attempt was used.
    RehearsalKey,
    /// An object or file exists that must not exist.
    Exists,
    /// The token does not support the operation.
    Unsupported,
    /// The answer of the token is false: a signature that does not verify, a key of another type.
    InvalidAnswer,
    /// The call was canceled before the token answered.
    Canceled,
    /// Any other failure of the token or its module.
    Device,
    /// A file could not be written or read back.
    File,
}
