//! The trait that every front end implements.

use super::event::Event;
use super::prompt::{Answer, Interrupt, Prompt, SecretPrompt, SecretShown, TypedSecret, Waiting};
use super::refusal::StepError;
use super::state::Ceremony;

/// Shows a ceremony and asks the participants: the screen, the line mode, the autopilot of a rehearsal.
pub trait FrontEnd {
    /// Asks, and waits for an answer.
    ///
    /// # Errors
    /// When the participants interrupt.
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt>;

    /// Whether the next answer is ready, without waiting for a person.
    fn has_answer(&self) -> bool {
        false
    }

    /// Asks for a secret. A new secret is typed twice, until both are the same. Before the last attempt, the front end asks
    /// for the text that the prompt requires.
    ///
    /// # Errors
    /// When the participants interrupt.
    fn secret(
        &mut self,
        ceremony: &Ceremony,
        prompt: &SecretPrompt,
    ) -> Result<TypedSecret, Interrupt>;

    /// Shows a secret to the person who writes it down, until that is done. Then it is removed from the screen.
    ///
    /// # Errors
    /// When the participants interrupt, or the secret cannot be shown: the executor then shows it again.
    fn show_secret(&mut self, ceremony: &Ceremony, shown: SecretShown) -> Result<(), Interrupt>;

    /// Is called about four times a second during a wait.
    ///
    /// # Errors
    /// When the participants interrupt the wait.
    fn waiting(&mut self, ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt>;

    /// Receives each new transcript entry, and the state after it.
    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>);

    /// Receives the error of a refused answer. The prompt is repeated.
    fn not_accepted(&mut self, ceremony: &Ceremony, error: &StepError);
}

/// A transcript entry.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Numbered from 1.
    pub line: u64,
    /// The digest of the entry.
    pub digest: crate::words::Digest,
    pub time: jiff::Timestamp,
    pub event: &'a Event,
}
