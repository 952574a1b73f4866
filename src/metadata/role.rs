//! The four roles of root metadata.

use serde::{Deserialize, Serialize};

use super::key_id::KeyId;

/// A top-level role (TUF specification, section 4.3).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum RoleKind {
    Root,
    Timestamp,
    Snapshot,
    Targets,
}

impl RoleKind {
    pub const ALL: [Self; 4] = [Self::Root, Self::Timestamp, Self::Snapshot, Self::Targets];

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The keys of a role and its threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub(super) threshold: u64,
    pub(super) key_ids: Vec<KeyId>,
}

impl Role {
    pub const fn threshold(&self) -> u64 {
        self.threshold
    }

    /// Distinct key IDs in document order. An ID may refer to a key that is not listed.
    pub fn key_ids(&self) -> &[KeyId] {
        &self.key_ids
    }
}
