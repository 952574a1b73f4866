//! How a command fails: its exit status, its errors and the hint for each.

use std::fmt::{self, Display};
use std::process::ExitCode;

use crate::audit::RecordError;
use crate::backup::Check as ShareCheck;
use crate::executor::DirectoryError;
use crate::profile::ProfileError;
use crate::rehearsal::{SimulationError, YubiKeysError};
use crate::script::ScriptErrors;
use crate::storage::{FileError, FileProblem, JournalError, WriteError};
use crate::token::TokenError;
use crate::transcript::TranscriptError;

/// The exit statuses that other software may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Done = 0,
    Refused = 1,
    Usage = 2,
    Token = 3,
    Io = 4,
    Unfit = 5,
    Aborted = 130,
}

impl Status {
    pub const fn of_verdict(is_accepted: bool) -> Self {
        if is_accepted {
            Self::Done
        } else {
            Self::Refused
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command failed, and the next safe action.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    errors: Vec<(String, Option<String>)>,
}

impl Failure {
    pub fn new(status: Status, error: impl Display) -> Self {
        Self {
            status,
            errors: vec![(error.to_string(), None)],
        }
    }

    pub fn usage(error: impl Display) -> Self {
        Self::new(Status::Usage, error)
    }

    pub fn refused(error: impl Display) -> Self {
        Self::new(Status::Refused, error)
    }

    pub fn io(error: impl Display) -> Self {
        Self::new(Status::Io, error)
    }

    /// Adds a hint, in place of the one that there may be.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some((_, last)) = self.errors.last_mut() {
            *last = Some(hint.into());
        }
        self
    }

    pub fn report(self) -> ExitCode {
        eprintln!("{self}");
        self.status.into()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (error, hint)) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}error: {error}")?;
            if let Some(hint) = hint {
                write!(f, "\nhint: {hint}")?;
            }
        }
        Ok(())
    }
}

const WRITABLE: &str = "check that the medium is inserted, writable and not full, then try again";

impl From<ScriptErrors> for Failure {
    fn from(errors: ScriptErrors) -> Self {
        Self {
            status: Status::Usage,
            errors: errors
                .iter()
                .map(|error| (error.to_string(), Some(error.hint.clone())))
                .collect(),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let hint = match &error.problem {
            FileProblem::NotRegular => "enter the path of a regular file",
            FileProblem::Link => "enter the path of the file itself, not of a symbolic link to it",
            FileProblem::TooLong { .. } => "check that this is the intended file",
            FileProblem::NotText => "save the file as UTF-8 text",
            FileProblem::System(_) if error.is_missing() => {
                "check the path, and that the medium is mounted; list the directory with: ls"
            }
            FileProblem::System(_) => "check the permissions of the file with: ls -l",
        };
        Self::io(format!("cannot read {error}")).hint(hint)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let hint = match error {
            WriteError::Exists { .. } => {
                "existing files are never overwritten: choose another name, or move the file away"
            }
            WriteError::Write { .. } => WRITABLE,
            WriteError::ReadBack { .. } => "the medium is faulty: replace it and try again",
        };
        Self::io(error).hint(hint)
    }
}

impl From<TranscriptError> for Failure {
    fn from(error: TranscriptError) -> Self {
        RecordError::from(error).into()
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match &error {
            RecordError::Io(file) => Self::io(format!("cannot read {file}"))
                .hint("give a ceremony directory, which contains script.toml and transcript.jsonl"),
            RecordError::Script(_) => Self::refused(error).hint(
                "the script or a pinned input file was changed: restore the original from the mirror or a copy",
            ),
            RecordError::Transcript(TranscriptError::Empty) => Self::refused(error)
                .hint("nothing was recorded: start the ceremony again in a new directory"),
            RecordError::Transcript(_) => Self::refused(error).hint(
                "the transcript was changed or is damaged: do not modify it, and compare it with its mirror",
            ),
        }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        let (status, hint) = match error {
            DirectoryError::NotEmpty { ref path } => {
                let hint = format!(
                    "choose a new directory; to resume the ceremony in this one: conclave resume {}",
                    path.display()
                );
                return Self::usage(error).hint(hint);
            }
            DirectoryError::Record(error) => return error.into(),
            DirectoryError::Folder(error) => return error.into(),
            DirectoryError::File(error) => return error.into(),
            DirectoryError::Journal(JournalError::Busy { .. }) => (
                Status::Io,
                "end the other conclave process first; `ps -C conclave` lists it",
            ),
            DirectoryError::Journal(JournalError::Open { .. } | JournalError::Write { .. }) => {
                (Status::Io, WRITABLE)
            }
            DirectoryError::Mirror { .. } => (
                Status::Refused,
                "insert the medium that holds the mirror of this ceremony, and give it with --mirror DIR",
            ),
        };
        Self::new(status, error).hint(hint)
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Token(error) => error.into(),
            SimulationError::YubiKeys(YubiKeysError::NotInstalled) => Self::usage(error).hint(
                "rehearse with --token-kind softhsm, or set CONCLAVE_VIRTUAL_YUBIKEYS to the directory tests/yubikey/device of the source code",
            ),
            SimulationError::YubiKeys(YubiKeysError::NotStarted { .. }) => Self::io(error).hint(
                "install pcscd, vsmartcard-vpcd, and Python with cryptography and pyscard; or rehearse with --token-kind softhsm",
            ),
            SimulationError::Store { .. } => {
                Self::io(error).hint("choose a writable directory with --out DIR")
            }
            SimulationError::Set { .. } | SimulationError::Root { .. } => {
                Self::io(error).hint("check the script with: conclave script check SCRIPT")
            }
        }
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Read(error) => Self::from(error)
                .hint("check the path; a name without '/' selects a built-in profile"),
            ProfileError::Unknown { .. } => Self::usage(error)
                .hint("to use your own profile, give its path: --profile ./NAME.toml"),
            ProfileError::Syntax { .. } | ProfileError::Value { .. } => {
                Self::usage(error).hint("docs/formats/profile.md describes every field")
            }
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(Status::Token, &error).hint(error.hint())
    }
}

/// The next safe action after a check refused a file of a share set.
pub(super) fn share_hint(check: ShareCheck) -> &'static str {
    match check {
        ShareCheck::ShareDecryption => {
            "open it with the custodian's identity or passphrase: --identity FILE or --passphrase"
        }
        ShareCheck::ShareChanged | ShareCheck::ShareValue => {
            "use another copy of the file, or scan the QR codes of its share sheet; without either, the share is lost"
        }
        ShareCheck::ShareSet | ShareCheck::ShareKey | ShareCheck::ShareSuperseded => {
            "use the manifest of the set that the share belongs to; `conclave share inspect FILE` identifies it"
        }
        ShareCheck::ShareCustodian => "use the file of that custodian",
        ShareCheck::ShareWord | ShareCheck::ShareLength | ShareCheck::ShareChecksum => {
            "compare each word with the share sheet; the first four letters identify a word"
        }
        ShareCheck::RestoreWrapped => {
            "use another copy of the wrapped key; without one, make a new backup of the key"
        }
        ShareCheck::ManifestForm
        | ShareCheck::ManifestFormat
        | ShareCheck::ManifestGroups
        | ShareCheck::ManifestKey
        | ShareCheck::ManifestSet
        | ShareCheck::ManifestSize => {
            "use the manifest from the ceremony directory in which the set was made"
        }
        _ => "docs/formats/share.md explains each check",
    }
}

#[cfg(test)]
mod tests;
