//! Files that must not exist yet.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::{Failure, Status};

/// Writes a new file, and refuses one that exists.
pub(super) fn create(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| failure(path, &error))?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(|error| failure(path, &error))
}

/// Refuses a path at which something exists, before anything is written at all.
pub(super) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(failure(path, &io::ErrorKind::AlreadyExists.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failure(path, &error)),
    }
}

pub(super) fn failure(path: &Path, error: &io::Error) -> Failure {
    let name = path.display().to_string().escape_debug().to_string();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::new(Status::Io, format!("{name} exists already"))
            .hint("nothing is overwritten: give another name, or move the file away");
    }
    Failure::new(Status::Io, format!("{name} cannot be written: {error}"))
        .hint("is there such a directory, and room on the medium?")
}
