//! Parts of events.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metadata::Count;
use crate::words::Digest;

/// The verdict of a person at sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It went as recorded.
    Agree,
    /// Agreed, with a remark.
    WithReservation,
    /// It is not accepted.
    Refuse,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agree => "agreed",
            Self::WithReservation => "agreed with a reservation",
            Self::Refuse => "refused",
        })
    }
}

/// A file that left the ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedFile {
    /// The name in the export folder.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Digest,
}

/// The transcript of a signing at another site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningTranscript {
    /// Its transcript digest.
    pub digest: Digest,
    /// When it announced the signature.
    pub signed: Timestamp,
    pub files: Vec<ExportedFile>,
}

/// How many keys of a root role signed, and how many must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// How many did.
    pub signatures: u64,
    /// How many must.
    pub threshold: u64,
}

impl From<Count> for Counted {
    fn from(count: Count) -> Self {
        Self {
            signatures: count.have,
            threshold: count.need,
        }
    }
}

/// A departure from the script, as the exception report records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionReport {
    pub expected: String,
    pub happened: String,
    pub decided: String,
}
