//! Foreign files: regular files only, with a size limit.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::words::Digest;

use super::error::{FileError, FileProblem};

/// Whether a path may be a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// In a ceremony directory and on media, where a link may lead elsewhere.
    Refuse,
    /// For a path that a person typed.
    Follow,
}

/// A whole file of at most `limit` bytes.
pub fn read(path: &Path, links: Links, limit: u64) -> Result<Vec<u8>, FileError> {
    let bytes = read_start(path, links, limit)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::new(path, FileProblem::TooLong { limit }));
    }
    Ok(bytes)
}

/// A file up to the first byte after `limit`, for parsers that refuse long files themselves.
pub fn read_start(path: &Path, links: Links, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = open(path, links)?;
    let most = limit.saturating_add(1);
    let length = file.metadata().map_err(FileError::system(path))?.len();
    // One byte more than the length, so that the buffer does not grow at the end of the file.
    let room = usize::try_from(length.saturating_add(1).min(most)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(room);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(FileError::system(path))?;
    Ok(bytes)
}

pub fn read_text(path: &Path, links: Links, limit: u64) -> Result<String, FileError> {
    String::from_utf8(read(path, links, limit)?)
        .map_err(|_| FileError::new(path, FileProblem::NotText))
}

/// SHA-256 of a file of any length.
pub fn digest(path: &Path, links: Links) -> Result<Digest, FileError> {
    Digest::of_reader(open(path, links)?).map_err(FileError::system(path))
}

/// Opens a regular file for reading, without waiting for other kinds of files: opening a pipe could block forever.
pub(super) fn open(path: &Path, links: Links) -> Result<File, FileError> {
    open_for(path, links, OFlags::RDONLY)
}

pub(super) fn open_for(path: &Path, links: Links, access: OFlags) -> Result<File, FileError> {
    let mut flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) if links == Links::Refuse => {
            return Err(FileError::new(path, FileProblem::Link));
        }
        // A socket, or a device without a driver.
        Err(Errno::NXIO | Errno::NODEV) => {
            return Err(FileError::new(path, FileProblem::NotRegular));
        }
        Err(error) => return Err(FileError::system(path)(error.into())),
    };
    let is_regular = file.metadata().map_err(FileError::system(path))?.is_file();
    if !is_regular {
        return Err(FileError::new(path, FileProblem::NotRegular));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn problem(path: &Path, links: Links) -> String {
        read(path, links, 4).unwrap_err().problem.to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, Links::Refuse, 4).unwrap(), b"four");
        fs::write(&path, "longer").unwrap();
        assert_eq!(
            problem(&path, Links::Refuse),
            "the file is longer than 4 bytes"
        );
        assert_eq!(read_start(&path, Links::Refuse, 4).unwrap(), b"longe");
        let error = read(&path, Links::Refuse, 4).unwrap_err();
        assert!(error.is_about_content());
        assert!(
            error
                .to_string()
                .ends_with("file: the file is longer than 4 bytes")
        );
        let missing = read(&folder.path().join("none"), Links::Refuse, 4).unwrap_err();
        assert!(missing.is_missing() && missing.is_about_content());
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let zero = Path::new("/dev/zero");
        for path in [&pipe, &socket, folder.path(), zero] {
            assert_eq!(problem(path, Links::Refuse), "not a regular file");
        }
        let link = folder.path().join("link");
        for target in [&pipe, zero] {
            symlink(target, &link).unwrap();
            assert_eq!(
                problem(&link, Links::Refuse),
                "a symbolic link, which is not followed here"
            );
            assert_eq!(problem(&link, Links::Follow), "not a regular file");
            fs::remove_file(&link).unwrap();
        }
    }

    #[test]
    fn a_link_is_followed_only_if_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "four").unwrap();
        symlink("file", &link).unwrap();
        assert_eq!(
            problem(&link, Links::Refuse),
            "a symbolic link, which is not followed here"
        );
        assert_eq!(read(&link, Links::Follow, 4).unwrap(), b"four");
    }
}
