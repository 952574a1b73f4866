//! A ceremony directory: the script with what it carries, and the journal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::audit::{RecordError, read_record};
use crate::script::Script;
use crate::transcript::Transcript;

use super::export::ExportError;
use super::export::{settle_entry, write_all_exclusively};
use super::journal::{Journal, JournalError};

const SCRIPT: &str = "script.toml";
const TRANSCRIPT: &str = "transcript.jsonl";

/// Why a directory is not one in which a ceremony can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// There is something in it already.
    #[error("{} exists already and is not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// It could not be made or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] ExportError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The script or the transcript in it.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The mirror has other lines than the directory.
    #[error("{} is not a mirror of this ceremony", path.display())]
    Mirror {
        /// The mirror's transcript.
        path: PathBuf,
    },
}

/// A ceremony directory that this process alone writes to.
#[derive(Debug)]
pub struct CeremonyDirectory {
    path: PathBuf,
    script: Arc<Script>,
    journal: Journal,
    mirror: Option<Mirror>,
    /// The files with which the directory began, while they are being written.
    beginning: Option<Beginning>,
    /// Lines that came meanwhile: the journal gets them after what they refer to.
    held: Vec<u8>,
}

/// A second journal on another medium. It gets a line only when the first has it for good, so that it never has one more.
#[derive(Debug)]
struct Mirror {
    journal: Journal,
    lines: Vec<u8>,
}

/// Script and carried files on their way to the medium, and to that of the mirror.
#[derive(Debug)]
struct Beginning {
    directories: Vec<PathBuf>,
    script: Arc<Script>,
    writing: Option<JoinHandle<Result<(), ExportError>>>,
}

impl CeremonyDirectory {
    /// Makes the directory, with the script and what it carries. It may exist, but must be empty.
    ///
    /// # Errors
    /// When it is not empty, or something cannot be written.
    pub fn create(
        path: &Path,
        script: Arc<Script>,
        mirror: Option<&Path>,
    ) -> Result<Self, DirectoryError> {
        let directories: Vec<_> = std::iter::once(path)
            .chain(mirror)
            .map(Path::to_owned)
            .collect();
        for directory in &directories {
            make_empty(directory)?;
        }
        let journal = Journal::create(&path.join(TRANSCRIPT))?;
        let mirror = mirror
            .map(|mirror| Journal::create(&mirror.join(TRANSCRIPT)))
            .transpose()?;
        Ok(Self {
            path: path.to_owned(),
            journal,
            mirror: mirror.map(Mirror::new),
            beginning: Some(Beginning::write(directories, Arc::clone(&script))),
            held: Vec::new(),
            script,
        })
    }

    /// Opens the directory of a ceremony that was interrupted: with its transcript, and the number of bytes of
    /// a line that was cut short and is now gone. `mirror` is where the mirror is now, if there is one.
    ///
    /// # Errors
    /// When another process is at work on it, or script and transcript are not whole.
    pub fn open(path: &Path, mirror: Option<&Path>) -> Result<Opened, DirectoryError> {
        let at = path.join(TRANSCRIPT);
        // The lock comes first: what another process is writing now is not torn.
        let length = fs::metadata(&at).map_err(io_error(&at))?.len();
        let mut journal = Journal::open(&at, length)?;
        let record = read_record(path)?;
        let torn_bytes = record.torn_bytes as u64;
        if torn_bytes > 0 {
            journal.take_back(torn_bytes)?;
        }
        let mirror = mirror
            .map(|mirror| open_mirror(mirror, &read(&at)?))
            .transpose()?;
        Ok(Opened {
            directory: Self {
                path: path.to_owned(),
                script: record.script,
                journal,
                mirror: mirror.map(Mirror::new),
                beginning: None,
                held: Vec::new(),
            },
            transcript: record.transcript,
            torn_bytes,
        })
    }

    /// Begins a mirror in a directory that does not exist yet or is empty, with all that there is so far.
    ///
    /// # Errors
    /// When it is not empty, or something cannot be written.
    pub fn begin_mirror(&mut self, mirror: &Path) -> Result<(), DirectoryError> {
        make_empty(mirror)?;
        write_beginning(&[mirror.to_owned()], &self.script)?;
        let lines = read(&self.path.join(TRANSCRIPT))?;
        let mut journal = Journal::create(&mirror.join(TRANSCRIPT))?;
        journal.append(&lines)?;
        journal.settle()?;
        self.mirror = Some(Mirror::new(journal));
        Ok(())
    }

    /// Whether a directory has a mirror of a ceremony in it, be it of another one.
    #[must_use]
    pub fn has_mirror(directory: &Path) -> bool {
        directory.join(TRANSCRIPT).exists()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The script in it.
    #[must_use]
    pub fn script(&self) -> Arc<Script> {
        Arc::clone(&self.script)
    }

    /// Appends a line to the journal. It is on its medium, and on that of the mirror, when it was settled; while the
    /// files are being written with which the directory begins, it is held until then.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), DirectoryError> {
        if self.beginning.is_some() {
            self.held.extend_from_slice(line);
            return Ok(());
        }
        self.journal.append(line)?;
        if let Some(mirror) = &mut self.mirror {
            mirror.lines.extend_from_slice(line);
        }
        Ok(())
    }

    /// Waits until the media have all that was given to them. What was not taken is given again the next time.
    pub(super) fn settle(&mut self) -> Result<(), DirectoryError> {
        if let Some(beginning) = &mut self.beginning {
            beginning.settle()?;
            self.journal.append(&self.held)?;
            if let Some(mirror) = &mut self.mirror {
                mirror.lines.append(&mut self.held);
            }
            self.held = Vec::new();
            self.beginning = None;
        }
        self.journal.settle()?;
        if let Some(mirror) = &mut self.mirror {
            mirror.settle()?;
        }
        Ok(())
    }
}

impl Mirror {
    const fn new(journal: Journal) -> Self {
        Self {
            journal,
            lines: Vec::new(),
        }
    }

    fn settle(&mut self) -> Result<(), JournalError> {
        if !self.lines.is_empty() {
            self.journal.append(&self.lines)?;
            self.lines.clear();
        }
        self.journal.settle()
    }
}

impl Beginning {
    /// Begins to write while other things are made ready: no line goes before it.
    fn write(directories: Vec<PathBuf>, script: Arc<Script>) -> Self {
        let (of_writer, script_of_writer) = (directories.clone(), Arc::clone(&script));
        let writing = thread::Builder::new()
            .name("medium".to_owned())
            .spawn(move || write_beginning(&of_writer, &script_of_writer));
        Self {
            directories,
            script,
            writing: writing.ok(),
        }
    }

    fn settle(&mut self) -> Result<(), ExportError> {
        match self.writing.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            // There was no thread to be had, it fell over, or the room has made the medium take it.
            Some(Err(_)) | None => write_beginning(&self.directories, &self.script),
        }
    }
}

fn write_beginning(directories: &[PathBuf], script: &Script) -> Result<(), ExportError> {
    for directory in directories {
        let mut files = vec![(directory.join(SCRIPT), script.text().as_bytes())];
        for carried in script.carried_files() {
            files.push((directory.join(&carried.name), &carried.bytes));
        }
        write_all_exclusively(&files)?;
        settle_entry(directory)?;
    }
    Ok(())
}

/// A directory that was opened again.
#[derive(Debug)]
pub struct Opened {
    /// The directory, locked.
    pub directory: CeremonyDirectory,
    /// The whole lines of its transcript.
    pub transcript: Transcript,
    /// Bytes of a line that was cut short.
    pub torn_bytes: u64,
}

/// A mirror may lack the last lines, or have a torn one: it is brought up to date.
fn open_mirror(mirror: &Path, lines: &[u8]) -> Result<Journal, DirectoryError> {
    let path = mirror.join(TRANSCRIPT);
    let bytes = read(&path)?;
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    // The directory is written first, so the mirror never has a line more.
    if !lines.starts_with(&bytes[..whole]) {
        return Err(DirectoryError::Mirror { path });
    }
    let mut journal = Journal::open(&path, whole as u64)?;
    if whole < lines.len() {
        journal.append(&lines[whole..])?;
        journal.settle()?;
    }
    Ok(journal)
}

fn make_empty(path: &Path) -> Result<(), DirectoryError> {
    fs::create_dir_all(path).map_err(io_error(path))?;
    let mut entries = fs::read_dir(path).map_err(io_error(path))?;
    if entries.next().is_some() {
        return Err(DirectoryError::NotEmpty {
            path: path.to_owned(),
        });
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, DirectoryError> {
    fs::read(path).map_err(io_error(path))
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> DirectoryError + use<> {
    let path = path.to_owned();
    move |source| DirectoryError::Io { path, source }
}
