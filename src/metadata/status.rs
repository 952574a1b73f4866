//! The status of a root: expiry, who can sign, how many keys may be lost, and the next actions.

use std::collections::HashMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::chain::TrustedRoot;
use super::document::RootDocument;
use super::format::RootFormat;
use super::key_id::KeyId;
use super::role::RoleKind;
use crate::certificate::PublicKey;

/// Renew a root so many days before it expires, because the participants must first be brought together.
const RENEW_DAYS: i64 = 60;
/// With less than 6 months left, stock clients of Notary try to renew the root each time they publish.
const RENEW_NOTARY_DAYS: i64 = 183 + RENEW_DAYS;
/// Renew a certificate of Notary so many days before it expires. An expired certificate cannot be renewed.
const RENEW_CERTIFICATE_DAYS: i64 = 365;
/// The number of lost keys that a root should tolerate.
const DESIRED_TOLERANCE: u64 = 2;

/// The status of a trusted root.
#[derive(Debug, Clone)]
pub struct RootStatus {
    version: u64,
    expires: String,
    days_left: i64,
    roles: Vec<RoleStatus>,
    actions: Vec<NextAction>,
}

/// The status of one role.
#[derive(Debug, Clone)]
struct RoleStatus {
    kind: RoleKind,
    threshold: u64,
    /// The distinct usable keys, with their descriptions.
    keys: Vec<(KeyId, String)>,
    /// How many keys may be lost; `None` if the threshold cannot be reached.
    tolerated_losses: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NextAction {
    /// The stable ID: `renew`.
    id: &'static str,
    /// `None`: at the next ceremony.
    by: Option<Timestamp>,
    text: String,
}

impl RootStatus {
    /// `names` are the known holders of keys.
    pub fn of(root: &TrustedRoot, names: &HashMap<PublicKey, String>, at: Timestamp) -> Self {
        let roles = RoleKind::ALL.map(|kind| RoleStatus::of(root, kind, names));
        Self {
            version: root.version(),
            expires: root.expires().as_str().escape_debug().to_string(),
            days_left: root.expires().days_left(at),
            actions: next_actions(root, &roles, at),
            roles: roles.into(),
        }
    }

    /// The output of `conclave root status --json`.
    pub fn to_json(&self) -> Value {
        let role_json = |role: &RoleStatus| {
            let keys = role.keys.iter();
            let keys: Vec<_> = keys
                .map(|(id, name)| json!({"keyid": id, "key": name}))
                .collect();
            json!({
                "threshold": role.threshold,
                "keys": keys,
                "tolerated_losses": role.tolerated_losses,
            })
        };
        let roles: serde_json::Map<String, Value> = self
            .roles
            .iter()
            .map(|role| (role.kind.to_string(), role_json(role)))
            .collect();
        let actions = self.actions.iter();
        let actions: Vec<_> = actions
            .map(|it| json!({"id": it.id, "by": it.by.map(|by| by.to_string()), "text": it.text}))
            .collect();
        json!({
            "version": self.version,
            "expires": self.expires,
            "days_left": self.days_left,
            "roles": roles,
            "next_actions": actions,
        })
    }
}

impl RoleStatus {
    fn of(document: &RootDocument, kind: RoleKind, names: &HashMap<PublicKey, String>) -> Self {
        let mut seen: Vec<&PublicKey> = Vec::new();
        let mut keys = Vec::new();
        for (id, listed) in document.role_keys(kind) {
            let key = listed.key();
            // A public key counts once. Unusable keys never count.
            let Some(public) = key.public().filter(|public| !seen.contains(public)) else {
                continue;
            };
            seen.push(public);
            let known = names.get(public).cloned().or_else(|| key.holder());
            let described = match known {
                Some(name) => format!("{name}: {}", key.describe()),
                None => key.describe(),
            };
            keys.push((id.clone(), described));
        }
        let threshold = document.role(kind).threshold();
        Self {
            kind,
            threshold,
            tolerated_losses: (keys.len() as u64).checked_sub(threshold),
            keys,
        }
    }
}

/// The day so many days before an instant, but not before `at`.
fn days_before(instant: Timestamp, days: i64, at: Timestamp) -> Timestamp {
    let day = instant.checked_sub(SignedDuration::from_hours(24 * days));
    day.unwrap_or(at).max(at)
}

/// When to renew each certificate of Notary's root keys.
fn certificate_actions(document: &RootDocument, at: Timestamp) -> Vec<(Timestamp, String)> {
    let mut actions = Vec::new();
    for (id, listed) in document.role_keys(RoleKind::Root) {
        let leaf = listed.key().certificates().first();
        let Some(validity) = leaf.and_then(|leaf| leaf.validity().ok()) else {
            continue;
        };
        let (until, id) = (validity.until, id.short());
        actions.push(if until < at {
            let text = format!("create a new repository: the certificate of key {id} expired at {until}, so clients refuse all later roots");
            (at, text)
        } else {
            let text = format!("renew the certificate of key {id} before it expires at {until}: after that, clients refuse all later roots and the repository is lost");
            (days_before(until, RENEW_CERTIFICATE_DAYS, at), text)
        });
    }
    actions
}

fn next_actions(document: &RootDocument, roles: &[RoleStatus], at: Timestamp) -> Vec<NextAction> {
    let mut actions = Vec::new();
    let mut add = |id, by, text| actions.push(NextAction { id, by, text });
    let expires = document.expires();
    let unreachable = roles.iter().filter(|role| role.tolerated_losses.is_none());
    for role in unreachable {
        if role.kind == RoleKind::Root {
            let text = "distribute a new trust anchor to all clients by other means: no further root can be signed";
            add("bootstrap", Some(at), text.to_owned());
        } else {
            let text = format!(
                "replace the keys of role {} in a rotation: it has fewer usable keys than its threshold",
                role.kind
            );
            add("replace-online-keys", Some(at), text);
        }
    }
    for (id, listed) in document.keys() {
        if listed.key().holds_private() {
            let id = id.short();
            let text = format!("revoke key {id}: its private key is published in the root");
            add("revoke", Some(at), text);
        }
    }
    if expires.is_past(at) {
        let text = format!("renew the root: it expired at {expires}, and clients refuse it");
        add("renew", Some(at), text);
    } else {
        let (days, why) = match document.format() {
            RootFormat::Tuf => (RENEW_DAYS, ""),
            RootFormat::Notary => {
                let why = "; with less than 6 months left, stock publishing fails";
                (RENEW_NOTARY_DAYS, why)
            }
        };
        let text =
            format!("renew the root at least {days} days before it expires at {expires}{why}");
        add(
            "renew",
            Some(days_before(expires.instant(), days, at)),
            text,
        );
    }
    for (by, text) in certificate_actions(document, at) {
        add("renew-certificate", Some(by), text);
    }
    if let Some(root) = roles.first() {
        let tolerated = root.tolerated_losses;
        if let Some(losses) = tolerated.filter(|losses| *losses < DESIRED_TOLERANCE) {
            let then = match losses {
                0 => "if one more key is lost, no further root can be signed",
                _ => "if two more keys are lost, no further root can be signed",
            };
            add("add-key", None, format!("add a root key: {then}"));
        }
        if root.threshold == 1 {
            let text = "raise the threshold of the root role: a single key can change everything";
            add("raise-threshold", None, text.to_owned());
        }
    }
    let nonstandard = document
        .keys()
        .iter()
        .filter(|(_, listed)| listed.rule().is_none_or(|rule| !rule.is_standard()));
    for (id, _) in nonstandard {
        let id = id.short();
        let text = format!(
            "give key {id} the ID that the specification requires: some clients refuse the file"
        );
        add("correct-key-id", None, text);
    }
    actions.sort_by_key(|action| action.by.unwrap_or(Timestamp::MAX));
    actions
}

impl fmt::Display for RootStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = match self.days_left {
            ..=-1 => "EXPIRED".to_owned(),
            0 => "less than a day left".to_owned(),
            1 => "1 day left".to_owned(),
            days => format!("{days} days left"),
        };
        writeln!(
            f,
            "root version {}, expires {} ({left})",
            self.version, self.expires
        )?;
        for role in &self.roles {
            let losses = match role.tolerated_losses {
                None => "THE THRESHOLD CANNOT BE REACHED".to_owned(),
                Some(0) => "no key may be lost".to_owned(),
                Some(1) => "1 key may be lost".to_owned(),
                Some(losses) => format!("{losses} keys may be lost"),
            };
            let (kind, keys) = (role.kind, role.keys.len());
            writeln!(
                f,
                "{kind}: {} of {keys} keys must sign; {losses}",
                role.threshold
            )?;
            for (id, name) in &role.keys {
                writeln!(f, "  {}  {name}", id.short())?;
            }
        }
        write!(f, "next actions:")?;
        for NextAction { id, by, text } in &self.actions {
            let when = by.map_or("at the next ceremony".to_owned(), |by| {
                format!("by {}", by.strftime("%Y-%m-%d"))
            });
            write!(f, "\n  {when}: {text} ({id})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::{signed_genesis, signers, trusted};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ids(status: &RootStatus) -> Vec<&'static str> {
        status.actions.iter().map(|action| action.id).collect()
    }

    #[test]
    fn losses_and_actions_are_listed() {
        let [a, b, c, d, online] = signers(["p256", "ed25519", "p384", "p256", "ed25519"]);
        let root = trusted([signed_genesis(&[&a, &b, &c, &d], &online, |_| {})]);
        let names = HashMap::from([(a.public().clone(), "Ada".to_owned())]);
        let status = RootStatus::of(&root, &names, at("2030-01-01T00:00:00Z"));
        assert_eq!(status.roles[0].tolerated_losses, Some(2));
        assert_eq!(status.roles[1].tolerated_losses, Some(0));
        assert_eq!(ids(&status), ["renew"]);
        assert_eq!(status.actions[0].by, Some(at("2030-11-02T00:00:00Z")));
        let text = status.to_string();
        assert!(
            text.contains("365 days left") && text.contains("Ada: P-256"),
            "{text}"
        );
        let late = RootStatus::of(&root, &names, at("2031-01-01T00:00:00Z"));
        assert_eq!(late.actions[0].by, Some(at("2031-01-01T00:00:00Z")));
        assert!(late.actions[0].text.contains("clients refuse it"));
    }

    #[test]
    fn a_root_that_tolerates_few_losses_needs_another_key() {
        let [a, b, c, online] = signers(["p256", "ed25519", "p384", "p256"]);
        let now = at("2030-01-01T00:00:00Z");
        for (root, text) in [
            (vec![&a, &b], "if one more key is lost"),
            (vec![&a, &b, &c], "if two more keys are lost"),
        ] {
            let root = trusted([signed_genesis(&root, &online, |_| {})]);
            let status = RootStatus::of(&root, &HashMap::new(), now);
            assert_eq!(ids(&status), ["renew", "add-key"]);
            assert!(status.actions[1].text.contains(text));
        }
        let alone = trusted([signed_genesis(&[&a, &b, &c], &online, |signed| {
            signed["roles"]["root"]["threshold"] = 1.into();
            signed["roles"]["targets"]["threshold"] = 2.into();
        })]);
        let status = RootStatus::of(&alone, &HashMap::new(), now);
        assert_eq!(
            ids(&status),
            ["replace-online-keys", "renew", "raise-threshold"]
        );
        assert_eq!(status.roles[3].tolerated_losses, None);
    }
}
