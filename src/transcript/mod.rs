//! The transcript: one line of JSON per event, each bound to the one before by its digest.
//!
//! Applying these lines gives the state of a ceremony: reading a transcript is enough to resume or audit it.
//! The format is specified in `docs/formats/transcript.md`.

mod line;
mod note;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::ceremony::{
    Ceremony, DisplayNames, Event, EventKind, HostEvent, Mode, ProgressEvent, ReplayError,
};
use crate::script::Script;
use crate::words::Digest;

pub use line::{Line, LineError};
pub use note::{closing_note, sign_off};

/// The digest of the line before the first line.
pub const NO_LINE: Digest = Digest::from_bytes([0; 32]);

fn corrected(time: Timestamp, offset: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(offset))
        .unwrap_or(time)
}

/// A line, the text from which it was read, and the digest that the next line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub line: Line,
    /// SHA-256 over the bytes of the line, without the line feed that ends it.
    pub digest: Digest,
}

/// A transcript whose lines are whole and bound to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: Vec<Entry>,
}

/// Why a transcript is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// It has no line.
    #[error("the transcript is empty")]
    Empty,
    /// A line is not one.
    #[error("line {number}: {error}")]
    Line {
        /// Counted from 1.
        number: u64,
        error: LineError,
    },
    /// A line is missing, repeated, moved or changed: it does not follow the one before.
    #[error("line {number} does not follow the line before it: {what}")]
    Chain {
        /// Counted from 1.
        number: u64,
        /// Which of its fields does not fit.
        what: &'static str,
    },
    /// The event of a line is not possible there.
    #[error("line {number}: {error}")]
    Replay {
        /// Counted from 1.
        number: u64,
        /// Why not.
        error: ReplayError,
    },
    /// The lines belong to another script.
    #[error("the transcript belongs to another script: SHA-256 {found}, not {expected}")]
    Script {
        /// The digest of the script at hand.
        expected: Digest,
        /// The digest in the transcript.
        found: Digest,
    },
}

impl Transcript {
    /// Reads whole lines, and the number of bytes of a torn last line, which a power cut leaves. A torn line does not
    /// count: nothing was done after it.
    ///
    /// # Errors
    /// When a line is malformed or does not follow the one before.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), TranscriptError> {
        let mut transcript = Self::default();
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        for text in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            let number = transcript.next_number();
            let text = &text[..text.len() - 1];
            let line =
                Line::parse(text).map_err(|error| TranscriptError::Line { number, error })?;
            transcript.check_follows(&line)?;
            transcript.entries.push(Entry {
                line,
                digest: Digest::of(text),
            });
        }
        Ok((transcript, bytes.len() - whole))
    }

    fn check_follows(&self, line: &Line) -> Result<(), TranscriptError> {
        let broken = |what| TranscriptError::Chain {
            number: self.next_number(),
            what,
        };
        if line.seq != self.next_number() {
            return Err(broken("its number"));
        }
        if line.prev != self.head() {
            return Err(broken("the digest of the line before"));
        }
        if let Some(first) = self.entries.first() {
            if line.script != first.line.script {
                return Err(broken("the digest of the script"));
            }
            if line.mode != first.line.mode {
                return Err(broken("rehearsal or production"));
            }
        }
        Ok(())
    }

    /// Adds an event as the next line, and gives the bytes to be written, with the line feed.
    pub fn push(
        &mut self,
        script: Digest,
        mode: Mode,
        time: Timestamp,
        event: Event,
    ) -> (Vec<u8>, &Entry) {
        let line = Line {
            seq: self.next_number(),
            prev: self.head(),
            script,
            mode,
            step: event.step,
            people: event.people,
            time,
            kind: event.kind,
        };
        let mut bytes = line.encode();
        let digest = Digest::of(&bytes);
        bytes.push(b'\n');
        self.entries.push(Entry { line, digest });
        (bytes, &self.entries[self.entries.len() - 1])
    }

    /// Takes back the last line, which could not be written.
    pub fn pop(&mut self) {
        self.entries.pop();
    }

    /// Applies all lines.
    ///
    /// # Errors
    /// When the transcript belongs to another script, or an event is not possible in its place.
    pub fn replay(&self, script: &Arc<Script>) -> Result<Ceremony, TranscriptError> {
        let first = self.entries.first().ok_or(TranscriptError::Empty)?;
        if first.line.script != script.sha256() {
            return Err(TranscriptError::Script {
                expected: script.sha256(),
                found: first.line.script,
            });
        }
        let mut ceremony = Ceremony::new(Arc::clone(script));
        for entry in &self.entries {
            let number = entry.line.seq;
            ceremony = ceremony
                .apply(&entry.line.event())
                .map_err(|error| TranscriptError::Replay { number, error })?;
            if ceremony.mode() != entry.line.mode {
                return Err(TranscriptError::Chain {
                    number,
                    what: "rehearsal or production",
                });
            }
        }
        Ok(ceremony)
    }

    /// A sentence for each line, with the names of people at that time.
    pub fn narrated(&self, script: &Script) -> Vec<String> {
        let mut display_names = DisplayNames::default();
        let tell = |entry: &Entry| {
            let event = entry.line.event();
            display_names.follow(&event);
            event.narrate(script, &display_names)
        };
        self.entries.iter().map(tell).collect()
    }

    /// The digest of the last line, which binds the whole transcript.
    pub fn head(&self) -> Digest {
        self.entries.last().map_or(NO_LINE, |entry| entry.digest)
    }

    /// The lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The time of the first line; none when there is none.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.entries.first().map(|entry| entry.line.time)
    }

    /// The time of each line by the attested clock. Times before the attestation are corrected as well.
    pub fn attested_times(&self) -> Vec<Timestamp> {
        let mut times: Vec<Timestamp> = Vec::with_capacity(self.entries.len());
        // From the end: an attestation is valid for all earlier lines of its process.
        let mut offset = 0;
        for entry in self.entries.iter().rev() {
            let time = entry.line.time;
            if let EventKind::Host(HostEvent::ClockAttested { offset: found, .. }) =
                &entry.line.kind
            {
                // This line has the right time already, and those before it have not.
                times.push(time);
                offset = *found;
                continue;
            }
            times.push(corrected(time, offset));
            if matches!(
                entry.line.kind,
                EventKind::Progress(ProgressEvent::Resumed { .. } | ProgressEvent::Opened(_))
            ) {
                offset = 0;
            }
        }
        times.reverse();
        times
    }

    /// How the ceremony was opened; none when the first line is of another kind.
    pub fn opening(&self) -> Option<&crate::ceremony::Opening> {
        let kind = &self.entries.first()?.line.kind;
        let EventKind::Progress(ProgressEvent::Opened(opening)) = kind else {
            return None;
        };
        Some(opening)
    }

    fn next_number(&self) -> u64 {
        self.entries.len() as u64 + 1
    }
}
