//! Things that go wrong in a room and cost nothing: told, recorded, tried again.

use serde::{Deserialize, Serialize};

use crate::record::Tries;

/// What was tried and did not work, in the words of the person who must act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What happened: one sentence, a fragment in lower case.
    pub what: String,
    /// The next safe act.
    pub hint: String,
}

/// What kind of failure it was, for those who count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The token did not take the PIN.
    WrongPin {
        /// What is known of the tries left.
        tries: Tries,
    },
    /// The token takes no PIN any more.
    PinLocked,
    /// The token did not take the security officer's PIN.
    WrongSoPin {
        /// What is known of the tries left.
        tries: Tries,
    },
    /// The token takes no PIN of the security officer any more.
    SoPinLocked,
    /// The PIN has characters that this keyboard may not give as they are meant. No try was spent.
    NotDigits,
    /// The last try was not confirmed by its word, and kept. No try was spent.
    LastTryNotConfirmed,
    /// Nobody knows the secret that is wanted.
    SecretLost,
    /// Nobody touched the token in time. No try of its PIN was spent.
    TouchTimeout,
    /// No such token is there, or it was pulled.
    TokenAbsent,
    /// A key file is gone after its destruction was interrupted.
    KeyFileMissing,
    /// More than one token fits.
    TokenAmbiguous,
    /// The token is not the one that the script names, or not in the state that it needs.
    WrongToken,
    /// The key on the token was made in a rehearsal. No PIN was tried.
    RehearsalKey,
    /// Something exists that must not.
    Exists,
    /// The token cannot do it.
    Unsupported,
    /// What the token gave back is not true: a signature that does not verify, a key of another kind.
    InvalidAnswer,
    /// The call was given up before the token answered.
    Canceled,
    /// The token or its module failed otherwise.
    Device,
    /// A file could not be written or read back.
    File,
}
