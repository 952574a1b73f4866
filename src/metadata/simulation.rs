//! A simulated root: a root in which only the root keys are replaced by simulated keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::check::Remark;
use super::document::RootDocument;
use super::frozen::FrozenRoot;
use super::key::Key;
use super::key_id::KeyId;
use super::notary;
use super::role::RoleKind;
use crate::certificate::PublicKey;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootSimulationError {
    #[error("there is not exactly one simulated key for each root key")]
    NotOneForOne,
    #[error("the simulated key for root key {key} has a different type")]
    OtherKind { key: KeyId },
    #[error("the simulated root is not valid: {0}")]
    Refused(Remark),
}

#[derive(Debug, Clone)]
pub struct RootSimulation {
    /// To be signed by its own keys.
    pub root: FrozenRoot,
    /// The ID of the simulated key for the ID of each root key.
    pub ids: BTreeMap<KeyId, KeyId>,
}

impl RootSimulation {
    /// Replaces each root key by its simulated key. Each ID follows the same rule as the original ID.
    ///
    /// # Errors
    /// If simulated keys and root keys do not correspond one to one, or their types differ.
    pub fn of(
        root: &RootDocument,
        simulated_tokens: &BTreeMap<KeyId, PublicKey>,
    ) -> Result<Self, RootSimulationError> {
        let ids = root.role(RoleKind::Root).key_ids();
        if ids.len() != simulated_tokens.len()
            || !ids.iter().all(|id| simulated_tokens.contains_key(id))
        {
            return Err(RootSimulationError::NotOneForOne);
        }
        let mut renamed = BTreeMap::new();
        let mut keys = Map::new();
        for (id, listed) in root.keys() {
            let Some(simulated) = simulated_tokens.get(id) else {
                keys.insert(id.as_str().to_owned(), listed.key().object().clone());
                continue;
            };
            let other_kind = || RootSimulationError::OtherKind { key: id.clone() };
            let public = listed.key().public().ok_or_else(other_kind)?;
            if public.algorithm() != simulated.algorithm() {
                return Err(other_kind());
            }
            let written = match listed.key().certificates().first() {
                Some(leaf) => notary::simulated_key(leaf, simulated).ok_or_else(other_kind)?,
                None => Key::from_public(simulated).map_err(|_| other_kind())?,
            };
            let mut object = listed.key().object().clone();
            object["keyval"]["public"] = written.object()["keyval"]["public"].clone();
            let rule = listed.rule().ok_or_else(other_kind)?;
            let simulated_id = rule.id_of(&object).ok_or_else(other_kind)?;
            keys.insert(simulated_id.as_str().to_owned(), object);
            renamed.insert(id.clone(), simulated_id);
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
                let simulated = id.as_str().and_then(|id| renamed.get(id));
                if let Some(simulated) = simulated {
                    *id = Value::String(simulated.as_str().to_owned());
                }
            }
        }
        let document = RootDocument::read(tree).map_err(RootSimulationError::Refused)?;
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
    fn only_the_root_keys_differ() {
        let (a, b, online) = (Signer::p256(), Signer::ed25519(), Signer::p256());
        let (simulated_a, simulated_b) = (Signer::p256(), Signer::ed25519());
        let root = trusted([signed_genesis(&[&a, &b], &online, |signed| {
            signed["x-note"] = json!("ours");
        })]);
        let of = |first: &Signer, second: &Signer| {
            let pairs = [(&a, first), (&b, second)];
            pairs
                .map(|(key, simulated)| {
                    let public = simulated.key().public().unwrap().clone();
                    (key.key().id().clone(), public)
                })
                .into()
        };
        let simulated =
            RootSimulation::of(root.document(), &of(&simulated_a, &simulated_b)).unwrap();
        assert_eq!(simulated.root.version(), root.version());
        assert_eq!(simulated.ids[a.key().id()], *simulated_a.key().id());
        let document = simulated.root.document();
        assert_eq!(document.tree()["x-note"], json!("ours"));
        assert_eq!(
            document.role(RoleKind::Timestamp),
            root.role(RoleKind::Timestamp)
        );
        assert_eq!(
            document.role(RoleKind::Root).key_ids(),
            [
                simulated_a.key().id().clone(),
                simulated_b.key().id().clone()
            ]
        );
        let swapped = RootSimulation::of(root.document(), &of(&simulated_b, &simulated_a));
        assert!(matches!(
            swapped,
            Err(RootSimulationError::OtherKind { .. })
        ));
        let mut fewer = of(&simulated_a, &simulated_b);
        fewer.remove(a.key().id());
        let fewer = RootSimulation::of(root.document(), &fewer);
        assert!(matches!(fewer, Err(RootSimulationError::NotOneForOne)));
    }
}
