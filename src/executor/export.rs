//! Files that leave a ceremony: written where nothing is yet, all or nothing, and read back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

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

/// How many files are on their way to the medium at once: it takes together what waits together.
const AT_ONCE: usize = 4;

/// A file that should be somewhere.
type PlannedFile<'a> = (PathBuf, &'a [u8]);

/// Writes a file where nothing is yet: it is there whole, on the medium and read back, or not at all. A file
/// that is there already with this very content is what an interrupted try left, and is as good.
///
/// # Errors
/// When another file is there, or it cannot be written or read back.
pub fn write_exclusively(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    write_all_exclusively(&[(path.to_owned(), bytes)])
}

/// The same for several files: each is there whole or not at all, and they are waited for together.
pub(super) fn write_all_exclusively(files: &[PlannedFile<'_>]) -> Result<(), ExportError> {
    let mut missing = Vec::new();
    for (path, bytes) in files {
        if path.symlink_metadata().is_err() {
            missing.push((path.clone(), *bytes));
        } else if !fs::read(path).is_ok_and(|there| there == *bytes) {
            return Err(ExportError::Exists { path: path.clone() });
        }
    }
    let (beside, directories) = write_all_beside(&missing).map_err(not_written)?;
    for ((path, _), file) in missing.iter().zip(beside) {
        file.persist_noclobber(path).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                ExportError::Exists { path: path.clone() }
            } else {
                not_written((path.clone(), error.error))
            }
        })?;
    }
    sync_directories(directories).map_err(not_written)?;
    for (path, bytes) in missing {
        read_back(&path, bytes)?;
    }
    Ok(())
}

fn not_written((path, source): (PathBuf, io::Error)) -> ExportError {
    ExportError::Write { path, source }
}

/// The same, but a file with this digest may be there, and gives way all at once.
pub(super) fn write_in_place_of(
    path: &Path,
    bytes: &[u8],
    before: Digest,
) -> Result<(), ExportError> {
    if fs::read(path).is_ok_and(|there| Digest::of(&there) == before) {
        return write_in_place(path, bytes);
    }
    write_exclusively(path, bytes)
}

/// The same in place of whatever is there.
///
/// # Errors
/// When it cannot be written or read back.
pub fn write_in_place(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    write_all_anew(&[(path.to_owned(), bytes)]).map_err(not_written)?;
    read_back(path, bytes)
}

/// Writes files that follow from the transcript, each whole in place of what is there.
pub(super) fn write_all_anew(files: &[PlannedFile<'_>]) -> Result<(), (PathBuf, io::Error)> {
    let (beside, directories) = write_all_beside(files)?;
    for ((path, _), file) in files.iter().zip(beside) {
        file.persist(path)
            .map_err(|error| (path.clone(), error.error))?;
    }
    sync_directories(directories)
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

type Failed = (PathBuf, io::Error);

/// Writes each file beside its place, and waits until the medium has them; and makes the directories, which it tells.
fn write_all_beside(
    files: &[PlannedFile<'_>],
) -> Result<(Vec<NamedTempFile>, BTreeSet<PathBuf>), Failed> {
    let directories: BTreeSet<_> = files.iter().map(|(path, _)| above(path)).collect();
    for directory in &directories {
        fs::create_dir_all(directory).map_err(|error| (directory.clone(), error))?;
    }
    let write = |share: &[PlannedFile<'_>]| -> Result<Vec<NamedTempFile>, Failed> {
        let written = share
            .iter()
            .map(|(path, bytes)| write_beside(path, bytes).map_err(|error| (path.clone(), error)));
        written.collect()
    };
    let shares: Vec<_> = files.chunks(files.len().div_ceil(AT_ONCE).max(1)).collect();
    let written = thread::scope(|scope| {
        let Some((last, others)) = shares.split_last() else {
            return Ok(Vec::new());
        };
        let others: Vec<_> = others
            .iter()
            .map(|share| {
                let writer = thread::Builder::new().name("medium".to_owned());
                (share, writer.spawn_scoped(scope, || write(share)))
            })
            .collect();
        let last = write(last);
        let mut written = Vec::with_capacity(files.len());
        for (share, writer) in others {
            written.extend(match writer.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(done)) => done?,
                // There was no thread to be had, or it fell over.
                Ok(Err(_)) | Err(_) => write(share)?,
            });
        }
        written.extend(last?);
        Ok(written)
    })?;
    Ok((written, directories))
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".conclave-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(above(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Waits until the medium has the names in these directories.
fn sync_directories(directories: BTreeSet<PathBuf>) -> Result<(), Failed> {
    for directory in directories {
        if let Err(error) = File::open(&directory).and_then(|open| open.sync_all()) {
            return Err((directory, error));
        }
    }
    Ok(())
}

fn above(path: &Path) -> PathBuf {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
        .to_owned()
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
