//! A file of lines that only grows: when [`Journal::append`] returns, the lines are on the medium.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::error::{FileError, plain};
use super::read::{Links, open_for};

/// Larger than any journal of a ceremony.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot open {}: {}", path.display(), plain(source))]
    Open { path: PathBuf, source: io::Error },
    #[error("another process uses {}", path.display())]
    Busy { path: PathBuf },
    #[error("cannot write to {}: {}", path.display(), plain(source))]
    Write { path: PathBuf, source: io::Error },
}

/// A file to which complete lines are appended. It is locked while this value exists.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// The number of bytes of complete lines on the medium.
    length: u64,
    /// Lines that are not on the medium yet.
    pending: Vec<u8>,
    /// Whether the file may have more than `length` bytes. They are cut off before anything is written.
    has_remains: bool,
}

impl Journal {
    /// Makes a new journal at a path that does not exist.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(not_opened(path))?;
        Self::lock(file, path)
    }

    /// Opens a journal, and returns its complete lines. An incomplete line after them is removed by
    /// [`Self::cut_torn_line`], and at the latest when a line is appended.
    pub fn open(path: &Path) -> Result<(Self, Vec<u8>), JournalError> {
        let file = open_for(path, Links::Refuse, OFlags::RDWR)
            .map_err(|error: FileError| not_opened(path)(error.into()))?;
        // Locked before it is read: a line that another process is writing is not torn.
        let mut journal = Self::lock(file, path)?;
        let mut bytes = Vec::new();
        (&journal.file)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(not_opened(path))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(not_opened(path)(io::ErrorKind::FileTooLarge.into()));
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        journal.length = whole as u64;
        journal.has_remains = whole < bytes.len();
        bytes.truncate(whole);
        Ok((journal, bytes))
    }

    fn lock(file: File, path: &Path) -> Result<Self, JournalError> {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::Busy {
                path: path.to_owned(),
            },
            TryLockError::Error(source) => not_opened(path)(source),
        })?;
        Ok(Self {
            file,
            path: path.to_owned(),
            length: 0,
            pending: Vec::new(),
            has_remains: false,
        })
    }

    /// Appends lines, and waits until they are on the medium. If this fails, no part of them remains in the file, and
    /// [`Self::retry`] tries again.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        self.pending.extend_from_slice(lines);
        self.retry()
    }

    /// Writes the lines that could not be written earlier.
    pub fn retry(&mut self) -> Result<(), JournalError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if let Err(source) = self.write_pending() {
            // If this fails too, the next try does it, or the next process that opens the file.
            let _ = self.cut_remains();
            return Err(self.not_written(source));
        }
        self.length += self.pending.len() as u64;
        self.pending.clear();
        self.has_remains = false;
        Ok(())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        self.cut_remains()?;
        self.has_remains = true;
        self.file.write_all(&self.pending)?;
        self.file.sync_data()
    }

    fn cut_remains(&mut self) -> io::Result<()> {
        if self.has_remains {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            self.has_remains = false;
        }
        Ok(())
    }

    /// Removes an incomplete line from the end of the file.
    pub fn cut_torn_line(&mut self) -> Result<(), JournalError> {
        if !self.has_remains {
            return Ok(());
        }
        self.cut_remains()
            .and_then(|()| self.file.sync_data())
            .map_err(|source| self.not_written(source))
    }

    fn not_written(&self, source: io::Error) -> JournalError {
        JournalError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

/// A journal with a second copy on another medium. A line is written to the copy after it is on the first medium, so
/// the copy never has more lines.
#[derive(Debug)]
pub struct MirroredJournal {
    first: Journal,
    mirror: Option<Journal>,
}

impl MirroredJournal {
    pub fn create(path: &Path, mirror: Option<&Path>) -> Result<Self, JournalError> {
        Ok(Self {
            first: Journal::create(path)?,
            mirror: mirror.map(Journal::create).transpose()?,
        })
    }

    /// A journal without a copy.
    pub const fn new(first: Journal) -> Self {
        Self {
            first,
            mirror: None,
        }
    }

    /// Adds a copy, which must already have all lines.
    pub fn set_mirror(&mut self, mirror: Journal) {
        self.mirror = Some(mirror);
    }

    /// Appends lines to both, and waits until they are on both media. If this fails, [`Self::retry`] tries again.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        self.first.pending.extend_from_slice(lines);
        if let Some(mirror) = &mut self.mirror {
            mirror.pending.extend_from_slice(lines);
        }
        self.retry()
    }

    pub fn retry(&mut self) -> Result<(), JournalError> {
        self.first.retry()?;
        self.mirror.as_mut().map_or(Ok(()), Journal::retry)
    }
}

fn not_opened(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Open { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_torn_line_is_cut_before_more_lines_are_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path).unwrap();
        journal.append(b"one\n").unwrap();
        assert!(matches!(
            Journal::open(&path),
            Err(JournalError::Busy { .. })
        ));
        drop(journal);
        fs::write(&path, "one\ntwo\nthr").unwrap();
        let (mut journal, bytes) = Journal::open(&path).unwrap();
        assert_eq!(bytes, b"one\ntwo\n");
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthr");
        journal.cut_torn_line().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
        journal.append(b"three\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
        assert!(Journal::create(&path).is_err());
    }

    #[test]
    fn a_torn_line_that_was_not_cut_is_cut_by_the_next_append() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        fs::write(&path, "one\ntw").unwrap();
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.append(b"three\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\nthree\n");
    }

    #[test]
    fn the_mirror_has_the_same_lines() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let mut both = MirroredJournal::create(&one, Some(&other)).unwrap();
        both.append(b"one\n").unwrap();
        both.append(b"two\nthree\n").unwrap();
        for path in [one, other] {
            assert_eq!(fs::read(path).unwrap(), b"one\ntwo\nthree\n");
        }
    }

    #[test]
    fn a_link_is_not_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "one\n").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(Journal::open(&link).is_err());
    }
}
