//! The root that a ceremony is to make.

use std::fmt;

use jiff::Timestamp;

use crate::record::Provenance;
use crate::script::pinned::PinnedKey;
use crate::transfer::{Destination, TufOnCi};

use super::notary::NotaryPolicy;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPolicy {
    /// Signatures of root keys that a root needs.
    pub threshold: u32,
    pub expires: Timestamp,
    /// Whether file names in the repository carry versions and hashes.
    pub consistent_snapshot: bool,
    pub destination: Destination,
    /// What tuf-on-ci is told in the root; none elsewhere.
    pub tuf_on_ci: Option<TufOnCi>,
    /// What certificates of its keys say, where it is Notary's.
    pub notary: NotaryPolicy,
    /// What every key that comes into the root must be known by; none where its token's word is enough.
    pub require_provenance: Option<Provenance>,
    /// The roles whose keys are online.
    pub roles: OnlineRoles,
}

/// The roles whose keys are online. One that is not here stays as the root before has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnlineRoles {
    pub timestamp: Option<RolePolicy>,
    pub snapshot: Option<RolePolicy>,
    pub targets: Option<RolePolicy>,
}

impl RootPolicy {
    /// Of a ceremony that makes no root: nobody has to sign, and nothing expires.
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
    /// Those that are given, in the order timestamp, snapshot, targets.
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
    /// Signs which snapshot is the newest.
    Timestamp,
    /// Signs which targets metadata belong together.
    Snapshot,
    /// Signs the files that clients may install.
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
    /// Signatures that the role needs; at least one, and never more than there are keys.
    pub threshold: u32,
    /// Different public keys.
    pub keys: Vec<PinnedKey>,
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
