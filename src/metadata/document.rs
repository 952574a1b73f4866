//! The signed part of a root file: the JSON as received, and a typed view of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::authority::{Authority, ListedKey};
use super::canonical_json::canonical_object;
use super::check::{Check, Remark};
use super::expires::Expires;
use super::format::RootFormat;
use super::key::Key;
use super::key_id::KeyId;
use super::role::{Role, RoleKind};
use crate::words::Digest;

/// A well-formed root. Signatures are checked elsewhere.
#[derive(Debug, Clone)]
pub struct RootDocument {
    tree: Map<String, Value>,
    signed_bytes: Vec<u8>,
    format: RootFormat,
    version: u64,
    spec_version: Option<String>,
    expires: Expires,
    consistent_snapshot: Option<bool>,
    authority: Arc<Authority>,
    remarks: Vec<Remark>,
}

impl RootDocument {
    /// Reads the object `signed` of a root file.
    ///
    /// # Errors
    /// The first check that rejects it.
    pub fn read(tree: Map<String, Value>) -> Result<Self, Remark> {
        Self::read_after(tree, None)
    }

    /// [`RootDocument::read`]. If keys and roles are the same as in the previous version, they are shared: in a chain
    /// they rarely change, and each key costs a point check and a hash.
    pub(super) fn read_after(
        tree: Map<String, Value>,
        previous: Option<&Self>,
    ) -> Result<Self, Remark> {
        let signed_bytes = canonical_object(&tree)
            .map_err(|error| Remark::new(Check::JsonNumber, error.to_string()))?;
        let mut remarks = Vec::new();
        let format = read_type(&tree)?;
        let spec_version = match format {
            RootFormat::Tuf => Some(read_spec_version(&tree, &mut remarks)?),
            RootFormat::Notary => None,
        };
        let version = read_version(&tree)?;
        let expires = read_expires(&tree, &mut remarks)?;
        let consistent_snapshot = read_consistent_snapshot(&tree, &mut remarks)?;
        let keys = object_member(&tree, "keys")?;
        let roles = object_member(&tree, "roles")?;
        let shared = previous.filter(|previous| {
            let same = |name| previous.tree.get(name).zip(tree.get(name));
            previous.format == format
                && ["keys", "roles"]
                    .into_iter()
                    .all(|name| same(name).is_some_and(|(old, new)| is_same(old, new)))
        });
        let authority = match shared {
            Some(previous) => Arc::clone(&previous.authority),
            None => Arc::new(Authority::read(format, keys, roles)?),
        };
        remarks.extend_from_slice(&authority.remarks);
        Ok(Self {
            tree,
            signed_bytes,
            format,
            version,
            spec_version,
            expires,
            consistent_snapshot,
            authority,
            remarks,
        })
    }

    pub const fn version(&self) -> u64 {
        self.version
    }

    pub const fn format(&self) -> RootFormat {
        self.format
    }

    /// `None` in Notary's format.
    pub fn spec_version(&self) -> Option<&str> {
        self.spec_version.as_deref()
    }

    pub const fn expires(&self) -> &Expires {
        &self.expires
    }

    /// Whether clients fetch files by version; `None` if the member is missing.
    pub const fn consistent_snapshot(&self) -> Option<bool> {
        self.consistent_snapshot
    }

    pub fn keys(&self) -> &BTreeMap<KeyId, ListedKey> {
        &self.authority.keys
    }

    pub fn role(&self, kind: RoleKind) -> &Role {
        self.authority.role(kind)
    }

    /// The listed keys of a role, in the order of the role.
    pub fn role_keys(&self, kind: RoleKind) -> impl Iterator<Item = (&KeyId, &ListedKey)> {
        self.role(kind)
            .key_ids()
            .iter()
            .filter_map(|id| self.keys().get_key_value(id))
    }

    /// The key with this ID, if it is a root key.
    pub fn root_key(&self, id: &KeyId) -> Option<&Key> {
        let in_role = self.role(RoleKind::Root).key_ids.contains(id);
        self.keys().get(id).filter(|_| in_role).map(ListedKey::key)
    }

    /// Too few root keys have valid certificates, so clients refuse every later root. Only Notary's root keys have
    /// certificates.
    pub(super) fn expired_certificates(&self, at: Timestamp) -> Option<String> {
        if self.format != RootFormat::Notary {
            return None;
        }
        let role = self.role(RoleKind::Root);
        let valid = self.role_keys(RoleKind::Root).filter(|(_, listed)| {
            let leaf = listed.key().certificates().first();
            leaf.and_then(|leaf| leaf.validity().ok())
                .is_some_and(|validity| validity.until >= at)
        });
        let valid = valid.count() as u64;
        (valid < role.threshold()).then(|| {
            let threshold = role.threshold();
            format!(
                "only {valid} of the root keys have a certificate that is valid at {at}, but {threshold} signatures are required"
            )
        })
    }

    /// The canonical form, which root keys sign.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed_bytes
    }

    /// SHA-256 of the canonical form, which people read aloud and compare.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes)
    }

    /// The JSON as received, including unknown members.
    pub const fn tree(&self) -> &Map<String, Value> {
        &self.tree
    }

    /// Findings that do not reject the root.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

fn object_member<'a>(
    signed: &'a Map<String, Value>,
    name: &str,
) -> Result<&'a Map<String, Value>, Remark> {
    signed
        .get(name)
        .and_then(Value::as_object)
        .ok_or_else(|| Remark::new(Check::RootForm, format!("the root has no object {name:?}")))
}

/// Equality including the order of members, because key objects are kept as received.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && is_same(a, b))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        _ => a == b,
    }
}

fn text<'a>(signed: &'a Map<String, Value>, name: &str, check: Check) -> Result<&'a str, Remark> {
    signed
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Remark::new(check, format!("the root has no string {name:?}")))
}

fn read_type(signed: &Map<String, Value>) -> Result<RootFormat, Remark> {
    if let Some(format) = RootFormat::of(signed) {
        return Ok(format);
    }
    let text = text(signed, "_type", Check::RootType)?;
    let why = if text == "Root" {
        "\"_type\" is \"Root\" (Notary's format), but there is a \"spec_version\"".to_owned()
    } else {
        format!("\"_type\" is {text:?} instead of \"root\"")
    };
    Err(Remark::new(Check::RootType, why))
}

fn read_spec_version(
    signed: &Map<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<String, Remark> {
    let text = text(signed, "spec_version", Check::RootSpecVersion)?;
    let parts: Vec<&str> = text.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(digits) || parts.first() != Some(&"1") {
        let why = format!("\"spec_version\" is {text:?}; only 1.x versions are supported");
        return Err(Remark::new(Check::RootSpecVersion, why));
    }
    if parts.len() < 3 {
        let why = format!("\"spec_version\" is {text:?} instead of 1.MINOR.PATCH");
        remarks.push(Remark::new(Check::RootSpecVersionForm, why));
    }
    Ok(text.to_owned())
}

fn read_version(signed: &Map<String, Value>) -> Result<u64, Remark> {
    let version = signed.get("version").and_then(Value::as_u64);
    let why = "\"version\" is not a positive integer";
    version
        .filter(|version| *version > 0)
        .ok_or_else(|| Remark::new(Check::RootVersion, why))
}

fn read_expires(signed: &Map<String, Value>, remarks: &mut Vec<Remark>) -> Result<Expires, Remark> {
    let text = text(signed, "expires", Check::RootExpiresForm)?;
    let expires = Expires::parse(text).map_err(|error| {
        let why = format!("\"expires\" is {text:?}: {error}");
        Remark::new(Check::RootExpiresForm, why)
    })?;
    if !expires.has_specified_form() {
        let why = format!("\"expires\" is {text:?} instead of YYYY-MM-DDTHH:MM:SSZ");
        remarks.push(Remark::new(Check::RootExpiresNonstandard, why));
    }
    Ok(expires)
}

fn read_consistent_snapshot(
    signed: &Map<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<bool>, Remark> {
    let Some(value) = signed.get("consistent_snapshot") else {
        let why = "\"consistent_snapshot\" is missing";
        remarks.push(Remark::new(Check::RootConsistentSnapshotMissing, why));
        return Ok(None);
    };
    let why = "\"consistent_snapshot\" is not true or false";
    let refusal = || Remark::new(Check::RootConsistentSnapshot, why);
    value.as_bool().map(Some).ok_or_else(refusal)
}
