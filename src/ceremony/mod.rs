//! The ceremony as a state machine without input or output.
//!
//! [`Ceremony::decide`] turns an input into events or refuses it; [`Ceremony::apply`] folds an event into the
//! state, the same live and in replay; [`Ceremony::next`] tells from the state alone what comes next. Time and
//! randomness are passed in.

mod decide;
mod effect;
mod event;
mod failure;
mod fold;
mod narrate;
mod next;
mod possession;
mod prompt;
mod questions;
mod root;
mod rotation;
mod state;

pub use decide::StepError;
pub use effect::{Effect, Input, Moment, Outcome};
pub use event::{
    Counted, Event, ExceptionSheet, ExportedFile, Fact, Mode, Occasion, Opening, Strength, Verdict,
};
pub use failure::{Failure, FailureKind};
pub use fold::ReplayError;
pub use next::Next;
pub use possession::possession_message;
pub use prompt::{
    Answer, Ask, Choice, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretPurpose,
    Waiting, WaitingOn,
};
pub use state::{Ceremony, Ending, KeyState, StepState};
