//! What travels: signing requests, detached signatures, keys that were made elsewhere, the register of what was
//! signed, and roots to where they are published.
//!
//! Everything here was in other hands. Each file is read strictly: an unknown member, a missing one, a second
//! one of the same name or a longer file than can be meant is refused, with the ID of the check that speaks.
//! The formats are specified in `docs/formats/`.

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
pub use destination::{Destination, UnknownDestination};
pub use enrollment::{AttestationFiles, Attested, Enrollment, EnrollmentClaims, PossessionProof};
pub use merge::{Judged, Kept, Merge, Owed};
pub use possession::{NoProof, Occasion, Possession};
pub use register::{
    Abandoned, DestroyedKey, Judgment, PayloadEntry, PayloadRegister, SignedBy, Threshold,
};
pub use request::{Anchor, RequestedSignature, SigningRequest};
pub use signature::DetachedSignature;
pub use tuf_on_ci::{Periods, TufOnCi, online_at, owned_by};
