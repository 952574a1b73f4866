//! The signed part of a root file: the JSON as it was received, and a typed view of it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::canonical_json::{self, Node, Part, Tree};
use super::check::{Check, Remark};
use super::expires::Expires;
use super::key::Key;
use super::key_cache::KeyCache;
use super::key_id::{KeyId, KeyIdRule};
use super::limits::{MAX_KEYS, MAX_ROLE_KEYS};
use super::role::{Role, RoleKind};
use crate::certificate::PublicKey;
use crate::words::Digest;

/// A root that was read. It is well-formed; who signed it, and whether anyone did, is another question.
#[derive(Debug, Clone)]
pub struct RootDocument {
    received: Part,
    /// The same as [`RootDocument::tree`] shows it, once somebody has asked.
    tree: OnceLock<Map<String, Value>>,
    signed_bytes: Vec<u8>,
    version: u64,
    spec_version: String,
    expires: Expires,
    consistent_snapshot: Option<bool>,
    keys: BTreeMap<KeyId, ListedKey>,
    roles: [Role; 4],
    remarks: Vec<Remark>,
}

/// A key under the ID that a document gives it.
#[derive(Debug, Clone)]
pub struct ListedKey {
    key: Key,
    rule: Option<KeyIdRule>,
}

impl ListedKey {
    /// Reads a key object, and looks for the rule that explains its ID.
    pub(super) fn read(id: &KeyId, object: Node<'_>) -> Result<Self, Remark> {
        let object = object.to_value();
        let key = Key::from_object(&object)
            .map_err(|error| Remark::new(Check::KeyForm, format!("key {}: {error}", id.short())))?;
        let rule = KeyIdRule::explain(id, &object);
        Ok(Self { key, rule })
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The rule that explains its ID; `None` if no known one does.
    #[must_use]
    pub const fn rule(&self) -> Option<KeyIdRule> {
        self.rule
    }
}

impl RootDocument {
    /// Reads the object `signed` of a root file.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(tree: Map<String, Value>) -> Result<Self, Remark> {
        let received = Tree::of(&Value::Object(tree))
            .map_err(|error| Remark::new(Check::JsonNumber, error.to_string()))?;
        Self::read_with(received.into(), &mut KeyCache::default())
    }

    pub(super) fn read_with(received: Part, cache: &mut KeyCache) -> Result<Self, Remark> {
        let signed = received.node();
        let mut remarks = Vec::new();
        read_type(signed)?;
        let spec_version = read_spec_version(signed, &mut remarks)?;
        let version = read_version(signed)?;
        let expires = read_expires(signed, &mut remarks)?;
        let consistent_snapshot = read_consistent_snapshot(signed, &mut remarks)?;
        let keys = read_keys(object_member(signed, "keys")?, cache)?;
        let roles = read_roles(object_member(signed, "roles")?, &mut remarks)?;
        let mut document = Self {
            signed_bytes: canonical_json::write(signed),
            received,
            tree: OnceLock::new(),
            version,
            spec_version,
            expires,
            consistent_snapshot,
            keys,
            roles,
            remarks,
        };
        document.judge_key_ids()?;
        document.note_keys();
        Ok(document)
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The text of `spec_version`.
    #[must_use]
    pub fn spec_version(&self) -> &str {
        &self.spec_version
    }

    /// When it expires.
    #[must_use]
    pub const fn expires(&self) -> &Expires {
        &self.expires
    }

    /// Whether clients fetch files by version; `None` where the document does not say.
    #[must_use]
    pub const fn consistent_snapshot(&self) -> Option<bool> {
        self.consistent_snapshot
    }

    /// The keys by their IDs.
    #[must_use]
    pub const fn keys(&self) -> &BTreeMap<KeyId, ListedKey> {
        &self.keys
    }

    /// A role.
    #[must_use]
    pub const fn role(&self, kind: RoleKind) -> &Role {
        &self.roles[kind as usize]
    }

    /// The keys of a role that are listed, in the order of the role.
    pub fn role_keys(&self, kind: RoleKind) -> impl Iterator<Item = (&KeyId, &ListedKey)> {
        self.role(kind)
            .key_ids()
            .iter()
            .filter_map(|id| self.keys.get_key_value(id))
    }

    /// The key of that ID, if it is a root key.
    #[must_use]
    pub fn root_key(&self, id: &KeyId) -> Option<&Key> {
        let in_role = self.role(RoleKind::Root).key_ids.contains(id);
        self.keys.get(id).filter(|_| in_role).map(ListedKey::key)
    }

    /// The canonical form: what root keys sign.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed_bytes
    }

    /// The digest of the canonical form: what people read to each other.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes)
    }

    /// The JSON as it was received, unknown members included.
    #[must_use]
    pub fn tree(&self) -> &Map<String, Value> {
        self.tree.get_or_init(|| self.received.node().to_map())
    }

    /// Oddities that decide nothing.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Clients must compute each ID (specification, section 4.3). For a root key
    /// that decides; a wrong one of an online key stands in production roots.
    fn judge_key_ids(&mut self) -> Result<(), Remark> {
        let root = &self.roles[RoleKind::Root as usize].key_ids;
        for (id, listed) in &self.keys {
            match listed.rule {
                Some(KeyIdRule::SPECIFIED) => {}
                Some(rule) => self.remarks.push(Remark::new(
                    Check::KeyIdRule,
                    format!("the ID of key {} is {rule}", id.short()),
                )),
                None if root.contains(id) => {
                    return Err(Remark::new(
                        Check::KeyId,
                        format!(
                            "root key {}: no known rule gives this key that ID; the specification's gives {}",
                            id.short(),
                            listed.key.id().short()
                        ),
                    ));
                }
                None => self.remarks.push(Remark::new(
                    Check::KeyIdUnexplained,
                    format!("no known rule gives key {} its ID", id.short()),
                )),
            }
        }
        Ok(())
    }

    fn note_keys(&mut self) {
        let mut notes = Vec::new();
        for kind in RoleKind::ALL {
            let role = self.role(kind);
            let mut able = Vec::with_capacity(role.key_ids.len());
            for id in &role.key_ids {
                match self.keys.get(id) {
                    Some(listed) => able.extend(listed.key.public().map(PublicKey::as_der)),
                    None => notes.push(Remark::new(
                        Check::RoleKeyMissing,
                        format!("role {kind} names key {}, which is not listed", id.short()),
                    )),
                }
            }
            able.sort_unstable();
            able.dedup();
            if (able.len() as u64) < role.threshold {
                notes.push(Remark::new(
                    Check::RoleUnreachable,
                    format!(
                        "role {kind} needs {} signatures, but {} of its keys can be verified",
                        role.threshold,
                        able.len()
                    ),
                ));
            }
        }
        let mut publics = Vec::with_capacity(self.keys.len());
        for (id, listed) in &self.keys {
            if !self.roles.iter().any(|role| role.key_ids.contains(id)) {
                notes.push(Remark::new(
                    Check::KeyUnused,
                    format!("key {} belongs to no role", id.short()),
                ));
            }
            if let Some(why) = listed.key.unusable() {
                notes.push(Remark::new(
                    Check::KeyUnusable,
                    format!("key {}: {why}", id.short()),
                ));
            }
            if listed.key.holds_private() {
                notes.push(Remark::new(
                    Check::KeyPrivate,
                    format!("key {} is published with its PRIVATE key", id.short()),
                ));
            }
            publics.extend(listed.key.public().map(|public| (public.as_der(), id)));
        }
        publics.sort_unstable();
        for pair in publics.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let (other, id) = (pair[0].1, pair[1].1);
            notes.push(Remark::new(
                Check::KeySamePublicKey,
                format!("{} and {} are the same key", other.short(), id.short()),
            ));
        }
        self.remarks.append(&mut notes);
    }
}

fn object_member<'a>(signed: Node<'a>, name: &str) -> Result<Node<'a>, Remark> {
    signed
        .get(name)
        .and_then(Node::as_object)
        .ok_or_else(|| Remark::new(Check::RootForm, format!("there is no object {name:?}")))
}

fn read_type(signed: Node<'_>) -> Result<(), Remark> {
    match signed.get("_type").and_then(Node::as_str) {
        Some("root") => Ok(()),
        Some("Root") => Err(Remark::new(
            Check::RootType,
            "\"_type\" is \"Root\": this is Notary's format, not TUF 1.0",
        )),
        Some(text) => Err(Remark::new(
            Check::RootType,
            format!("\"_type\" is {text:?}, not \"root\""),
        )),
        None => Err(Remark::new(Check::RootType, "there is no text \"_type\"")),
    }
}

fn read_spec_version(signed: Node<'_>, remarks: &mut Vec<Remark>) -> Result<String, Remark> {
    let text = signed
        .get("spec_version")
        .and_then(Node::as_str)
        .ok_or_else(|| Remark::new(Check::RootSpecVersion, "there is no text \"spec_version\""))?;
    let parts: Vec<&str> = text.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(digits) || parts.first() != Some(&"1") {
        return Err(Remark::new(
            Check::RootSpecVersion,
            format!("\"spec_version\" is {text:?}; only versions 1 are known"),
        ));
    }
    if parts.len() < 3 {
        remarks.push(Remark::new(
            Check::RootSpecVersionForm,
            format!("\"spec_version\" is {text:?}, not of the form 1.MINOR.PATCH"),
        ));
    }
    Ok(text.to_owned())
}

fn read_version(signed: Node<'_>) -> Result<u64, Remark> {
    signed
        .get("version")
        .and_then(Node::as_u64)
        .filter(|version| *version > 0)
        .ok_or_else(|| {
            Remark::new(
                Check::RootVersion,
                "\"version\" is not an integer of at least 1",
            )
        })
}

fn read_expires(signed: Node<'_>, remarks: &mut Vec<Remark>) -> Result<Expires, Remark> {
    let text = signed
        .get("expires")
        .and_then(Node::as_str)
        .ok_or_else(|| Remark::new(Check::RootExpiresForm, "there is no text \"expires\""))?;
    let expires = Expires::parse(text).map_err(|error| {
        Remark::new(
            Check::RootExpiresForm,
            format!("\"expires\" is {text:?}: {error}"),
        )
    })?;
    if !expires.has_specified_form() {
        remarks.push(Remark::new(
            Check::RootExpiresOddForm,
            format!("\"expires\" is {text:?}, not of the form YYYY-MM-DDTHH:MM:SSZ"),
        ));
    }
    Ok(expires)
}

fn read_consistent_snapshot(
    signed: Node<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<bool>, Remark> {
    match signed.get("consistent_snapshot").map(Node::as_bool) {
        Some(Some(value)) => Ok(Some(value)),
        Some(None) => Err(Remark::new(
            Check::RootConsistentSnapshot,
            "\"consistent_snapshot\" is not true or false",
        )),
        None => {
            remarks.push(Remark::new(
                Check::RootNoConsistentSnapshot,
                "\"consistent_snapshot\" is missing",
            ));
            Ok(None)
        }
    }
}

fn read_keys(keys: Node<'_>, cache: &mut KeyCache) -> Result<BTreeMap<KeyId, ListedKey>, Remark> {
    let count = keys.members().count();
    if count > MAX_KEYS {
        return Err(Remark::new(
            Check::KeyLimit,
            format!("there are {count} keys; at most {MAX_KEYS} are read"),
        ));
    }
    keys.members()
        .map(|(text, object)| {
            let id = KeyId::new(text);
            let listed = cache.read(&id, object)?;
            Ok((id, listed))
        })
        .collect()
}

fn read_roles(roles: Node<'_>, remarks: &mut Vec<Remark>) -> Result<[Role; 4], Remark> {
    for (name, _) in roles.members() {
        if !RoleKind::ALL.iter().any(|kind| kind.as_str() == name) {
            remarks.push(Remark::new(
                Check::RoleUnknown,
                format!("there is a role {name:?}"),
            ));
        }
    }
    let [root, timestamp, snapshot, targets] =
        RoleKind::ALL.map(|kind| read_role(kind, roles.get(kind.as_str()), remarks));
    Ok([root?, timestamp?, snapshot?, targets?])
}

fn read_role(
    kind: RoleKind,
    role: Option<Node<'_>>,
    remarks: &mut Vec<Remark>,
) -> Result<Role, Remark> {
    let role =
        role.ok_or_else(|| Remark::new(Check::RoleMissing, format!("there is no role {kind}")))?;
    let form = || {
        Remark::new(
            Check::RoleForm,
            format!("role {kind} has no list of texts \"keyids\""),
        )
    };
    let threshold = role
        .get("threshold")
        .and_then(Node::as_u64)
        .filter(|threshold| *threshold > 0)
        .ok_or_else(|| {
            Remark::new(
                Check::RoleThreshold,
                format!("the threshold of role {kind} is not an integer of at least 1"),
            )
        })?;
    let listed = role
        .get("keyids")
        .and_then(Node::as_array)
        .ok_or_else(form)?;
    let count = listed.items().count();
    if count > MAX_ROLE_KEYS {
        return Err(Remark::new(
            Check::KeyLimit,
            format!("role {kind} names {count} keys; at most {MAX_ROLE_KEYS} are read"),
        ));
    }
    let mut key_ids = Vec::with_capacity(count);
    for id in listed.items() {
        let id = KeyId::new(id.as_str().ok_or_else(form)?);
        if key_ids.contains(&id) {
            remarks.push(Remark::new(
                Check::RoleDuplicateKeyId,
                format!("role {kind} names key {} twice", id.short()),
            ));
        } else {
            key_ids.push(id);
        }
    }
    Ok(Role { threshold, key_ids })
}
