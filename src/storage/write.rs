//! Writing files: each is on its medium completely, or not at all.
//!
//! A file is written under a temporary name and synced, then renamed; then the folder is synced.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use crate::words::Digest;

use super::error::{FileError, WriteError};
use super::folder::{above, make_folder, sync_folder};
use super::read::{Links, digest, open, open_for, read_start};

/// The permissions of a file, independent of the umask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 0600
    Private,
    /// 0644
    Public,
}

impl Mode {
    const fn bits(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
        }
    }
}

/// What happens to an existing file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refuse,
    Replace,
}

/// Writes a new file in an existing folder.
pub fn write_new(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), WriteError> {
    write(&[(path.to_owned(), bytes)], mode, Existing::Refuse)
}

/// Writes a new file, and makes its folder. An existing file with the same content is accepted: an interrupted attempt
/// may have left it.
pub fn write_once(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), WriteError> {
    write_all_once(&[(path.to_owned(), bytes)], mode)
}

/// The same for several files: each is written completely or not at all.
pub fn write_all_once(files: &[(PathBuf, &[u8])], mode: Mode) -> Result<(), WriteError> {
    let mut missing = Vec::new();
    for (path, bytes) in files {
        if path.symlink_metadata().is_err() {
            missing.push((path.clone(), *bytes));
        } else if !is_there(path, bytes) {
            return Err(WriteError::Exists { path: path.clone() });
        }
    }
    make_folders(&missing)?;
    write(&missing, mode, Existing::Refuse)
}

/// Writes a file in an existing folder, and replaces an existing file.
pub fn replace(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), WriteError> {
    write(&[(path.to_owned(), bytes)], mode, Existing::Replace)
}

/// The same for several files, and makes their folders.
pub fn replace_all(files: &[(PathBuf, &[u8])], mode: Mode) -> Result<(), WriteError> {
    make_folders(files)?;
    write(files, mode, Existing::Replace)
}

/// Writes a file like [`write_once`], but replaces an existing file with the digest `before`.
pub fn replace_only(
    path: &Path,
    bytes: &[u8],
    before: Digest,
    mode: Mode,
) -> Result<(), WriteError> {
    if digest(path, Links::Follow).is_ok_and(|there| there == before) {
        return replace(path, bytes, mode);
    }
    write_once(path, bytes, mode)
}

/// An empty file for the messages of another program; replaces an existing file.
pub fn create_log(path: &Path) -> Result<File, WriteError> {
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(Mode::Private.bits())
        .open(path)
        .map_err(WriteError::new(path))
}

/// Overwrites a file with zeros, deletes it, and verifies that it is gone. A medium may still keep copies of overwritten
/// blocks.
pub fn erase(path: &Path) -> Result<(), FileError> {
    let mut file = open_for(path, Links::Refuse, OFlags::WRONLY)?;
    let mut overwrite = || {
        let length = file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(length), &mut file)?;
        file.sync_all()?;
        fs::remove_file(path)?;
        sync_folder(&above(path))?;
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(_) => Err(io::Error::other("the file still exists")),
            Err(error) => Err(error),
        }
    };
    overwrite().map_err(FileError::system(path))
}

fn write(files: &[(PathBuf, &[u8])], mode: Mode, existing: Existing) -> Result<(), WriteError> {
    // Each waits for the medium, and they need not wait for each other.
    let beside: Vec<NamedTempFile> = files
        .par_iter()
        .map(|(path, bytes)| write_beside(path, bytes, mode).map_err(WriteError::new(path)))
        .collect::<Result<_, _>>()?;
    for ((path, _), file) in files.iter().zip(beside) {
        let named = match existing {
            Existing::Refuse => file.persist_noclobber(path),
            Existing::Replace => file.persist(path),
        };
        named.map_err(|error| WriteError::new(path)(error.error))?;
    }
    for folder in folders(files) {
        sync_folder(&folder).map_err(WriteError::new(&folder))?;
    }
    files
        .par_iter()
        .try_for_each(|(path, bytes)| read_back(path, bytes))
}

fn write_beside(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".conclave-")
        .tempfile_in(above(path))?;
    file.as_file()
        .set_permissions(Permissions::from_mode(mode.bits()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folders(files: &[(PathBuf, &[u8])]) -> BTreeSet<PathBuf> {
    files.iter().map(|(path, _)| above(path)).collect()
}

fn make_folders(files: &[(PathBuf, &[u8])]) -> Result<(), WriteError> {
    for folder in folders(files) {
        make_folder(&folder).map_err(|FileError { path, problem }| {
            let error = FileError {
                path: path.clone(),
                problem,
            };
            WriteError::Write {
                path,
                source: error.into(),
            }
        })?;
    }
    Ok(())
}

/// Reads a file back and compares it; from the medium itself, if the system drops its cache of the file.
fn read_back(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let not_read = |error: FileError| WriteError::Write {
        path: path.to_owned(),
        source: error.into(),
    };
    let file = open(path, Links::Refuse).map_err(not_read)?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)
        .map_err(|error| WriteError::new(path)(error.into()))?;
    drop(file);
    if is_there(path, bytes) {
        Ok(())
    } else {
        Err(WriteError::ReadBack {
            path: path.to_owned(),
        })
    }
}

fn is_there(path: &Path, bytes: &[u8]) -> bool {
    read_start(path, Links::Follow, bytes.len() as u64).is_ok_and(|there| there == bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_given_digest_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.json");
        let one = Digest::of(b"one");
        let replace_only = |bytes, before| replace_only(&path, bytes, before, Mode::Public);
        replace_only(b"one", Digest::of(b"zero")).unwrap();
        replace_only(b"two", one).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        replace_only(b"two", one).unwrap();
        assert!(matches!(
            replace_only(b"three", one),
            Err(WriteError::Exists { .. })
        ));
    }

    #[test]
    fn existing_files_are_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.root.json");
        let write_once = |path: &Path, bytes: &[u8]| write_once(path, bytes, Mode::Public);
        write_once(&path, b"one").unwrap();
        write_once(&path, b"one").unwrap();
        assert!(matches!(
            write_once(&path, b"two"),
            Err(WriteError::Exists { .. })
        ));
        assert!(matches!(
            write_new(&path, b"one", Mode::Public),
            Err(WriteError::Exists { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let dangling = directory.path().join("root.json");
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        for refused in [
            write_once(&dangling, b"one"),
            write_new(&dangling, b"one", Mode::Public),
        ] {
            assert!(matches!(refused, Err(WriteError::Exists { .. })));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_has_the_mode_that_was_stated() {
        let directory = tempfile::tempdir().unwrap();
        for (mode, bits) in [(Mode::Private, 0o600), (Mode::Public, 0o644)] {
            let path = directory.path().join(format!("{bits:o}"));
            replace(&path, b"one", mode).unwrap();
            replace(&path, b"two", mode).unwrap();
            let permissions = fs::metadata(&path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o7777, bits);
        }
    }

    #[test]
    fn only_write_once_and_replace_all_make_folders() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        assert!(write_new(&path, b"one", Mode::Public).is_err());
        assert!(replace(&path, b"one", Mode::Public).is_err());
        write_once(&path, b"one", Mode::Public).unwrap();
        replace_all(&[(path.clone(), b"two")], Mode::Public).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn an_erased_file_is_overwritten_and_deleted_and_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "secret").unwrap();
        let other_name = folder.path().join("other");
        fs::hard_link(&path, &other_name).unwrap();
        erase(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(fs::read(&other_name).unwrap(), [0; 6]);
        std::os::unix::fs::symlink(&other_name, &path).unwrap();
        assert!(erase(&path).is_err());
        assert!(other_name.exists());
    }
}
