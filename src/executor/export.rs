//! Files that leave a ceremony: written where nothing is yet, all or nothing, and read back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::words::Digest;

/// Why a file did not get where it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Something of that name is there, and it is something else.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("{} reads back differently from what was written", path.display())]
    ReadBack {
        /// The file.
        path: PathBuf,
    },
}

/// Writes a file where nothing is yet: it is there whole, on the medium and read back, or not at all. A file
/// that is there already with this very content is what an interrupted try left, and is as good.
///
/// # Errors
/// When another file is there, or it cannot be written or read back.
pub fn write_exclusively(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let write = |source| ExportError::Write {
        path: path.to_owned(),
        source,
    };
    if path.symlink_metadata().is_ok() {
        return match fs::read(path) {
            Ok(there) if there == bytes => Ok(()),
            _ => Err(ExportError::Exists {
                path: path.to_owned(),
            }),
        };
    }
    let (directory, file) = write_beside(path, bytes).map_err(write)?;
    file.persist_noclobber(path).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            ExportError::Exists {
                path: path.to_owned(),
            }
        } else {
            write(error.error)
        }
    })?;
    File::open(&directory)
        .and_then(|directory| directory.sync_all())
        .map_err(write)?;
    read_back(path, bytes)
}

/// The same, but a file with this digest may be there, and gives way all at once.
pub(super) fn write_in_place_of(
    path: &Path,
    bytes: &[u8],
    before: Digest,
) -> Result<(), ExportError> {
    if fs::read(path).is_ok_and(|there| Digest::of(&there) == before) {
        write_anew(path, bytes).map_err(|source| ExportError::Write {
            path: path.to_owned(),
            source,
        })?;
        return read_back(path, bytes);
    }
    write_exclusively(path, bytes)
}

/// Writes files that follow from the transcript, each whole in place of what is there.
pub(super) fn write_all_anew(
    files: impl Iterator<Item = (PathBuf, Vec<u8>)>,
) -> Result<(), (PathBuf, io::Error)> {
    let mut directories = BTreeSet::new();
    for (path, bytes) in files {
        let replaced = write_beside(&path, &bytes).and_then(|(directory, file)| {
            file.persist(&path).map_err(|error| error.error)?;
            Ok(directory)
        });
        match replaced {
            Ok(directory) => directories.insert(directory),
            Err(source) => return Err((path, source)),
        };
    }
    for directory in directories {
        if let Err(source) = File::open(&directory).and_then(|open| open.sync_all()) {
            return Err((directory, source));
        }
    }
    Ok(())
}

/// Writes one file in place of what is there.
fn write_anew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (directory, file) = write_beside(path, bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(&directory)?.sync_all()
}

/// Waits until the medium has the entry of a directory in the one above.
pub(super) fn settle_entry(directory: &Path) -> Result<(), ExportError> {
    let above = directory.parent().unwrap_or_else(|| Path::new("/"));
    File::open(above)
        .and_then(|above| above.sync_all())
        .map_err(|source| ExportError::Write {
            path: above.to_owned(),
            source,
        })
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<(PathBuf, NamedTempFile)> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
        .to_owned();
    fs::create_dir_all(&directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(".conclave-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(&directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok((directory, file))
}

/// Reads a file back from the medium, where the system lets go of what it remembers of it, and compares.
fn read_back(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        drop(file);
        fs::read(path)
    };
    match read() {
        Ok(there) if there == bytes => Ok(()),
        Ok(_) => Err(ExportError::ReadBack {
            path: path.to_owned(),
        }),
        Err(source) => Err(ExportError::Write {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_that_is_superseded_gives_way() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.json");
        let one = Digest::of(b"one");
        write_in_place_of(&path, b"one", Digest::of(b"zero")).unwrap();
        write_in_place_of(&path, b"two", one).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        write_in_place_of(&path, b"two", one).unwrap();
        assert!(matches!(
            write_in_place_of(&path, b"three", one),
            Err(ExportError::Exists { .. })
        ));
    }

    #[test]
    fn nothing_is_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.root.json");
        write_exclusively(&path, b"one").unwrap();
        write_exclusively(&path, b"one").unwrap();
        assert!(matches!(
            write_exclusively(&path, b"two"),
            Err(ExportError::Exists { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let dangling = directory.path().join("root.json");
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        assert!(matches!(
            write_exclusively(&dangling, b"one"),
            Err(ExportError::Exists { .. })
        ));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
