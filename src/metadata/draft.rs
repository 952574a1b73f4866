//! A root that is being composed. Only [`RootDraft::freeze`] makes of it something that can be signed.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::chain::TrustedRoot;
use super::check::Remark;
use super::document::RootDocument;
use super::expires::Expires;
use super::format::RootFormat;
use super::frozen::FrozenRoot;
use super::key::Key;
use super::key_id::KeyId;
use super::role::RoleKind;

/// The version of the specification that is written, as python-tuf and tuf-on-ci write it.
const SPEC_VERSION: &str = "1.0.31";

/// A root that is being composed.
///
/// It is the JSON tree of the root before it, edited: whatever stands there and
/// is not changed, known here or not, stays as it was received.
#[derive(Debug, Clone)]
pub struct RootDraft {
    /// The signed part; `keys` and `roles` only keep their places in it.
    tree: Map<String, Value>,
    keys: Map<String, Value>,
    roles: Map<String, Value>,
    previous: Option<RootDocument>,
    drafted: [Option<DraftRole>; 4],
    /// Keys that take the ID and the object that are given here, whatever stands in the version before.
    moved: Vec<Key>,
    /// Members of the whole, or of a role, beside those of the specification.
    members: Vec<(Option<RoleKind>, &'static str, Value)>,
}

#[derive(Debug, Clone)]
struct DraftRole {
    threshold: u32,
    keys: Vec<Key>,
}

/// Why a draft cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    #[error("role {role} has no keys yet")]
    MissingRole { role: RoleKind },
    #[error("the threshold of role {role} is zero")]
    ZeroThreshold { role: RoleKind },
    #[error("role {role} needs {threshold} signatures and has {keys} keys")]
    Unreachable {
        role: RoleKind,
        threshold: u32,
        /// How many different public keys it has.
        keys: usize,
    },
    #[error("role {role} has the key {key} twice")]
    DuplicateKey { role: RoleKind, key: KeyId },
    #[error("the key {key} of role {role} cannot be used: {why}")]
    UnusableKey {
        role: RoleKind,
        key: KeyId,
        why: String,
    },
    /// Text that is new and not ASCII: two canonical forms are in use for it.
    #[error("the key {key} has text in it that is not ASCII")]
    NotAscii { key: KeyId },
    /// The version before lists another key under the ID of a new one.
    #[error("another key stands under the ID {key}")]
    IdTaken { key: KeyId },
    #[error("no version can follow version {previous}")]
    LastVersion { previous: u64 },
    #[error("the verifier would refuse it: {0}")]
    Refused(Remark),
}

impl RootDraft {
    /// Begins version 1. `expires` is written in whole seconds.
    pub fn genesis(expires: Timestamp, consistent_snapshot: bool) -> Self {
        Self::first(RootFormat::Tuf, expires, consistent_snapshot)
    }

    /// Begins version 1 of a root of Notary, whose keys are of [`Key::of_certificate`] and [`Key::notary`].
    pub fn notary_genesis(expires: Timestamp) -> Self {
        // Its servers serve no other layout.
        Self::first(RootFormat::Notary, expires, false)
    }

    fn first(format: RootFormat, expires: Timestamp, consistent_snapshot: bool) -> Self {
        let mut tree = Map::new();
        tree.insert("_type".into(), json!(format.type_text()));
        tree.insert("consistent_snapshot".into(), json!(consistent_snapshot));
        tree.insert("expires".into(), json!(Expires::at(expires).as_str()));
        tree.insert("keys".into(), json!({}));
        tree.insert("roles".into(), json!({}));
        if format == RootFormat::Tuf {
            tree.insert("spec_version".into(), json!(SPEC_VERSION));
        }
        tree.insert("version".into(), json!(1));
        Self::editing(tree, None)
    }

    /// Begins the version after a trusted one. What is not set stays as it is there.
    ///
    /// # Errors
    /// When no version can follow.
    pub fn after(previous: &TrustedRoot) -> Result<Self, DraftError> {
        let version = previous.version();
        if version >= super::canonical_json::MAX_INTEGER {
            return Err(DraftError::LastVersion { previous: version });
        }
        let mut tree = previous.document().tree().clone();
        tree.insert("version".into(), json!(version + 1));
        Ok(Self::editing(tree, Some(previous.document().clone())))
    }

    fn editing(mut tree: Map<String, Value>, previous: Option<RootDocument>) -> Self {
        let mut take = |name: &str| match tree.get_mut(name).map(Value::take) {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let (keys, roles) = (take("keys"), take("roles"));
        Self {
            tree,
            keys,
            roles,
            previous,
            drafted: [const { None }; 4],
            moved: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Has a key that stays move to the ID that the specification gives to this object of it, in every role that is
    /// set. Its old ID and its old object go.
    pub fn move_id(&mut self, written: Key) {
        self.moved.push(written);
    }

    /// Sets a member that the specification does not know: of the root itself, or of a role.
    pub fn set_member(&mut self, role: Option<RoleKind>, name: &'static str, value: Value) {
        self.members.push((role, name, value));
    }

    /// Sets when it expires. It is written in whole seconds.
    pub fn set_expires(&mut self, expires: Timestamp) {
        let text = Expires::at(expires).as_str().to_owned();
        self.tree.insert("expires".into(), Value::String(text));
    }

    /// Sets who signs for a role. A key that stands in the version before keeps its ID and its object.
    pub fn set_role(
        &mut self,
        kind: RoleKind,
        threshold: u32,
        keys: impl IntoIterator<Item = Key>,
    ) {
        self.drafted[kind as usize] = Some(DraftRole {
            threshold,
            keys: keys.into_iter().collect(),
        });
    }

    /// Ends the composing: checks the whole, and fixes the bytes that will be signed.
    ///
    /// # Errors
    /// When a role is missing, unreachable or has impossible keys, or when the
    /// verifier of this crate would refuse the result.
    pub fn freeze(mut self) -> Result<FrozenRoot, DraftError> {
        let drafted = std::mem::replace(&mut self.drafted, [const { None }; 4]);
        for (kind, role) in RoleKind::ALL.into_iter().zip(drafted) {
            match role {
                Some(role) => self.write_role(kind, &role)?,
                None if self.previous.is_none() => {
                    return Err(DraftError::MissingRole { role: kind });
                }
                None => {}
            }
        }
        self.drop_orphans();
        for (role, name, value) in std::mem::take(&mut self.members) {
            let place = match role {
                None => Some(&mut self.tree),
                Some(kind) => self
                    .roles
                    .get_mut(kind.as_str())
                    .and_then(Value::as_object_mut),
            };
            if let Some(place) = place {
                place.insert(name.to_owned(), value);
            }
        }
        self.tree.insert("keys".into(), Value::Object(self.keys));
        self.tree.insert("roles".into(), Value::Object(self.roles));
        let document = RootDocument::read(self.tree).map_err(DraftError::Refused)?;
        Ok(FrozenRoot::new(document))
    }

    /// Checks a drafted role, and writes it into the tree.
    fn write_role(&mut self, kind: RoleKind, role: &DraftRole) -> Result<(), DraftError> {
        if role.threshold == 0 {
            return Err(DraftError::ZeroThreshold { role: kind });
        }
        let mut distinct = HashSet::new();
        for key in &role.keys {
            let public = key.public().ok_or_else(|| DraftError::UnusableKey {
                role: kind,
                key: key.id().clone(),
                why: key.unusable().unwrap_or_default().to_owned(),
            })?;
            if !distinct.insert(public) {
                return Err(DraftError::DuplicateKey {
                    role: kind,
                    key: key.id().clone(),
                });
            }
        }
        if distinct.len() < role.threshold as usize {
            return Err(DraftError::Unreachable {
                role: kind,
                threshold: role.threshold,
                keys: distinct.len(),
            });
        }
        let key_ids = role
            .keys
            .iter()
            .map(|key| self.list_key(key))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(Value::Object(written)) = self.roles.get_mut(kind.as_str()) {
            written.insert("keyids".into(), json!(key_ids));
            written.insert("threshold".into(), json!(role.threshold));
        } else {
            let written = json!({"keyids": key_ids, "threshold": role.threshold});
            self.roles.insert(kind.as_str().into(), written);
        }
        Ok(())
    }

    /// Lists a key, unless it is listed already, and returns its ID.
    fn list_key(&mut self, key: &Key) -> Result<KeyId, DraftError> {
        let mut moved = self.moved.iter();
        if let Some(written) = moved.find(|moved| moved.public() == key.public()) {
            let id = written.id().clone();
            if !written.object().to_string().is_ascii() {
                return Err(DraftError::NotAscii { key: id });
            }
            self.keys
                .insert(id.as_str().to_owned(), written.object().clone());
            return Ok(id);
        }
        let known = self
            .previous
            .iter()
            .flat_map(RootDocument::keys)
            .find(|(_, listed)| {
                listed.rule().is_some()
                    && listed.key().public() == key.public()
                    && listed.key().scheme() == key.scheme()
            });
        if let Some((id, _)) = known {
            return Ok(id.clone());
        }
        let id = key.id().clone();
        if !key.object().to_string().is_ascii() {
            return Err(DraftError::NotAscii { key: id });
        }
        let listed = self
            .keys
            .entry(id.as_str())
            .or_insert_with(|| key.object().clone());
        if listed != key.object() {
            return Err(DraftError::IdTaken { key: id });
        }
        Ok(id)
    }

    /// Takes out the keys that this draft orphaned: those that a role of the version
    /// before named and no role names any more.
    fn drop_orphans(&mut self) {
        let before = self.previous.as_ref().map(RootDocument::tree);
        let before = before.and_then(|tree| tree.get("roles")?.as_object());
        let before = before.map(named_keys).unwrap_or_default();
        let now = named_keys(&self.roles);
        self.keys
            .retain(|id, _| now.contains(id) || !before.contains(id));
    }
}

/// The key IDs that any role names, known here or not.
fn named_keys(roles: &Map<String, Value>) -> HashSet<String> {
    roles
        .values()
        .filter_map(|role| role.get("keyids")?.as_array())
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::{Signer, signed_genesis, signers, trusted};

    fn expires() -> Timestamp {
        "2031-01-01T00:00:00Z".parse().unwrap()
    }

    fn draft(root: &[&Signer], online: &Signer) -> RootDraft {
        let mut draft = RootDraft::genesis(expires(), true);
        draft.set_role(RoleKind::Root, 2, root.iter().map(|signer| signer.key()));
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [online.key()]);
        }
        draft
    }

    #[test]
    fn a_genesis_reads_back_from_its_bytes() {
        let (a, b, online) = (Signer::p256(), Signer::ed25519(), Signer::p256());
        let frozen = draft(&[&a, &b], &online).freeze().unwrap();
        assert_eq!(frozen.version(), 1);
        assert_eq!(frozen.document().remarks(), []);
        assert_eq!(frozen.document().expires().as_str(), "2031-01-01T00:00:00Z");
        let again = FrozenRoot::from_signed_bytes(frozen.signed_bytes()).unwrap();
        assert_eq!(again.signed_bytes(), frozen.signed_bytes());
        assert_eq!(again.digest(), frozen.digest());
        assert!(FrozenRoot::from_signed_bytes(b"{}").is_err());
        let spaced = [frozen.signed_bytes(), b" "].concat();
        assert!(FrozenRoot::from_signed_bytes(&spaced).is_err());
    }

    #[test]
    fn what_can_never_be_reached_is_not_frozen() {
        let (a, b, online) = (Signer::p256(), Signer::p384(), Signer::ed25519());
        let mut few = draft(&[&a, &b], &online);
        few.set_role(RoleKind::Root, 3, [a.key(), b.key()]);
        assert_eq!(
            few.freeze().unwrap_err(),
            DraftError::Unreachable {
                role: RoleKind::Root,
                threshold: 3,
                keys: 2
            }
        );
        let mut twice = draft(&[&a, &b], &online);
        twice.set_role(RoleKind::Targets, 1, [a.key(), a.key()]);
        assert!(matches!(
            twice.freeze(),
            Err(DraftError::DuplicateKey {
                role: RoleKind::Targets,
                ..
            })
        ));
        let mut zero = draft(&[&a, &b], &online);
        zero.set_role(RoleKind::Snapshot, 0, [online.key()]);
        assert!(matches!(
            zero.freeze(),
            Err(DraftError::ZeroThreshold { .. })
        ));
        assert!(matches!(
            RootDraft::genesis(expires(), true).freeze(),
            Err(DraftError::MissingRole {
                role: RoleKind::Root
            })
        ));
    }

    #[test]
    fn what_is_unknown_survives_a_rotation() {
        let [a, b, c, online] = signers(["p256", "p256", "p384", "ed25519"]);
        let genesis = signed_genesis(&[&a, &b], &online, |signed| {
            signed["x-note"] = json!({"z": 1, "a": ["ü"]});
            signed["roles"]["root"]["x-who"] = json!("us");
            signed["spec_version"] = json!("1.0");
        });
        let root = trusted([genesis]);
        let mut draft = RootDraft::after(&root).unwrap();
        draft.set_role(RoleKind::Root, 2, [a.key(), c.key()]);
        let next = draft.freeze().unwrap();
        let (before, after) = (root.document().tree(), next.document().tree());
        assert_eq!(next.version(), 2);
        assert_eq!(after["x-note"], before["x-note"]);
        assert_eq!(after["roles"]["root"]["x-who"], json!("us"));
        assert_eq!(after["roles"]["timestamp"], before["roles"]["timestamp"]);
        assert_eq!(after["spec_version"], json!("1.0"));
        assert!(before.keys().eq(after.keys()), "members keep their places");
        let keys = next.document().keys();
        assert!(keys.contains_key(a.key().id()) && keys.contains_key(c.key().id()));
        assert!(!keys.contains_key(b.key().id()), "an orphaned key goes");
    }

    #[test]
    fn a_key_with_legacy_members_keeps_its_object_and_its_id() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let mut legacy = a.key().object().clone();
        legacy["keytype"] = json!("ecdsa-sha2-nistp256");
        legacy["keyid_hash_algorithms"] = json!(["sha256", "sha512"]);
        let id = KeyId::of(&legacy);
        let genesis = signed_genesis(&[&a, &b], &online, |signed| {
            let keys = signed["keys"].as_object_mut().unwrap();
            keys.shift_remove(a.key().id().as_str());
            keys.insert(id.as_str().to_owned(), legacy.clone());
            signed["roles"]["root"]["keyids"][0] = json!(id);
        });
        let root = trusted([genesis]);
        let mut draft = RootDraft::after(&root).unwrap();
        draft.set_role(RoleKind::Root, 1, [a.key()]);
        let next = draft.freeze().unwrap();
        assert_eq!(next.document().keys()[&id].key().object(), &legacy);
        assert_eq!(next.document().role(RoleKind::Root).key_ids(), [id]);
    }
}
