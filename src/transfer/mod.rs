//! Files that are exchanged between sites and ceremonies: signing requests, detached signatures, enrollment files, the
//! payload register, and the package for publishing a root.
//!
//! These files are untrusted and read strictly. Unknown, missing and duplicate members and oversized files are refused,
//! with the ID of the check. The formats are specified in `docs/formats/`.

mod check;
mod consignment;
mod destination;
mod enrollment;
pub(crate) mod form;
mod merge;
mod notary;
mod possession;
mod register;
mod request;
mod signature;
#[cfg(test)]
mod testing;
mod tuf_on_ci;

pub use check::{Check, Refusal};
pub use consignment::Consignment;
pub use destination::Destination;
pub use enrollment::{AttestationFiles, Attested, Enrollment, EnrollmentClaims, PossessionProof};
pub use merge::{Merge, MergedSignature, OutstandingKey};
pub use possession::{Occasion, Possession, PossessionError};
pub use register::{
    Abandoned, DestroyedKey, Judgment, PayloadEntry, PayloadRegister, SignedBy, Threshold,
};
pub use request::{Anchor, RequestedSignature, SigningRequest};
pub use signature::DetachedSignature;
pub use tuf_on_ci::{Periods, TufOnCi, online_at, owned_by};
