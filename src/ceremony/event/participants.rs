//! Who is in the room, and by what they approve.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::record::Signature;
use crate::script::PersonId;

/// Who is in the room, and by what they approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum ParticipantEvent {
    /// A person is in the room.
    Attended {
        document: String,
        /// Who looked at it; none in a ceremony for one person.
        checked_by: Option<PersonId>,
    },
    /// A person is not in the room yet, and comes later.
    Awaited,
    /// At attendance, the other of the two whom the script lists for a person has the place.
    Substituted { name: String },
    /// A person who is here chose a code, unseen, by which to approve. It is nowhere but in memory.
    CodeChosen,
    /// The own token of a person who is here answered a fresh challenge: the person approves by it.
    ApprovalTokenProven {
        /// The random part of the message, in hex.
        #[serde(with = "hex::serde")]
        challenge: [u8; 32],
        /// The signature over the message, in hex.
        signature: Signature,
    },
    /// The own token of a person who is here is not, or does not answer: the person approves by a code.
    ApprovalTokenMissing { reason: String },
    /// A person left the room.
    Left { reason: String },
}
