//! The root files of a command: a directory, or the files in order.

use std::path::{Path, PathBuf};

use super::Failure;
use super::carried::{read_file_up_to, refused_root};
use crate::cli::output::{display, print};
use crate::metadata::RootFile;
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::storage::{FileError, list};

/// The name and content of a file.
type NamedBytes = Result<(String, Vec<u8>), Failure>;

/// The paths of the versions of a chain, in order. The files are not read yet.
pub(super) enum ChainFiles<'a> {
    /// `N.root.json` in a directory, for each N.
    Directory(&'a Path, Vec<u64>),
    /// Files as they were given.
    Named(&'a [PathBuf]),
}

impl<'a> ChainFiles<'a> {
    pub(super) fn find(paths: &'a [PathBuf]) -> Result<Self, Failure> {
        match paths {
            [directory] if directory.is_dir() => {
                Ok(Self::Directory(directory, versions_in(directory)?))
            }
            files => match files.iter().find(|path| path.is_dir()) {
                Some(directory) => Err(Failure::usage(format!(
                    "{} is a directory",
                    display(directory)
                ))
                .hint("give one directory, or the root files in order")),
                None => Ok(Self::Named(files)),
            },
        }
    }

    /// The files with their names, each read on demand.
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

    fn last(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(directory, versions) => versions
                .last()
                .map(|version| directory.join(format!("{version}.root.json"))),
            Self::Named(files) => files.last().cloned(),
        }
    }
}

/// Reads one root: a file, or the newest version in a directory. With `json`, a refusal is also printed as JSON.
pub(super) fn read_root(path: &Path, json: bool) -> Result<RootFile, Failure> {
    let paths = [path.to_owned()];
    let path = ChainFiles::find(&paths)?.last().ok_or_else(|| {
        Failure::io(format!("{} contains no N.root.json", display(path)))
            .hint("give the root file itself")
    })?;
    RootFile::read(&read_file(&path)?).or_else(|refusal| {
        if json {
            print(format_args!(
                "{:#}",
                serde_json::json!({"reasons": [refusal]})
            ))?;
        }
        Err(refused_root(&path, &refusal))
    })
}

/// The N of every `N.root.json`, ascending. `01.root.json` is not a version: no client requests it.
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

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    read_file_up_to(path, MAX_FILE_BYTES)
}
