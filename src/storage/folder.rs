//! Folders: listed, made and removed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::FileError;

/// An entry of a folder. Links are not followed.
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

/// The entries of a folder, sorted by name.
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

pub fn is_empty(folder: &Path) -> Result<bool, FileError> {
    let mut entries = fs::read_dir(folder).map_err(FileError::system(folder))?;
    Ok(entries.next().is_none())
}

/// Whether a path exists, even as a dangling link.
pub fn is_taken(path: &Path) -> Result<bool, FileError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::system(path)(error)),
    }
}

/// Makes a folder and its missing parents, and waits until they are on the medium.
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

/// Removes a folder with its content, if it exists.
pub fn remove_folder(folder: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::system(folder)(error)),
        _ => Ok(()),
    }
}

/// An existing path, with links resolved.
pub fn real_path(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(FileError::system(path))
}

/// Makes a symbolic link, or replaces an existing one atomically.
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

/// Waits until the entries of a folder are on the medium.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder that contains a file.
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
