//! Secrets that a command asks for: typed at the terminal, or one per line from a descriptor.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::line::{SecretLines, read_secret};

use super::{Failure, Status};

/// Where secrets come from: the terminal, or a descriptor.
#[derive(Clone)]
pub(super) struct Secrets(Option<Arc<Mutex<SecretLines>>>);

impl Secrets {
    pub(super) const TERMINAL: Self = Self(None);

    pub(super) fn new(descriptor: Option<u32>) -> Result<Self, Failure> {
        let lines = secret_lines(descriptor)?;
        Ok(Self(lines.map(|lines| Arc::new(Mutex::new(lines)))))
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn line(&self, prompt: &str) -> io::Result<Zeroizing<String>> {
        match &self.0 {
            None => read_secret(prompt),
            Some(lines) => match lines.lock() {
                Ok(mut lines) => lines.next_line(),
                Err(_) => Err(ErrorKind::UnexpectedEof.into()),
            },
        }
    }

    pub(super) fn ask(&self, name: &str, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        self.line(prompt).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => Failure::new(Status::Aborted, "aborted; nothing was changed"),
            ErrorKind::UnexpectedEof => {
                Failure::usage(format!("the input ended before the {name}"))
                    .hint("write each secret on a line of its own, in the order of the prompts")
            }
            ErrorKind::NotConnected => Failure::io(error)
                .hint("run this command at a terminal, or pass the secrets with --pin-fd"),
            _ => Failure::io(format!("cannot read the {name}: {error}")),
        })
    }
}

/// The secrets of `--pin-fd`.
pub(super) fn secret_lines(descriptor: Option<u32>) -> Result<Option<SecretLines>, Failure> {
    let lines = descriptor.map(|number| {
        SecretLines::from_fd(number).map_err(|error| {
            Failure::io(format!("cannot read file descriptor {number}: {error}"))
                .hint("open it for reading, for example: conclave … --pin-fd 3 3<FILE")
        })
    });
    lines.transpose()
}
