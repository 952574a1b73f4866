//! The rules: what to look for, and what each client does when it is there.

use std::collections::HashMap;

use serde_json::Value;

use super::client::Client::{self, GoTuf, Notary, PythonTuf, Sigstore, Tough, TufJs};
use super::{
    Effect::{self, DoesNotCount, Errs, Refuses},
    Subject,
};
use crate::certificate::Algorithm;
use crate::metadata::canonical_json::MAX_INTEGER;
use crate::metadata::key::Key;
use crate::metadata::key_id::{KeyId, KeyIdRule};
use crate::metadata::limits::CLIENT_FILE_BYTES;
use crate::metadata::role::RoleKind;
use crate::metadata::scheme::Scheme;

/// The default of tough's `max_root_size`.
const TOUGH_FILE_BYTES: usize = 1 << 20;

pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) effects: &'static [(Client, Effect)],
    pub(super) find: fn(Subject<'_>) -> Vec<String>,
}

/// The rule that holds for every root of another format.
pub(super) const FORMAT: &str = "lint.format";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: FORMAT,
        effects: &[(Notary, Refuses)],
        find: |_| vec!["this is TUF 1.0; Notary reads its own format only".into()],
    },
    Rule {
        id: "lint.expires-form",
        effects: &[(PythonTuf, Refuses), (Tough, Refuses)],
        find: |subject| {
            let expires = subject.document.expires();
            let text = format!("\"expires\" is {:?}", expires.as_str());
            when(!expires.has_specified_form(), text)
        },
    },
    Rule {
        id: "lint.expires-range",
        effects: &[(Tough, Refuses)],
        find: |subject| {
            let expires = subject.document.expires();
            let beyond = expires.instant() == jiff::Timestamp::MAX;
            let text = format!("\"expires\" is {:?}: beyond its clock", expires.as_str());
            when(beyond, text)
        },
    },
    Rule {
        id: "lint.spec-version",
        effects: &[(PythonTuf, Refuses), (TufJs, Refuses)],
        find: |subject| {
            let version = subject.document.spec_version();
            let short = version.is_some_and(|version| !version.contains('.'));
            when(short, "\"spec_version\" is a major version alone".into())
        },
    },
    Rule {
        id: "lint.consistent-snapshot",
        effects: &[(Tough, Refuses), (TufJs, Refuses)],
        find: |subject| {
            let missing = subject.document.consistent_snapshot().is_none();
            when(missing, "\"consistent_snapshot\" is missing".into())
        },
    },
    Rule {
        id: "lint.version-large",
        effects: &[(TufJs, Errs)],
        find: |subject| {
            let version = subject.document.version();
            let text = format!("version {version}: it asks for the next one for ever");
            when(version >= MAX_INTEGER, text)
        },
    },
    Rule {
        id: "lint.role-unknown",
        effects: &[(PythonTuf, Refuses), (Tough, Refuses)],
        find: |subject| {
            role_names(subject)
                .filter(|name| !RoleKind::ALL.iter().any(|kind| kind.as_str() == *name))
                .map(|name| format!("there is a role {name:?}"))
                .collect()
        },
    },
    Rule {
        id: "lint.role-duplicate-keyid",
        effects: &[(PythonTuf, Refuses), (TufJs, Refuses)],
        find: duplicate_key_ids,
    },
    Rule {
        id: "lint.role-key-missing",
        effects: &[(GoTuf, Refuses)],
        find: |subject| {
            let mut found = Vec::new();
            for kind in RoleKind::ALL {
                for id in subject.document.role(kind).key_ids() {
                    if !subject.document.keys().contains_key(id) {
                        let text =
                            format!("role {kind} names key {}, which is not listed", id.short());
                        found.push(text);
                    }
                }
            }
            found
        },
    },
    Rule {
        id: "lint.key-id",
        effects: &[(Tough, Refuses)],
        find: |subject| {
            let odd = |rule| rule != Some(KeyIdRule::SPECIFIED);
            let keys = subject.document.keys().iter();
            keys.filter(|(_, listed)| odd(listed.rule()))
                .map(|(id, _)| {
                    format!(
                        "the ID of key {} is not that of its whole object",
                        id.short()
                    )
                })
                .collect()
        },
    },
    Rule {
        id: "lint.key-unusable",
        effects: &[(PythonTuf, Refuses), (Tough, Refuses), (GoTuf, Refuses)],
        find: |subject| {
            keys(
                subject,
                |key| key.unusable().is_some(),
                |id, key| {
                    let why = key.unusable().unwrap_or_default();
                    format!("key {id} is of no known kind, or damaged: {why}")
                },
            )
        },
    },
    Rule {
        id: "lint.key-public-missing",
        effects: &[(Sigstore, Refuses)],
        find: |subject| {
            let missing = |key: &Key| !key.object()["keyval"]["public"].is_string();
            keys(subject, missing, |id, _| {
                format!("key {id} has no text \"public\"")
            })
        },
    },
    Rule {
        id: "lint.keyval-text",
        effects: &[(TufJs, Refuses)],
        find: |subject| {
            let not_text = |key: &Key| {
                let members = key.object()["keyval"].as_object();
                members.is_some_and(|members| members.values().any(|value| !value.is_string()))
            };
            keys(subject, not_text, |id, _| {
                format!("\"keyval\" of key {id} has a member that is no text")
            })
        },
    },
    Rule {
        id: "lint.key-large-curve",
        effects: &[(Tough, Refuses), (TufJs, DoesNotCount)],
        find: |subject| {
            let large =
                |key: &Key| matches!(key.scheme(), Some(Scheme::EcdsaP384 | Scheme::EcdsaP521));
            keys(subject, large, |id, key| {
                format!("key {id} is for {}", key.scheme_name())
            })
        },
    },
    Rule {
        id: "lint.key-hex",
        effects: &[
            (PythonTuf, DoesNotCount),
            (GoTuf, DoesNotCount),
            (Sigstore, DoesNotCount),
        ],
        find: |subject| {
            let in_hex = |key: &Key| {
                key.scheme().is_some_and(Scheme::is_ecdsa) && !text_of(key).contains("-----")
            };
            keys(subject, in_hex, |id, _| {
                format!("key {id} is ECDSA, written in hex")
            })
        },
    },
    Rule {
        id: "lint.key-compressed",
        effects: &[(GoTuf, Refuses), (Sigstore, DoesNotCount)],
        find: |subject| {
            keys(subject, is_compressed, |id, _| {
                format!("key {id} is a compressed point")
            })
        },
    },
    Rule {
        id: "lint.key-pkcs1v15",
        effects: &[
            (Tough, Refuses),
            (TufJs, DoesNotCount),
            (GoTuf, DoesNotCount),
            (Sigstore, DoesNotCount),
        ],
        find: |subject| {
            let pkcs1 = |key: &Key| {
                matches!(
                    key.scheme(),
                    Some(Scheme::RsaPkcs1Sha256 | Scheme::RsaPkcs1Sha384 | Scheme::RsaPkcs1Sha512)
                )
            };
            keys(subject, pkcs1, |id, key| {
                format!("key {id} is for {}", key.scheme_name())
            })
        },
    },
    Rule {
        id: "lint.key-pss-digest",
        effects: &[
            (Tough, Refuses),
            (TufJs, DoesNotCount),
            (GoTuf, DoesNotCount),
        ],
        find: |subject| {
            let long = |key: &Key| {
                matches!(
                    key.scheme(),
                    Some(Scheme::RsaPssSha384 | Scheme::RsaPssSha512)
                )
            };
            keys(subject, long, |id, key| {
                format!("key {id} is for {}", key.scheme_name())
            })
        },
    },
    Rule {
        id: "lint.key-twice",
        effects: &[
            (PythonTuf, Errs),
            (Tough, Errs),
            (TufJs, Errs),
            (Sigstore, Errs),
        ],
        find: simulated_tokens,
    },
    Rule {
        id: "lint.not-ascii",
        effects: &[(Tough, Errs), (TufJs, Errs)],
        find: |subject| {
            let text = "there is text that is not ASCII: tough normalizes it before it verifies, \
                        tuf-js sorts it by UTF-16";
            when(!subject.document.signed_bytes().is_ascii(), text.into())
        },
    },
    Rule {
        id: "lint.signature-hex",
        effects: &[(Tough, Refuses), (GoTuf, Refuses)],
        find: |subject| {
            let entries = subject
                .file
                .map(super::RootFile::signatures)
                .unwrap_or_default();
            let odd = entries.iter().filter(|entry| entry.bytes().is_none());
            odd.map(|entry| format!("the signature of key {} is not hex", entry.key_id().short()))
                .collect()
        },
    },
    Rule {
        id: "lint.signature-keyid-hex",
        effects: &[(Tough, Refuses)],
        find: |subject| {
            let entries = subject
                .file
                .map(super::RootFile::signatures)
                .unwrap_or_default();
            let odd = entries
                .iter()
                .filter(|entry| hex::decode(entry.key_id().as_str()).is_err());
            odd.map(|entry| {
                format!(
                    "a signature names key {}, which is not hex",
                    entry.key_id().short()
                )
            })
            .collect()
        },
    },
    Rule {
        id: "lint.signature-empty",
        effects: &[(GoTuf, Errs), (Sigstore, Errs)],
        find: |subject| {
            let entries = subject
                .file
                .map(super::RootFile::signatures)
                .unwrap_or_default();
            let empty = entries.iter().filter(|entry| entry.text().is_empty());
            empty
                .map(|entry| {
                    format!(
                        "the signature of key {} is an empty place-holder",
                        entry.key_id().short()
                    )
                })
                .collect()
        },
    },
    Rule {
        id: "lint.file-size",
        effects: &[(PythonTuf, Refuses), (TufJs, Refuses), (GoTuf, Refuses)],
        find: |subject| too_large(subject, CLIENT_FILE_BYTES),
    },
    Rule {
        id: "lint.file-size-1m",
        effects: &[(Tough, Refuses)],
        find: |subject| too_large(subject, TOUGH_FILE_BYTES),
    },
];

fn when(case: bool, text: String) -> Vec<String> {
    case.then_some(text).into_iter().collect()
}

/// A sentence about each key of some kind.
fn keys(
    subject: Subject<'_>,
    of_kind: impl Fn(&Key) -> bool,
    sentence: impl Fn(String, &Key) -> String,
) -> Vec<String> {
    let listed = subject.document.keys().iter();
    listed
        .filter(|(_, listed)| of_kind(listed.key()))
        .map(|(id, listed)| sentence(id.short(), listed.key()))
        .collect()
}

fn text_of(key: &Key) -> &str {
    key.object()["keyval"]["public"]
        .as_str()
        .unwrap_or_default()
}

pub(super) fn role_names(subject: Subject<'_>) -> impl Iterator<Item = &str> {
    let roles = subject
        .document
        .tree()
        .get("roles")
        .and_then(Value::as_object);
    roles
        .into_iter()
        .flat_map(|roles| roles.keys().map(String::as_str))
}

fn duplicate_key_ids(subject: Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for kind in RoleKind::ALL {
        let listed = subject.document.tree()["roles"][kind.as_str()]["keyids"].as_array();
        let distinct = subject.document.role(kind).key_ids().len();
        if listed.is_some_and(|listed| listed.len() > distinct) {
            found.push(format!("role {kind} names a key twice"));
        }
    }
    found
}

/// Whether a key is written as a compressed point. In its normal form it is longer.
fn is_compressed(key: &Key) -> bool {
    use base64::Engine as _;
    let Some(public) = key.public() else {
        return false;
    };
    if !matches!(
        public.algorithm(),
        Algorithm::P256 | Algorithm::P384 | Algorithm::P521
    ) {
        return false;
    }
    let body: String = text_of(key)
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::chars)
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    let written = hex::decode(&body)
        .or_else(|_| base64::engine::general_purpose::STANDARD.decode(&body))
        .unwrap_or_default();
    !written.is_empty() && written.len() < public.subject_bits().len()
}

fn simulated_tokens(subject: Subject<'_>) -> Vec<String> {
    let mut first: HashMap<_, &KeyId> = HashMap::new();
    let mut found = Vec::new();
    for (id, listed) in subject.document.keys() {
        if let Some(public) = listed.key().public()
            && let Some(other) = first.insert(public, id)
        {
            let text = "are one key: it may count twice towards a threshold";
            found.push(format!("{} and {} {text}", other.short(), id.short()));
        }
    }
    found
}

fn too_large(subject: Subject<'_>, limit: usize) -> Vec<String> {
    let size = subject.file.map_or(0, super::RootFile::size);
    when(
        size > limit,
        format!("the file has {size} bytes, more than {limit}"),
    )
}
