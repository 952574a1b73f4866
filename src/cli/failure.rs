//! How a command ends: its exit status, and what it says when it could not do its work.

use std::process::ExitCode;

/// The exit statuses that other software may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done, or accepted.
    Done = 0,
    /// Refused by a check.
    Refused = 1,
    /// Wrong usage, a faulty script or a faulty key file.
    Usage = 2,
    /// A token.
    Token = 3,
    /// The file system, or other input and output.
    Io = 4,
    /// The machine is not fit for a ceremony.
    Unfit = 5,
    /// Aborted by the operator.
    Aborted = 130,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command did not do its work, and the next safe act.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with what happened, in one or more lines.
    pub fn new(status: Status, what: impl Into<String>) -> Self {
        Self {
            status,
            what: what.into(),
            hint: None,
        }
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.what
    }

    /// Adds the next safe act.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints `error:` and `hint:` to stderr.
    pub fn report(self) -> ExitCode {
        eprintln!("error: {}", self.what);
        if let Some(hint) = self.hint {
            eprintln!("hint: {hint}");
        }
        self.status.into()
    }
}
