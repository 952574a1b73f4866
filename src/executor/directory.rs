//! A ceremony directory: the script with its pinned files, and the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{RecordError, read_record};
use crate::script::Script;
use crate::storage::{
    FileError, Journal, JournalError, Links, MirroredJournal, Mode, WriteError, is_empty,
    make_folder, read, write_all_once,
};
use crate::transcript::Transcript;

const SCRIPT: &str = "script.toml";
const TRANSCRIPT: &str = "transcript.jsonl";
/// Longer than any transcript.
const MAX_TRANSCRIPT: u64 = 64 << 20;

/// Why a ceremony cannot run in a directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    #[error("{} is not empty", path.display())]
    NotEmpty { path: PathBuf },
    #[error(transparent)]
    Folder(#[from] FileError),
    #[error(transparent)]
    File(#[from] WriteError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The mirror has other lines than the directory.
    #[error("{} is not a mirror of this ceremony", path.display())]
    Mirror { path: PathBuf },
}

/// A ceremony directory that this process alone writes to.
#[derive(Debug)]
pub struct CeremonyDirectory {
    path: PathBuf,
    script: Arc<Script>,
    journal: MirroredJournal,
}

impl CeremonyDirectory {
    /// Creates the directory, with the script and its pinned files. It may exist, but must be empty.
    ///
    /// # Errors
    /// When it is not empty, or something cannot be written.
    pub fn create(
        path: &Path,
        script: Arc<Script>,
        mirror: Option<&Path>,
    ) -> Result<Self, DirectoryError> {
        let directories = || std::iter::once(path).chain(mirror);
        for directory in directories() {
            make_empty(directory)?;
        }
        let at = |directory: &Path| directory.join(TRANSCRIPT);
        let journal = MirroredJournal::create(&at(path), mirror.map(at).as_deref())?;
        for directory in directories() {
            write_script(directory, &script)?;
        }
        Ok(Self {
            path: path.to_owned(),
            script,
            journal,
        })
    }

    /// Opens the directory of an interrupted ceremony. A torn last line is removed. `mirror` is the current path of the
    /// mirror.
    ///
    /// # Errors
    /// When another process is at work on it, or script and transcript are not whole.
    pub fn open(path: &Path, mirror: Option<&Path>) -> Result<Opened, DirectoryError> {
        let (mut journal, lines) = Journal::open(&path.join(TRANSCRIPT))?;
        let record = read_record(path)?;
        journal.cut_torn_line()?;
        let mut journal = MirroredJournal::new(journal);
        if let Some(mirror) = mirror {
            journal.set_mirror(open_mirror(mirror, &lines)?);
        }
        Ok(Opened {
            directory: Self {
                path: path.to_owned(),
                script: record.script,
                journal,
            },
            transcript: record.transcript,
            torn_bytes: record.torn_bytes as u64,
        })
    }

    /// Begins a mirror, with all lines so far, in a directory that does not exist or is empty.
    ///
    /// # Errors
    /// When it is not empty, or something cannot be written.
    pub fn begin_mirror(&mut self, mirror: &Path) -> Result<(), DirectoryError> {
        make_empty(mirror)?;
        write_script(mirror, &self.script)?;
        let lines = read(&self.path.join(TRANSCRIPT), Links::Refuse, MAX_TRANSCRIPT)?;
        let mut journal = Journal::create(&mirror.join(TRANSCRIPT))?;
        journal.append(&lines)?;
        self.journal.set_mirror(journal);
        Ok(())
    }

    /// Whether a directory contains the mirror of any ceremony.
    pub fn has_mirror(directory: &Path) -> bool {
        directory.join(TRANSCRIPT).exists()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn script(&self) -> Arc<Script> {
        Arc::clone(&self.script)
    }

    /// Appends lines to the journal and to its mirror, and waits until both media have them.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), DirectoryError> {
        Ok(self.journal.append(lines)?)
    }

    /// Writes what [`Self::append`] failed to write.
    pub(super) fn retry(&mut self) -> Result<(), DirectoryError> {
        Ok(self.journal.retry()?)
    }
}

fn write_script(directory: &Path, script: &Script) -> Result<(), WriteError> {
    let mut files = vec![(directory.join(SCRIPT), script.text().as_bytes())];
    for carried in script.pinned_files() {
        files.push((directory.join(&carried.name), &carried.bytes));
    }
    write_all_once(&files, Mode::Private)
}

/// A directory that was opened again.
#[derive(Debug)]
pub struct Opened {
    /// Locked for this process.
    pub directory: CeremonyDirectory,
    /// The whole lines of its transcript.
    pub transcript: Transcript,
    /// Bytes of a line that was cut short.
    pub torn_bytes: u64,
}

/// A mirror may lack the last lines, or have a torn one: it is brought up to date.
fn open_mirror(mirror: &Path, lines: &[u8]) -> Result<Journal, DirectoryError> {
    let path = mirror.join(TRANSCRIPT);
    let (mut journal, there) = Journal::open(&path)?;
    // The directory is written first, so the mirror never has a line more.
    let Some(missing) = lines.strip_prefix(there.as_slice()) else {
        return Err(DirectoryError::Mirror { path });
    };
    journal.cut_torn_line()?;
    journal.append(missing)?;
    Ok(journal)
}

fn make_empty(path: &Path) -> Result<(), DirectoryError> {
    make_folder(path)?;
    if is_empty(path)? {
        return Ok(());
    }
    Err(DirectoryError::NotEmpty {
        path: path.to_owned(),
    })
}
