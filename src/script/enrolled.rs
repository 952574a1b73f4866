//! A key that was made elsewhere, as a script takes it in.

use crate::transfer::Enrolment;
use crate::words::Digest;

/// The enrolment file of a key, which the script binds by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The file's name in the script.
    pub file: String,
    /// The SHA-256 of the file, which is what the script binds.
    pub sha256: Digest,
    /// What it says, with its proofs verified.
    pub enrolment: Enrolment,
}
