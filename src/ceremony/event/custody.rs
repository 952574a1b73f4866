//! Bags, and what a pause requires.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use jiff::Timestamp;

use crate::ceremony::approval::Approval;
use crate::script::{ItemId, PersonId};

/// Bags, and what a pause requires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum CustodyEvent {
    /// The number of a closed bag was read and matched, and the bag was opened in front of all.
    BagOpened { item: ItemId, bag: String },
    /// One person read the number of a new bag.
    NewBagRead { item: ItemId, bag: String },
    /// A second person read another number: both are read again.
    BagReadingsDiffered {
        item: ItemId,
        /// What the second person read.
        bag: String,
    },
    /// A second person read the same number, and the token or medium is in the bag.
    Sealed {
        item: ItemId,
        bag: String,
        receiver: PersonId,
        /// Where it is kept; none for the time of a pause.
        place: Option<String>,
        approvals: Vec<Approval>,
    },
    /// A pause begins: tokens are put away.
    PauseBegun {
        reason: String,
        approvals: Vec<Approval>,
    },
    /// All tokens were logged out and removed.
    TokensRemoved,
    /// The ceremony rests, until another process takes it up.
    Paused { at: Timestamp },
    /// The digest on paper was compared with the transcript digest at the pause.
    DigestCompared { words: String },
}
