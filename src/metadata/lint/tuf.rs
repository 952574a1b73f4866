//! Problems of TUF 1.0 clients.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::Client::{GoTuf, Notary, PythonTuf, Sigstore, Tough, TufJs};
use super::{
    Effect::{IgnoresKey, Malfunctions, RefusesFile},
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

/// Also reported for every root in Notary's format.
pub(super) const FORMAT: &str = "lint.format";

pub(super) const RULES: &[Rule] = &[
    rule(FORMAT, &[(Notary, RefusesFile)], |_| {
        when(true, "the root is in TUF 1.0 format, not Notary's format")
    }),
    rule(
        "lint.expires-form",
        &[(PythonTuf, RefusesFile), (Tough, RefusesFile)],
        |subject| {
            let expires = subject.document.expires();
            let text = format!("\"expires\" is {:?}", expires.as_str());
            when(!expires.has_specified_form(), text)
        },
    ),
    rule("lint.expires-range", &[(Tough, RefusesFile)], |subject| {
        let expires = subject.document.expires();
        let text = format!(
            "\"expires\" is {:?}, outside the range that the client supports",
            expires.as_str()
        );
        when(expires.instant() == jiff::Timestamp::MAX, text)
    }),
    rule(
        "lint.spec-version",
        &[(PythonTuf, RefusesFile), (TufJs, RefusesFile)],
        |subject| {
            let version = subject.document.spec_version();
            let short = version.is_some_and(|version| !version.contains('.'));
            when(short, "\"spec_version\" has only a major version")
        },
    ),
    rule(
        "lint.consistent-snapshot",
        &[(Tough, RefusesFile), (TufJs, RefusesFile)],
        |subject| {
            let missing = subject.document.consistent_snapshot().is_none();
            when(missing, "\"consistent_snapshot\" is missing")
        },
    ),
    rule("lint.version-large", &[(TufJs, Malfunctions)], |subject| {
        let version = subject.document.version();
        let text = format!("at version {version}, the client requests the next version forever");
        when(version >= MAX_INTEGER, text)
    }),
    rule(
        "lint.role-unknown",
        &[(PythonTuf, RefusesFile), (Tough, RefusesFile)],
        unknown_roles,
    ),
    rule(
        "lint.role-duplicate-keyid",
        &[(PythonTuf, RefusesFile), (TufJs, RefusesFile)],
        |subject| {
            let is_twice = |kind: &RoleKind| {
                let listed = subject.document.tree()["roles"][kind.as_str()]["keyids"].as_array();
                let distinct = subject.document.role(*kind).key_ids().len();
                listed.is_some_and(|listed| listed.len() > distinct)
            };
            let roles = RoleKind::ALL.into_iter().filter(is_twice);
            roles
                .map(|kind| format!("role {kind} contains a key twice"))
                .collect()
        },
    ),
    rule(
        "lint.role-key-missing",
        &[(GoTuf, RefusesFile)],
        |subject| {
            let roles = RoleKind::ALL.into_iter();
            roles.flat_map(|kind| subject.missing_keys(kind)).collect()
        },
    ),
    rule("lint.key-id", &[(Tough, RefusesFile)], |subject| {
        subject.keys(|id, listed| {
            let is_odd = listed.rule() != Some(KeyIdRule::SPECIFIED);
            is_odd.then(|| format!("the ID of key {id} is not the hash of the whole key object"))
        })
    }),
    rule(
        "lint.key-unusable",
        &[
            (PythonTuf, RefusesFile),
            (Tough, RefusesFile),
            (GoTuf, RefusesFile),
        ],
        |subject| {
            subject.keys(|id, listed| {
                let why = listed.key().unusable()?;
                Some(format!("key {id} has an unknown type or is damaged: {why}"))
            })
        },
    ),
    rule(
        "lint.key-public-missing",
        &[(Sigstore, RefusesFile)],
        |subject| {
            let missing = |key: &Key| !key.object()["keyval"]["public"].is_string();
            keys(subject, missing, |id, _| {
                format!("key {id} has no string \"public\"")
            })
        },
    ),
    rule("lint.keyval-string", &[(TufJs, RefusesFile)], |subject| {
        let not_text = |key: &Key| {
            let members = key.object()["keyval"].as_object();
            members.is_some_and(|members| members.values().any(|value| !value.is_string()))
        };
        keys(subject, not_text, |id, _| {
            format!("\"keyval\" of key {id} has a member that is not a string")
        })
    }),
    rule(
        "lint.key-large-curve",
        &[(Tough, RefusesFile), (TufJs, IgnoresKey)],
        |subject| of_schemes(subject, &[Scheme::EcdsaP384, Scheme::EcdsaP521]),
    ),
    rule(
        "lint.key-hex",
        &[
            (PythonTuf, IgnoresKey),
            (GoTuf, IgnoresKey),
            (Sigstore, IgnoresKey),
        ],
        |subject| {
            let in_hex = |key: &Key| {
                key.scheme().is_some_and(Scheme::is_ecdsa) && !text_of(key).contains("-----")
            };
            keys(subject, in_hex, |id, _| {
                format!("key {id} is an ECDSA key in hex")
            })
        },
    ),
    rule(
        "lint.key-compressed",
        &[(GoTuf, RefusesFile), (Sigstore, IgnoresKey)],
        |subject| {
            keys(subject, is_compressed, |id, _| {
                format!("key {id} is a compressed point")
            })
        },
    ),
    rule(
        "lint.key-pkcs1v15",
        &[
            (Tough, RefusesFile),
            (TufJs, IgnoresKey),
            (GoTuf, IgnoresKey),
            (Sigstore, IgnoresKey),
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
            (Tough, RefusesFile),
            (TufJs, IgnoresKey),
            (GoTuf, IgnoresKey),
        ],
        |subject| of_schemes(subject, &[Scheme::RsaPssSha384, Scheme::RsaPssSha512]),
    ),
    rule(
        "lint.key-duplicate",
        &[
            (PythonTuf, Malfunctions),
            (Tough, Malfunctions),
            (TufJs, Malfunctions),
            (Sigstore, Malfunctions),
        ],
        same_keys,
    ),
    rule(
        "lint.not-ascii",
        &[(Tough, Malfunctions), (TufJs, Malfunctions)],
        |subject| {
            let text = "the root contains text that is not ASCII; tough normalizes it before \
                    verification, and tuf-js sorts it by UTF-16";
            when(!subject.document.signed_bytes().is_ascii(), text)
        },
    ),
    rule(
        "lint.signature-hex",
        &[(Tough, RefusesFile), (GoTuf, RefusesFile)],
        |subject| {
            subject.signatures(|id, entry| {
                let odd = entry.bytes().is_none();
                odd.then(|| format!("the signature by key {id} is not hex"))
            })
        },
    ),
    rule(
        "lint.signature-keyid-hex",
        &[(Tough, RefusesFile)],
        |subject| {
            subject.signatures(|id, entry| {
                let odd = hex::decode(entry.key_id().as_str()).is_err();
                odd.then(|| format!("the key ID {id} of a signature is not hex"))
            })
        },
    ),
    rule(
        "lint.signature-empty",
        &[(GoTuf, Malfunctions), (Sigstore, Malfunctions)],
        |subject| {
            subject.signatures(|id, entry| {
                let empty = entry.text().is_empty();
                empty.then(|| format!("the signature by key {id} is an empty placeholder"))
            })
        },
    ),
    rule(
        "lint.file-size",
        &[
            (PythonTuf, RefusesFile),
            (TufJs, RefusesFile),
            (GoTuf, RefusesFile),
        ],
        |subject| too_large(subject, CLIENT_FILE_BYTES),
    ),
    rule("lint.file-size-1m", &[(Tough, RefusesFile)], |subject| {
        too_large(subject, TOUGH_FILE_BYTES)
    }),
];

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
        format!("the scheme of key {id} is {}", key.scheme_name())
    })
}

fn text_of(key: &Key) -> &str {
    key.object()["keyval"]["public"]
        .as_str()
        .unwrap_or_default()
}

/// Whether a key is a compressed point, which is shorter than the normal form.
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

/// Public keys with two IDs.
fn same_keys(subject: Subject<'_>) -> Vec<String> {
    let mut first: HashMap<_, &KeyId> = HashMap::new();
    let mut found = Vec::new();
    for (id, listed) in subject.document.keys() {
        if let Some(public) = listed.key().public()
            && let Some(other) = first.insert(public, id)
        {
            let (other, id) = (other.short(), id.short());
            let text = "are the same key, which can count twice";
            found.push(format!("{other} and {id} {text}"));
        }
    }
    found
}

fn too_large(subject: Subject<'_>, limit: usize) -> Vec<String> {
    let size = subject.file.map_or(0, super::RootFile::size);
    let text = format!("the file is {size} bytes long; the limit is {limit}");
    when(size > limit, text)
}
