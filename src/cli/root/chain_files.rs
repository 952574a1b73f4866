//! The root files that a command is given: a directory, or the files in order.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::{Failure, Status};
use crate::cli::output::{display, print};
use crate::metadata::RootFile;
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::storage::{FileError, Links, list, read_start};

/// A file that was read, by its name; or why it could not be read.
type NamedBytes = Result<(String, Vec<u8>), Failure>;

/// Where the versions of a chain lie, in order. Nothing of them is read yet.
pub(super) enum ChainFiles<'a> {
    /// `N.root.json` in a directory, for these N.
    Directory(&'a Path, Vec<u64>),
    /// Files as they were named.
    Named(&'a [PathBuf]),
}

impl<'a> ChainFiles<'a> {
    /// Looks where the paths lead.
    pub(super) fn find(paths: &'a [PathBuf]) -> Result<Self, Failure> {
        match paths {
            [directory] if directory.is_dir() => {
                let versions = versions_in(directory)
                    .map_err(|error| unreadable(directory, &error.problem))?;
                Ok(Self::Directory(directory, versions))
            }
            files => match files.iter().find(|path| path.is_dir()) {
                Some(directory) => Err(Failure::new(
                    Status::Usage,
                    format!("{} is a directory", display(directory)),
                )
                .hint("name one directory, or the files in order")),
                None => Ok(Self::Named(files)),
            },
        }
    }

    /// The files with their names, each read when it is asked for.
    pub(super) fn read(&self) -> Box<dyn Iterator<Item = NamedBytes> + Send + '_> {
        match self {
            Self::Directory(directory, versions) => Box::new(versions.iter().map(|version| {
                let name = format!("{version}.root.json");
                let bytes = read_file(&directory.join(&name))?;
                Ok((name, bytes))
            })),
            Self::Named(files) => Box::new(
                files
                    .iter()
                    .map(|path| Ok((path.to_string_lossy().into_owned(), read_file(path)?))),
            ),
        }
    }

    /// The last file.
    fn last(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(directory, versions) => versions
                .last()
                .map(|version| directory.join(format!("{version}.root.json"))),
            Self::Named(files) => files.last().cloned(),
        }
    }
}

/// Reads one root: a file, or the newest version in a directory. A root that is
/// refused has its report on stdout where JSON was asked for.
pub(super) fn read_root(path: &Path, json: bool) -> Result<RootFile, Failure> {
    let paths = [path.to_owned()];
    let path = ChainFiles::find(&paths)?.last().ok_or_else(|| {
        Failure::new(
            Status::Io,
            format!("{} holds no N.root.json", display(path)),
        )
        .hint("name the file itself")
    })?;
    RootFile::read(&read_file(&path)?).or_else(|refusal| {
        if json {
            print(&serde_json::json!({"reasons": [refusal]}).to_string())?;
        }
        let what = format!("{}: {refusal}", display(&path));
        Err(Failure::new(Status::Refused, what)
            .hint("fetch the file anew, or see docs/root-checks.md"))
    })
}

/// The N of every `N.root.json`, ascending. Other spellings of a number are other
/// files: no client asks for `01.root.json`.
fn versions_in(directory: &Path) -> Result<Vec<u64>, FileError> {
    let mut versions = Vec::new();
    for entry in list(directory)? {
        let number = entry
            .name
            .to_str()
            .and_then(|name| name.strip_suffix(".root.json"));
        if let Some(number) = number
            && let Ok(version) = number.parse::<u64>()
            && version.to_string() == number
        {
            versions.push(version);
        }
    }
    versions.sort_unstable();
    Ok(versions)
}

/// Reads a root file, and no more of it than shows that it is too large.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    read_file_up_to(path, MAX_FILE_BYTES)
}

/// Reads a file, and no more of it than shows that it is longer than that.
pub(in crate::cli) fn read_file_up_to(path: &Path, longest: usize) -> Result<Vec<u8>, Failure> {
    read_start(path, Links::Follow, longest as u64)
        .map_err(|error| unreadable(path, &error.problem))
}

pub(super) fn unreadable(path: &Path, error: &dyn Display) -> Failure {
    Failure::new(Status::Io, format!("{}: {error}", display(path)))
        .hint("check the path, and that the medium is mounted")
}
