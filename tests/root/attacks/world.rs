//! Keys, and good roots to spoil.

use conclave::metadata::{Key, KeyId, RoleKind, RootDraft, canonical};
use serde_json::{Value, json};

use super::{Case, Expected};
use crate::support::signer::Signer;

/// Root keys `a`, `b`, `c` with a threshold of 2; `d` is new; `online` signs for the other roles.
pub(crate) struct World {
    pub(crate) a: Signer,
    pub(crate) b: Signer,
    pub(crate) c: Signer,
    pub(crate) d: Signer,
    pub(crate) online: Signer,
    first: Vec<u8>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self {
            a: Signer::p256(),
            b: Signer::p256(),
            c: Signer::p256(),
            d: Signer::p256(),
            online: Signer::ed25519(),
            first: Vec::new(),
        };
        world.first = signed_file(&world.tree(1), &[&world.a, &world.b, &world.c]);
        world
    }

    /// A good version 1.
    pub(crate) fn first(&self) -> Vec<u8> {
        self.first.clone()
    }

    /// The signed part of a good root.
    pub(crate) fn tree(&self, version: u64) -> Value {
        self.tree_of(version, 2, &[&self.a, &self.b, &self.c])
    }

    /// The signed part of a root with these root keys.
    pub(crate) fn tree_of(&self, version: u64, threshold: u32, root: &[&Signer]) -> Value {
        let mut draft = RootDraft::genesis("2031-01-01T00:00:00Z".parse().unwrap(), true);
        draft.set_role(RoleKind::Root, threshold, root.iter().map(|key| key.key()));
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [self.online.key()]);
        }
        let mut tree = Value::Object(draft.freeze().unwrap().document().tree().clone());
        tree["version"] = json!(version);
        tree
    }

    /// A good version 1, then a version 2 whose signed part was edited before it was signed by all.
    pub(crate) fn signed_edit(
        &self,
        name: impl Into<String>,
        why: &'static str,
        expected: Expected,
        edit: impl FnOnce(&mut Value),
    ) -> Case {
        let mut tree = self.tree(2);
        edit(&mut tree);
        let second = signed_file(&tree, &[&self.a, &self.b, &self.c]);
        self.second(name, why, expected, second)
    }

    /// A good version 1, then a good version 2 whose file was edited after it was signed by all.
    pub(crate) fn file_edit(
        &self,
        name: impl Into<String>,
        why: &'static str,
        expected: Expected,
        edit: impl FnOnce(&mut Value),
    ) -> Case {
        let mut file = signed(&self.tree(2), &[&self.a, &self.b, &self.c]);
        edit(&mut file);
        self.second(name, why, expected, to_bytes(&file))
    }

    /// A good version 1, then these bytes.
    pub(crate) fn second(
        &self,
        name: impl Into<String>,
        why: &'static str,
        expected: Expected,
        second: Vec<u8>,
    ) -> Case {
        Case {
            name: name.into(),
            why,
            files: vec![self.first(), second],
            expected,
        }
    }
}

/// A root file, signed by these under the IDs of their keys.
pub(crate) fn signed(tree: &Value, by: &[&Signer]) -> Value {
    let message = canonical(tree).unwrap();
    let entries = by.iter().map(|signer| {
        let id = id_in(tree, signer);
        json!({"keyid": id, "sig": hex::encode(signer.sign(&message))})
    });
    json!({"signatures": entries.collect::<Vec<_>>(), "signed": tree})
}

/// [`signed`], as bytes.
pub(crate) fn signed_file(tree: &Value, by: &[&Signer]) -> Vec<u8> {
    to_bytes(&signed(tree, by))
}

/// The ID under which a tree lists the key of a signer; its own where it does not.
pub(crate) fn id_in(tree: &Value, signer: &Signer) -> String {
    let listed = tree["keys"].as_object().and_then(|keys| {
        keys.iter().find(|(_, object)| {
            Key::from_object(object).is_ok_and(|key| key.public() == Some(signer.public()))
        })
    });
    match listed {
        Some((id, _)) => id.clone(),
        None => KeyId::of(&json!({
            "keytype": "ecdsa", "scheme": signer.scheme().as_str(),
            "keyval": {"public": signer.public().to_pem()}
        }))
        .as_str()
        .to_owned(),
    }
}

pub(crate) fn to_bytes(file: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(file).unwrap()
}

/// Puts a root key object into a tree in place of the key of a signer, under the given ID.
pub(crate) fn replace_root_key(tree: &mut Value, of: &Signer, id: &str, object: Value) {
    let old = id_in(tree, of);
    tree["keys"].as_object_mut().unwrap().remove(&old);
    tree["keys"][id] = object;
    let ids = tree["roles"]["root"]["keyids"].as_array_mut().unwrap();
    for listed in ids {
        if *listed == json!(old) {
            *listed = json!(id);
        }
    }
}
