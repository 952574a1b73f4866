//! The new root.

use std::fmt;

use jiff::Timestamp;

use crate::record::Provenance;
use crate::script::pinned::PinnedKey;
use crate::transfer::{Destination, TufOnCi};

use super::notary::NotaryPolicy;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPolicy {
    pub threshold: u32,
    pub expires: Timestamp,
    /// Whether file names in the repository carry versions and hashes.
    pub consistent_snapshot: bool,
    pub destination: Destination,
    pub tuf_on_ci: Option<TufOnCi>,
    pub notary: NotaryPolicy,
    /// The provenance that every added key must prove.
    pub require_provenance: Option<Provenance>,
    pub roles: OnlineRoles,
}

/// The roles with online keys. A missing role stays as in the trusted root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnlineRoles {
    pub timestamp: Option<RolePolicy>,
    pub snapshot: Option<RolePolicy>,
    pub targets: Option<RolePolicy>,
}

impl RootPolicy {
    /// For a ceremony that does not make a root.
    pub(in crate::script) const NONE: Self = Self {
        threshold: 0,
        expires: Timestamp::MAX,
        consistent_snapshot: true,
        destination: Destination::Plain,
        tuf_on_ci: None,
        notary: NotaryPolicy {
            certificate_name: None,
            certificate_expires: None,
        },
        require_provenance: None,
        roles: OnlineRoles {
            timestamp: None,
            snapshot: None,
            targets: None,
        },
    };
}

impl OnlineRoles {
    /// In the order timestamp, snapshot, targets.
    pub fn iter(&self) -> impl Iterator<Item = (RoleKind, &RolePolicy)> {
        [
            (RoleKind::Timestamp, &self.timestamp),
            (RoleKind::Snapshot, &self.snapshot),
            (RoleKind::Targets, &self.targets),
        ]
        .into_iter()
        .filter_map(|(kind, role)| Some((kind, role.as_ref()?)))
    }

    pub(in crate::script) const fn slot(&mut self, kind: RoleKind) -> &mut Option<RolePolicy> {
        match kind {
            RoleKind::Timestamp => &mut self.timestamp,
            RoleKind::Snapshot => &mut self.snapshot,
            RoleKind::Targets => &mut self.targets,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleKind {
    Timestamp,
    Snapshot,
    Targets,
}

impl RoleKind {
    pub const ALL: [Self; 3] = [Self::Timestamp, Self::Snapshot, Self::Targets];

    /// The role's name in metadata: `timestamp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Snapshot => "snapshot",
            Self::Targets => "targets",
        }
    }
}

impl From<RoleKind> for crate::metadata::RoleKind {
    fn from(role: RoleKind) -> Self {
        match role {
            RoleKind::Timestamp => Self::Timestamp,
            RoleKind::Snapshot => Self::Snapshot,
            RoleKind::Targets => Self::Targets,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePolicy {
    /// 1 to the number of keys.
    pub threshold: u32,
    /// Different public keys.
    pub keys: Vec<PinnedKey>,
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
