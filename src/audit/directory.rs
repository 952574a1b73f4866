//! Reading a ceremony directory: nothing is written, no link is followed, no more is read than can be meant.

use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ceremony::Ceremony;
use crate::script::{PinnedFileSource, Script, ScriptErrors};
use crate::storage::{EntryKind, FileError, Links, list, read};
use crate::transcript::{Transcript, TranscriptError};

use super::names::{SCRIPT, TRANSCRIPT};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A ceremony directory, read and replayed.
#[derive(Debug, Clone)]
pub struct CeremonyRecord {
    /// The script.
    pub script: Arc<Script>,
    /// The lines of the transcript that are whole.
    pub transcript: Transcript,
    /// How many bytes of a line that was cut short follow them.
    pub torn_bytes: usize,
}

/// Why a ceremony directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    #[error(transparent)]
    Io(#[from] FileError),
    /// The transcript is none.
    #[error("{TRANSCRIPT}: {0}")]
    Transcript(#[from] TranscriptError),
    /// The script, or a file that it carries, has faults.
    #[error("{0}")]
    Script(ScriptErrors),
}

impl CeremonyRecord {
    /// The state to which the transcript leads.
    ///
    /// # Errors
    /// When the transcript belongs to another script, or says what cannot have happened.
    pub fn replay(&self) -> Result<Ceremony, TranscriptError> {
        self.transcript.replay(&self.script)
    }
}

/// Reads script and transcript. The script is judged at the time of the first event.
///
/// # Errors
/// When one of them cannot be read, or is faulty. The transcript is not replayed yet.
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

/// Parses the script of a directory, with the files that it carries.
pub(super) fn read_script(
    directory: &Path,
    bytes: &[u8],
    at: Timestamp,
) -> Result<Script, ScriptErrors> {
    // Bytes that are no text become a character that no script has, and so a fault with its place.
    let text = String::from_utf8_lossy(bytes).replace(char::REPLACEMENT_CHARACTER, "\0");
    Script::parse(SCRIPT, &text, &Beside(directory), at)
}

/// The files that lie beside the script.
struct Beside<'a>(&'a Path);

impl PinnedFileSource for Beside<'_> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(read_file(&self.0.join(name))?)
    }
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    read(path, Links::Refuse, MAX_FILE_BYTES)
}

/// Whether a path stays below the directory from which it is seen, whatever lies there.
pub(super) fn is_inside(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_)))
}

/// What lies in a directory and does not belong, by relative paths in their order; a folder ends in `/` and is
/// told as a whole. `belongs` says of a path what it is.
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
                // A name that is not Unicode only looks like one that belongs.
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

/// What a path is to a ceremony directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// A file of it.
    File,
    /// A folder with files of it.
    Folder,
    /// A folder whose content is nobody's business here.
    Whole,
    /// Nothing.
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
