//! Further repositories whose roots one ceremony changes: the same keys, each with a root of its own.

use std::sync::Arc;

use super::Script;
use crate::certificate::PublicKey;
use crate::metadata::{RoleKind, TrustedRoot};
use crate::script::KeyId;
use crate::script::previous::{KeyChange, Previous, RootKey};

/// A repository beside the script's own, whose root has the same keys.
#[derive(Debug, Clone)]
pub struct FurtherRepository {
    /// Its name.
    pub name: String,
    /// Its root, and the versions before it.
    pub previous: Previous,
}

impl FurtherRepository {
    /// The folder of an export in which its files lie. Different names have different ones: the script's check sees to it.
    pub fn folder(&self) -> String {
        folder_of(&self.name)
    }
}

/// The name of a repository as that of a folder.
pub(in crate::script) fn folder_of(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let text: String = name
        .chars()
        .map(|c| if plain(c) || c == '.' { c } else { '_' })
        .collect();
    // No name leads out of the folder, or hides in it.
    if text.starts_with(plain) {
        text
    } else {
        format!("_{text}")
    }
}

/// The root key of a root that is this key.
pub(in crate::script) fn root_key(root: &TrustedRoot, public: &PublicKey) -> Option<RootKey> {
    let mut keys = root.document().role_keys(RoleKind::Root);
    let (id, listed) = keys.find(|(_, listed)| listed.key().public() == Some(public))?;
    Some(RootKey {
        id: id.clone(),
        key: listed.key().clone(),
    })
}

impl KeyChange {
    /// The same change in another root that has the key.
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
    /// The repositories whose roots are changed beside the script's own, in its order.
    pub fn further(&self) -> &[FurtherRepository] {
        &self.further
    }

    /// The script as if it were for that repository alone. None if its root has other keys, which no script that was
    /// checked lets happen.
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

    /// Every change of a root key, by the names of the keys, in the root of a further repository.
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
