//! What clients and signers will do about a change.

use std::collections::BTreeSet;
use std::fmt;

use super::Change;
use crate::certificate::PublicKey;
use crate::metadata::document::RootDocument;
use crate::metadata::key_id::KeyId;
use crate::metadata::role::RoleKind;

/// Something that follows from a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consequence {
    Same,
    Renewal,
    /// Clients do not take the new one after the old one.
    NotNext {
        wanted: u64,
    },
    /// Who must sign.
    Signatures {
        old: u64,
        new: u64,
        both: usize,
    },
    /// Root keys of the old and of the new version are the same, under different IDs.
    NewIds,
    /// Clients drop the timestamp and snapshot metadata that they hold (specification, 5.3.11).
    FastForward,
    /// Metadata of these roles that was signed before is not accepted any more.
    SignAgain {
        roles: Vec<RoleKind>,
    },
    /// No signatures can reach the threshold of a role.
    Unreachable {
        role: RoleKind,
    },
    /// Clients look for the other files under other names.
    OtherNames,
    /// Clients refuse the new one earlier than the old one.
    ExpiresEarlier,
}

impl Consequence {
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renewal => "renewal",
            Self::NotNext { .. } => "not-next",
            Self::Signatures { .. } => "signatures",
            Self::NewIds => "new-ids",
            Self::FastForward => "fast-forward",
            Self::SignAgain { .. } => "sign-again",
            Self::Unreachable { .. } => "unreachable",
            Self::OtherNames => "other-names",
            Self::ExpiresEarlier => "expires-earlier",
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the two roots say the same"),
            Self::Renewal => f.write_str("a renewal: no key and no threshold changes"),
            Self::NotNext { wanted } => write!(
                f,
                "clients that trust the old root take version {wanted} next, and nothing else"
            ),
            Self::Signatures { old, new, both } => write!(
                f,
                "it must be signed by {old} of the old root keys and {new} of the new ones; \
                 {both} of the keys count for both"
            ),
            Self::NewIds => f.write_str(
                "a root key has another ID: it must sign under the old ID and under the new one",
            ),
            Self::FastForward => f.write_str(
                "clients drop the timestamp and snapshot metadata that they hold, and take lower \
                 versions again: this is how a repository recovers from a fast-forward attack",
            ),
            Self::SignAgain { roles } => {
                let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                write!(
                    f,
                    "before it is published, these must be signed again by their new keys: {}",
                    names.join(", ")
                )
            }
            Self::Unreachable { role } => write!(
                f,
                "NOBODY can sign for {role} any more: its keys do not reach its threshold"
            ),
            Self::OtherNames => f.write_str(
                "clients look for targets, snapshot and target files under other names: \
                 publish them under both before",
            ),
            Self::ExpiresEarlier => {
                f.write_str("clients refuse the new root earlier than they would the old one")
            }
        }
    }
}

/// The public keys of a role, as normalized bytes.
fn publics(document: &RootDocument, kind: RoleKind) -> BTreeSet<&[u8]> {
    document
        .role_keys(kind)
        .filter_map(|(_, listed)| listed.key().public())
        .map(PublicKey::as_der)
        .collect()
}

/// The keys of a role with their IDs.
fn named(
    document: &RootDocument,
    kind: RoleKind,
) -> impl Iterator<Item = (&KeyId, Option<&PublicKey>)> {
    document
        .role_keys(kind)
        .map(|(id, listed)| (id, listed.key().public()))
}

/// What follows from the changes between two roots.
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
            wanted: old.version() + 1,
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
            // Signatures are found by key ID: a key under a new ID must sign again as well.
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
        drawn.push(Consequence::OtherNames);
    }
    if new.expires().instant() < old.expires().instant() {
        drawn.push(Consequence::ExpiresEarlier);
    }
    drawn
}
