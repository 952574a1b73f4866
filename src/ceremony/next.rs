//! What comes next in a ceremony.

use super::effect::Effect;
use super::prompt::Prompt;
use super::state::Ending;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A prompt for people.
    Ask(Prompt),
    /// An effect for the executor.
    Do(Effect),
    /// The ceremony is paused: this process ends, and another continues.
    Rest,
    Done(Ending),
}
