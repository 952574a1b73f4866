//! Files from elsewhere: regular files only, and no more of them than can be meant.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::words::Digest;

use super::error::{FileError, FileProblem};

/// Whether a symbolic link is followed where the file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// In a ceremony directory and on media: a link may lead out of them.
    Refuse,
    /// A path that a person typed.
    Follow,
}

/// The whole file.
///
/// # Errors
/// When it is not a regular file, has more than `limit` bytes, or cannot be read.
pub fn read(path: &Path, links: Links, limit: u64) -> Result<Vec<u8>, FileError> {
    let bytes = read_start(path, links, limit)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::new(path, FileProblem::TooLong { limit }));
    }
    Ok(bytes)
}

/// The file as far as the first byte after `limit`, for parsers that refuse what is too long themselves.
///
/// # Errors
/// When it is not a regular file or cannot be read.
pub fn read_start(path: &Path, links: Links, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = open(path, links)?;
    let most = limit.saturating_add(1);
    let length = file.metadata().map_err(FileError::system(path))?.len();
    // One byte more than the file has, so that its end is seen without growing.
    let room = usize::try_from(length.saturating_add(1).min(most)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(room);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(FileError::system(path))?;
    Ok(bytes)
}

/// The whole file as text.
///
/// # Errors
/// As for [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path, links: Links, limit: u64) -> Result<String, FileError> {
    String::from_utf8(read(path, links, limit)?)
        .map_err(|_| FileError::new(path, FileProblem::NotText))
}

/// SHA-256 of a file of any length.
///
/// # Errors
/// When it is not a regular file or cannot be read.
pub fn digest(path: &Path, links: Links) -> Result<Digest, FileError> {
    Digest::of_reader(open(path, links)?).map_err(FileError::system(path))
}

/// Opens a regular file for reading. Nothing else is waited for: a pipe that nobody writes to would never open.
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
        assert_eq!(problem(&path, Links::Refuse), "it is longer than 4 bytes");
        assert_eq!(read_start(&path, Links::Refuse, 4).unwrap(), b"longe");
        let error = read(&path, Links::Refuse, 4).unwrap_err();
        assert!(error.is_about_content());
        assert!(
            error
                .to_string()
                .ends_with("file: it is longer than 4 bytes")
        );
        let missing = read(&folder.path().join("none"), Links::Refuse, 4).unwrap_err();
        assert!(missing.is_missing() && missing.is_about_content());
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let zero = Path::new("/dev/zero");
        for path in [&pipe, &socket, folder.path(), zero] {
            assert_eq!(problem(path, Links::Refuse), "it is not a regular file");
        }
        let link = folder.path().join("link");
        for target in [&pipe, zero] {
            symlink(target, &link).unwrap();
            assert_eq!(problem(&link, Links::Refuse), "it is a symbolic link");
            assert_eq!(problem(&link, Links::Follow), "it is not a regular file");
            fs::remove_file(&link).unwrap();
        }
    }

    #[test]
    fn a_link_is_followed_only_where_that_is_stated() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "four").unwrap();
        symlink("file", &link).unwrap();
        assert_eq!(problem(&link, Links::Refuse), "it is a symbolic link");
        assert_eq!(read(&link, Links::Follow, 4).unwrap(), b"four");
    }
}
