//! What changes of a root mean for clients and signers.

use std::collections::BTreeSet;
use std::fmt;

use super::Change;
use crate::certificate::PublicKey;
use crate::metadata::document::RootDocument;
use crate::metadata::key_id::KeyId;
use crate::metadata::role::RoleKind;

/// A consequence of the changes.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Consequence {
    Same,
    Renewal,
    /// Clients do not accept the new root directly after the old root.
    NotNext {
        expected: u64,
    },
    Signatures {
        old: u64,
        new: u64,
        both: usize,
    },
    /// A root key has different IDs in the two versions.
    NewIds,
    /// Clients delete their timestamp and snapshot metadata (specification, 5.3.11).
    FastForward,
    /// Earlier signatures by these roles are no longer sufficient.
    SignAgain {
        roles: Vec<RoleKind>,
    },
    Unreachable {
        role: RoleKind,
    },
    /// Clients request other metadata files under different names.
    FileNames,
    ExpiresEarlier,
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the two roots have the same content"),
            Self::Renewal => f.write_str("renewal: keys and thresholds do not change"),
            Self::NotNext { expected } => write!(
                f,
                "clients that trust the old root accept only version {expected} as the next root"
            ),
            Self::Signatures { old, new, both } => write!(
                f,
                "required signatures: {old} by keys of the old root and {new} by keys of the new \
                 root; {both} keys count for both"
            ),
            Self::NewIds => f.write_str(
                "the ID of a root key changes: its signature is required under both IDs",
            ),
            Self::FastForward => f.write_str(
                "clients delete their timestamp and snapshot metadata and accept lower versions \
                 again; this is how a repository recovers from a fast-forward attack",
            ),
            Self::SignAgain { roles } => {
                let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                write!(
                    f,
                    "before the root is published, the new keys must sign this metadata again: {}",
                    names.join(", ")
                )
            }
            Self::Unreachable { role } => write!(
                f,
                "NOBODY can sign for {role}: the role has fewer usable keys than its threshold"
            ),
            Self::FileNames => f.write_str(
                "clients request targets, snapshot and target files under different names; \
                 publish the files under both names first",
            ),
            Self::ExpiresEarlier => f.write_str("the new root expires before the old root"),
        }
    }
}

/// The public keys of a role in normal form.
fn publics(document: &RootDocument, kind: RoleKind) -> BTreeSet<&[u8]> {
    document
        .role_keys(kind)
        .filter_map(|(_, listed)| listed.key().public())
        .map(PublicKey::as_der)
        .collect()
}

fn named(
    document: &RootDocument,
    kind: RoleKind,
) -> impl Iterator<Item = (&KeyId, Option<&PublicKey>)> {
    document
        .role_keys(kind)
        .map(|(id, listed)| (id, listed.key().public()))
}

pub(super) fn draw(old: &RootDocument, new: &RootDocument, changes: &[Change]) -> Vec<Consequence> {
    let mut drawn = Vec::new();
    if changes.is_empty() {
        return vec![Consequence::Same];
    }
    let only_dates = changes
        .iter()
        .all(|change| matches!(change, Change::Version { .. } | Change::Expires { .. }));
    if only_dates {
        drawn.push(Consequence::Renewal);
    }
    if new.version() == old.version() + 1 {
        let (before, after) = (publics(old, RoleKind::Root), publics(new, RoleKind::Root));
        drawn.push(Consequence::Signatures {
            old: old.role(RoleKind::Root).threshold(),
            new: new.role(RoleKind::Root).threshold(),
            both: before.intersection(&after).count(),
        });
    } else {
        drawn.push(Consequence::NotNext {
            expected: old.version() + 1,
        });
    }
    let renamed = |change: &Change| matches!(change, Change::KeyRenamed { role, .. } if *role == RoleKind::Root);
    if changes.iter().any(renamed) {
        drawn.push(Consequence::NewIds);
    }
    let rotated = |kind: RoleKind| publics(old, kind) != publics(new, kind);
    if rotated(RoleKind::Timestamp) || rotated(RoleKind::Snapshot) {
        drawn.push(Consequence::FastForward);
    }
    let again: Vec<_> = RoleKind::ALL
        .into_iter()
        .filter(|kind| *kind != RoleKind::Root)
        .filter(|kind| {
            let raised = new.role(*kind).threshold() > old.role(*kind).threshold();
            // Clients find signatures by key ID, so a key with a new ID must sign again too.
            let revoked = named(old, *kind).any(|key| !named(new, *kind).any(|other| other == key));
            raised || revoked
        })
        .collect();
    if !again.is_empty() {
        drawn.push(Consequence::SignAgain { roles: again });
    }
    for role in RoleKind::ALL {
        if (publics(new, role).len() as u64) < new.role(role).threshold() {
            drawn.push(Consequence::Unreachable { role });
        }
    }
    if old.consistent_snapshot().unwrap_or(false) != new.consistent_snapshot().unwrap_or(false) {
        drawn.push(Consequence::FileNames);
    }
    if new.expires().instant() < old.expires().instant() {
        drawn.push(Consequence::ExpiresEarlier);
    }
    drawn
}
