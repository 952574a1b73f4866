//! The differences between two roots and their consequences.

mod change;
mod consequence;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::RootDocument;
use super::key_id::KeyId;
use super::role::RoleKind;

pub use change::{Change, MemberChange};
pub use consequence::Consequence;

/// The differences between two roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootDiff {
    pub changes: Vec<Change>,
    pub consequences: Vec<Consequence>,
}

impl RootDiff {
    pub fn between(old: &RootDocument, new: &RootDocument) -> Self {
        let mut changes = Vec::new();
        compare_fields(old, new, &mut changes);
        for kind in RoleKind::ALL {
            compare_role(kind, old, new, &mut changes);
        }
        compare_key_objects(old, new, &mut changes);
        compare_members(old, new, &mut changes);
        let consequences = consequence::draw(old, new, &changes);
        Self {
            changes,
            consequences,
        }
    }

    /// The output of `conclave root diff --json`.
    pub fn to_json(&self) -> Value {
        let changes: Vec<_> = self.changes.iter().map(Change::to_json).collect();
        let consequence = |it: &Consequence| json!({"id": it.into_str(), "detail": it.to_string()});
        let consequences: Vec<_> = self.consequences.iter().map(consequence).collect();
        json!({"changes": changes, "consequences": consequences})
    }
}

fn compare_fields(old: &RootDocument, new: &RootDocument, changes: &mut Vec<Change>) {
    if old.version() != new.version() {
        changes.push(Change::Version {
            from: old.version(),
            to: new.version(),
        });
    }
    if old.expires() != new.expires() {
        changes.push(Change::Expires {
            from: old.expires().as_str().to_owned(),
            to: new.expires().as_str().to_owned(),
        });
    }
    if old.spec_version() != new.spec_version() {
        changes.push(Change::SpecVersion {
            from: old.spec_version().unwrap_or_default().to_owned(),
            to: new.spec_version().unwrap_or_default().to_owned(),
        });
    }
    if old.consistent_snapshot() != new.consistent_snapshot() {
        changes.push(Change::ConsistentSnapshot {
            from: old.consistent_snapshot(),
            to: new.consistent_snapshot(),
        });
    }
}

fn compare_role(kind: RoleKind, old: &RootDocument, new: &RootDocument, changes: &mut Vec<Change>) {
    let (before, after) = (old.role(kind), new.role(kind));
    if before.threshold() != after.threshold() {
        changes.push(Change::Threshold {
            role: kind,
            from: before.threshold(),
            to: after.threshold(),
        });
    }
    let only_in = |these: &[KeyId], those: &[KeyId]| -> Vec<KeyId> {
        let those: BTreeSet<_> = those.iter().collect();
        these
            .iter()
            .filter(|id| !those.contains(id))
            .cloned()
            .collect()
    };
    let gone = only_in(before.key_ids(), after.key_ids());
    let mut come = only_in(after.key_ids(), before.key_ids());
    for id in gone {
        let public = public_of(old, &id);
        let renamed = come
            .iter()
            .position(|other| public.is_some() && public_of(new, other) == public);
        let key = describe(old, &id);
        changes.push(match renamed {
            Some(position) => Change::KeyRenamed {
                role: kind,
                to: come.remove(position),
                from: id,
                key,
            },
            None => Change::KeyRemoved {
                role: kind,
                id,
                key,
            },
        });
    }
    changes.extend(come.into_iter().map(|id| Change::KeyAdded {
        role: kind,
        key: describe(new, &id),
        id,
    }));
}

fn public_of<'a>(
    document: &'a RootDocument,
    id: &KeyId,
) -> Option<&'a crate::certificate::PublicKey> {
    document.keys().get(id)?.key().public()
}

fn describe(document: &RootDocument, id: &KeyId) -> String {
    document.keys().get(id).map_or_else(
        || "not listed".to_owned(),
        |listed| listed.key().describe_with_holder(),
    )
}

fn compare_key_objects(old: &RootDocument, new: &RootDocument, changes: &mut Vec<Change>) {
    for (id, before) in old.keys() {
        let Some(after) = new.keys().get(id) else {
            continue;
        };
        let (before, after) = (before.key(), after.key());
        if before.object() == after.object() {
            continue;
        }
        let same = before.public().is_some() && before.public() == after.public();
        changes.push(if same {
            Change::KeyRewritten {
                id: id.clone(),
                key: after.describe_with_holder(),
            }
        } else {
            Change::KeyReplaced {
                id: id.clone(),
                from: before.describe_with_holder(),
                to: after.describe_with_holder(),
            }
        });
    }
}

/// Compares custom members of the root and of roles, and unknown roles.
fn compare_members(old: &RootDocument, new: &RootDocument, changes: &mut Vec<Change>) {
    #[rustfmt::skip]
    const FIELDS: [&str; 7] = [
        "_type", "spec_version", "version", "expires", "consistent_snapshot", "keys", "roles",
    ];
    let object = |value: Option<&Value>| -> Map<String, Value> {
        value
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    compare_maps("", old.tree(), new.tree(), &FIELDS, changes);
    let (before, after) = (
        object(old.tree().get("roles")),
        object(new.tree().get("roles")),
    );
    let known = RoleKind::ALL.map(RoleKind::as_str);
    compare_maps("roles.", &before, &after, &known, changes);
    for name in known {
        let prefix = format!("roles.{name}.");
        let (before, after) = (object(before.get(name)), object(after.get(name)));
        compare_maps(&prefix, &before, &after, &["keyids", "threshold"], changes);
    }
}

fn compare_maps(
    prefix: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    known: &[&str],
    changes: &mut Vec<Change>,
) {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let change = match (old.get(name), new.get(name)) {
            (None, _) => MemberChange::Added,
            (_, None) => MemberChange::Removed,
            (before, after) if before != after => MemberChange::Changed,
            _ => continue,
        };
        let path = format!("{prefix}{name}");
        changes.push(Change::Member { path, change });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::draft::RootDraft;
    use crate::metadata::root_file::RootFile;
    use crate::metadata::testing::{Signer, sign_tree, signed_genesis, signers, trusted};

    fn lines(diff: &RootDiff) -> Vec<String> {
        diff.changes.iter().map(ToString::to_string).collect()
    }

    fn ids(diff: &RootDiff) -> Vec<&'static str> {
        diff.consequences.iter().map(Into::into).collect()
    }

    #[test]
    fn a_root_does_not_differ_from_itself() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let root = trusted([signed_genesis(&[&a, &b], &online, |_| {})]);
        let diff = RootDiff::between(&root, &root);
        assert_eq!(diff.changes, []);
        assert_eq!(ids(&diff), ["same"]);
    }

    #[test]
    fn a_rotation_is_listed_by_role_and_key() {
        let [a, b, c, online] = signers(["p256", "p256", "p384", "ed25519"]);
        let root = trusted([signed_genesis(&[&a, &b], &online, |_| {})]);
        let mut draft = RootDraft::after(&root).unwrap();
        draft.set_role(RoleKind::Root, 1, [a.key(), c.key()]);
        draft.set_role(RoleKind::Timestamp, 1, [c.key()]);
        draft.set_expires("2033-01-01T00:00:00Z".parse().unwrap());
        let next = draft.freeze().unwrap();
        let diff = RootDiff::between(root.document(), next.document());
        let key = |signer: &Signer| {
            format!(
                "{} ({})",
                signer.key().id().short(),
                signer.key().describe()
            )
        };
        assert_eq!(
            lines(&diff),
            [
                "version changes from 1 to 2".to_owned(),
                "expiry changes from 2031-01-01T00:00:00Z to 2033-01-01T00:00:00Z".to_owned(),
                "root: threshold LOWERED from 2 to 1".to_owned(),
                format!("root: - key {}", key(&b)),
                format!("root: + key {}", key(&c)),
                format!("timestamp: - key {}", key(&online)),
                format!("timestamp: + key {}", key(&c)),
            ]
        );
        assert_eq!(ids(&diff), ["signatures", "fast-forward", "sign-again"]);
    }

    #[test]
    fn a_renewal_is_recognized() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let root = trusted([signed_genesis(&[&a, &b], &online, |_| {})]);
        let mut draft = RootDraft::after(&root).unwrap();
        draft.set_expires("2033-01-01T00:00:00Z".parse().unwrap());
        let next = draft.freeze().unwrap();
        let diff = RootDiff::between(root.document(), next.document());
        assert_eq!(ids(&diff), ["renewal", "signatures"]);
        assert!(!diff.changes.iter().any(Change::is_alarming));
    }

    #[test]
    fn a_different_key_with_the_same_id_is_alarming() {
        let [a, b, online, other] = signers(["p256", "p256", "ed25519", "ed25519"]);
        let root = trusted([signed_genesis(&[&a, &b], &online, |_| {})]);
        let mut tree = Value::Object(root.document().tree().clone());
        tree["version"] = json!(2);
        tree["keys"][online.key().id().as_str()] = other.key().object().clone();
        let file = RootFile::read(&sign_tree(&tree, &[&a, &b])).unwrap();
        let diff = RootDiff::between(root.document(), file.document());
        let alarms = diff.changes.iter().filter(|change| change.is_alarming());
        let alarms: Vec<_> = alarms.map(ToString::to_string).collect();
        assert_eq!(
            alarms,
            [format!(
                "DIFFERENT KEY WITH THE SAME ID {}: was {}, now {}",
                online.key().id().short(),
                online.key().describe(),
                other.key().describe()
            )]
        );
        assert!(ids(&diff).contains(&"fast-forward"));
    }

    #[test]
    fn a_key_with_a_new_id_is_the_same_key() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let root = trusted([signed_genesis(&[&a, &b], &online, |_| {})]);
        let mut tree = Value::Object(root.document().tree().clone());
        let old_id = a.key().id().clone();
        let mut object = tree["keys"]
            .as_object_mut()
            .unwrap()
            .remove(old_id.as_str())
            .unwrap();
        object["x-tuf-on-ci-keyowner"] = json!("@alice");
        let id = KeyId::of(&object);
        tree["keys"][id.as_str()] = object;
        tree["roles"]["root"]["keyids"][0] = json!(id);
        tree["x-note"] = json!(1);
        tree["roles"]["targets"]["x-note"] = json!(1);
        let file = RootFile::read(&sign_tree(&tree, &[&a, &b])).unwrap();
        let diff = RootDiff::between(&root, file.document());
        assert_eq!(
            lines(&diff),
            [
                format!(
                    "root: ID of key {} changed to {} ({})",
                    old_id.short(),
                    id.short(),
                    a.key().describe()
                ),
                "member x-note added".to_owned(),
                "member roles.targets.x-note added".to_owned(),
            ]
        );
        assert_eq!(ids(&diff), ["not-next", "new-ids"]);
    }
}
