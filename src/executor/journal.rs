//! The journal: lines that are on the disk before anything else happens, and on the mirror as well.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a line could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file could not be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process holds it.
    #[error("another process is at work on {}", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The line could not be written, and was taken back whole.
    #[error("cannot write to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A file to which whole lines are appended. It is locked for as long as this value lives.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Journal {
    /// Makes a journal where nothing is yet.
    pub(super) fn create(path: &Path) -> Result<Self, JournalError> {
        Self::open_with(
            path,
            OpenOptions::new().read(true).write(true).create_new(true),
            0,
        )
    }

    /// Opens a journal of which so many bytes are whole lines; what follows them is cut off.
    pub(super) fn open(path: &Path, whole: u64) -> Result<Self, JournalError> {
        Self::open_with(path, OpenOptions::new().read(true).write(true), whole)
    }

    fn open_with(path: &Path, options: &OpenOptions, length: u64) -> Result<Self, JournalError> {
        let opened = |source| JournalError::Open {
            path: path.to_owned(),
            source,
        };
        let file = options.open(path).map_err(opened)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::Busy {
                path: path.to_owned(),
            },
            TryLockError::Error(source) => opened(source),
        })?;
        let mut journal = Self {
            file,
            path: path.to_owned(),
            length,
        };
        journal.cut().map_err(opened)?;
        Ok(journal)
    }

    /// Appends a line and waits until the medium has it. When that fails, no part of the line stays.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), JournalError> {
        let written = self
            .file
            .write_all(line)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(source) => {
                // If even this fails, the torn line is found and left out when the ceremony is resumed.
                let _ = self.cut();
                Err(JournalError::Write {
                    path: self.path.clone(),
                    source,
                })
            }
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.sync_data()
    }

    /// Takes bytes at the end back: a line that its mirror did not take, or one that was cut short.
    pub(super) fn take_back(&mut self, bytes: u64) {
        self.length = self.length.saturating_sub(bytes);
        // If this fails, they stay for now, and go when the ceremony is resumed or the next line is written.
        let _ = self.cut();
    }
}
