//! The custom members of tuf-on-ci: the owner of each key, and when metadata is renewed.

use serde_json::{Value, json};

use crate::metadata::{Key, KeyIdRule, RoleKind, RootDocument, RootDraft};

/// The account of a person who signs: `@alice`.
const KEY_OWNER: &str = "x-tuf-on-ci-keyowner";
/// The service that signs.
const ONLINE_URI: &str = "x-tuf-on-ci-online-uri";
const EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";
const SIGNING_PERIOD: &str = "x-tuf-on-ci-signing-period";

/// Periods that are not set stay the same as in the previous root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TufOnCi {
    pub root: Option<Periods>,
    /// For timestamp and snapshot, which tuf-on-ci signs itself.
    pub online: Option<Periods>,
}

/// The validity of metadata, and when it is renewed, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub expiry: u32,
    /// Before the expiry.
    pub signing: u32,
}

impl TufOnCi {
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

/// A key with a person as its owner.
pub fn owned_by(key: &Key, account: &str) -> Key {
    key.with_member(KEY_OWNER, account)
}

/// A key that a service signs with.
pub fn online_at(key: &Key, uri: &str) -> Key {
    key.with_member(ONLINE_URI, uri)
}

/// The reasons why tuf-on-ci would refuse a root.
pub(super) fn objections(root: &RootDocument) -> Vec<String> {
    let mut objections = Vec::new();
    let mut object = |text: String| objections.push(text);
    if root.consistent_snapshot() != Some(true) {
        object("tuf-on-ci requires consistent_snapshot = true".to_owned());
    }
    if root.role(RoleKind::Timestamp) != root.role(RoleKind::Snapshot) {
        let text = "tuf-on-ci requires the same keys and threshold for timestamp and snapshot";
        object(text.to_owned());
    }
    for (id, listed) in root.keys() {
        let id = id.short();
        if listed.rule() != Some(KeyIdRule::SPECIFIED) {
            object(format!(
                "tuf-on-ci requires the ID of the specification for key {id}"
            ));
        }
        let has = |name| {
            listed
                .key()
                .object()
                .get(name)
                .is_some_and(Value::is_string)
        };
        if !has(KEY_OWNER) && !has(ONLINE_URI) {
            object(format!(
                "key {id} has neither {KEY_OWNER} nor {ONLINE_URI}; adding one changes the key ID and requires a rotation"
            ));
        }
    }
    let signed = Value::Object(root.tree().clone());
    for (place, pointer) in [
        ("the root", ""),
        ("role timestamp", "/roles/timestamp"),
        ("role snapshot", "/roles/snapshot"),
    ] {
        let days = |name| signed.pointer(pointer)?.get(name)?.as_u64();
        let periods = days(SIGNING_PERIOD).zip(days(EXPIRY_PERIOD));
        if !periods.is_some_and(|(signing, expiry)| 1 <= signing && signing < expiry) {
            object(format!(
                "tuf-on-ci requires in {place} a {SIGNING_PERIOD} of at least one day and a longer {EXPIRY_PERIOD}"
            ));
        }
    }
    objections
}
