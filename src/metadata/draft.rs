//! Composing a root. [`RootDraft::freeze`] is the only way to a root that can be signed.

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

/// The specification version that python-tuf and tuf-on-ci write.
const SPEC_VERSION: &str = "1.0.31";

/// A root that is being composed. It edits the JSON tree of the previous root, so that everything else, including
/// unknown members, is preserved.
#[derive(Debug, Clone)]
pub struct RootDraft {
    /// The signed part, in which `keys` and `roles` are placeholders.
    tree: Map<String, Value>,
    keys: Map<String, Value>,
    roles: Map<String, Value>,
    previous: Option<RootDocument>,
    drafted: [Option<DraftRole>; 4],
    /// Keys that get a new ID and a new object.
    moved: Vec<Key>,
    /// Additional members of the root or of a role.
    members: Vec<(Option<RoleKind>, &'static str, Value)>,
}

#[derive(Debug, Clone)]
struct DraftRole {
    threshold: u32,
    keys: Vec<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("the role {role} has no keys")]
    MissingRole { role: RoleKind },
    #[error("the threshold of the role {role} is zero")]
    ZeroThreshold { role: RoleKind },
    #[error("the role {role} requires {threshold} signatures but has only {keys} keys")]
    Unreachable {
        role: RoleKind,
        threshold: u32,
        /// Distinct public keys.
        keys: usize,
    },
    #[error("the role {role} contains key {key} twice")]
    DuplicateKey { role: RoleKind, key: KeyId },
    #[error("key {key} of the role {role} is unusable: {reason}")]
    UnusableKey {
        role: RoleKind,
        key: KeyId,
        reason: String,
    },
    /// For text that is not ASCII, two canonical forms are in use.
    #[error("key {key} contains text that is not ASCII")]
    NotAscii { key: KeyId },
    #[error("the previous root lists a different key under the ID {key}")]
    IdTaken { key: KeyId },
    #[error("version {previous} is the last possible version")]
    LastVersion { previous: u64 },
    #[error("the composed root is not valid: {0}")]
    Refused(Remark),
}

impl RootDraft {
    /// Starts version 1. `expires` is written in whole seconds.
    pub fn genesis(expires: Timestamp, consistent_snapshot: bool) -> Self {
        Self::first(RootFormat::Tuf, expires, consistent_snapshot)
    }

    /// Starts version 1 in Notary's format, with keys of [`Key::of_certificate`] and [`Key::notary`].
    pub fn notary_genesis(expires: Timestamp) -> Self {
        // Notary servers do not support consistent snapshots.
        Self::first(RootFormat::Notary, expires, false)
    }

    fn first(format: RootFormat, expires: Timestamp, consistent_snapshot: bool) -> Self {
        let spec_version = (format == RootFormat::Tuf).then(|| json!(SPEC_VERSION));
        let members = [
            ("_type", Some(json!(format.type_text()))),
            ("consistent_snapshot", Some(json!(consistent_snapshot))),
            ("expires", Some(json!(Expires::at(expires).as_str()))),
            ("keys", Some(json!({}))),
            ("roles", Some(json!({}))),
            ("spec_version", spec_version),
            ("version", Some(json!(1))),
        ];
        let members = members.into_iter();
        let tree = members.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Self::editing(tree.collect(), None)
    }

    /// Starts the version after a trusted root. Everything that is not set stays the same.
    ///
    /// # Errors
    /// If there can be no further version.
    pub fn after(previous: &TrustedRoot) -> Result<Self, DraftError> {
        let version = previous.version();
        if version >= super::canonical_json::MAX_INTEGER {
            return Err(DraftError::LastVersion { previous: version });
        }
        let mut tree = previous.tree().clone();
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

    /// Gives a key that stays a new object and the corresponding ID, in all roles that are set. The old ID and the old
    /// object are removed.
    pub fn move_id(&mut self, written: Key) {
        self.moved.push(written);
    }

    /// Sets a custom member of the root or of a role.
    pub fn set_member(&mut self, role: Option<RoleKind>, name: &'static str, value: Value) {
        self.members.push((role, name, value));
    }

    /// Sets the expiry, in whole seconds.
    pub fn set_expires(&mut self, expires: Timestamp) {
        let text = Expires::at(expires).as_str().to_owned();
        self.tree.insert("expires".into(), Value::String(text));
    }

    /// Sets the keys and the threshold of a role. Keys of the previous version keep their ID and their object.
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

    /// Checks the draft and fixes the bytes to be signed.
    ///
    /// # Errors
    /// If a role is missing, unreachable or has unusable keys, or [`RootDocument::read`] rejects the result.
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

    fn write_role(&mut self, kind: RoleKind, role: &DraftRole) -> Result<(), DraftError> {
        if role.threshold == 0 {
            return Err(DraftError::ZeroThreshold { role: kind });
        }
        let mut distinct = HashSet::new();
        for key in &role.keys {
            let public = key.public().ok_or_else(|| DraftError::UnusableKey {
                role: kind,
                key: key.id().clone(),
                reason: key.unusable().unwrap_or_default().to_owned(),
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

    /// Adds a key unless it is listed, and returns its ID.
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
        let mut previous = self.previous.iter().flat_map(RootDocument::keys);
        let known = previous.find(|(_, listed)| {
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

    /// Removes the keys that a role of the previous version used and that no role uses now.
    fn drop_orphans(&mut self) {
        let before = self.previous.as_ref().map(RootDocument::tree);
        let before = before.and_then(|tree| tree.get("roles")?.as_object());
        let before = before.map(named_keys).unwrap_or_default();
        let now = named_keys(&self.roles);
        self.keys
            .retain(|id, _| now.contains(id) || !before.contains(id));
    }
}

/// The key IDs of all roles, including unknown roles.
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
    fn impossible_roles_are_refused() {
        let (a, b, online) = (Signer::p256(), Signer::p384(), Signer::ed25519());
        let refused = |kind, threshold, keys: &[Key]| {
            let mut draft = draft(&[&a, &b], &online);
            draft.set_role(kind, threshold, keys.iter().cloned());
            draft.freeze().unwrap_err().to_string()
        };
        let id = a.key().id().clone();
        assert_eq!(
            refused(RoleKind::Root, 3, &[a.key(), b.key()]),
            "the role root requires 3 signatures but has only 2 keys"
        );
        assert_eq!(
            refused(RoleKind::Targets, 1, &[a.key(), a.key()]),
            format!("the role targets contains key {id} twice")
        );
        assert_eq!(
            refused(RoleKind::Snapshot, 0, &[online.key()]),
            "the threshold of the role snapshot is zero"
        );
        let role = RoleKind::Root;
        assert_eq!(
            RootDraft::genesis(expires(), true).freeze().unwrap_err(),
            DraftError::MissingRole { role }
        );
    }

    #[test]
    fn unknown_members_survive_a_rotation() {
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
        assert!(before.keys().eq(after.keys()), "members keep their order");
        let keys = next.document().keys();
        assert!(keys.contains_key(a.key().id()) && keys.contains_key(c.key().id()));
        assert!(
            !keys.contains_key(b.key().id()),
            "orphaned keys are removed"
        );
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
