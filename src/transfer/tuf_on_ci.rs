//! What tuf-on-ci reads in a root beside keys and thresholds: whose each key is, and when it has to be renewed.

use serde_json::{Value, json};

use crate::metadata::{Key, KeyIdRule, RoleKind, RootDocument, RootDraft};

/// The member of a key that a person signs with: an account, as `@alice`.
const KEY_OWNER: &str = "x-tuf-on-ci-keyowner";
/// The member of a key that a service signs with: where it is.
const ONLINE_URI: &str = "x-tuf-on-ci-online-uri";
const EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";
const SIGNING_PERIOD: &str = "x-tuf-on-ci-signing-period";

/// What tuf-on-ci is told of periods. What is left out stays as the root before has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TufOnCi {
    /// Of the root.
    pub root: Option<Periods>,
    /// Of timestamp and snapshot, which it signs by itself.
    pub online: Option<Periods>,
}

/// For how long metadata is valid, and how long before its end it is signed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Days until it expires.
    pub expiry: u32,
    /// Days before that in which it is signed anew.
    pub signing: u32,
}

impl TufOnCi {
    /// Writes the periods into a root.
    pub fn write(&self, draft: &mut RootDraft) {
        let places = [
            (None, self.root),
            (Some(RoleKind::Timestamp), self.online),
            (Some(RoleKind::Snapshot), self.online),
        ];
        for (place, periods) in places {
            if let Some(periods) = periods {
                draft.set_member(place, EXPIRY_PERIOD, json!(periods.expiry));
                draft.set_member(place, SIGNING_PERIOD, json!(periods.signing));
            }
        }
    }
}

/// The key as the root lists it when somebody owns it.
pub fn owned_by(key: &Key, account: &str) -> Key {
    key.with_member(KEY_OWNER, account)
}

/// The key as the root lists it when a service signs with it.
pub fn online_at(key: &Key, uri: &str) -> Key {
    key.with_member(ONLINE_URI, uri)
}

/// What tuf-on-ci would not take in a root, a sentence each.
pub(super) fn objections(root: &RootDocument) -> Vec<String> {
    let mut objections = Vec::new();
    let mut object = |what: String| objections.push(what);
    if root.consistent_snapshot() != Some(true) {
        object("tuf-on-ci wants consistent_snapshot = true".to_owned());
    }
    let (timestamp, snapshot) = (
        root.role(RoleKind::Timestamp),
        root.role(RoleKind::Snapshot),
    );
    if timestamp != snapshot {
        object("tuf-on-ci wants the same keys and threshold for timestamp and snapshot".to_owned());
    }
    for (id, listed) in root.keys() {
        if listed.rule() != Some(KeyIdRule::SPECIFIED) {
            object(format!(
                "tuf-on-ci wants for key {} the ID that the specification gives it",
                id.short()
            ));
        }
        let object_of_key = listed.key().object();
        let has = |name: &str| object_of_key.get(name).and_then(Value::as_str);
        if has(KEY_OWNER).is_none() && has(ONLINE_URI).is_none() {
            object(format!(
                "key {} has neither {KEY_OWNER} nor {ONLINE_URI}; giving it one changes its ID, and so takes a rotation",
                id.short()
            ));
        }
    }
    let tree = root.tree();
    let has_periods = |value: Option<&Value>| {
        let days = |name: &str| value?.get(name)?.as_u64();
        match (days(SIGNING_PERIOD), days(EXPIRY_PERIOD)) {
            (Some(signing), Some(expiry)) => 1 <= signing && signing < expiry,
            _ => false,
        }
    };
    let signed = Value::Object(tree.clone());
    let roles = tree.get("roles");
    for (place, value) in [
        ("the root", Some(&signed)),
        (
            "role timestamp",
            roles.and_then(|roles| roles.get("timestamp")),
        ),
        (
            "role snapshot",
            roles.and_then(|roles| roles.get("snapshot")),
        ),
    ] {
        if !has_periods(value) {
            object(format!(
                "tuf-on-ci wants in {place} a {SIGNING_PERIOD} of at least a day, and a longer {EXPIRY_PERIOD}"
            ));
        }
    }
    objections
}
