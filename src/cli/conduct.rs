//! What `rehearse`, `run` and `resume` share: a front end, an executor, and the result.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{CeremonyRecord, RecordError, read_record};
use crate::ceremony::{Ceremony, Ending, FrontEnd, Mode, Opening, Verdict};
use crate::executor::{CeremonyDirectory, Ended, Executor, ExecutorError};
use crate::host;
use crate::line::{LineMode, SecretLines};
use crate::rehearsal::Autopilot;
use crate::script::Script;
use crate::storage::{Links, read_text};
use crate::transcript::Transcript;
use crate::tui;
use crate::words::Digest;

use super::output::print;
use super::secrets::secret_lines;
use super::{Failure, Status};

const CLOSING_NOTE: &str = "closing-note.txt";
/// Longer than any closing note.
const MAX_NOTE: u64 = 1 << 20;

/// The front end of a ceremony.
pub(super) enum Show {
    /// Line by line, with the PINs from a descriptor if one is given.
    Lines(Option<SecretLines>),
    Screen(Box<tui::Settings>),
    Unattended,
}

impl Show {
    /// The screen; or line by line where that was requested or there is no terminal to draw on.
    pub(super) fn to_people(plain: bool, pin_fd: Option<u32>) -> Result<Self, Failure> {
        let can_draw = io::stdin().is_terminal()
            && io::stdout().is_terminal()
            && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        Ok(if plain || pin_fd.is_some() || !can_draw {
            Self::Lines(secret_lines(pin_fd)?)
        } else {
            Self::Screen(Box::new(tui::Settings::new(tui::Theme::from_environment())))
        })
    }

    /// Shows what was recorded before this process, too.
    pub(super) fn after(self, transcript: &Transcript, script: &Script) -> Self {
        match self {
            Self::Screen(settings) => Self::Screen(Box::new(settings.history(transcript, script))),
            other => other,
        }
    }
}

/// The opening of a production with this program on this machine.
pub(super) fn opening(script: &Script, program: Option<Digest>, mirror: Option<&Path>) -> Opening {
    Opening {
        mode: Mode::Production,
        conclave: env!("CARGO_PKG_VERSION").to_owned(),
        program,
        machine: host::machine(),
        export: "export".to_owned(),
        simulated_tokens: None,
        mirror: mirror.map(|path| path.display().to_string()),
        rehearsal: None,
        simulated_attestation_root: None,
        simulated_root: None,
        simulated_further_roots: BTreeMap::new(),
        simulated_keys: BTreeMap::new(),
        simulated_approvals: BTreeMap::new(),
        simulated_set: None,
        rehearsal_keys: Vec::new(),
        simulated_clock_offset: 0,
        profiles: script.profile_digests(),
    }
}

/// Runs a ceremony until it ends or the process must end, and reports the result.
pub(super) fn conduct<'a>(
    show: Show,
    path: &Path,
    executor: impl for<'f> FnOnce(&'f mut dyn FrontEnd) -> Result<Executor<'f>, ExecutorError>
    + Send
    + 'a,
) -> Result<Status, Failure> {
    let unusable = |error: io::Error| Failure::io(format!("cannot use the terminal: {error}"));
    let mut obstacle = None;
    let mut timing = None;
    let run = |front_end: &mut dyn FrontEnd| executor(front_end)?.run();
    let ended = match show {
        Show::Unattended => {
            let mut autopilot = Autopilot::new(io::stdout());
            let ended = run(&mut autopilot);
            obstacle = autopilot.obstacle().map(str::to_owned).map(|obstacle| {
                let status = if autopilot.is_of_files() {
                    Status::Io
                } else {
                    Status::Token
                };
                (status, obstacle)
            });
            timing = ended.as_ref().ok().map(|(_, timing)| *timing);
            ended
        }
        Show::Lines(pins) => run(&mut LineMode::new(io::stdout(), pins).map_err(unusable)?),
        Show::Screen(mut settings) => {
            settings.place = Some(path.display().to_string());
            tui::run(*settings, run)
                .map_err(|error| unusable(error).hint("use line mode: add --plain"))?
        }
    };
    let (ended, _) = ended.map_err(|error| match error {
        ExecutorError::Directory(error) => error.into(),
        ExecutorError::Outcome(_) | ExecutorError::Document(_) | ExecutorError::Random => {
            Failure::io(error).hint(resume_hint(path))
        }
    })?;
    match ended {
        Ended::Over(ending) => {
            print_closing_note(path)?;
            if let Some(timing) = timing {
                print(timing)?;
            }
            Ok(match ending {
                Ending::Closed(Verdict::Refuse) => Status::Refused,
                Ending::Closed(Verdict::Agree | Verdict::WithReservation) => Status::Done,
                Ending::Aborted { .. } => Status::Aborted,
            })
        }
        Ended::Paused { head } => {
            print(pause_note(path, &head))?;
            Ok(Status::Done)
        }
        Ended::Left => {
            let (status, obstacle) = obstacle.unwrap_or_else(|| {
                let interrupted = "the ceremony was interrupted and can be resumed";
                (Status::Aborted, interrupted.to_owned())
            });
            Err(Failure::new(status, obstacle).hint(resume_hint(path)))
        }
    }
}

fn print_closing_note(path: &Path) -> Result<(), Failure> {
    let note = read_text(&path.join(CLOSING_NOTE), Links::Refuse, MAX_NOTE)?;
    print(format_args!(
        "\n{note}\nThe ceremony directory is {}",
        path.display()
    ))
}

/// The ceremony in a directory, with its state replayed.
pub(super) fn read_ceremony(path: &Path) -> Result<(Ceremony, CeremonyRecord), Failure> {
    let record = read_record(path)?;
    let ceremony = record.replay().map_err(RecordError::from)?;
    Ok((ceremony, record))
}

/// What the participants do at a pause.
fn pause_note(path: &Path, digest: &Digest) -> String {
    let path = path.display();
    format!(
        "The ceremony is paused. Write the transcript digest on paper:\n{}\n\
         Power off the machine and lock up its medium: {path}\n\
         To continue: conclave resume {path}",
        digest_lines(digest)
    )
}

/// A digest in hex and in words, as people compare it.
pub(super) fn digest_lines(digest: &Digest) -> String {
    let hex = digest.grouped_hex();
    let words = digest.words();
    let words = words.chunks(8).map(|words| words.join(" "));
    let lines: Vec<String> = hex
        .into_iter()
        .chain(words)
        .map(|line| format!("  {line}"))
        .collect();
    lines.join("\n")
}

fn resume_hint(path: &Path) -> String {
    format!(
        "nothing is lost; to continue: conclave resume {}",
        path.display()
    )
}

pub(super) fn create_directory(
    path: &Path,
    script: impl Into<Arc<Script>>,
    mirror: Option<&Path>,
) -> Result<CeremonyDirectory, Failure> {
    Ok(CeremonyDirectory::create(path, script.into(), mirror)?)
}

/// The whole path, so that it means the same from anywhere.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::io(format!("{}: {error}", path.display())))
}
