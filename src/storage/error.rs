//! Why a file could not be read or written.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::record::visible;

/// A file or folder that could not be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", visible(&path.to_string_lossy()))]
pub struct FileError {
    pub path: PathBuf,
    pub problem: FileProblem,
}

/// Why a file or folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("it is not a regular file")]
    NotRegular,
    #[error("it is a symbolic link")]
    Link,
    /// More bytes than the caller allows.
    #[error("it is longer than {}", size(*limit))]
    TooLong { limit: u64 },
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("{0}")]
    System(io::Error),
}

impl FileError {
    pub(super) fn new(path: &Path, problem: FileProblem) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }

    pub(super) fn system(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self {
            path,
            problem: FileProblem::System(error),
        }
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(&self.problem, FileProblem::System(error) if error.kind() == ErrorKind::NotFound)
    }

    /// Whether it is known what is there, if anything, and it is not what was meant. Otherwise nobody could look.
    pub fn is_about_content(&self) -> bool {
        match &self.problem {
            FileProblem::NotRegular
            | FileProblem::Link
            | FileProblem::TooLong { .. }
            | FileProblem::NotText => true,
            FileProblem::System(error) => {
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
            }
        }
    }
}

/// The problem alone, for callers that name the file themselves.
impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error.problem {
            FileProblem::System(error) => error,
            FileProblem::TooLong { .. } => Self::new(ErrorKind::FileTooLarge, error.problem),
            FileProblem::NotText => Self::new(ErrorKind::InvalidData, error.problem),
            FileProblem::NotRegular | FileProblem::Link => {
                Self::new(ErrorKind::InvalidInput, error.problem)
            }
        }
    }
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something of that name is there, and it is something else.
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} reads back differently from what was written", path.display())]
    ReadBack { path: PathBuf },
}

impl WriteError {
    pub(super) fn new(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if source.kind() == ErrorKind::AlreadyExists {
                Self::Exists { path }
            } else {
                Self::Write { path, source }
            }
        }
    }
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Exists { .. } => Self::new(ErrorKind::AlreadyExists, error),
            WriteError::Write { source, .. } => source,
            WriteError::ReadBack { .. } => Self::other(error),
        }
    }
}

/// `64 KiB`, `1 MiB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
