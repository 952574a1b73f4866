//! The ceremony as a state machine without input or output.
//!
//! [`Ceremony::decide`] turns an input into an event, or refuses it. [`Ceremony::apply`] changes the state by an event, the
//! same live and in replay. [`Ceremony::next`] derives what comes next from the state alone. Time and randomness are passed in.

mod act;
mod amendment;
mod approval;
mod approval_token;
mod at;
mod attestation;
mod base_root;
mod check;
mod display_names;
mod drill;
mod effect;
mod engine;
mod event;
mod failure;
mod front_end;
mod next;
mod prompt;
mod refusal;
mod replay;
mod request;
mod sentence;
mod state;

pub use act::failure::simulated_is_locked;

pub use act::generate_key::is_of_rehearsal;

pub use amendment::Amendment;

pub use approval::{Approval, Strength, strengths_of};

pub use approval_token::approval_token_message;

pub use attestation::KeyAttestation;

pub use base_root::BaseRoot;

pub use check::{Check, Finality};

pub use display_names::DisplayNames;

pub use drill::{DrillResult, restore_canary};

pub use effect::{DoomedObject, Effect, Input, Moment, NewObject, Outcome};

pub use engine::Decision;

pub use event::{
    BackedUp, BackupEvent, Counted, CustodyEvent, EnteredBy, Event, EventKind, ExceptionReport,
    ExportedFile, HostEvent, KeyEvent, Mode, OpenedBy, Opening, ParticipantEvent, ProgressEvent,
    Randomness, RestoreEvent, RootEvent, SeenMedium, SigningTranscript, SimulatedRoot, Verdict,
    WrappedIn,
};
pub use failure::{Failure, FailureKind};

pub use front_end::{FrontEnd, Recorded};

pub use next::Next;

pub use prompt::{
    Answer, Ask, Choice, Interrupt, Prompt, SecretPrompt, SecretPurpose, SecretShown, TypedSecret,
    Waiting, WaitingOn,
};
pub use refusal::{StepError, StepErrorKind, WordError};

pub use replay::{ReplayError, ReplayErrorKind};

pub use request::{Field, Offer, Pick, Request, RequestKind};

pub use state::{
    Bag, Ceremony, Destruction, Ending, Former, FormerDisposition, Generated, KeyBackup, KeyState,
    Owed, PartDisposition, Presence, Restore, StepState, SupersededPart, Whereabouts,
};
