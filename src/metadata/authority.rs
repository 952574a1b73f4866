//! The members `keys` and `roles` of a root.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::check::{Check, Remark};
use super::format::RootFormat;
use super::key::Key;
use super::key_id::{KeyId, KeyIdRule};
use super::limits::{MAX_KEYS, MAX_ROLE_KEYS};
use super::role::{Role, RoleKind};

/// The keys and roles of a root. Versions with the same keys and roles share them.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) keys: BTreeMap<KeyId, ListedKey>,
    roles: [Role; 4],
    pub(super) remarks: Vec<Remark>,
}

/// A key and its ID rule in a document.
#[derive(Debug, Clone)]
pub struct ListedKey {
    key: Key,
    rule: Option<KeyIdRule>,
}

impl ListedKey {
    pub(super) fn read(format: RootFormat, id: &KeyId, object: &Value) -> Result<Self, Remark> {
        let (key, rule) = match format {
            RootFormat::Tuf => (Key::from_object(object), KeyIdRule::explain(id, object)),
            RootFormat::Notary => {
                let is_right = KeyIdRule::NOTARY.id_of(object).as_ref() == Some(id);
                let rule = is_right.then_some(KeyIdRule::NOTARY);
                (Key::from_notary_object(object), rule)
            }
        };
        let key = key
            .map_err(|error| Remark::new(Check::KeyForm, format!("key {}: {error}", id.short())))?;
        Ok(Self { key, rule })
    }

    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The rule of its ID; `None` if the ID does not follow any known rule.
    pub const fn rule(&self) -> Option<KeyIdRule> {
        self.rule
    }
}

impl Authority {
    /// # Errors
    /// The first check that rejects the keys or roles.
    pub(super) fn read(
        format: RootFormat,
        keys: &Map<String, Value>,
        roles: &Map<String, Value>,
    ) -> Result<Self, Remark> {
        let mut remarks = Vec::new();
        let mut authority = Self {
            keys: read_keys(format, keys)?,
            roles: read_roles(roles, &mut remarks)?,
            remarks,
        };
        authority.check_key_ids()?;
        authority.note_keys();
        Ok(authority)
    }

    pub(super) const fn role(&self, kind: RoleKind) -> &Role {
        &self.roles[kind as usize]
    }

    /// Clients must compute each ID (specification, section 4.3). A wrong ID of a root key rejects the root. Wrong IDs
    /// of online keys exist in production roots.
    fn check_key_ids(&mut self) -> Result<(), Remark> {
        let mut note = |check, text| self.remarks.push(Remark::new(check, text));
        let root = &self.roles[RoleKind::Root as usize].key_ids;
        for (id, listed) in &self.keys {
            let short = id.short();
            match listed.rule {
                Some(rule) if rule.is_standard() => {}
                Some(rule) => {
                    let text = format!("the ID of key {short} is computed as {rule}");
                    note(Check::KeyIdRule, text);
                }
                None if root.contains(id) => {
                    let specified = listed.key.id().short();
                    let text = format!(
                        "the ID of root key {short} does not follow any known rule; by the specification it is {specified}"
                    );
                    return Err(Remark::new(Check::KeyId, text));
                }
                None => {
                    let text = format!("the ID of key {short} does not follow any known rule");
                    note(Check::KeyIdUnknown, text);
                }
            }
        }
        Ok(())
    }

    fn note_keys(&mut self) {
        let mut note = |check, text| self.remarks.push(Remark::new(check, text));
        for (kind, role) in RoleKind::ALL.into_iter().zip(&self.roles) {
            let mut able = HashSet::new();
            for id in &role.key_ids {
                if let Some(listed) = self.keys.get(id) {
                    able.extend(listed.key.public());
                } else {
                    let id = id.short();
                    let text = format!("role {kind} contains key {id}, which is not listed");
                    note(Check::RoleKeyMissing, text);
                }
            }
            let (able, threshold) = (able.len(), role.threshold);
            if (able as u64) < threshold {
                let text = format!(
                    "role {kind} requires {threshold} signatures but has only {able} usable keys"
                );
                note(Check::RoleUnreachable, text);
            }
        }
        let mut publics = Vec::with_capacity(self.keys.len());
        for (id, listed) in &self.keys {
            let short = id.short();
            if !self.roles.iter().any(|role| role.key_ids.contains(id)) {
                note(Check::KeyUnused, format!("no role uses key {short}"));
            }
            if let Some(why) = listed.key.unusable() {
                note(
                    Check::KeyUnusable,
                    format!("key {short} is unusable: {why}"),
                );
            }
            if listed.key.holds_private() {
                let text = format!("the root contains the PRIVATE key of key {short}");
                note(Check::KeyPrivate, text);
            }
            publics.extend(listed.key.public().map(|public| (public.as_der(), id)));
        }
        publics.sort_unstable();
        for pair in publics.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let (other, id) = (pair[0].1.short(), pair[1].1.short());
            let text = format!("{other} and {id} are the same key");
            note(Check::KeyDuplicate, text);
        }
    }
}

fn read_keys(
    format: RootFormat,
    keys: &Map<String, Value>,
) -> Result<BTreeMap<KeyId, ListedKey>, Remark> {
    let count = keys.len();
    if count > MAX_KEYS {
        let text = format!("the root has {count} keys; the limit is {MAX_KEYS}");
        return Err(Remark::new(Check::KeyLimit, text));
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
            let text = format!("the role {name:?} is unknown");
            remarks.push(Remark::new(Check::RoleUnknown, text));
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
    let missing = || Remark::new(Check::RoleMissing, format!("the role {kind} is missing"));
    let role = role.ok_or_else(missing)?;
    let form = || {
        let text = format!("role {kind} has no array of strings \"keyids\"");
        Remark::new(Check::RoleForm, text)
    };
    let threshold = role.get("threshold").and_then(Value::as_u64);
    let threshold = threshold
        .filter(|threshold| *threshold > 0)
        .ok_or_else(|| {
            let text = format!("the threshold of role {kind} is not a positive integer");
            Remark::new(Check::RoleThreshold, text)
        })?;
    let listed = role.get("keyids").and_then(Value::as_array);
    let listed = listed.ok_or_else(form)?;
    let count = listed.len();
    if count > MAX_ROLE_KEYS {
        let text = format!("role {kind} has {count} key IDs; the limit is {MAX_ROLE_KEYS}");
        return Err(Remark::new(Check::KeyLimit, text));
    }
    let mut key_ids = Vec::with_capacity(count);
    for id in listed {
        let id = KeyId::new(id.as_str().ok_or_else(form)?);
        if key_ids.contains(&id) {
            let text = format!("role {kind} contains key {} twice", id.short());
            remarks.push(Remark::new(Check::RoleDuplicateKeyId, text));
        } else {
            key_ids.push(id);
        }
    }
    Ok(Role { threshold, key_ids })
}
