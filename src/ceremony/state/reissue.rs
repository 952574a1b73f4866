//! What is known of a key that gets other shares, and of what is left of the old ones.

use std::collections::BTreeMap;

use super::KeyBackup;

/// How far a re-issue is: the new set, and what became of the old one.
#[derive(Debug, Clone, Default)]
pub struct ReissueState {
    pub(in crate::ceremony) backup: KeyBackup,
    pub(in crate::ceremony) old_parts: BTreeMap<OldPart, PartFate>,
}

/// A part of an old set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OldPart {
    /// The share of a custodian, with its sheet.
    Share(String),
    /// The wrapped key, with all its copies.
    WrappedKey,
}

impl OldPart {
    /// The part that an event names: a custodian's share, or none for the wrapped key.
    pub(in crate::ceremony) fn of(custodian: Option<&String>) -> Self {
        custodian.map_or(Self::WrappedKey, |custodian| Self::Share(custodian.clone()))
    }

    /// Whose share it is; none for the wrapped key.
    #[must_use]
    pub fn custodian(&self) -> Option<&str> {
        match self {
            Self::Share(custodian) => Some(custodian),
            Self::WrappedKey => None,
        }
    }
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

    /// What became of each part of the old set that was asked for.
    #[must_use]
    pub const fn old_parts(&self) -> &BTreeMap<OldPart, PartFate> {
        &self.old_parts
    }
}
