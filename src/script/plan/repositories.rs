//! Further repositories whose roots change in the same ceremony: the same keys, but separate roots.

use std::sync::Arc;

use super::Script;
use crate::certificate::PublicKey;
use crate::metadata::{RoleKind, TrustedRoot};
use crate::script::KeyId;
use crate::script::previous::{KeyChange, Previous, RootKey};

#[derive(Debug, Clone)]
pub struct FurtherRepository {
    pub name: String,
    pub previous: Previous,
}

impl FurtherRepository {
    /// The folder of its files in an export. The check of the script makes sure that folders differ.
    pub fn folder(&self) -> String {
        folder_of(&self.name)
    }
}

pub(in crate::script) fn folder_of(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let text: String = name
        .chars()
        .map(|c| if plain(c) || c == '.' { c } else { '_' })
        .collect();
    // The name must not lead out of the export, or be hidden.
    if text.starts_with(plain) {
        text
    } else {
        format!("_{text}")
    }
}

/// The root key with this public key.
pub(in crate::script) fn root_key(root: &TrustedRoot, public: &PublicKey) -> Option<RootKey> {
    let mut keys = root.document().role_keys(RoleKind::Root);
    let (id, listed) = keys.find(|(_, listed)| listed.key().public() == Some(public))?;
    Some(RootKey {
        id: id.clone(),
        key: listed.key().clone(),
    })
}

impl KeyChange {
    fn within(&self, root: &TrustedRoot) -> Option<Self> {
        let there = |before: &RootKey| root_key(root, before.key.public()?);
        Some(match self {
            Self::Add => Self::Add,
            Self::Keep(before) => Self::Keep(there(before)?),
            Self::MoveId(before) => Self::MoveId(there(before)?),
            Self::Remove(before) => Self::Remove(there(before)?),
        })
    }
}

impl Script {
    pub fn further(&self) -> &[FurtherRepository] {
        &self.further
    }

    /// The script as if it were for that repository alone. `None` if its root has other keys, which the check excludes.
    pub fn within(&self, repository: &FurtherRepository) -> Option<Self> {
        let mut script = self.clone();
        script.repository.clone_from(&repository.name);
        for plan in &mut script.keys {
            plan.change = plan.change.within(&repository.previous.root)?;
        }
        script.previous = Some(repository.previous.clone());
        script.further = Arc::default();
        Some(script)
    }

    /// The root keys as the root of a further repository has them, by their IDs in the script.
    pub fn keys_within(&self, repository: &FurtherRepository) -> Vec<(KeyId, RootKey)> {
        let script = self.within(repository);
        let keys = script.iter().flat_map(Self::keys);
        keys.filter_map(|plan| Some((plan.id.clone(), plan.change.before()?.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stays_where_it_is() {
        for (name, folder) in [
            ("docker.io/example/app", "docker.io_example_app"),
            ("../../etc", "_.._.._etc"),
            (".hidden", "_.hidden"),
            ("localhost:5000/a", "localhost_5000_a"),
        ] {
            assert_eq!(folder_of(name), folder);
        }
    }
}
