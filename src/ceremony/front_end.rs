//! The trait that every front end implements.

use super::event::Event;
use super::prompt::{Answer, Interrupt, Prompt, SecretPrompt, SecretShown, TypedSecret, Waiting};
use super::refusal::StepError;
use super::state::Ceremony;

/// A way to show a ceremony and to ask the room: the screen, the line mode, the autopilot of a rehearsal.
pub trait FrontEnd {
    /// Asks, and waits for an answer.
    ///
    /// # Errors
    /// When the room wants something else first.
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt>;

    /// Whether the answer to the next question is at hand, so that nobody is waited for.
    fn has_answer(&self) -> bool {
        false
    }

    /// Asks for a secret. A new one is asked for twice, until both are the same; before the last try, the word
    /// that the prompt wants.
    ///
    /// # Errors
    /// When the room wants something else first.
    fn secret(
        &mut self,
        ceremony: &Ceremony,
        prompt: &SecretPrompt,
    ) -> Result<TypedSecret, Interrupt>;

    /// Shows a secret to the person who writes it down, until that is done; nothing of it stays on the screen.
    ///
    /// # Errors
    /// When the room wants something else first, or there is nothing to show it on: the executor then shows it again.
    fn show_secret(&mut self, ceremony: &Ceremony, shown: SecretShown) -> Result<(), Interrupt>;

    /// Is called about four times a second while something is being waited for.
    ///
    /// # Errors
    /// When the room does not want to wait any longer.
    fn waiting(&mut self, ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt>;

    /// Is told what was just recorded, and the state that it led to.
    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>);

    /// Is told that an answer was not accepted: the question comes again.
    fn not_accepted(&mut self, ceremony: &Ceremony, error: &StepError);
}

/// An event with its place in the transcript.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// The number of the line, from 1.
    pub line: u64,
    /// The digest of the line.
    pub digest: crate::words::Digest,
    /// When.
    pub time: jiff::Timestamp,
    /// What.
    pub event: &'a Event,
}
