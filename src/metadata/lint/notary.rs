//! What Notary's server accepts, and its clients handle wrongly.

use jiff::SignedDuration;
use serde_json::Value;

use super::client::Client::Notary;
use super::{
    Effect::{DoesNotCount, Errs, Refuses},
    Rule, Subject, rule, unknown_roles, when,
};
use crate::metadata::notary::{LeafFault, leaf_faults};
use crate::metadata::role::RoleKind;

/// With less time left, the stock client tries to sign the root again whenever it publishes.
const STOCK_RENEWS_DAYS: i64 = 183;

pub(super) const RULES: &[Rule] = &[
    rule("lint.notary-form", &[(Notary, Errs)], |subject| {
        let is_odd = subject.file.is_some_and(|file| !file.is_exact());
        let text =
            "the file is not written as the server writes it: it lists the hash of another file";
        when(is_odd, text)
    }),
    rule("lint.notary-expires", &[(Notary, Errs)], |subject| {
        let expires = subject.document.expires();
        let text = format!(
            "\"expires\" is {:?}: the server rewrites it",
            expires.as_str()
        );
        when(!expires.has_specified_form(), text)
    }),
    rule("lint.notary-members", &[(Notary, Errs)], members),
    rule(
        "lint.notary-role-unknown",
        &[(Notary, Refuses)],
        unknown_roles,
    ),
    rule("lint.notary-role-keys", &[(Notary, Refuses)], |subject| {
        let mut found = Vec::new();
        for kind in RoleKind::ALL {
            found.extend(subject.missing_keys(kind));
            let role = subject.document.role(kind);
            if (role.key_ids().len() as u64) < role.threshold() {
                found.push(format!("role {kind} has fewer keys than its threshold"));
            }
        }
        found
    }),
    rule("lint.notary-key-id", &[(Notary, Refuses)], |subject| {
        subject.keys(|id, listed| {
            let is_odd = listed.rule().is_none();
            is_odd.then(|| format!("the ID of key {id} is not that of the key"))
        })
    }),
    rule("lint.notary-key", &[(Notary, DoesNotCount)], |subject| {
        subject.keys(|id, listed| Some(format!("key {id}: {}", listed.key().unusable()?)))
    }),
    rule(
        "lint.notary-no-certificate",
        &[(Notary, Refuses)],
        |subject| {
            subject.root_keys(|id, key| {
                let bare = !key.key_type().ends_with("-x509");
                bare.then(|| format!("root key {id} is in no certificate"))
            })
        },
    ),
    rule(
        "lint.notary-certificate-name",
        &[(Notary, Refuses)],
        |subject| leaves(subject, |fault| matches!(fault, LeafFault::Name { .. })),
    ),
    rule(
        "lint.notary-certificate-dates",
        &[(Notary, Refuses)],
        |subject| {
            leaves(subject, |fault| {
                matches!(
                    fault,
                    LeafFault::Dates { .. }
                        | LeafFault::Intermediate { .. }
                        | LeafFault::Unreadable
                )
            })
        },
    ),
    rule(
        "lint.notary-certificate-ends-first",
        &[(Notary, Errs)],
        |subject| {
            leaves(subject, |fault| {
                matches!(fault, LeafFault::EndsFirst { .. })
            })
        },
    ),
    rule(
        "lint.notary-certificate-use",
        &[(Notary, Refuses)],
        |subject| leaves(subject, |fault| *fault == LeafFault::Use),
    ),
    rule("lint.notary-key-twice", &[(Notary, Errs)], |subject| {
        let mut seen = Vec::new();
        let text = "is in two certificates, and counts twice towards the threshold";
        subject.root_keys(|id, key| {
            let public = key.public()?;
            let twice = seen.contains(public);
            seen.push(public.clone());
            twice.then(|| format!("root key {id} {text}"))
        })
    }),
    rule("lint.notary-threshold", &[(Notary, Errs)], |subject| {
        let threshold = subject.document.role(RoleKind::Root).threshold();
        let text = format!("{threshold} root keys must sign: stock tools sign with one alone");
        when(threshold > 1, text)
    }),
    rule("lint.notary-expires-soon", &[(Notary, Errs)], |subject| {
        let expires = subject.document.expires();
        let renewal = SignedDuration::from_hours(24 * STOCK_RENEWS_DAYS);
        let is_soon = subject.service.is_some_and(|service| {
            let soon = service.at.saturating_add(renewal);
            soon.is_ok_and(|soon| expires.is_past(soon))
        });
        let text = format!(
            "it expires at {expires}, in under 6 months: stock publishing tries to sign it anew, and fails"
        );
        when(is_soon, text)
    }),
    rule(
        "lint.notary-signature",
        &[(Notary, DoesNotCount)],
        |subject| {
            subject.signatures(|id, entry| {
                let odd = entry.bytes().is_none();
                odd.then(|| format!("the signature of key {id} is not {}", entry.encoding()))
            })
        },
    ),
];

/// Members that the server leaves out, or adds, when it rewrites the root.
fn members(subject: Subject<'_>) -> Vec<String> {
    const KNOWN: [&str; 6] = [
        "_type",
        "consistent_snapshot",
        "expires",
        "keys",
        "roles",
        "version",
    ];
    let names = subject.document.tree().keys();
    let mut found: Vec<String> = names
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .map(|name| format!("the server leaves the member {name:?} out"))
        .collect();
    if subject.document.consistent_snapshot().is_none() {
        found.push("\"consistent_snapshot\" is missing: the server adds it".to_owned());
    }
    found.extend(subject.keys(|id, listed| {
        let object = listed.key().object();
        let has = |value: &Value, names: [&str; 2]| {
            let members = value.as_object();
            members.is_some_and(|members| {
                members.len() == 2 && names.iter().all(|name| members.contains_key(*name))
            })
        };
        let is_usual = has(object, ["keytype", "keyval"])
            && has(&object["keyval"], ["private", "public"])
            && object["keyval"]["private"].is_null();
        (!is_usual).then(|| format!(
            "key {id} is not written with keytype, and keyval with an empty private and a public: the server writes it so"
        ))
    }));
    found
}

/// A sentence about each fault of some kind of the certificates of root keys.
fn leaves(subject: Subject<'_>, of_kind: fn(&LeafFault) -> bool) -> Vec<String> {
    let Some(service) = subject.service else {
        return Vec::new();
    };
    let expires = subject.document.expires().instant();
    let keys = subject.document.role_keys(RoleKind::Root);
    keys.flat_map(|(id, listed)| {
        let certificates = listed.key().certificates();
        let faults = leaf_faults(certificates, service.gun, service.at, expires);
        faults
            .into_iter()
            .filter(of_kind)
            .map(|fault| format!("root key {}: {fault}", id.short()))
    })
    .collect()
}
