//! The ceremony as a state machine without input or output.
//!
//! [`Ceremony::decide`] turns an input into events or refuses it; [`Ceremony::apply`] folds an event into the
//! state, the same live and in replay; [`Ceremony::next`] tells from the state alone what comes next. Time and
//! randomness are passed in.

mod amendment;
mod approval;
mod attestation;
mod backup;
mod cast;
mod certificate;
mod check;
mod collecting;
mod custody;
mod decide;
mod effect;
mod enrolment;
mod event;
mod failure;
mod fold;
mod foundation;
mod narrate;
mod next;
mod order;
mod own_token;
mod payloads;
mod people;
mod prompt;
mod questions;
mod reissue;
mod repositories;
mod request;
mod restore;
mod review;
mod root;
mod rotation;
mod signing;
mod state;
mod token_requests;
mod tokens;

pub use amendment::Amendment;
pub use approval::{Approval, Strength, strengths_of};
pub use attestation::KeyAttestation;
pub use cast::Cast;
pub use check::{Check, Finality};
pub use custody::{Bag, Whereabouts};
pub use decide::{StepError, WordFault, is_of_rehearsal};
pub use effect::{Effect, Input, Moment, Outcome};
pub use event::{
    BackedUp, Counted, EnteredBy, Event, ExceptionSheet, ExportedFile, Fact, Mode, OpenedBy,
    Opening, Randomness, SeenMedium, SigningRecord, TwinRoot, Verdict, WrappedIn,
};
pub use failure::{Failure, FailureKind};
pub use fold::ReplayError;
pub use foundation::Foundation;
pub use next::Next;
pub use own_token::own_token_message;
pub use people::Presence;
pub use prompt::{
    Answer, Ask, Choice, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretPurpose,
    SecretShown, TypedSecret, Waiting, WaitingOn,
};
pub use request::{Field, Offer, Pick, Request, RequestKind};
pub use restore::{DrillResult, restore_canary};
pub use state::{
    Ceremony, Ending, Former, FormerFate, KeyBackup, KeyState, OldPart, Owed, PartFate,
    ReissueState, RestoreState, StepState,
};
pub use tokens::twin_is_locked;
