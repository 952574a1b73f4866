//! Files that came from other sites: read, and never written or moved.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::words::Digest;

use super::export::ExportError;

/// The folder in a ceremony directory where people put what came back.
pub(super) const IMPORT: &str = "import";
/// The longest file that is read: a little more than a signature's, so that a longer one is refused and not cut.
const LONGEST: u64 = (64 << 10) + 1;
/// More files than this are no longer looked at.
const MOST: usize = 1000;

/// The first file, by name, whose content is not known yet. A folder that is not there holds nothing.
pub(super) fn look_for_file(
    folder: &Path,
    known: &[Digest],
) -> Result<Option<(String, Vec<u8>)>, ExportError> {
    let failed = |path: &Path, source: io::Error| ExportError::Read {
        path: path.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries.take(MOST) {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let kind = entry.file_type().map_err(|error| failed(folder, error))?;
        // A pipe would never end, and a link may lead anywhere.
        if kind.is_file() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    for path in paths {
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
            .map_err(|error| failed(&path, error))?;
        if !known.contains(&Digest::of(&bytes)) {
            let name = path.file_name().unwrap_or_default();
            return Ok(Some((name.to_string_lossy().into_owned(), bytes)));
        }
    }
    Ok(None)
}
