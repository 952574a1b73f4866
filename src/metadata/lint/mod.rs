//! What particular clients stumble over in a root that the specification allows.
//!
//! Every rule was seen: `docs/lint.md` says with which version of the client, or where it was reported.

mod client;
mod rules;

use std::fmt;

use serde::Serialize;

use super::document::RootDocument;
use super::root_file::RootFile;

pub use client::{Client, UnknownClient};

/// What a client makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It refuses the whole file, whoever signed.
    Refuses,
    /// It reads the file, but counts no signature of that key.
    DoesNotCount,
    /// It takes the file, and does something with it that it should not.
    Errs,
}

impl Effect {
    /// A few words for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuses => "refuses the file",
            Self::DoesNotCount => "does not count the key",
            Self::Errs => "may err",
        }
    }
}

/// What one client makes of one oddity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintRemark {
    /// Who stumbles.
    pub client: Client,
    /// The stable ID of the rule: `lint.key-id`.
    pub rule: &'static str,
    /// What the client does.
    pub effect: Effect,
    /// A sentence for a person. Foreign text in it is escaped.
    pub detail: String,
}

impl fmt::Display for LintRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} ({})",
            self.client,
            self.effect.as_str(),
            self.detail,
            self.rule
        )
    }
}

/// What the rules look at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    document: &'a RootDocument,
    /// The file around it, once there is one.
    file: Option<&'a RootFile>,
}

/// What these clients stumble over in a root file.
#[must_use]
pub fn lint(file: &RootFile, clients: &[Client]) -> Vec<LintRemark> {
    apply(
        Subject {
            document: file.document(),
            file: Some(file),
        },
        clients,
    )
}

/// What these clients stumble over in a root that is not signed yet.
#[must_use]
pub fn lint_document(document: &RootDocument, clients: &[Client]) -> Vec<LintRemark> {
    apply(
        Subject {
            document,
            file: None,
        },
        clients,
    )
}

/// The IDs of all rules, in the order of `docs/lint.md`.
#[must_use]
pub fn lint_rules() -> Vec<&'static str> {
    rules::RULES.iter().map(|rule| rule.id).collect()
}

fn apply(subject: Subject<'_>, clients: &[Client]) -> Vec<LintRemark> {
    let mut remarks = Vec::new();
    for rule in rules::RULES {
        for detail in (rule.find)(subject) {
            let affected = rule
                .effects
                .iter()
                .filter(|(client, _)| clients.contains(client));
            remarks.extend(affected.map(|(client, effect)| LintRemark {
                client: *client,
                rule: rule.id,
                effect: *effect,
                detail: detail.clone(),
            }));
        }
    }
    remarks.sort_by_key(|remark| remark.client);
    remarks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::metadata::key_id::KeyId;
    use crate::metadata::testing::{Signer, sign_tree, signed_genesis};

    /// The rules that speak of a root, for any client of TUF 1.0.
    fn rules(file: &[u8]) -> BTreeSet<&'static str> {
        lint(&RootFile::read(file).unwrap(), &Client::TUF)
            .into_iter()
            .map(|remark| remark.rule)
            .collect()
    }

    struct World {
        root: [Signer; 2],
        online: Signer,
    }

    impl World {
        fn new() -> Self {
            Self {
                root: [Signer::p256(), Signer::ed25519()],
                online: Signer::rsa(),
            }
        }

        fn signed(&self, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
            signed_genesis(&[&self.root[0], &self.root[1]], &self.online, edit)
        }

        /// A root with one more key of the targets role.
        fn with_key(&self, object: &Value) -> Vec<u8> {
            self.signed(|tree| {
                let id = KeyId::of(object);
                tree["keys"][id.as_str()] = object.clone();
                let ids = tree["roles"]["targets"]["keyids"].as_array_mut().unwrap();
                ids.push(json!(id));
            })
        }
    }

    #[test]
    fn no_client_of_tuf_stumbles_over_what_conclave_writes() {
        let world = World::new();
        assert_eq!(rules(&world.signed(|_| {})), BTreeSet::new());
        let file = RootFile::read(&world.signed(|_| {})).unwrap();
        let notary: Vec<_> = lint(&file, &[Client::Notary])
            .iter()
            .map(|remark| remark.rule)
            .collect();
        assert_eq!(notary, ["lint.format"]);
    }

    #[test]
    fn each_oddity_is_found_by_its_rule() {
        let world = World::new();
        let p256 = Signer::p256();
        let point = p256.public().subject_bits();
        let ecdsa = |scheme: &str, public: &str| json!({"keytype": "ecdsa", "scheme": scheme, "keyval": {"public": public}});
        let p384 = Signer::p384().key().object().clone();
        let p521 = ecdsa("ecdsa-sha2-nistp521", &Signer::p521().public().to_pem());
        let in_hex = ecdsa("ecdsa-sha2-nistp256", &hex::encode(point));
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        let compressed = ecdsa("ecdsa-sha2-nistp256", &hex::encode(compressed));
        let rsa = |scheme: &str| {
            let mut object = Signer::rsa().key().object().clone();
            object["scheme"] = json!(scheme);
            object
        };
        let mut private_null = p256.key().object().clone();
        private_null["keyval"]["private"] = json!(null);
        let oidc =
            json!({"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": {"identity": "x"}});
        let ml_dsa = json!({"keytype": "ml-dsa", "scheme": "ml-dsa-65", "keyval": {"public": "x"}});
        let set = |path: &'static str, value: Value| {
            world.signed(move |tree| *tree.pointer_mut(path).unwrap() = value)
        };
        let edit_file = |edit: &dyn Fn(&mut Value)| {
            let mut file: Value = serde_json::from_slice(&world.signed(|_| {})).unwrap();
            edit(&mut file);
            file.to_string().into_bytes()
        };
        let padded = |size: usize| {
            let mut file = world.signed(|_| {});
            file.resize(size, b' ');
            file
        };
        let rows: Vec<(Vec<u8>, &[&str])> = vec![
            (
                set("/expires", json!("2031-01-01T00:00:00.5Z")),
                &["lint.expires-form"],
            ),
            (
                set("/expires", json!("9999-12-31T23:59:59Z")),
                &["lint.expires-range"],
            ),
            (set("/spec_version", json!("1")), &["lint.spec-version"]),
            (set("/version", json!(1u64 << 53)), &["lint.version-large"]),
            (
                world.signed(|tree| {
                    drop(tree.as_object_mut().unwrap().remove("consistent_snapshot"))
                }),
                &["lint.consistent-snapshot"],
            ),
            (
                world.signed(|tree| tree["roles"]["mirrors"] = tree["roles"]["targets"].clone()),
                &["lint.role-unknown"],
            ),
            (
                world.signed(|tree| {
                    let ids = tree["roles"]["targets"]["keyids"].as_array_mut().unwrap();
                    ids.push(ids[0].clone());
                }),
                &["lint.role-duplicate-keyid"],
            ),
            (
                world.signed(|tree| {
                    let ids = tree["roles"]["targets"]["keyids"].as_array_mut().unwrap();
                    ids.push(json!("00".repeat(32)));
                }),
                &["lint.role-key-missing"],
            ),
            (
                world.signed(|tree| {
                    let id = world.online.key().id().as_str().to_owned();
                    tree["keys"][&id]["x-owner"] = json!("@a");
                }),
                &["lint.key-id"],
            ),
            (world.with_key(&p384), &["lint.key-large-curve"]),
            (world.with_key(&p521), &["lint.key-large-curve"]),
            (world.with_key(&in_hex), &["lint.key-hex"]),
            (
                world.with_key(&compressed),
                &["lint.key-compressed", "lint.key-hex"],
            ),
            (
                world.with_key(&rsa("rsa-pkcs1v15-sha256")),
                &["lint.key-pkcs1v15", "lint.key-twice"],
            ),
            (
                world.with_key(&rsa("rsassa-pss-sha512")),
                &["lint.key-pss-digest", "lint.key-twice"],
            ),
            (world.with_key(&private_null), &["lint.keyval-text"]),
            (
                world.with_key(&oidc),
                &["lint.key-public-missing", "lint.key-unusable"],
            ),
            (world.with_key(&ml_dsa), &["lint.key-unusable"]),
            (
                world.signed(|tree| tree["x-ü"] = json!(1)),
                &["lint.not-ascii"],
            ),
            (
                edit_file(&|file| file["signatures"][0]["sig"] = json!("abc")),
                &["lint.signature-hex"],
            ),
            (
                edit_file(&|file| file["signatures"][0]["sig"] = json!("")),
                &["lint.signature-empty"],
            ),
            (
                edit_file(&|file| file["signatures"][0]["keyid"] = json!("alice")),
                &["lint.signature-keyid-hex"],
            ),
            (padded(600_000), &["lint.file-size"]),
            (padded(1_100_000), &["lint.file-size", "lint.file-size-1m"]),
        ];
        let mut seen = BTreeSet::from(["lint.format"]);
        for (file, expected) in rows {
            let found = rules(&file);
            assert_eq!(found, expected.iter().copied().collect(), "{expected:?}");
            seen.extend(found);
        }
        assert_eq!(
            seen,
            lint_rules().into_iter().collect(),
            "every rule has its row"
        );
    }

    #[test]
    fn remarks_are_given_by_client() {
        let world = World::new();
        let mut tree: Value = serde_json::from_slice(&world.signed(|_| {})).unwrap();
        let mut tree = tree["signed"].take();
        tree["spec_version"] = json!("1");
        let file = RootFile::read(&sign_tree(&tree, &[])).unwrap();
        let said: Vec<_> = lint(&file, &Client::TUF)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "python-tuf refuses the file: \"spec_version\" is a major version alone (lint.spec-version)",
                "tuf-js refuses the file: \"spec_version\" is a major version alone (lint.spec-version)",
            ]
        );
        assert!(lint(&file, &[Client::Tough]).is_empty());
        assert_eq!("tuf-js".parse(), Ok(Client::TufJs));
        assert!("cosign".parse::<Client>().is_err());
    }
}
