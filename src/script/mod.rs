//! Ceremony scripts: the one input of a ceremony.
//!
//! A script is strict TOML: the participants, the tokens, the root policy and the steps in order. [`Script::parse`]
//! checks everything that can be checked before the ceremony, and reports every error with its place and a hint. A
//! [`Script`] has passed all checks.

mod act;
mod activation;
mod approval_token;
mod attestation;
mod backup;
mod check;
mod embedded;
mod enrolled;
mod error;
mod id;
mod kind;
mod medium;
mod parse;
mod pinned;
mod plan;
mod previous;
mod read;
mod reference;
mod schema;
mod sheet;
mod signing;
mod spelling;
mod template;
mod token;
mod warning;

pub use act::Act;
pub use activation::{SecretDisposition, SecretPlan, TokenSecret};
pub use approval_token::ApprovalToken;
pub use attestation::AttestationPolicy;
pub use backup::{BackupPlan, Opens, ShareGroup, ShareKeeping};
pub use embedded::{Embedded, embedded};
pub use enrolled::{BoundFile, Enrolled, Proofs};
pub use error::{ScriptError, ScriptErrors, Warning};
pub use id::{IdError, ItemId, KeyId, MediumId, PersonId, SpareId, StepId};
pub use kind::Kind;
pub use medium::{Holds, Medium};
pub use pinned::{CUSTODY_LIST, PinnedFile, PinnedFileSource, PinnedKey};
pub use plan::{
    Assurance, Backup, Block, DrillLevel, Entering, FurtherRepository, KeyPlan, NotaryPolicy,
    OnlineRoles, Person, PersonRole, RestorePlan, RoleKind, RolePolicy, RootPolicy, Script, Step,
};
pub use previous::{DistantKey, KeyChange, Place, Previous, RootKey};
pub use reference::reference;
pub use sheet::{
    SlipFacts, append_glossary, bag_labels, cards, planned, planned_medium, run_sheet,
};
pub use signing::{Signing, Trust};
pub use template::{
    BackupSource, BackupTemplate, ChangeTemplate, EnrolledKey, Keeper, KeyDisposition,
    MigratedRepository, MigrationTemplate, NamedFile, OnlineFiles, RestoreTemplate, ScriptTemplate,
    SigningPlan, TemplateError, TokenMark, back_up, enroll, trust_roots,
};
pub use token::{SlotPlan, Spare, TokenSpec};
