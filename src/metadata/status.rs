//! How a root stands: what expires when, who can sign, how many losses are survivable, and what to do by when.

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

/// So many days before it expires, a root should be renewed: people must be brought together first.
const RENEW_DAYS: i64 = 60;
/// The same for a root of Notary: with under 6 months left, the stock client tries to sign it whenever it publishes.
const RENEW_NOTARY_DAYS: i64 = 183 + RENEW_DAYS;
/// So many days before a certificate of Notary's root keys ends, it should be renewed: after that nothing helps.
const RENEW_CERTIFICATE_DAYS: i64 = 365;
/// So many lost keys a root should survive.
const WANTED_LOSSES: u64 = 2;

/// How a trusted root stands at a time.
#[derive(Debug, Clone)]
pub struct RootStatus {
    version: u64,
    expires: String,
    days_left: i64,
    roles: Vec<RoleStatus>,
    acts: Vec<NextAct>,
}

/// How one role stands.
#[derive(Debug, Clone)]
pub struct RoleStatus {
    pub kind: RoleKind,
    pub threshold: u64,
    /// Its keys, each public key once, with what people know of it.
    pub keys: Vec<(KeyId, String)>,
    /// How many of its keys may be lost before nobody can sign for it; `None` if nobody can even now.
    pub losses: Option<u64>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAct {
    /// The stable ID: `renew`.
    pub id: &'static str,
    /// By when; `None` where there is no date, and the next ceremony will do.
    pub by: Option<Timestamp>,
    /// What, and why.
    pub text: String,
}

impl RootStatus {
    /// The status of a root. `names` are the holders of keys, where they are known.
    pub fn of(root: &TrustedRoot, names: &HashMap<PublicKey, String>, at: Timestamp) -> Self {
        let document = root.document();
        let roles: Vec<_> = RoleKind::ALL
            .into_iter()
            .map(|kind| RoleStatus::of(document, kind, names))
            .collect();
        let acts = acts(document, &roles, at);
        Self {
            version: root.version(),
            expires: document.expires().as_str().escape_debug().to_string(),
            days_left: document.expires().days_left(at),
            roles,
            acts,
        }
    }

    pub fn roles(&self) -> &[RoleStatus] {
        &self.roles
    }

    pub fn acts(&self) -> &[NextAct] {
        &self.acts
    }

    /// The status as `conclave root status --json` prints it.
    pub fn to_json(&self) -> Value {
        let roles: serde_json::Map<String, Value> = self
            .roles
            .iter()
            .map(|role| {
                let keys: Vec<_> = role
                    .keys
                    .iter()
                    .map(|(id, name)| json!({"keyid": id, "key": name}))
                    .collect();
                let role_json =
                    json!({"threshold": role.threshold, "keys": keys, "losses": role.losses});
                (role.kind.as_str().to_owned(), role_json)
            })
            .collect();
        let acts: Vec<_> = self
            .acts
            .iter()
            .map(|act| {
                json!({"id": act.id, "by": act.by.map(|by| by.to_string()), "text": act.text})
            })
            .collect();
        json!({
            "version": self.version,
            "expires": self.expires,
            "days_left": self.days_left,
            "roles": roles,
            "next": acts,
        })
    }
}

impl RoleStatus {
    fn of(document: &RootDocument, kind: RoleKind, names: &HashMap<PublicKey, String>) -> Self {
        let mut seen: Vec<&PublicKey> = Vec::new();
        let mut keys = Vec::new();
        for (id, listed) in document.role_keys(kind) {
            let key = listed.key();
            // One public key counts once, and one that cannot be verified with never.
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
            losses: (keys.len() as u64).checked_sub(threshold),
            keys,
        }
    }
}

/// So many days before an instant, but not before `at`.
fn days_before(instant: Timestamp, days: i64, at: Timestamp) -> Timestamp {
    let day = instant.checked_sub(SignedDuration::from_hours(24 * days));
    day.unwrap_or(at).max(at)
}

/// Certificates of Notary's root keys that end, each with the day by which others must be in their place. One that has
/// ended cannot be replaced any more.
fn notary_acts(document: &RootDocument, at: Timestamp) -> Vec<(Timestamp, String)> {
    let mut acts = Vec::new();
    for (id, listed) in document.role_keys(RoleKind::Root) {
        let leaf = listed.key().certificates().first();
        let Some(validity) = leaf.and_then(|leaf| leaf.validity().ok()) else {
            continue;
        };
        let (until, id) = (validity.until, id.short());
        acts.push(if until < at {
            let text = format!("the certificate of key {id} ended at {until}: clients take no root after this one, and a new repository is needed");
            (at, text)
        } else {
            let text = format!("renew the certificate of key {id} before it ends at {until}: when it has ended, no client takes another root, and the repository is lost");
            (days_before(until, RENEW_CERTIFICATE_DAYS, at), text)
        });
    }
    acts
}

fn acts(document: &RootDocument, roles: &[RoleStatus], at: Timestamp) -> Vec<NextAct> {
    let mut acts = Vec::new();
    let mut add = |id, by, text| acts.push(NextAct { id, by, text });
    let expires = document.expires();
    for role in roles {
        match (role.kind, role.losses) {
            (_, Some(_)) => {}
            (RoleKind::Root, None) => {
                let text = "nobody can sign a next root any more: bring every client a new trust anchor by another way";
                add("bootstrap", Some(at), text.to_owned());
            }
            (kind, None) => {
                let text = format!(
                    "role {kind} has fewer usable keys than its threshold: a rotation must give it others"
                );
                add("replace-online-keys", Some(at), text);
            }
        }
    }
    for (id, listed) in document.keys() {
        if listed.key().holds_private() {
            let id = id.short();
            let text = format!("the private half of key {id} is published: take it out");
            add("revoke", Some(at), text);
        }
    }
    if expires.is_past(at) {
        let text = format!("clients have refused the root since {expires}: renew it");
        add("renew", Some(at), text);
    } else {
        let (days, why) = match document.format() {
            RootFormat::Tuf => (RENEW_DAYS, ""),
            RootFormat::Notary => {
                let why = ": with under 6 months left, stock publishing fails";
                (RENEW_NOTARY_DAYS, why)
            }
        };
        let text = format!(
            "renew the root {days} days before it expires at {expires}, so that it never is an emergency{why}"
        );
        add(
            "renew",
            Some(days_before(expires.instant(), days, at)),
            text,
        );
    }
    for (by, text) in notary_acts(document, at) {
        add("renew-certificate", Some(by), text);
    }
    if let Some(root) = roles.first() {
        if let Some(losses) = root.losses.filter(|losses| *losses < WANTED_LOSSES) {
            let then = match losses {
                0 => "with the next key that is lost, nobody can change the root any more",
                _ => "one more key can be lost, and no second one",
            };
            add("add-key", None, format!("add a root key: {then}"));
        }
        if root.threshold == 1 {
            let text = "raise the threshold of the root: one key alone can change everything";
            add("raise-threshold", None, text.to_owned());
        }
    }
    let unexplained = document
        .keys()
        .iter()
        .filter(|(_, listed)| listed.rule().is_none_or(|rule| !rule.is_of_its_format()));
    for (id, _) in unexplained {
        let id = id.short();
        let text = format!(
            "move key {id} to the ID that the specification gives it: some clients refuse the file"
        );
        add("move-key-id", None, text);
    }
    acts.sort_by_key(|act| act.by.unwrap_or(Timestamp::MAX));
    acts
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
            let losses = match role.losses {
                None => "NOBODY CAN SIGN".to_owned(),
                Some(0) => "no key may be lost".to_owned(),
                Some(1) => "1 key may be lost".to_owned(),
                Some(losses) => format!("{losses} keys may be lost"),
            };
            writeln!(
                f,
                "{}: {} of {} keys sign; {losses}",
                role.kind,
                role.threshold,
                role.keys.len()
            )?;
            for (id, name) in &role.keys {
                writeln!(f, "  {}  {name}", id.short())?;
            }
        }
        write!(f, "next:")?;
        for act in &self.acts {
            match act.by {
                Some(by) => {
                    let day = by.strftime("%Y-%m-%d");
                    write!(f, "\n  by {day}: {} ({})", act.text, act.id)?;
                }
                None => write!(f, "\n  at the next ceremony: {} ({})", act.text, act.id)?,
            }
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
        status.acts().iter().map(|act| act.id).collect()
    }

    #[test]
    fn it_counts_losses_and_says_what_to_do_by_when() {
        let [a, b, c, d, online] = signers(["p256", "ed25519", "p384", "p256", "ed25519"]);
        let root = trusted([signed_genesis(&[&a, &b, &c, &d], &online, |_| {})]);
        let names = HashMap::from([(a.public().clone(), "Ada".to_owned())]);
        let status = RootStatus::of(&root, &names, at("2030-01-01T00:00:00Z"));
        assert_eq!(status.roles()[0].losses, Some(2));
        assert_eq!(status.roles()[1].losses, Some(0));
        assert_eq!(ids(&status), ["renew"]);
        assert_eq!(status.acts()[0].by, Some(at("2030-11-02T00:00:00Z")));
        let text = status.to_string();
        assert!(
            text.contains("365 days left") && text.contains("Ada: P-256"),
            "{text}"
        );
        let late = RootStatus::of(&root, &names, at("2031-01-01T00:00:00Z"));
        assert_eq!(late.acts()[0].by, Some(at("2031-01-01T00:00:00Z")));
        assert!(late.acts()[0].text.contains("have refused the root since"));
    }

    #[test]
    fn a_root_that_survives_few_losses_wants_another_key() {
        let [a, b, c, online] = signers(["p256", "ed25519", "p384", "p256"]);
        let now = at("2030-01-01T00:00:00Z");
        for (root, text) in [
            (vec![&a, &b], "nobody can change the root"),
            (vec![&a, &b, &c], "no second one"),
        ] {
            let root = trusted([signed_genesis(&root, &online, |_| {})]);
            let status = RootStatus::of(&root, &HashMap::new(), now);
            assert_eq!(ids(&status), ["renew", "add-key"]);
            assert!(status.acts()[1].text.contains(text));
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
        assert_eq!(status.roles()[3].losses, None);
    }
}
