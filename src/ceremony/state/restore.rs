//! What is known of the shares of a set, and of what they restored.

use std::collections::{BTreeMap, BTreeSet};

use crate::ceremony::event::EnteredBy;
use crate::script::PersonId;

/// How far a drill or a recovery is.
#[derive(Debug, Clone, Default)]
pub struct RestoreState {
    /// Whose shares were seen to be right, and how.
    pub(in crate::ceremony) entered: BTreeMap<PersonId, EnteredBy>,
    /// Whose shares are in the memory of this process.
    pub(in crate::ceremony) in_memory: BTreeSet<PersonId>,
    /// Whose shares two people gave up, and why.
    pub(in crate::ceremony) given_up: BTreeMap<PersonId, String>,
    /// Whose shares were combined.
    pub(in crate::ceremony) combined: Vec<PersonId>,
    pub(in crate::ceremony) is_restored: bool,
    pub(in crate::ceremony) is_proven: bool,
    pub(in crate::ceremony) is_destroyed: bool,
    /// Why two people ended the drill without a restored key.
    pub(in crate::ceremony) failed: Option<String>,
}

impl RestoreState {
    /// Whose shares were seen to be right, and how.
    #[must_use]
    pub const fn entered(&self) -> &BTreeMap<PersonId, EnteredBy> {
        &self.entered
    }

    /// Whose shares two people gave up, and why.
    #[must_use]
    pub const fn given_up(&self) -> &BTreeMap<PersonId, String> {
        &self.given_up
    }

    /// Whose shares were combined; empty before.
    #[must_use]
    pub fn combined(&self) -> &[PersonId] {
        &self.combined
    }

    /// Whether the key itself was unwrapped.
    #[must_use]
    pub const fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// Whether what was restored signed.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Whether what was restored was destroyed, and seen to be gone.
    #[must_use]
    pub const fn is_destroyed(&self) -> bool {
        self.is_destroyed
    }

    /// Why two people ended the drill without a restored key.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }
}
