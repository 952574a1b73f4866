//! The ceremony as a state machine without input or output.
//!
//! [`Ceremony::decide`] turns an input into events or refuses it; [`Ceremony::apply`] folds an event into the
//! state, the same live and in replay; [`Ceremony::next`] tells from the state alone what comes next. Time and
//! randomness are passed in.

mod amendment;
mod approval;
mod approval_token;
mod attestation;
mod backup;
mod base_root;
mod certificate;
mod check;
mod collecting;
mod custody;
mod decide;
mod display_names;
mod effect;
mod enrollment;
mod event;
mod failure;
mod fold;
mod narrate;
mod next;
mod order;
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
pub use approval_token::own_token_message;
pub use attestation::KeyAttestation;
pub use base_root::BaseRoot;
pub use check::{Check, Finality};
pub use custody::{Bag, Whereabouts};
pub use decide::{StepError, WordFault, is_of_rehearsal};
pub use display_names::DisplayNames;
pub use effect::{Effect, Input, Moment, Outcome};
pub use event::{
    BackedUp, Counted, EnteredBy, Event, EventKind, ExceptionSheet, ExportedFile, Mode, OpenedBy,
    Opening, Randomness, SeenMedium, SigningRecord, SimulatedRoot, Verdict, WrappedIn,
};
pub use failure::{Failure, FailureKind};
pub use fold::ReplayError;
pub use next::Next;
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
pub use tokens::simulated_is_locked;
