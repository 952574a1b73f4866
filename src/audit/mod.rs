//! The audit: the expected content of a ceremony directory, derived from the transcript and compared.
//!
//! [`documents`] is a pure function of script and transcript, so every document can be regenerated at any time.
//! [`verify_directory`] reads and verifies a directory; nothing in this room writes.

mod attestation;
mod cards;
mod certificate;
mod check;
mod custody;
mod directory;
mod documents;
mod instructions;
mod names;
mod payloads;
mod publication;
mod register;
mod report;
mod returned;
mod shares;
mod verdict;
mod verify;

pub use check::{Check, Remark};
pub use custody::{CUSTODY, custody};
pub use directory::{CeremonyRecord, RecordError, read_record};
pub use documents::documents;
pub use names::SUMS;
pub use payloads::{PAYLOADS, payload_register};
pub use publication::publication;
pub use report::report;
pub use returned::{ReturnedSigning, read_returned, returned_path};
pub use shares::share_sets;
pub use verdict::AuditReport;
pub use verify::verify_directory;
