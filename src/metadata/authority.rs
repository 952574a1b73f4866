//! Who may sign what: the members `keys` and `roles` of a root.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::check::{Check, Remark};
use super::format::RootFormat;
use super::key::Key;
use super::key_id::{KeyId, KeyIdRule};
use super::limits::{MAX_KEYS, MAX_ROLE_KEYS};
use super::role::{Role, RoleKind};
use crate::certificate::PublicKey;

/// The keys and roles of a root. Versions of which neither changes share them.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) keys: BTreeMap<KeyId, ListedKey>,
    roles: [Role; 4],
    /// Oddities that decide nothing.
    pub(super) remarks: Vec<Remark>,
}

/// A key under the ID that a document gives it.
#[derive(Debug, Clone)]
pub struct ListedKey {
    key: Key,
    rule: Option<KeyIdRule>,
}

impl ListedKey {
    /// Reads a key object, and looks for the rule that explains its ID.
    pub(super) fn read(format: RootFormat, id: &KeyId, object: &Value) -> Result<Self, Remark> {
        let (key, rule) = match format {
            RootFormat::Tuf => (Key::from_object(object), KeyIdRule::explain(id, object)),
            RootFormat::Notary => (
                Key::from_notary_object(object),
                KeyIdRule::explain_notary(id, object),
            ),
        };
        let key = key
            .map_err(|error| Remark::new(Check::KeyForm, format!("key {}: {error}", id.short())))?;
        Ok(Self { key, rule })
    }

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

impl Authority {
    /// Reads the objects `keys` and `roles` of a root.
    ///
    /// # Errors
    /// With the first check that refuses them.
    pub(super) fn read(
        format: RootFormat,
        keys: &Map<String, Value>,
        roles: &Map<String, Value>,
    ) -> Result<Self, Remark> {
        let mut remarks = Vec::new();
        let keys = read_keys(format, keys)?;
        let roles = read_roles(roles, &mut remarks)?;
        let mut authority = Self {
            keys,
            roles,
            remarks,
        };
        authority.judge_key_ids()?;
        authority.note_keys();
        Ok(authority)
    }

    pub(super) const fn role(&self, kind: RoleKind) -> &Role {
        &self.roles[kind as usize]
    }

    /// Clients must compute each ID (specification, section 4.3). For a root key
    /// that decides; a wrong one of an online key stands in production roots.
    fn judge_key_ids(&mut self) -> Result<(), Remark> {
        let root = &self.roles[RoleKind::Root as usize].key_ids;
        for (id, listed) in &self.keys {
            match listed.rule {
                Some(KeyIdRule::SPECIFIED | KeyIdRule::NOTARY) => {}
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

fn read_keys(
    format: RootFormat,
    keys: &Map<String, Value>,
) -> Result<BTreeMap<KeyId, ListedKey>, Remark> {
    let count = keys.len();
    if count > MAX_KEYS {
        return Err(Remark::new(
            Check::KeyLimit,
            format!("there are {count} keys; at most {MAX_KEYS} are read"),
        ));
    }
    keys.iter()
        .map(|(text, object)| {
            let id = KeyId::new(text);
            let listed = ListedKey::read(format, &id, object)?;
            Ok((id, listed))
        })
        .collect()
}

fn read_roles(roles: &Map<String, Value>, remarks: &mut Vec<Remark>) -> Result<[Role; 4], Remark> {
    for name in roles.keys() {
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
    role: Option<&Value>,
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
        .and_then(Value::as_u64)
        .filter(|threshold| *threshold > 0)
        .ok_or_else(|| {
            Remark::new(
                Check::RoleThreshold,
                format!("the threshold of role {kind} is not an integer of at least 1"),
            )
        })?;
    let listed = role
        .get("keyids")
        .and_then(Value::as_array)
        .ok_or_else(form)?;
    let count = listed.len();
    if count > MAX_ROLE_KEYS {
        return Err(Remark::new(
            Check::KeyLimit,
            format!("role {kind} names {count} keys; at most {MAX_ROLE_KEYS} are read"),
        ));
    }
    let mut key_ids = Vec::with_capacity(count);
    for id in listed.iter() {
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
