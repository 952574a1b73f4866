//! What Notary's server takes in silence, and its clients choke on.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::client::Client::Notary;
use super::rules::role_names;
use super::{
    Effect::{self, DoesNotCount, Errs, Refuses},
    LintRemark, Subject,
};
use crate::metadata::key::Key;
use crate::metadata::notary::{LeafFault, leaf_faults};
use crate::metadata::role::RoleKind;

/// With less time left, the stock client tries to sign the root anew whenever it publishes.
const STOCK_RENEWS_DAYS: i64 = 183;

/// Where and when a root of Notary is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'a> {
    /// The name of the repository, where it is known.
    pub gun: Option<&'a str>,
    /// The time at which clients read it.
    pub at: Timestamp,
}

struct Rule {
    id: &'static str,
    effect: Effect,
    find: fn(Subject<'_>, Service<'_>) -> Vec<String>,
}

const RULES: &[Rule] = &[
    Rule {
        id: "lint.notary-form",
        effect: Errs,
        find: |subject, _| {
            let is_odd = subject.file.is_some_and(|file| !file.is_exact());
            let text = "the file is not written as the server writes it: it lists the hash of another file";
            is_odd.then(|| text.to_owned()).into_iter().collect()
        },
    },
    Rule {
        id: "lint.notary-expires",
        effect: Errs,
        find: |subject, _| {
            let expires = subject.document.expires();
            let is_odd = !expires.has_specified_form();
            let text = format!(
                "\"expires\" is {:?}: the server rewrites it",
                expires.as_str()
            );
            is_odd.then_some(text).into_iter().collect()
        },
    },
    Rule {
        id: "lint.notary-members",
        effect: Errs,
        find: members,
    },
    Rule {
        id: "lint.notary-role-unknown",
        effect: Refuses,
        find: |subject, _| {
            role_names(subject)
                .filter(|name| !RoleKind::ALL.iter().any(|kind| kind.as_str() == *name))
                .map(|name| format!("there is a role {name:?}"))
                .collect()
        },
    },
    Rule {
        id: "lint.notary-role-keys",
        effect: Refuses,
        find: role_keys,
    },
    Rule {
        id: "lint.notary-key-id",
        effect: Refuses,
        find: |subject, _| {
            let keys = subject.document.keys().iter();
            keys.filter(|(_, listed)| listed.rule().is_none())
                .map(|(id, _)| format!("the ID of key {} is not that of the key", id.short()))
                .collect()
        },
    },
    Rule {
        id: "lint.notary-key",
        effect: DoesNotCount,
        find: |subject, _| {
            let keys = subject.document.keys().iter();
            keys.filter_map(|(id, listed)| {
                let why = listed.key().unusable()?;
                Some(format!("key {}: {why}", id.short()))
            })
            .collect()
        },
    },
    Rule {
        id: "lint.notary-no-certificate",
        effect: Refuses,
        find: |subject, _| {
            let bare = |key: &Key| !key.key_type().ends_with("-x509");
            let keys = subject.document.role_keys(RoleKind::Root);
            keys.filter(|(_, listed)| bare(listed.key()))
                .map(|(id, _)| format!("root key {} is in no certificate", id.short()))
                .collect()
        },
    },
    Rule {
        id: "lint.notary-certificate-name",
        effect: Refuses,
        find: |subject, service| {
            leaves(subject, service, |fault| {
                matches!(fault, LeafFault::Name { .. })
            })
        },
    },
    Rule {
        id: "lint.notary-certificate-dates",
        effect: Refuses,
        find: |subject, service| {
            leaves(subject, service, |fault| {
                matches!(
                    fault,
                    LeafFault::Dates { .. }
                        | LeafFault::Intermediate { .. }
                        | LeafFault::Unreadable
                )
            })
        },
    },
    Rule {
        id: "lint.notary-certificate-ends-first",
        effect: Errs,
        find: |subject, service| {
            leaves(subject, service, |fault| {
                matches!(fault, LeafFault::EndsFirst { .. })
            })
        },
    },
    Rule {
        id: "lint.notary-certificate-use",
        effect: Refuses,
        find: |subject, service| leaves(subject, service, |fault| *fault == LeafFault::Use),
    },
    Rule {
        id: "lint.notary-key-twice",
        effect: Errs,
        find: |subject, _| {
            let mut seen = HashSet::new();
            let keys = subject.document.role_keys(RoleKind::Root);
            keys.filter(|(_, listed)| {
                listed
                    .key()
                    .public()
                    .is_some_and(|public| !seen.insert(public))
            })
            .map(|(id, _)| {
                format!(
                    "root key {} is in two certificates, and counts twice towards the threshold",
                    id.short()
                )
            })
            .collect()
        },
    },
    Rule {
        id: "lint.notary-threshold",
        effect: Errs,
        find: |subject, _| {
            let threshold = subject.document.role(RoleKind::Root).threshold();
            let text = format!("{threshold} root keys must sign: stock tools sign with one alone");
            (threshold > 1).then_some(text).into_iter().collect()
        },
    },
    Rule {
        id: "lint.notary-expires-soon",
        effect: Errs,
        find: |subject, service| {
            let expires = subject.document.expires();
            let soon = service
                .at
                .saturating_add(SignedDuration::from_hours(24 * STOCK_RENEWS_DAYS));
            let is_soon = soon.is_ok_and(|soon| expires.is_past(soon));
            let text = format!(
                "it expires at {expires}, in under 6 months: stock publishing tries to sign it anew, and fails"
            );
            is_soon.then_some(text).into_iter().collect()
        },
    },
    Rule {
        id: "lint.notary-signature",
        effect: DoesNotCount,
        find: |subject, _| {
            let entries = subject
                .file
                .map(super::RootFile::signatures)
                .unwrap_or_default();
            let odd = entries.iter().filter(|entry| entry.bytes().is_none());
            odd.map(|entry| {
                format!(
                    "the signature of key {} is not {}",
                    entry.key_id().short(),
                    entry.encoding()
                )
            })
            .collect()
        },
    },
];

/// What Notary's clients stumble over in a root file.
#[must_use]
pub fn lint_notary(file: &super::RootFile, service: Service<'_>) -> Vec<LintRemark> {
    let subject = Subject {
        document: file.document(),
        file: Some(file),
    };
    apply(subject, service)
}

/// What Notary's clients stumble over in a root that is not signed yet.
#[must_use]
pub fn lint_notary_document(
    document: &crate::metadata::RootDocument,
    service: Service<'_>,
) -> Vec<LintRemark> {
    apply(
        Subject {
            document,
            file: None,
        },
        service,
    )
}

fn apply(subject: Subject<'_>, service: Service<'_>) -> Vec<LintRemark> {
    let mut remarks = Vec::new();
    for rule in RULES {
        let found = (rule.find)(subject, service).into_iter();
        remarks.extend(found.map(|detail| LintRemark {
            client: Notary,
            rule: rule.id,
            effect: rule.effect,
            detail,
        }));
    }
    remarks
}

pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.id)
}

/// Members that the server leaves out, or adds, when it writes the root anew.
fn members(subject: Subject<'_>, _: Service<'_>) -> Vec<String> {
    const KNOWN: [&str; 6] = [
        "_type",
        "consistent_snapshot",
        "expires",
        "keys",
        "roles",
        "version",
    ];
    let tree = subject.document.tree();
    let mut found: Vec<String> = tree
        .keys()
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .map(|name| format!("the server leaves the member {name:?} out"))
        .collect();
    if subject.document.consistent_snapshot().is_none() {
        found.push("\"consistent_snapshot\" is missing: the server adds it".to_owned());
    }
    for (id, listed) in subject.document.keys() {
        let object = listed.key().object();
        let names = |value: &serde_json::Value| -> Vec<String> {
            let members = value.as_object().into_iter().flatten();
            let mut names: Vec<_> = members.map(|(name, _)| name.clone()).collect();
            names.sort();
            names
        };
        let is_usual = names(object) == ["keytype", "keyval"]
            && names(&object["keyval"]) == ["private", "public"]
            && object["keyval"]["private"].is_null();
        if !is_usual {
            found.push(format!(
                "key {} is not written with keytype, and keyval with an empty private and a public: the server writes it so",
                id.short()
            ));
        }
    }
    found
}

fn role_keys(subject: Subject<'_>, _: Service<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for kind in RoleKind::ALL {
        let role = subject.document.role(kind);
        for id in role.key_ids() {
            if !subject.document.keys().contains_key(id) {
                found.push(format!(
                    "role {kind} names key {}, which is not listed",
                    id.short()
                ));
            }
        }
        if (role.key_ids().len() as u64) < role.threshold() {
            found.push(format!("role {kind} has fewer keys than its threshold"));
        }
    }
    found
}

/// A sentence about each fault of some kind of the certificates of root keys.
fn leaves(
    subject: Subject<'_>,
    service: Service<'_>,
    of_kind: fn(&LeafFault) -> bool,
) -> Vec<String> {
    let expires = subject.document.expires().instant();
    let keys = subject.document.role_keys(RoleKind::Root);
    keys.flat_map(|(id, listed)| {
        let faults = leaf_faults(
            listed.key().certificates(),
            service.gun,
            service.at,
            expires,
        );
        let faults = faults.into_iter().filter(of_kind);
        faults
            .map(|fault| format!("root key {}: {fault}", id.short()))
            .collect::<Vec<_>>()
    })
    .collect()
}
