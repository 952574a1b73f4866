//! What commands show: text on stdout, which may be a pipe that nobody reads, and paths.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::{Failure, Status};
use crate::record::visible;

/// Prints text, and a newline, to stdout. A reader that went away has seen enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Status::Io, format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// A path for a terminal: whatever is not plain text in it is escaped.
pub(super) fn display(path: &Path) -> String {
    visible(&path.to_string_lossy())
}
