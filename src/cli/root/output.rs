//! Printing to stdout, which may be a pipe that nobody reads.

use std::io::{ErrorKind, Write as _};

use super::{Failure, Status};

/// Prints text, and a newline, to stdout. A reader that went away has seen enough.
pub(in crate::cli) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Status::Io, format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}
