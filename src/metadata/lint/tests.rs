use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::metadata::key_id::KeyId;
use crate::metadata::testing::{Signer, sign_tree, signed_genesis};

/// A root file and the rules that must report it.
type Row = (Vec<u8>, &'static [&'static str]);

/// The rules that report a root, for all clients of TUF 1.0.
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

    fn with_member(&self, pointer: &str, value: Value) -> Vec<u8> {
        self.signed(|tree| *tree.pointer_mut(pointer).unwrap() = value)
    }

    /// A root whose targets role contains one more key ID.
    fn with_key_id(&self, id: impl FnOnce(&Value) -> Value) -> Vec<u8> {
        self.signed(|tree| {
            let ids = &mut tree["roles"]["targets"]["keyids"];
            let id = id(&ids[0]);
            ids.as_array_mut().unwrap().push(id);
        })
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

    fn with_signature_member(&self, name: &str, value: &str) -> Vec<u8> {
        let mut file: Value = serde_json::from_slice(&self.signed(|_| {})).unwrap();
        file["signatures"][0][name] = json!(value);
        file.to_string().into_bytes()
    }

    fn padded(&self, size: usize) -> Vec<u8> {
        let mut file = self.signed(|_| {});
        file.resize(size, b' ');
        file
    }
}

fn fields(world: &World) -> Vec<Row> {
    let no_layout = world.signed(|tree| {
        tree.as_object_mut().unwrap().remove("consistent_snapshot");
    });
    let mirrors = world.signed(|tree| tree["roles"]["mirrors"] = tree["roles"]["targets"].clone());
    let dangling = json!("00".repeat(32));
    vec![
        (
            world.with_member("/expires", json!("2031-01-01T00:00:00.5Z")),
            &["lint.expires-form"],
        ),
        (
            world.with_member("/expires", json!("9999-12-31T23:59:59Z")),
            &["lint.expires-range"],
        ),
        (
            world.with_member("/spec_version", json!("1")),
            &["lint.spec-version"],
        ),
        (
            world.with_member("/version", json!(1u64 << 53)),
            &["lint.version-large"],
        ),
        (no_layout, &["lint.consistent-snapshot"]),
        (mirrors, &["lint.role-unknown"]),
        (
            world.with_key_id(Value::clone),
            &["lint.role-duplicate-keyid"],
        ),
        (world.with_key_id(|_| dangling), &["lint.role-key-missing"]),
        (
            world.signed(|tree| tree["x-ü"] = json!(1)),
            &["lint.not-ascii"],
        ),
    ]
}

fn keys(world: &World) -> Vec<Row> {
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
    let oidc = json!({"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": {"identity": "x"}});
    let ml_dsa = json!({"keytype": "ml-dsa", "scheme": "ml-dsa-65", "keyval": {"public": "x"}});
    let owned = world.signed(|tree| {
        let id = world.online.key().id().as_str().to_owned();
        tree["keys"][&id]["x-owner"] = json!("@a");
    });
    vec![
        (owned, &["lint.key-id"]),
        (world.with_key(&p384), &["lint.key-large-curve"]),
        (world.with_key(&p521), &["lint.key-large-curve"]),
        (world.with_key(&in_hex), &["lint.key-hex"]),
        (
            world.with_key(&compressed),
            &["lint.key-compressed", "lint.key-hex"],
        ),
        (
            world.with_key(&rsa("rsa-pkcs1v15-sha256")),
            &["lint.key-pkcs1v15", "lint.key-duplicate"],
        ),
        (
            world.with_key(&rsa("rsassa-pss-sha512")),
            &["lint.key-pss-digest", "lint.key-duplicate"],
        ),
        (world.with_key(&private_null), &["lint.keyval-string"]),
        (
            world.with_key(&oidc),
            &["lint.key-public-missing", "lint.key-unusable"],
        ),
        (world.with_key(&ml_dsa), &["lint.key-unusable"]),
    ]
}

fn files(world: &World) -> Vec<Row> {
    vec![
        (
            world.with_signature_member("sig", "abc"),
            &["lint.signature-hex"],
        ),
        (
            world.with_signature_member("sig", ""),
            &["lint.signature-empty"],
        ),
        (
            world.with_signature_member("keyid", "alice"),
            &["lint.signature-keyid-hex"],
        ),
        (world.padded(600_000), &["lint.file-size"]),
        (
            world.padded(1_100_000),
            &["lint.file-size", "lint.file-size-1m"],
        ),
    ]
}

#[test]
fn each_problem_is_found_by_its_rule() {
    let world = World::new();
    let mut seen = BTreeSet::from(["lint.format"]);
    let rows = [fields(&world), keys(&world), files(&world)].concat();
    for (file, expected) in rows {
        let found = rules(&file);
        assert_eq!(found, expected.iter().copied().collect(), "{expected:?}");
        seen.extend(found);
    }
    // The rules of Notary have their own test.
    let of_tuf = super::tuf::RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(seen, of_tuf, "every rule has its row");
}

#[test]
fn conclave_writes_roots_without_problems_for_tuf_clients() {
    let world = World::new();
    assert_eq!(rules(&world.signed(|_| {})), BTreeSet::new());
    let file = RootFile::read(&world.signed(|_| {})).unwrap();
    let notary: Vec<_> = lint(&file, &[Client::Notary])
        .iter()
        .map(|remark| remark.rule)
        .collect();
    assert_eq!(notary, ["lint.format"]);
    assert_eq!(lint_document(file.document(), &Client::TUF), []);
}

#[test]
fn remarks_are_listed_by_client() {
    let world = World::new();
    let file: Value = serde_json::from_slice(&world.signed(|_| {})).unwrap();
    let mut tree = file["signed"].clone();
    tree["spec_version"] = json!("1");
    let file = RootFile::read(&sign_tree(&tree, &[])).unwrap();
    let said: Vec<_> = lint(&file, &Client::TUF)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "python-tuf refuses the file: \"spec_version\" has only a major version (lint.spec-version)",
            "tuf-js refuses the file: \"spec_version\" has only a major version (lint.spec-version)",
        ]
    );
    assert!(lint(&file, &[Client::Tough]).is_empty());
    assert_eq!("tuf-js".parse(), Ok(Client::TufJs));
    assert!("cosign".parse::<Client>().is_err());
}
