//! What `rehearse`, `run` and `resume` share: a front end, an executor, and how it ended.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use crate::audit::{RecordError, read_record};
use crate::ceremony::{Ending, FrontEnd, Verdict};
use crate::executor::{CeremonyDirectory, DirectoryError, Ended, Executor, ExecutorError};
use crate::line::{LineMode, SecretLines};
use crate::rehearsal::Autopilot;
use crate::script::Script;
use crate::storage::{JournalError, Links, read_text};
use crate::transcript::{Transcript, TranscriptError};
use crate::tui;
use crate::words::Digest;

use super::{Failure, Status};

const CLOSING_NOTE: &str = "closing-note.txt";
/// Longer than any closing note.
const MAX_NOTE: u64 = 1 << 20;

/// Which front end shows the ceremony.
pub(super) enum Show {
    /// Line by line, with the PINs from a descriptor if one is given.
    Lines(Option<SecretLines>),
    /// On the whole terminal.
    Screen(Box<tui::Settings>),
    /// By itself.
    Unattended,
}

impl Show {
    /// The screen, or line by line where that was asked for or there is no terminal to draw on.
    pub(super) fn to_people(plain: bool, pin_fd: Option<u32>) -> Result<Self, Failure> {
        let can_draw = io::stdin().is_terminal()
            && io::stdout().is_terminal()
            && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        if plain || pin_fd.is_some() || !can_draw {
            Self::lines(pin_fd)
        } else {
            Ok(Self::Screen(Box::new(tui::Settings::from_environment())))
        }
    }

    /// Shows what was recorded before this process, too.
    pub(super) fn after(self, transcript: &Transcript, script: &Script) -> Self {
        match self {
            Self::Screen(settings) => Self::Screen(Box::new(settings.history(transcript, script))),
            other => other,
        }
    }

    pub(super) fn lines(pin_fd: Option<u32>) -> Result<Self, Failure> {
        let pins = pin_fd.map(SecretLines::from_fd).transpose();
        pins.map(Self::Lines).map_err(|error| {
            Failure::new(
                Status::Io,
                format!("the descriptor of the PINs cannot be read: {error}"),
            )
            .hint("open it for reading, as in: conclave … --pin-fd 3 3<FILE")
        })
    }
}

/// Runs a ceremony to its end, or until the process must end, and tells what came of it.
pub(super) fn conduct<'a>(
    show: Show,
    path: &Path,
    executor: impl for<'f> FnOnce(&'f mut dyn FrontEnd) -> Result<Executor<'f>, ExecutorError>
    + Send
    + 'a,
) -> Result<Status, Failure> {
    let mut hindrance = None;
    let mut timing = None;
    let run = |front_end: &mut dyn FrontEnd| executor(front_end)?.run();
    let ended = match show {
        Show::Unattended => {
            let mut autopilot = Autopilot::new(io::stdout());
            let ended = run(&mut autopilot);
            let status = if autopilot.is_of_files() {
                Status::Io
            } else {
                Status::Token
            };
            hindrance = autopilot.hindrance().map(|what| (status, what.to_owned()));
            timing = ended.as_ref().ok().map(|(_, timing)| *timing);
            ended
        }
        Show::Lines(pins) => {
            let mut lines = LineMode::new(io::stdout(), pins).map_err(|error| {
                Failure::new(Status::Io, format!("the terminal cannot be used: {error}"))
            })?;
            run(&mut lines)
        }
        Show::Screen(settings) => {
            let settings = settings.place(path.display().to_string());
            tui::run(settings, run).map_err(|error| {
                Failure::new(Status::Io, format!("the terminal cannot be used: {error}"))
                    .hint("try again line by line, with --plain")
            })?
        }
    };
    let (ended, _) = ended.map_err(|error| executor_failure(&error, path))?;
    match ended {
        Ended::Over(ending) => {
            let status = tell(path, &ending)?;
            if let Some(timing) = timing {
                println!("{timing}");
            }
            Ok(status)
        }
        Ended::Paused { head } => {
            tell_pause(path, &head);
            Ok(Status::Done)
        }
        Ended::Left => match hindrance {
            Some((status, what)) => Err(Failure::new(status, what).hint(resume_hint(path))),
            None => Err(
                Failure::new(Status::Aborted, "the ceremony waits to be resumed")
                    .hint(resume_hint(path)),
            ),
        },
    }
}

fn tell(path: &Path, ending: &Ending) -> Result<Status, Failure> {
    let mut out = io::stdout();
    let note = read_text(&path.join(CLOSING_NOTE), Links::Refuse, MAX_NOTE);
    let said = note.map_err(io::Error::from).and_then(|note| {
        writeln!(out, "\n{note}")?;
        writeln!(out, "The record is in {}", path.display())
    });
    if let Err(error) = said {
        return Err(Failure::new(
            Status::Io,
            format!("the closing note cannot be shown: {error}"),
        )
        .hint(format!("it is in {}", path.display())));
    }
    Ok(match ending {
        Ending::Closed(Verdict::Refuse) => Status::Refused,
        Ending::Closed(_) => Status::Done,
        Ending::Aborted { .. } => Status::Aborted,
    })
}

/// Whether the ceremony in a directory rests after a pause.
pub(super) fn is_paused(path: &Path) -> Result<bool, Failure> {
    let record = read_record(path).map_err(|error| record_failure(&error))?;
    let ceremony = record
        .replay()
        .map_err(|error| record_failure(&error.into()))?;
    Ok(ceremony.is_paused())
}

/// What the room takes away from a pause.
fn tell_pause(path: &Path, head: &Digest) {
    println!("The ceremony is paused. The head of the record, to be written down in ink:");
    for line in head.grouped_hex() {
        println!("  {line}");
    }
    for words in head.words().chunks(8) {
        println!("  {}", words.join(" "));
    }
    println!(
        "Switch the machine off, and lock up its medium: {}",
        path.display()
    );
    println!("To go on: conclave resume {}", path.display());
}

fn resume_hint(path: &Path) -> String {
    format!(
        "nothing is lost; go on with: conclave resume {}",
        path.display()
    )
}

/// A failure of the executor, with its exit status.
pub(super) fn executor_failure(error: &ExecutorError, path: &Path) -> Failure {
    match error {
        ExecutorError::Directory(error) => directory_failure(error),
        _ => Failure::new(Status::Io, error.to_string()).hint(resume_hint(path)),
    }
}

/// A failure of the ceremony directory, with its exit status.
pub(super) fn directory_failure(error: &DirectoryError) -> Failure {
    let (status, hint) = match error {
        DirectoryError::NotEmpty { .. } => (
            Status::Usage,
            "give a directory that does not exist yet; or take up the ceremony that is in it with: conclave resume",
        ),
        DirectoryError::Journal(JournalError::Busy { .. }) => (
            Status::Io,
            "end the other process first: a ceremony has one record and one writer",
        ),
        DirectoryError::Record(error) => return record_failure(error),
        DirectoryError::Mirror { .. } => (
            Status::Refused,
            "put in the medium on which the mirror of this ceremony was begun",
        ),
        _ => (
            Status::Io,
            "look at the medium: is it there, is there room, may it be written?",
        ),
    };
    Failure::new(status, error.to_string()).hint(hint)
}

/// A failure of script or transcript, with its exit status.
pub(super) fn record_failure(error: &RecordError) -> Failure {
    let (status, hint) = match error {
        RecordError::Script(_) => (
            Status::Refused,
            "the script or a file that it carries was changed; bring the right one back",
        ),
        RecordError::Transcript(TranscriptError::Empty) => (
            Status::Refused,
            "nothing happened in it yet: begin the ceremony again, in a new directory",
        ),
        RecordError::Transcript(_) => (
            Status::Refused,
            "the record was changed or damaged; compare it with its mirror, and change nothing",
        ),
        _ => (
            Status::Io,
            "give the directory of a ceremony: it has script.toml and transcript.jsonl",
        ),
    };
    Failure::new(status, error.to_string()).hint(hint)
}

/// Creates a ceremony directory, and says why not.
pub(super) fn create_directory(
    path: &Path,
    script: impl Into<std::sync::Arc<Script>>,
    mirror: Option<&Path>,
) -> Result<CeremonyDirectory, Failure> {
    CeremonyDirectory::create(path, script.into(), mirror)
        .map_err(|error| directory_failure(&error))
}

/// The whole path, so that it means the same from anywhere.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Status::Io, format!("{}: {error}", path.display())))
}
