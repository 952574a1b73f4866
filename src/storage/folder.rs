//! Folders: what is in them, made, removed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::FileError;

/// What is in a folder under one name. Links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub name: OsString,
    pub kind: EntryKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// What is in a folder, in the order of names.
///
/// # Errors
/// When it cannot be read, or is not a folder.
pub fn list(folder: &Path) -> Result<Vec<Entry>, FileError> {
    let entries = || -> io::Result<Vec<Entry>> {
        fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                let kind = entry.file_type()?;
                Ok(Entry {
                    path: entry.path(),
                    name: entry.file_name(),
                    kind: if kind.is_file() {
                        EntryKind::File
                    } else if kind.is_dir() {
                        EntryKind::Folder
                    } else if kind.is_symlink() {
                        EntryKind::Link
                    } else {
                        EntryKind::Other
                    },
                })
            })
            .collect()
    };
    let mut entries = entries().map_err(FileError::system(folder))?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// Whether nothing is in a folder.
///
/// # Errors
/// When it cannot be read.
pub fn is_empty(folder: &Path) -> Result<bool, FileError> {
    let mut entries = fs::read_dir(folder).map_err(FileError::system(folder))?;
    Ok(entries.next().is_none())
}

/// Whether anything is at a path, be it a link that leads nowhere.
///
/// # Errors
/// When nobody can tell.
pub fn is_taken(path: &Path) -> Result<bool, FileError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::system(path)(error)),
    }
}

/// Makes a folder and those above it, unless they are there, and waits until the medium has their names.
///
/// # Errors
/// When one cannot be made, or something else is in its place.
pub fn make_folder(folder: &Path) -> Result<(), FileError> {
    let is_new = match fs::create_dir(folder) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Some(above) = folder.parent() else {
                return Err(FileError::system(folder)(error));
            };
            make_folder(above)?;
            fs::create_dir(folder).map_err(FileError::system(folder))?;
            true
        }
        Err(_) if folder.is_dir() => false,
        Err(error) => return Err(FileError::system(folder)(error)),
    };
    if is_new {
        let above = above(folder);
        sync_folder(&above).map_err(FileError::system(&above))?;
    }
    Ok(())
}

/// Removes a folder with all that is in it, if it is there.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_folder(folder: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::system(folder)(error)),
        _ => Ok(()),
    }
}

/// The path of something that exists, without links.
///
/// # Errors
/// When nothing is there.
pub fn real_path(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(FileError::system(path))
}

/// Makes a symbolic link, in place of the one that is there, all at once.
///
/// # Errors
/// When it cannot be made.
pub fn point_link(link: &Path, target: &Path) -> Result<(), FileError> {
    let point = || {
        let next = link.with_extension("next");
        match fs::remove_file(&next) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::os::unix::fs::symlink(target, &next)?;
        fs::rename(&next, link)
    };
    point().map_err(FileError::system(link))
}

/// Waits until the medium has the names in a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder in which a file lies.
pub(super) fn above(path: &Path) -> PathBuf {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_listed_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b/c");
        make_folder(&deep).unwrap();
        make_folder(&deep).unwrap();
        assert!(is_empty(&deep).unwrap());
        fs::write(root.path().join("file"), "").unwrap();
        point_link(&root.path().join("link"), Path::new("a")).unwrap();
        point_link(&root.path().join("link"), Path::new("a/b")).unwrap();
        let found: Vec<_> = list(root.path())
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name.into_string().unwrap(), entry.kind))
            .collect();
        assert_eq!(
            found,
            [
                ("a".to_owned(), EntryKind::Folder),
                ("file".to_owned(), EntryKind::File),
                ("link".to_owned(), EntryKind::Link)
            ]
        );
        assert!(make_folder(&root.path().join("file")).is_err());
        assert!(make_folder(&root.path().join("file/below")).is_err());
        remove_folder(&root.path().join("a")).unwrap();
        remove_folder(&root.path().join("a")).unwrap();
        assert!(list(&root.path().join("a")).unwrap_err().is_missing());
    }
}
