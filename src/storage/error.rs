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
    #[error("not a regular file")]
    NotRegular,
    #[error("a symbolic link, which is not followed here")]
    Link,
    #[error("the file is longer than {}", size(*limit))]
    TooLong { limit: u64 },
    #[error("not UTF-8 text")]
    NotText,
    #[error("{}", plain(.0))]
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

    pub fn is_missing(&self) -> bool {
        matches!(&self.problem, FileProblem::System(error) if error.kind() == ErrorKind::NotFound)
    }

    /// Whether the file is missing or of the wrong kind; otherwise, it could not be examined.
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

/// The problem without the path, for callers that name the file themselves.
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
    /// The path exists, with other content.
    #[error("{} already exists", path.display())]
    Exists { path: PathBuf },
    #[error("cannot write {}: {}", path.display(), plain(source))]
    Write { path: PathBuf, source: io::Error },
    #[error("{} was written, but reads back differently", path.display())]
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

/// An error of the system as a phrase, without its number: `no such file or directory`.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text
        .split_once(" (os error")
        .map_or(text.as_str(), |(text, _)| text);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// `64 KiB`, `1 MiB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
