//! What is known of a key that gets other shares, and of what is left of the old ones.

use std::collections::BTreeMap;

use super::KeyBackup;

/// How far a re-issue is: the new set, and what became of the old one.
#[derive(Debug, Clone, Default)]
pub struct ReissueState {
    pub(in crate::ceremony) backup: KeyBackup,
    /// By whose share it is; none for the wrapped key, with all its copies.
    pub(in crate::ceremony) old_parts: BTreeMap<Option<String>, PartFate>,
}

/// What became of a part of an old set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartFate {
    /// It was destroyed before witnesses.
    Destroyed,
    /// It was not, and stays on the list.
    Left {
        /// Why not.
        reason: String,
    },
}

impl ReissueState {
    /// The new set.
    #[must_use]
    pub const fn backup(&self) -> &KeyBackup {
        &self.backup
    }

    /// What became of each part of the old set that was asked for: by whose share it is; none for the wrapped key.
    #[must_use]
    pub const fn old_parts(&self) -> &BTreeMap<Option<String>, PartFate> {
        &self.old_parts
    }
}
