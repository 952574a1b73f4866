//! The certificate files below a directory.

use std::path::{Path, PathBuf};

use crate::certificate::{Certificate, CertificateError};
use crate::storage::{EntryKind, Links, list, read_start};

use super::Failure;

const EXTENSIONS: [&str; 4] = ["pem", "crt", "cer", "der"];

/// How deep folders are searched, and how much of a file is read.
const MAX_DEPTH: usize = 6;
const MAX_BYTES: u64 = 256 * 1024;

/// A folder with certificates in it.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// The certificates in each file, by path.
    pub(super) files: Vec<(PathBuf, Result<Vec<Certificate>, CertificateError>)>,
}

/// Every folder with certificates, from a directory down, in the order of names. Links are not followed.
pub(super) fn find(directory: &Path) -> Result<Vec<Folder>, Failure> {
    let mut folders = Vec::new();
    walk(directory, 0, &mut folders)?;
    Ok(folders)
}

fn walk(directory: &Path, depth: usize, folders: &mut Vec<Folder>) -> Result<(), Failure> {
    let mut files = Vec::new();
    let mut below = Vec::new();
    for entry in list(directory)? {
        let path = entry.path;
        if entry.kind == EntryKind::Folder && depth < MAX_DEPTH {
            below.push(path);
        } else if entry.kind == EntryKind::File && is_certificate_file(&path) {
            let bytes = read_start(&path, Links::Refuse, MAX_BYTES)?;
            match Certificate::read_all(&bytes) {
                // Public keys have the same extension.
                Ok(none) if none.is_empty() => {}
                found => files.push((path, found)),
            }
        }
    }
    if !files.is_empty() {
        folders.push(Folder {
            path: directory.to_owned(),
            files,
        });
    }
    below
        .iter()
        .try_for_each(|folder| walk(folder, depth + 1, folders))
}

fn is_certificate_file(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}
