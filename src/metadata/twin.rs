//! The twin of a root: the same in everything but its root keys, each of which is exchanged for another.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::RootDocument;
use super::frozen::FrozenRoot;
use super::key::Key;
use super::key_id::KeyId;
use super::notary;
use super::role::RoleKind;
use crate::certificate::PublicKey;

/// Why a root has no twin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TwinError {
    /// A root key has no twin, or a twin is of no root key.
    #[error("the twins are not one for one with the root keys")]
    NotOneForOne,
    /// The twin of a key is of another algorithm.
    #[error("the twin of the key {key} is of another kind")]
    OtherKind {
        /// The key ID.
        key: KeyId,
    },
    /// The twin would not be read as a root.
    #[error("the twin is no root: {0}")]
    Refused(String),
}

/// A twin, and the IDs that its root keys have by the IDs of those whose place they take.
#[derive(Debug, Clone)]
pub struct TwinOfRoot {
    /// The twin, to be signed by its own keys.
    pub root: FrozenRoot,
    /// The ID of each root key's twin.
    pub ids: BTreeMap<KeyId, KeyId>,
}

impl TwinOfRoot {
    /// Exchanges each root key for its twin. IDs follow the rules by which those of the root were made, and all
    /// else stays as it was received.
    ///
    /// # Errors
    /// When a root key has no twin or one of another kind, or a twin is of no root key.
    pub fn of(root: &RootDocument, twins: &BTreeMap<KeyId, PublicKey>) -> Result<Self, TwinError> {
        let ids = root.role(RoleKind::Root).key_ids();
        if ids.len() != twins.len() || !ids.iter().all(|id| twins.contains_key(id)) {
            return Err(TwinError::NotOneForOne);
        }
        let mut renamed = BTreeMap::new();
        let mut keys = Map::new();
        for (id, listed) in root.keys() {
            let Some(twin) = twins.get(id) else {
                keys.insert(id.as_str().to_owned(), listed.key().object().clone());
                continue;
            };
            let other_kind = || TwinError::OtherKind { key: id.clone() };
            let public = listed.key().public().ok_or_else(other_kind)?;
            if public.algorithm() != twin.algorithm() {
                return Err(other_kind());
            }
            let written = match listed.key().certificates().first() {
                Some(leaf) => notary::twin_key(leaf, twin).ok_or_else(other_kind)?,
                None => Key::from_public(twin).map_err(|_| other_kind())?,
            };
            let mut object = listed.key().object().clone();
            object["keyval"]["public"] = written.object()["keyval"]["public"].clone();
            let rule = listed.rule().ok_or_else(other_kind)?;
            let twin_id = rule.id_of(&object).ok_or_else(other_kind)?;
            keys.insert(twin_id.as_str().to_owned(), object);
            renamed.insert(id.clone(), twin_id);
        }
        let mut tree = root.tree().clone();
        tree.insert("keys".to_owned(), Value::Object(keys));
        for role in tree
            .get_mut("roles")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            let ids = role.1.get_mut("keyids").and_then(Value::as_array_mut);
            for id in ids.into_iter().flatten() {
                let twin = id.as_str().and_then(|id| renamed.get(id));
                if let Some(twin) = twin {
                    *id = Value::String(twin.as_str().to_owned());
                }
            }
        }
        let document =
            RootDocument::read(tree).map_err(|remark| TwinError::Refused(remark.to_string()))?;
        Ok(Self {
            root: FrozenRoot::new(document),
            ids: renamed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::{Signer, signed_genesis, trusted};
    use serde_json::json;

    #[test]
    fn a_twin_differs_in_its_root_keys_alone() {
        let (a, b, online) = (Signer::p256(), Signer::ed25519(), Signer::p256());
        let (twin_a, twin_b) = (Signer::p256(), Signer::ed25519());
        let root = trusted([signed_genesis(&[&a, &b], &online, |signed| {
            signed["x-note"] = json!("ours");
        })]);
        let of = |first: &Signer, second: &Signer| {
            let pairs = [(&a, first), (&b, second)];
            pairs
                .map(|(key, twin)| {
                    let public = twin.key().public().unwrap().clone();
                    (key.key().id().clone(), public)
                })
                .into()
        };
        let twin = TwinOfRoot::of(root.document(), &of(&twin_a, &twin_b)).unwrap();
        assert_eq!(twin.root.version(), root.version());
        assert_eq!(twin.ids[a.key().id()], *twin_a.key().id());
        let document = twin.root.document();
        assert_eq!(document.tree()["x-note"], json!("ours"));
        assert_eq!(
            document.role(RoleKind::Timestamp),
            root.role(RoleKind::Timestamp)
        );
        assert_eq!(
            document.role(RoleKind::Root).key_ids(),
            [twin_a.key().id().clone(), twin_b.key().id().clone()]
        );
        let swapped = TwinOfRoot::of(root.document(), &of(&twin_b, &twin_a));
        assert!(matches!(swapped, Err(TwinError::OtherKind { .. })));
        let mut fewer = of(&twin_a, &twin_b);
        fewer.remove(a.key().id());
        let fewer = TwinOfRoot::of(root.document(), &fewer);
        assert!(matches!(fewer, Err(TwinError::NotOneForOne)));
    }
}
