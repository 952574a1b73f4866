//! How the PINs of a command come in: typed at the terminal, or one per line from a descriptor.

use std::io::{self, ErrorKind};
use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use crate::line::{SecretLines, read_secret};
use crate::secret::Pin;
use crate::token::TokenError;

use super::{Failure, Status};

/// Where PINs come from.
pub(super) enum PinEntry {
    Terminal,
    Lines(SecretLines),
}

impl PinEntry {
    pub(super) fn new(descriptor: Option<u32>) -> Result<Self, Failure> {
        match descriptor {
            None => Ok(Self::Terminal),
            Some(number) => SecretLines::from_fd(number)
                .map(Self::Lines)
                .map_err(|error| {
                    Failure::new(
                        Status::Io,
                        format!("cannot read descriptor {number}: {error}"),
                    )
                    .hint("open it for reading, as in: conclave … --pin-fd 3 3<FILE")
                }),
        }
    }

    /// A PIN that the token has already: asked for once.
    pub(super) fn existing(&mut self, name: &str) -> Result<Pin, Failure> {
        self.read(name, &format!("{name}: "))
    }

    /// What was only just written down: typed at the terminal, wherever PINs come from.
    pub(super) fn at_terminal(name: &str) -> Result<Pin, Failure> {
        Self::Terminal.read(name, &format!("{name}: "))
    }

    /// Whether somebody means to spend the last try.
    pub(super) fn confirms_last_try(&mut self, name: &str) -> Result<bool, Failure> {
        let prompt = format!("One more wrong {name} locks it. To go on, type LAST TRY: ");
        Ok(self.read("confirmation", &prompt)?.expose() == "LAST TRY")
    }

    /// A PIN that is to be set: typed twice, and checked for its length before it costs anything.
    pub(super) fn new_pin(
        &mut self,
        name: &str,
        length: &RangeInclusive<usize>,
    ) -> Result<Pin, Failure> {
        let pin = self.read(name, &format!("New {name}: "))?;
        if !length.contains(&pin.expose().len()) {
            let length = length.clone();
            return Err(TokenError::PinFormat { length }.into());
        }
        if matches!(self, Self::Terminal) {
            let again = self.read(name, &format!("New {name} again: "))?;
            if !pin.same_as(&again) {
                return Err(Failure::new(
                    Status::Usage,
                    format!("the two entries of the {name} differ"),
                )
                .hint("nothing was changed; start again"));
            }
        }
        Ok(pin)
    }

    fn read(&mut self, name: &str, prompt: &str) -> Result<Pin, Failure> {
        let typed: io::Result<Zeroizing<String>> = match self {
            Self::Terminal => read_secret(prompt),
            Self::Lines(lines) => lines.next_line(),
        };
        let typed = typed.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => Failure::new(Status::Aborted, "aborted; nothing was changed"),
            ErrorKind::UnexpectedEof => {
                Failure::new(Status::Usage, format!("the input ended before the {name}"))
                    .hint("give each PIN on a line of its own, in the order of asking")
            }
            ErrorKind::NotConnected => Failure::new(Status::Io, error.to_string())
                .hint("run this at a terminal, or give the PINs with --pin-fd"),
            _ => Failure::new(Status::Io, format!("cannot read the {name}: {error}")),
        })?;
        Pin::new(typed).map_err(|error| {
            Failure::new(Status::Usage, format!("{name}: {error}"))
                .hint("type it again, with keys that write a character only")
        })
    }
}
