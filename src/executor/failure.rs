//! Errors of tokens and files as failures that the participants decide about.

use std::error::Error as _;

use crate::ceremony::{Failure, FailureKind, Interrupt};
use crate::record::visible;
use crate::storage::{FileError, WriteError};
use crate::token::{PinRole, TokenError};

use super::ExecutorError;

/// Why an effect failed.
pub(super) enum EffectError {
    Failed(Failure),
    /// The participants requested something else first.
    Interrupted(Interrupt),
    /// The executor cannot continue.
    Broken(ExecutorError),
}

impl From<Failure> for EffectError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<TokenError> for EffectError {
    fn from(error: TokenError) -> Self {
        Self::Failed(token_failure(&error))
    }
}

impl From<Interrupt> for EffectError {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}

impl From<FileError> for EffectError {
    fn from(error: FileError) -> Self {
        Self::Failed(read_failure(&error))
    }
}

impl From<WriteError> for EffectError {
    fn from(error: WriteError) -> Self {
        Self::Failed(file_failure(&error))
    }
}

pub(super) type EffectResult<T> = Result<T, EffectError>;

/// A failure without side effects.
pub(super) fn failed(kind: FailureKind, what: impl Into<String>, hint: &str) -> EffectError {
    EffectError::Failed(Failure {
        kind,
        what: what.into(),
        hint: hint.to_owned(),
    })
}

/// A token's error as the ceremony records it.
pub(super) fn token_failure(error: &TokenError) -> Failure {
    Failure {
        kind: match error {
            TokenError::WrongPin {
                role: PinRole::SecurityOfficer | PinRole::Puk,
                tries,
            } => FailureKind::WrongSoPin { tries: *tries },
            TokenError::WrongPin { tries, .. } => FailureKind::WrongPin { tries: *tries },
            TokenError::PinLocked {
                role: PinRole::SecurityOfficer | PinRole::Puk,
            } => FailureKind::SoPinLocked,
            TokenError::PinLocked { .. } => FailureKind::PinLocked,
            TokenError::NotFound { .. } | TokenError::Removed => FailureKind::TokenAbsent,
            TokenError::Ambiguous { .. } => FailureKind::TokenAmbiguous,
            TokenError::TouchTimeout => FailureKind::TouchTimeout,
            TokenError::KeyNotFound { .. } | TokenError::KeyFile { .. } | TokenError::PinNotSet => {
                FailureKind::WrongToken
            }
            TokenError::ObjectExists { .. } => FailureKind::Exists,
            TokenError::Unsupported { .. }
            | TokenError::PinPad
            | TokenError::PinFormat { .. }
            | TokenError::Label { .. } => FailureKind::Unsupported,
            TokenError::KeyMismatch { .. } => FailureKind::InvalidAnswer,
            _ => FailureKind::Device,
        },
        what: error.to_string(),
        hint: error.hint().to_owned(),
    }
}

/// The error of a file that could not be read, as the ceremony records it.
pub(super) fn read_failure(error: &FileError) -> Failure {
    Failure {
        kind: FailureKind::File,
        what: format!(
            "{} cannot be read: {}",
            visible(&error.path.to_string_lossy()),
            error.problem
        ),
        hint: "check that the medium is inserted and readable, then try again".to_owned(),
    }
}

/// The error of a file that could not be written, as the ceremony records it.
pub(super) fn file_failure(error: &WriteError) -> Failure {
    let (kind, hint) = match error {
        WriteError::Exists { .. } => (
            FailureKind::Exists,
            "check the existing file, and move it away if it is not needed; Conclave does not overwrite files",
        ),
        WriteError::ReadBack { .. } => (
            FailureKind::InvalidAnswer,
            "replace this medium with another one",
        ),
        WriteError::Write { .. } => (
            FailureKind::File,
            "free space on the medium, or insert it again, then try again",
        ),
    };
    let what = match error.source() {
        Some(source) if !error.to_string().contains(&source.to_string()) => {
            format!("{error}: {source}")
        }
        _ => error.to_string(),
    };
    Failure {
        kind,
        what,
        hint: hint.to_owned(),
    }
}
