//! The journal: lines that are on the disk before anything happens outside, and on the mirror as well.
//!
//! A line is given to the system at once, so that it outlives this process. What outlives the power as well is
//! settled: [`Journal::settle`] waits for all lines of a group together.

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
    /// How much of the file is settled.
    length: u64,
    /// The lines after that.
    unsettled: Vec<u8>,
    /// Whether those have to be written again: what a medium did not take once is not to be relied on.
    is_lost: bool,
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
            unsettled: Vec::new(),
            is_lost: false,
        };
        journal.cut_to(length).map_err(opened)?;
        Ok(journal)
    }

    /// Appends a line. When that fails, no part of it stays.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), JournalError> {
        if let Err(source) = self.restore().and_then(|()| self.file.write_all(line)) {
            // If even this fails, the torn line is found and left out when the ceremony is resumed.
            let whole = if self.is_lost {
                0
            } else {
                self.unsettled.len() as u64
            };
            let _ = self.cut_to(self.length + whole);
            return Err(self.not_written(source));
        }
        self.unsettled.extend_from_slice(line);
        Ok(())
    }

    /// Waits until the medium has every line. When that fails, they are written again the next time.
    pub(super) fn settle(&mut self) -> Result<(), JournalError> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let settled = self.restore().and_then(|()| self.file.sync_data());
        if let Err(source) = settled {
            self.is_lost = true;
            return Err(self.not_written(source));
        }
        self.length += self.unsettled.len() as u64;
        self.unsettled.clear();
        Ok(())
    }

    /// Writes the lines again that the medium did not take.
    fn restore(&mut self) -> io::Result<()> {
        if self.is_lost {
            self.cut_to(self.length)?;
            self.file.write_all(&self.unsettled)?;
            self.is_lost = false;
        }
        Ok(())
    }

    fn not_written(&self, source: io::Error) -> JournalError {
        JournalError::Write {
            path: self.path.clone(),
            source,
        }
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        Ok(())
    }

    /// Takes bytes at the end back: those of a line that was cut short.
    pub(super) fn take_back(&mut self, bytes: u64) -> Result<(), JournalError> {
        self.length = self.length.saturating_sub(bytes);
        self.cut_to(self.length)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| self.not_written(source))
    }
}
