//! What clients of TUF 1.0 handle wrongly, and what each of them does then.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::Client::{GoTuf, Notary, PythonTuf, Sigstore, Tough, TufJs};
use super::{
    Effect::{DoesNotCount, Errs, Refuses},
    Rule, Subject, rule, unknown_roles, when,
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

/// The rule that holds for every root of another format.
pub(super) const FORMAT: &str = "lint.format";

pub(super) const RULES: &[Rule] = &[
    rule(FORMAT, &[(Notary, Refuses)], |_| {
        when(true, "this is TUF 1.0; Notary reads its own format only")
    }),
    rule(
        "lint.expires-form",
        &[(PythonTuf, Refuses), (Tough, Refuses)],
        |subject| {
            let expires = subject.document.expires();
            let text = format!("\"expires\" is {:?}", expires.as_str());
            when(!expires.has_specified_form(), text)
        },
    ),
    rule("lint.expires-range", &[(Tough, Refuses)], |subject| {
        let expires = subject.document.expires();
        let text = format!("\"expires\" is {:?}: beyond its clock", expires.as_str());
        when(expires.instant() == jiff::Timestamp::MAX, text)
    }),
    rule(
        "lint.spec-version",
        &[(PythonTuf, Refuses), (TufJs, Refuses)],
        |subject| {
            let version = subject.document.spec_version();
            let short = version.is_some_and(|version| !version.contains('.'));
            when(short, "\"spec_version\" is a major version alone")
        },
    ),
    rule(
        "lint.consistent-snapshot",
        &[(Tough, Refuses), (TufJs, Refuses)],
        |subject| {
            let missing = subject.document.consistent_snapshot().is_none();
            when(missing, "\"consistent_snapshot\" is missing")
        },
    ),
    rule("lint.version-large", &[(TufJs, Errs)], |subject| {
        let version = subject.document.version();
        let text = format!("version {version}: it asks for the next one for ever");
        when(version >= MAX_INTEGER, text)
    }),
    rule(
        "lint.role-unknown",
        &[(PythonTuf, Refuses), (Tough, Refuses)],
        unknown_roles,
    ),
    rule(
        "lint.role-duplicate-keyid",
        &[(PythonTuf, Refuses), (TufJs, Refuses)],
        |subject| {
            let is_twice = |kind: &RoleKind| {
                let listed = subject.document.tree()["roles"][kind.as_str()]["keyids"].as_array();
                let distinct = subject.document.role(*kind).key_ids().len();
                listed.is_some_and(|listed| listed.len() > distinct)
            };
            let roles = RoleKind::ALL.into_iter().filter(is_twice);
            roles
                .map(|kind| format!("role {kind} names a key twice"))
                .collect()
        },
    ),
    rule("lint.role-key-missing", &[(GoTuf, Refuses)], |subject| {
        let roles = RoleKind::ALL.into_iter();
        roles.flat_map(|kind| subject.missing_keys(kind)).collect()
    }),
    rule("lint.key-id", &[(Tough, Refuses)], |subject| {
        subject.keys(|id, listed| {
            let is_odd = listed.rule() != Some(KeyIdRule::SPECIFIED);
            is_odd.then(|| format!("the ID of key {id} is not that of its whole object"))
        })
    }),
    rule(
        "lint.key-unusable",
        &[(PythonTuf, Refuses), (Tough, Refuses), (GoTuf, Refuses)],
        |subject| {
            subject.keys(|id, listed| {
                let why = listed.key().unusable()?;
                Some(format!("key {id} is of no known kind, or damaged: {why}"))
            })
        },
    ),
    rule(
        "lint.key-public-missing",
        &[(Sigstore, Refuses)],
        |subject| {
            let missing = |key: &Key| !key.object()["keyval"]["public"].is_string();
            keys(subject, missing, |id, _| {
                format!("key {id} has no text \"public\"")
            })
        },
    ),
    rule("lint.keyval-text", &[(TufJs, Refuses)], |subject| {
        let not_text = |key: &Key| {
            let members = key.object()["keyval"].as_object();
            members.is_some_and(|members| members.values().any(|value| !value.is_string()))
        };
        keys(subject, not_text, |id, _| {
            format!("\"keyval\" of key {id} has a member that is no text")
        })
    }),
    rule(
        "lint.key-large-curve",
        &[(Tough, Refuses), (TufJs, DoesNotCount)],
        |subject| of_schemes(subject, &[Scheme::EcdsaP384, Scheme::EcdsaP521]),
    ),
    rule(
        "lint.key-hex",
        &[
            (PythonTuf, DoesNotCount),
            (GoTuf, DoesNotCount),
            (Sigstore, DoesNotCount),
        ],
        |subject| {
            let in_hex = |key: &Key| {
                key.scheme().is_some_and(Scheme::is_ecdsa) && !text_of(key).contains("-----")
            };
            keys(subject, in_hex, |id, _| {
                format!("key {id} is ECDSA, written in hex")
            })
        },
    ),
    rule(
        "lint.key-compressed",
        &[(GoTuf, Refuses), (Sigstore, DoesNotCount)],
        |subject| {
            keys(subject, is_compressed, |id, _| {
                format!("key {id} is a compressed point")
            })
        },
    ),
    rule(
        "lint.key-pkcs1v15",
        &[
            (Tough, Refuses),
            (TufJs, DoesNotCount),
            (GoTuf, DoesNotCount),
            (Sigstore, DoesNotCount),
        ],
        |subject| {
            let pkcs1 = [
                Scheme::RsaPkcs1Sha256,
                Scheme::RsaPkcs1Sha384,
                Scheme::RsaPkcs1Sha512,
            ];
            of_schemes(subject, &pkcs1)
        },
    ),
    rule(
        "lint.key-pss-digest",
        &[
            (Tough, Refuses),
            (TufJs, DoesNotCount),
            (GoTuf, DoesNotCount),
        ],
        |subject| of_schemes(subject, &[Scheme::RsaPssSha384, Scheme::RsaPssSha512]),
    ),
    rule(
        "lint.key-twice",
        &[
            (PythonTuf, Errs),
            (Tough, Errs),
            (TufJs, Errs),
            (Sigstore, Errs),
        ],
        same_keys,
    ),
    rule(
        "lint.not-ascii",
        &[(Tough, Errs), (TufJs, Errs)],
        |subject| {
            let text = "there is text that is not ASCII: tough normalizes it before it verifies, \
                    tuf-js sorts it by UTF-16";
            when(!subject.document.signed_bytes().is_ascii(), text)
        },
    ),
    rule(
        "lint.signature-hex",
        &[(Tough, Refuses), (GoTuf, Refuses)],
        |subject| {
            subject.signatures(|id, entry| {
                let odd = entry.bytes().is_none();
                odd.then(|| format!("the signature of key {id} is not hex"))
            })
        },
    ),
    rule("lint.signature-keyid-hex", &[(Tough, Refuses)], |subject| {
        subject.signatures(|id, entry| {
            let odd = hex::decode(entry.key_id().as_str()).is_err();
            odd.then(|| format!("a signature names key {id}, which is not hex"))
        })
    }),
    rule(
        "lint.signature-empty",
        &[(GoTuf, Errs), (Sigstore, Errs)],
        |subject| {
            subject.signatures(|id, entry| {
                let empty = entry.text().is_empty();
                empty.then(|| format!("the signature of key {id} is an empty place-holder"))
            })
        },
    ),
    rule(
        "lint.file-size",
        &[(PythonTuf, Refuses), (TufJs, Refuses), (GoTuf, Refuses)],
        |subject| too_large(subject, CLIENT_FILE_BYTES),
    ),
    rule("lint.file-size-1m", &[(Tough, Refuses)], |subject| {
        too_large(subject, TOUGH_FILE_BYTES)
    }),
];

/// A sentence about each key of some kind.
fn keys(
    subject: Subject<'_>,
    of_kind: impl Fn(&Key) -> bool,
    sentence: impl Fn(&str, &Key) -> String,
) -> Vec<String> {
    subject.keys(|id, listed| of_kind(listed.key()).then(|| sentence(id, listed.key())))
}

fn of_schemes(subject: Subject<'_>, schemes: &[Scheme]) -> Vec<String> {
    let of_kind = |key: &Key| key.scheme().is_some_and(|scheme| schemes.contains(&scheme));
    keys(subject, of_kind, |id, key| {
        format!("key {id} is for {}", key.scheme_name())
    })
}

fn text_of(key: &Key) -> &str {
    key.object()["keyval"]["public"]
        .as_str()
        .unwrap_or_default()
}

/// Whether a key is written as a compressed point. In its normal form it is longer.
fn is_compressed(key: &Key) -> bool {
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
        .or_else(|_| STANDARD.decode(&body))
        .unwrap_or_default();
    !written.is_empty() && written.len() < public.subject_bits().len()
}

/// Keys that stand under two IDs.
fn same_keys(subject: Subject<'_>) -> Vec<String> {
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
    let text = format!("the file has {size} bytes, more than {limit}");
    when(size > limit, text)
}
