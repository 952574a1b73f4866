//! Attendance, and how people approve.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::record::Signature;
use crate::script::PersonId;

/// Attendance, and how people approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum ParticipantEvent {
    /// A person arrived.
    Attended {
        document: String,
        /// Who checked it; none in a ceremony for one person.
        checked_by: Option<PersonId>,
    },
    /// A person arrives later.
    Awaited,
    /// At attendance, the other of the two whom the script lists for a person has the place.
    Substituted { name: String },
    /// A person who is here chose a code, unseen, by which to approve. It is nowhere but in memory.
    CodeChosen,
    /// The approval token of a present person signed a fresh challenge: the person approves with it.
    ApprovalTokenProven {
        /// The random part of the message, in hex.
        #[serde(with = "hex::serde")]
        challenge: [u8; 32],
        /// The signature over the message, in hex.
        signature: Signature,
    },
    /// The approval token of a present person is missing or fails: the person approves with a code.
    ApprovalTokenMissing { reason: String },
    /// A person left.
    Left { reason: String },
}
