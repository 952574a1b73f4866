//! Runs a ceremony: performs its effects, and is the only writer of its journal.
//!
//! Each line of the journal is on its medium before the next effect, and before people are asked. Token calls run on a
//! worker thread, which is abandoned when a module hangs.

mod approval_token;
mod approvals;
mod backup;
mod directory;
mod effects;
mod failure;
mod hands;
mod key_files;
mod management;
mod memory_key;
mod program;
mod recovery;
mod room;
mod sites;
mod token_make;
mod token_worker;

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::ceremony::{
    Answer, Ask, Ceremony, Decision, Ending, Event, FrontEnd, Input, Interrupt, Moment, Next,
    Opening, Prompt, Recorded, StepError,
};
use crate::host;
use crate::storage::{Mode, WriteError, replace_all};
use crate::transcript::Transcript;
use crate::words::Digest;

use approvals::Codes;
use room::Room;

pub use approval_token::approval_token_name;
pub use directory::{CeremonyDirectory, DirectoryError, Opened};
pub use hands::{Hands, PeoplesHands};
pub use memory_key::{MemoryKey, bring_in_from_file, takes_keys_in};
pub use program::program_digest;
pub use token_worker::TokenWorker;

/// How a run of the executor ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The ceremony is over.
    Over(Ending),
    /// The process ends; the ceremony can be resumed.
    Left,
    /// The ceremony is paused; the transcript digest is written on paper.
    Paused {
        /// The transcript digest.
        head: Digest,
    },
}

/// Where the time of a run went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// All of it.
    pub total: Duration,
    /// Waiting for calls of token modules.
    pub tokens: Duration,
    /// Waiting until transcript lines, exported files and documents were on their medium.
    pub media: Duration,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: Duration| 100.0 * part.as_secs_f64() / self.total.as_secs_f64();
        write!(
            f,
            "Duration {:.2} s: {:.0} % in token calls, {:.0} % waiting for media",
            self.total.as_secs_f64(),
            share(self.tokens),
            share(self.media)
        )
    }
}

/// Why a ceremony stopped. What was recorded stays, and the ceremony can be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The ceremony directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A bug in Conclave.
    #[error("the ceremony refused the result of an effect that it asked for: {0}")]
    Outcome(StepError),
    /// A file that follows from the transcript could not be written.
    #[error(transparent)]
    Document(#[from] WriteError),
    /// The system has no random bytes.
    #[error("the operating system provides no random bytes")]
    Random,
}

/// A ceremony that is being run.
pub struct Executor<'a> {
    ceremony: Ceremony,
    transcript: Transcript,
    directory: CeremonyDirectory,
    export: PathBuf,
    room: Room,
    codes: Codes,
    timing: Timing,
    front_end: &'a mut dyn FrontEnd,
}

impl<'a> Executor<'a> {
    /// Begins a ceremony in a directory that was made for it.
    ///
    /// # Errors
    /// When the first line of the transcript cannot be written.
    pub fn begin(
        directory: CeremonyDirectory,
        opening: Opening,
        hands: Box<dyn Hands>,
        front_end: &'a mut dyn FrontEnd,
    ) -> Result<Self, ExecutorError> {
        Self::begin_when(directory, || opening, hands, front_end)
    }

    /// As [`Self::begin`], with an opening that takes time: token modules may load meanwhile.
    ///
    /// # Errors
    /// As for [`Self::begin`].
    pub fn begin_when(
        directory: CeremonyDirectory,
        opening: impl FnOnce() -> Opening,
        hands: Box<dyn Hands>,
        front_end: &'a mut dyn FrontEnd,
    ) -> Result<Self, ExecutorError> {
        let room = Room::new(TokenWorker::open(directory.script()), hands);
        let ceremony = Ceremony::new(directory.script());
        let opening = opening();
        let mut executor = Self {
            export: directory.path().join(&opening.export),
            ceremony,
            transcript: Transcript::default(),
            room,
            directory,
            codes: Codes::default(),
            timing: Timing::default(),
            front_end,
        };
        executor
            .take(Input::Open(opening))?
            .map_err(ExecutorError::Outcome)?;
        Ok(executor)
    }

    /// Resumes a ceremony.
    ///
    /// # Errors
    /// When the transcript cannot be replayed, or the line that records the resumption cannot be written.
    pub fn resume(
        directory: CeremonyDirectory,
        transcript: Transcript,
        torn_bytes: u64,
        hands: Box<dyn Hands>,
        front_end: &'a mut dyn FrontEnd,
    ) -> Result<Self, ExecutorError> {
        let ceremony = transcript
            .replay(&directory.script())
            .map_err(|error| DirectoryError::Record(error.into()))?;
        let export = ceremony
            .opening()
            .map_or_else(|| "export".to_owned(), |opening| opening.export.clone());
        let is_over = ceremony.ending().is_some();
        let mut executor = Self {
            export: directory.path().join(export),
            ceremony,
            transcript,
            room: Room::new(TokenWorker::open(directory.script()), hands),
            directory,
            codes: Codes::default(),
            timing: Timing::default(),
            front_end,
        };
        if !is_over {
            let digest = executor.transcript.head();
            executor
                .take(Input::Resume {
                    conclave: env!("CARGO_PKG_VERSION").to_owned(),
                    program: program_digest(),
                    machine: host::machine(),
                    digest,
                    torn_bytes,
                })?
                .map_err(ExecutorError::Outcome)?;
        }
        Ok(executor)
    }

    /// Runs until the ceremony is over, or the process must end.
    ///
    /// # Errors
    /// When a failure cannot be fixed during the ceremony. What was recorded stays.
    pub fn run(mut self) -> Result<(Ended, Timing), ExecutorError> {
        let begun = Instant::now();
        let ended = self.run_on()?;
        self.timing.total = begun.elapsed();
        Ok((ended, self.timing))
    }

    fn run_on(&mut self) -> Result<Ended, ExecutorError> {
        loop {
            if let Some(interrupt) = self.room.pending.take()
                && self.interrupted(interrupt)?.is_break()
            {
                return Ok(Ended::Left);
            }
            let interrupt = match self.ceremony.next() {
                Next::Done(ending) => {
                    self.write_documents()?;
                    return Ok(Ended::Over(ending));
                }
                Next::Rest => {
                    return Ok(Ended::Paused {
                        head: self.transcript.head(),
                    });
                }
                Next::Ask(prompt) => match self.front_end.ask(&self.ceremony, &prompt) {
                    Ok(answer) => match self.answered(&prompt, answer)? {
                        Ok(()) => continue,
                        Err(interrupt) => interrupt,
                    },
                    Err(interrupt) => interrupt,
                },
                Next::Do(effect) => match self.perform(effect)? {
                    Ok(outcome) => {
                        self.take(Input::Outcome(outcome))?
                            .map_err(ExecutorError::Outcome)?;
                        continue;
                    }
                    Err(interrupt) => interrupt,
                },
            };
            if self.interrupted(interrupt)?.is_break() {
                return Ok(Ended::Left);
            }
        }
    }

    fn interrupted(&mut self, interrupt: Interrupt) -> Result<ControlFlow<()>, ExecutorError> {
        let done = match interrupt {
            Interrupt::Leave => return Ok(ControlFlow::Break(())),
            Interrupt::Cancel => return Ok(ControlFlow::Continue(())),
            Interrupt::Exception {
                report,
                waives,
                people,
            } => self.except(report, waives, &people)?,
            Interrupt::Request(request) => self.request(request)?,
            Interrupt::Abort { reason } => {
                self.take_from_room(Input::Abort { reason }, &moment()?)?;
                Ok(())
            }
        };
        match done {
            Ok(()) => Ok(ControlFlow::Continue(())),
            // While people approved, they requested something else.
            Err(interrupt) => self.interrupted(interrupt),
        }
    }

    /// Takes an input of the room. If it is refused, the refusal is shown, and the prompt is repeated.
    fn take_from_room(&mut self, input: Input, moment: &Moment) -> Result<(), ExecutorError> {
        if let Err(error) = self.take_at(input, moment)? {
            self.front_end.not_accepted(&self.ceremony, &error);
        }
        Ok(())
    }

    /// Decides about an input, and records the event. The inner error is a refusal, which changed nothing.
    fn take(&mut self, input: Input) -> Result<Result<(), StepError>, ExecutorError> {
        self.take_at(input, &moment()?)
    }

    /// The same at a moment that is known.
    fn take_at(
        &mut self,
        input: Input,
        moment: &Moment,
    ) -> Result<Result<(), StepError>, ExecutorError> {
        match self.ceremony.decide(input, moment) {
            Ok(Decision { event, next }) => self.write_down(next, &event).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Records an event, and only then takes the state after it. If the medium fails, people are asked to fix it.
    fn write_down(&mut self, next: Ceremony, event: &Event) -> Result<(), ExecutorError> {
        let time = next.time(Timestamp::now());
        let (bytes, entry) =
            self.transcript
                .push(next.script().sha256(), next.mode(), time, event.clone());
        let (line, digest) = (entry.line.seq, entry.digest);
        let begun = Instant::now();
        let mut written = self.directory.append(&bytes);
        while let Err(error) = written {
            if self.is_medium_fixed(&error).is_break() {
                self.transcript.pop();
                return Err(error.into());
            }
            written = self.directory.retry();
        }
        self.timing.media += begun.elapsed();
        self.ceremony = next;
        self.front_end.recorded(
            &self.ceremony,
            &Recorded {
                line,
                digest,
                time,
                event,
            },
        );
        Ok(())
    }

    /// Asks people to fix the medium. It breaks when they leave instead.
    fn is_medium_fixed(&mut self, error: &dyn std::error::Error) -> ControlFlow<()> {
        let prompt = Prompt {
            step: self.ceremony.current_step().map(|step| step.id.clone()),
            who: Vec::new(),
            lines: vec![
                format!("The transcript cannot be written: {error}."),
                "The ceremony cannot continue. Free space on the medium, or insert it again."
                    .to_owned(),
            ],
            ask: Ask::Enter {
                action: "Try again".to_owned(),
            },
            approval: false,
        };
        match self.front_end.ask(&self.ceremony, &prompt) {
            Ok(Answer::Enter | Answer::Text(_) | Answer::Choice { .. }) => {
                ControlFlow::Continue(())
            }
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Writes the documents of the transcript. All are written again each time, so that a power cut loses none.
    fn write_documents(&mut self) -> Result<(), ExecutorError> {
        let begun = Instant::now();
        let documents = crate::audit::documents(&self.ceremony, &self.transcript);
        let files: Vec<_> = documents
            .iter()
            .map(|(name, bytes)| (self.directory.path().join(name), bytes.as_slice()))
            .collect();
        replace_all(&files, Mode::Private)?;
        self.timing.media += begun.elapsed();
        Ok(())
    }

    pub const fn ceremony(&self) -> &Ceremony {
        &self.ceremony
    }
}

/// The time and the random bytes of a decision.
fn moment() -> Result<Moment, ExecutorError> {
    let mut fresh = [0; 8];
    fill_random(&mut fresh)?;
    Ok(Moment {
        machine_time: Timestamp::now(),
        fresh,
    })
}

/// Random bytes of the operating system. Seeding a generator in this process takes longer than a signature.
fn fill_random(mut bytes: &mut [u8]) -> Result<(), ExecutorError> {
    while !bytes.is_empty() {
        match rustix::rand::getrandom(&mut *bytes, rustix::rand::GetRandomFlags::empty()) {
            Ok(filled) => bytes = &mut bytes[filled..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(ExecutorError::Random),
        }
    }
    Ok(())
}
