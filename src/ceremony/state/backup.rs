//! What is known of the backup of a key.

use std::collections::BTreeMap;

use crate::ceremony::event::{BackedUp, OpenedBy};
use crate::script::PersonId;

use super::Intent;

/// What is known of the backup of one key.
#[derive(Debug, Clone, Default)]
pub struct KeyBackup {
    /// What the set that was announced is called.
    pub(in crate::ceremony) intent: Intent<String>,
    pub(in crate::ceremony) made: Option<Box<BackedUp>>,
    /// Whether the key leaves its token no more.
    pub(in crate::ceremony) is_confined: bool,
    /// Which custodians opened their shares, and how.
    pub(in crate::ceremony) opened: BTreeMap<PersonId, OpenedBy>,
    /// Sets that were given up with the key that they were of.
    pub(in crate::ceremony) void: Vec<String>,
}

impl KeyBackup {
    /// The set, once it was made and tried.
    #[must_use]
    pub fn made(&self) -> Option<&BackedUp> {
        self.made.as_deref()
    }

    /// Which custodians opened their shares, and how.
    #[must_use]
    pub const fn opened(&self) -> &BTreeMap<PersonId, OpenedBy> {
        &self.opened
    }

    /// Sets that came to nothing, by their IDs: the key that they were of was given up.
    #[must_use]
    pub fn void(&self) -> &[String] {
        &self.void
    }

    /// Whether it is whole: written, tried, and the key leaves its token no more.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.made.is_some() && self.is_confined
    }

    /// Whether a set is or was called so.
    pub(in crate::ceremony) fn has_been(&self, id: &str) -> bool {
        let mut known = self.intent.get().into_iter().chain(&self.void);
        known.any(|known| known == id)
    }

    /// The key is given up, and its backup with it.
    pub(in crate::ceremony) fn give_up(&mut self) {
        let mut void = std::mem::take(&mut self.void);
        void.extend(self.intent.get().cloned());
        *self = Self {
            void,
            ..Self::default()
        };
    }
}
