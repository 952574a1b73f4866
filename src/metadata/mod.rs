//! Root metadata of TUF: keys, canonical JSON, signatures, and chains of root versions.

mod authority;
pub mod canonical_json;
mod chain;
mod check;
mod diff;
mod document;
mod draft;
mod ecdsa;
mod expires;
mod format;
mod frozen;
mod key;
mod key_file;
mod key_id;
mod key_type;
pub mod limits;
mod lint;
pub mod notary;
mod reachability;
mod role;
mod root_file;
mod scheme;
mod signed;
mod simulation;
mod status;
#[cfg(test)]
pub(crate) mod testing;

pub use authority::ListedKey;
pub use canonical_json::{JsonError, canonical};
pub use chain::{ChainReport, Count, TrustedRoot, try_verify_chain, verify_chain};
pub use check::{Check, Remark};
pub use diff::{Change, Consequence, MemberChange, RootDiff};
pub use document::RootDocument;
pub use draft::{DraftError, RootDraft};
pub use ecdsa::ecdsa_der_from_raw;
pub use expires::{Expires, ExpiresError};
pub use format::RootFormat;
pub use frozen::FrozenRoot;
pub use key::{Key, KeyObjectError, UnwritableKey};
pub use key_file::KeyFileError;
pub use key_id::{KeyId, KeyIdRule};
pub use key_type::KeyType;
pub use lint::{
    Client, Effect, LintRemark, Service, lint, lint_document, lint_notary, lint_notary_document,
    lint_rules,
};
pub use reachability::{
    Availability, ChangePlan, ChangeStep, ChangedKey, Reach, Reachability, RootChange,
};
pub use role::{Role, RoleKind};
pub use root_file::{RootFile, SignatureEntry, SignatureState};
pub use scheme::{MAX_RSA_BITS, MIN_RSA_BITS, Scheme};
pub use signed::{Attached, Progress, SignatureError, SignedRoot};
pub use simulation::{RootSimulation, RootSimulationError};
pub use status::RootStatus;
