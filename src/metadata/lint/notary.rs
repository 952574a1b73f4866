//! Problems of Notary clients with roots that Notary's server accepts.

use jiff::SignedDuration;
use serde_json::Value;

use super::client::Client::Notary;
use super::{
    Effect::{IgnoresKey, Malfunctions, RefusesFile},
    Rule, Subject, rule, unknown_roles, when,
};
use crate::metadata::notary::{CertificateProblem, certificate_problems};
use crate::metadata::role::RoleKind;

/// With less time left, the stock client tries to renew the root each time it publishes.
const STOCK_RENEWS_DAYS: i64 = 183;

pub(super) const RULES: &[Rule] = &[
    rule("lint.notary-form", &[(Notary, Malfunctions)], |subject| {
        let is_odd = subject.file.is_some_and(|file| !file.is_exact());
        let text =
            "the file differs from the form that the server writes and publishes the hash of";
        when(is_odd, text)
    }),
    rule(
        "lint.notary-expires",
        &[(Notary, Malfunctions)],
        |subject| {
            let expires = subject.document.expires();
            let text = format!("the server rewrites \"expires\" {:?}", expires.as_str());
            when(!expires.has_specified_form(), text)
        },
    ),
    rule("lint.notary-members", &[(Notary, Malfunctions)], members),
    rule(
        "lint.notary-role-unknown",
        &[(Notary, RefusesFile)],
        unknown_roles,
    ),
    rule(
        "lint.notary-role-keys",
        &[(Notary, RefusesFile)],
        |subject| {
            let mut found = Vec::new();
            for kind in RoleKind::ALL {
                found.extend(subject.missing_keys(kind));
                let role = subject.document.role(kind);
                if (role.key_ids().len() as u64) < role.threshold() {
                    found.push(format!("role {kind} has fewer keys than its threshold"));
                }
            }
            found
        },
    ),
    rule("lint.notary-key-id", &[(Notary, RefusesFile)], |subject| {
        subject.keys(|id, listed| {
            let is_odd = listed.rule().is_none();
            is_odd.then(|| format!("the ID of key {id} is wrong"))
        })
    }),
    rule("lint.notary-key", &[(Notary, IgnoresKey)], |subject| {
        subject.keys(|id, listed| {
            Some(format!(
                "key {id} is unusable: {}",
                listed.key().unusable()?
            ))
        })
    }),
    rule(
        "lint.notary-no-certificate",
        &[(Notary, RefusesFile)],
        |subject| {
            subject.root_keys(|id, key| {
                let bare = !key.key_type().ends_with("-x509");
                bare.then(|| format!("root key {id} has no certificate"))
            })
        },
    ),
    rule(
        "lint.notary-certificate-name",
        &[(Notary, RefusesFile)],
        |subject| {
            leaves(subject, |problem| {
                matches!(problem, CertificateProblem::Name { .. })
            })
        },
    ),
    rule(
        "lint.notary-certificate-validity",
        &[(Notary, RefusesFile)],
        |subject| leaves(subject, CertificateProblem::is_about_validity),
    ),
    rule(
        "lint.notary-certificate-expires-first",
        &[(Notary, Malfunctions)],
        |subject| {
            leaves(subject, |problem| {
                matches!(problem, CertificateProblem::ExpiresFirst { .. })
            })
        },
    ),
    rule(
        "lint.notary-certificate-usage",
        &[(Notary, RefusesFile)],
        |subject| leaves(subject, |problem| *problem == CertificateProblem::Usage),
    ),
    rule(
        "lint.notary-key-duplicate",
        &[(Notary, Malfunctions)],
        |subject| {
            let mut seen = Vec::new();
            let text = "has two certificates and counts twice";
            subject.root_keys(|id, key| {
                let public = key.public()?;
                let twice = seen.contains(public);
                seen.push(public.clone());
                twice.then(|| format!("root key {id} {text}"))
            })
        },
    ),
    rule(
        "lint.notary-threshold",
        &[(Notary, Malfunctions)],
        |subject| {
            let threshold = subject.document.role(RoleKind::Root).threshold();
            let text =
                format!("{threshold} signatures are required, but stock tools sign only once");
            when(threshold > 1, text)
        },
    ),
    rule(
        "lint.notary-expires-soon",
        &[(Notary, Malfunctions)],
        |subject| {
            let expires = subject.document.expires();
            let renewal = SignedDuration::from_hours(24 * STOCK_RENEWS_DAYS);
            let is_soon = subject.service.is_some_and(|service| {
                let soon = service.at.saturating_add(renewal);
                soon.is_ok_and(|soon| expires.is_past(soon))
            });
            let text = format!(
                "the root expires at {expires}, in less than 6 months: stock publishing tries to sign a new root and fails"
            );
            when(is_soon, text)
        },
    ),
    rule(
        "lint.notary-signature",
        &[(Notary, IgnoresKey)],
        |subject| {
            subject.signatures(|id, entry| {
                let odd = entry.bytes().is_none();
                odd.then(|| format!("the signature by key {id} is not {}", entry.encoding()))
            })
        },
    ),
];

/// Members that the server omits or adds when it rewrites the root.
fn members(subject: Subject<'_>) -> Vec<String> {
    #[rustfmt::skip]
    const KNOWN: [&str; 6] = [
        "_type", "consistent_snapshot", "expires", "keys", "roles", "version",
    ];
    let names = subject.document.tree().keys();
    let mut found: Vec<String> = names
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .map(|name| format!("the server omits the member {name:?}"))
        .collect();
    if subject.document.consistent_snapshot().is_none() {
        found.push("the server adds the missing \"consistent_snapshot\"".to_owned());
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
            "the server rewrites key {id}, because its members are not exactly keytype and keyval (with an empty private, and public)"
        ))
    }));
    found
}

/// Selected problems of the certificates of root keys.
fn leaves(subject: Subject<'_>, of_kind: fn(&CertificateProblem) -> bool) -> Vec<String> {
    let Some(service) = subject.service else {
        return Vec::new();
    };
    let expires = subject.document.expires().instant();
    let keys = subject.document.role_keys(RoleKind::Root);
    keys.flat_map(|(id, listed)| {
        let certificates = listed.key().certificates();
        let problems = certificate_problems(certificates, service.gun, service.at, expires);
        problems
            .into_iter()
            .filter(of_kind)
            .map(|problem| format!("root key {}: {problem}", id.short()))
    })
    .collect()
}
