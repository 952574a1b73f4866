//! The four roles of root metadata.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key_id::KeyId;

/// One of the roles that every root names (specification, section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleKind {
    /// Names the keys of every role, its own included.
    Root,
    /// Says which snapshot is the newest.
    Timestamp,
    /// Says which versions of targets metadata belong together.
    Snapshot,
    /// Says which files there are.
    Targets,
}

impl RoleKind {
    pub const ALL: [Self; 4] = [Self::Root, Self::Timestamp, Self::Snapshot, Self::Targets];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Timestamp => "timestamp",
            Self::Snapshot => "snapshot",
            Self::Targets => "targets",
        }
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who may sign for a role, and how many of them must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub(super) threshold: u64,
    pub(super) key_ids: Vec<KeyId>,
}

impl Role {
    pub const fn threshold(&self) -> u64 {
        self.threshold
    }

    /// The IDs of the keys, each once, in the order of the document. One may name no key at all.
    pub fn key_ids(&self) -> &[KeyId] {
        &self.key_ids
    }
}
