//! What commands print: text on stdout, which may be a closed pipe, and paths.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde_json::Value;

use super::Failure;
use crate::record::visible;

/// Prints text and a newline to stdout. A reader that closed the pipe has read enough.
pub(super) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::io(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Prints a report as JSON for software, or as text for people.
pub(super) fn print_as(
    json: bool,
    value: impl FnOnce() -> Value,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if json {
        print(format_args!("{:#}", value()))
    } else {
        print(text())
    }
}

/// A path for a terminal: what is not plain text in it is escaped.
pub(super) fn display(path: &Path) -> String {
    visible(&path.to_string_lossy())
}
