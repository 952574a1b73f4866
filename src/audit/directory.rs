//! Reading a ceremony directory, without writing, without following links, and with a size limit.

use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ceremony::Ceremony;
use crate::script::{PinnedFileSource, Script, ScriptErrors};
use crate::storage::{EntryKind, FileError, Links, list, read};
use crate::transcript::{Transcript, TranscriptError};

use super::names::{SCRIPT, TRANSCRIPT};

/// Longer than any file of a ceremony directory.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The script and transcript of a ceremony directory.
#[derive(Debug, Clone)]
pub struct CeremonyRecord {
    pub script: Arc<Script>,
    pub transcript: Transcript,
    /// The length of an incomplete entry at the end of the transcript.
    pub torn_bytes: usize,
}

/// Why a ceremony directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    #[error(transparent)]
    Io(#[from] FileError),
    #[error("{TRANSCRIPT}: {0}")]
    Transcript(#[from] TranscriptError),
    /// The script or a pinned input file is not valid.
    #[error("{0}")]
    Script(ScriptErrors),
}

impl CeremonyRecord {
    /// The state at the end of the transcript.
    pub fn replay(&self) -> Result<Ceremony, TranscriptError> {
        self.transcript.replay(&self.script)
    }
}

/// Reads script and transcript. The script is checked at the time of the first event; the transcript is not replayed.
pub fn read_record(directory: &Path) -> Result<CeremonyRecord, RecordError> {
    let read = |name: &str| read_file(&directory.join(name));
    let (transcript, torn_bytes) = Transcript::parse(&read(TRANSCRIPT)?)?;
    let opened_at = transcript.opened_at().ok_or(TranscriptError::Empty)?;
    let script = read_script(directory, &read(SCRIPT)?, opened_at).map_err(RecordError::Script)?;
    Ok(CeremonyRecord {
        script: Arc::new(script),
        transcript,
        torn_bytes,
    })
}

/// Parses the script of a directory, with its pinned input files.
pub(super) fn read_script(
    directory: &Path,
    bytes: &[u8],
    at: Timestamp,
) -> Result<Script, ScriptErrors> {
    // Bytes that are not UTF-8 become a character that is an error in every script, with its position.
    let text = String::from_utf8_lossy(bytes).replace(char::REPLACEMENT_CHARACTER, "\0");
    Script::parse(SCRIPT, &text, &Beside(directory), at)
}

/// The files next to the script.
struct Beside<'a>(&'a Path);

impl PinnedFileSource for Beside<'_> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(read_file(&self.0.join(name))?)
    }
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    read(path, Links::Refuse, MAX_FILE_BYTES)
}

/// Whether a relative path stays below its directory, whatever the directory contains.
pub(super) fn is_inside(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_)))
}

/// The sorted relative paths of all unexpected files in a directory; an unexpected folder is listed as a whole, with `/`
/// at its end. `belongs` classifies a path.
pub(super) fn foreign(
    directory: &Path,
    belongs: &dyn Fn(&str) -> Belongs,
) -> Result<Vec<String>, FileError> {
    let mut foreign = Vec::new();
    let mut folders = vec![(directory.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in list(&folder)? {
            let path = format!("{prefix}{}", entry.name.to_string_lossy());
            let is_folder = entry.kind == EntryKind::Folder;
            match belongs(&path) {
                // A name that is not Unicode only looks like an expected name.
                _ if entry.name.to_str().is_none() => foreign.push(path),
                Belongs::Whole => {}
                Belongs::File if !is_folder => {}
                Belongs::Folder if is_folder => folders.push((entry.path, format!("{path}/"))),
                _ if is_folder => foreign.push(format!("{path}/")),
                _ => foreign.push(path),
            }
        }
    }
    foreign.sort_unstable();
    Ok(foreign)
}

/// What a path is in a ceremony directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    File,
    /// A folder whose files are classified one by one.
    Folder,
    /// A folder whose content is not checked.
    Whole,
    Not,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_stay_inside() {
        for inside in ["a", "keys/a.pem", "a/./b"] {
            assert!(is_inside(inside), "{inside:?}");
        }
        for outside in ["", "/", "/a", "..", "../a", "a/../../b", "."] {
            assert!(!is_inside(outside), "{outside:?}");
        }
    }
}
