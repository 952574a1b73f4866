//! What comes next in a ceremony.

use super::effect::Effect;
use super::prompt::Prompt;
use super::state::Ending;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The room is asked.
    Ask(Prompt),
    /// Something is done in the world.
    Do(Effect),
    /// The ceremony is paused: this process ends, and another continues.
    Rest,
    Done(Ending),
}
