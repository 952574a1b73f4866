//! Files that must not exist yet.

use std::io;
use std::path::Path;

use crate::cli::output::display;
use crate::cli::{Failure, Status};
use crate::storage::{Mode, is_taken, write_new};

/// Writes a new file, and refuses one that exists.
pub(super) fn create(path: &Path, content: &[u8]) -> Result<(), Failure> {
    write_new(path, content, Mode::Public).map_err(|error| failure(path, &error.into()))
}

/// Refuses a path at which something exists, before anything is written at all.
pub(super) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if is_taken(path).map_err(|error| failure(path, &error.into()))? {
        return Err(failure(path, &io::ErrorKind::AlreadyExists.into()));
    }
    Ok(())
}

pub(super) fn failure(path: &Path, error: &io::Error) -> Failure {
    let name = display(path);
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::new(Status::Io, format!("{name} exists already"))
            .hint("nothing is overwritten: give another name, or move the file away");
    }
    Failure::new(Status::Io, format!("{name} cannot be written: {error}"))
        .hint("is there such a directory, and room on the medium?")
}
