use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::certificate::{Certificate, Leaf, SelfSigned, Validity};
use crate::metadata::canonical_json::canonical;
use crate::metadata::chain::{TrustedRoot, verify_chain};
use crate::metadata::check::Check;
use crate::metadata::draft::RootDraft;
use crate::metadata::frozen::FrozenRoot;
use crate::metadata::key::Key;
use crate::metadata::lint::{Service, lint_notary};
use crate::metadata::role::RoleKind;
use crate::metadata::root_file::RootFile;
use crate::metadata::signed::SignedRoot;
use crate::metadata::testing::Signer;

const GUN: &str = "docker.example/app";
const NOW: &str = "2030-01-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn certificate_named(signer: &Signer, name: &str, serial: u8) -> Certificate {
    let leaf = Leaf {
        common_name: name.to_owned(),
        serial: [serial; 16],
        validity: Validity {
            from: at("2029-01-01T00:00:00Z"),
            until: at("2060-01-01T00:00:00Z"),
        },
    };
    let blank = SelfSigned::leaf(signer.public(), &leaf).unwrap();
    // Notary clients do not verify the signature of a leaf, and test keys sign in one form only.
    blank.unsigned().unwrap()
}

fn root_key(signer: &Signer, serial: u8) -> Key {
    Key::of_certificate(&certificate_named(signer, GUN, serial)).unwrap()
}

fn genesis(keys: &[Key], threshold: u32, online: &Signer) -> FrozenRoot {
    let mut draft = RootDraft::notary_genesis(at("2040-01-01T00:00:00Z"));
    draft.set_role(RoleKind::Root, threshold, keys.iter().cloned());
    for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
        draft.set_role(kind, 1, [Key::notary(online.public()).unwrap()]);
    }
    draft.freeze().unwrap()
}

fn signed(frozen: &FrozenRoot, before: Option<&TrustedRoot>, signers: &[&Signer]) -> SignedRoot {
    let mut root = match before {
        None => SignedRoot::new(frozen.clone()),
        Some(before) => SignedRoot::after(frozen.clone(), before.clone()).unwrap(),
    };
    for signer in signers {
        for id in root.ids_of(signer.public()) {
            root.attach(&id, &signer.sign(frozen.signed_bytes()))
                .unwrap();
        }
    }
    root
}

fn verify(files: &[Vec<u8>]) -> crate::metadata::ChainReport {
    let files: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(index, bytes)| (format!("{}.root.json", index + 1), bytes.clone()))
        .collect();
    verify_chain(files.into_iter(), at(NOW))
}

fn rules(file: &[u8]) -> Vec<&'static str> {
    let service = Service {
        gun: Some(GUN),
        at: at(NOW),
    };
    let remarks = lint_notary(&RootFile::read(file).unwrap(), service);
    remarks.into_iter().map(|remark| remark.rule).collect()
}

#[test]
fn a_root_is_one_line_with_raw_signatures_and_reads_back() {
    let signer = Signer::p256();
    let online = Signer::ed25519();
    let frozen = genesis(&[root_key(&signer, 1)], 1, &online);
    let root = signed(&frozen, None, &[&signer]);
    assert!(root.is_complete());
    let bytes = root.to_file_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("{\"signed\":{\"_type\":\"Root\",\"consistent_snapshot\":false,\"expires\":\"2040-01-01T00:00:00Z\",\"keys\":{"));
    assert!(text.ends_with("\"}]}") && !text.contains('\n'));
    let tree: Value = serde_json::from_str(&text).unwrap();
    let entry = &tree["signatures"][0];
    assert_eq!(entry["method"], "ecdsa");
    let raw = STANDARD.decode(entry["sig"].as_str().unwrap()).unwrap();
    assert_eq!(raw.len(), signer.public().subject_bits().len() - 1);
    let report = verify(std::slice::from_ref(&bytes));
    assert!(report.is_accepted(), "{:?}", report.reasons());
    assert_eq!(report.findings(), []);
    assert_eq!(rules(&bytes), [] as [&str; 0]);
    assert_eq!(
        FrozenRoot::from_signed_bytes(frozen.signed_bytes())
            .unwrap()
            .digest(),
        frozen.digest()
    );
}

#[test]
fn a_renewed_certificate_changes_the_id_and_the_key_counts_once() {
    let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
    let keys = [root_key(&a, 1), root_key(&b, 2)];
    let first = signed(&genesis(&keys, 2, &online), None, &[&a, &b]).to_file_bytes();
    let trusted = verify(std::slice::from_ref(&first))
        .trusted()
        .unwrap()
        .clone();
    let mut draft = RootDraft::after(&trusted).unwrap();
    let renewed = root_key(&a, 3);
    draft.move_id(renewed.clone());
    draft.set_role(RoleKind::Root, 2, keys.clone());
    let second = signed(&draft.freeze().unwrap(), Some(&trusted), &[&a, &b]);
    assert_eq!(second.signatures().len(), 3);
    assert!(
        second.signatures().contains_key(renewed.id())
            && second.signatures().contains_key(keys[0].id())
    );
    assert_eq!(second.progress().own.have, 2);
    let second = second.to_file_bytes();
    assert!(verify(&[first.clone(), second.clone()]).is_accepted());
    // Without the entry under the old certificate, cached clients refuse it.
    let mut tree: Value = serde_json::from_slice(&second).unwrap();
    let entries = tree["signatures"].as_array_mut().unwrap();
    entries.retain(|entry| entry["keyid"] != keys[0].id().as_str());
    let new_only = serde_json::to_vec(&tree).unwrap();
    let checks = |files: &[Vec<u8>]| -> Vec<Check> {
        verify(files)
            .reasons()
            .iter()
            .map(|reason| reason.check)
            .collect()
    };
    assert_eq!(
        checks(&[first.clone(), new_only]),
        [Check::ChainOldThreshold]
    );
    let mut tree: Value = serde_json::from_slice(&second).unwrap();
    let entries = tree["signatures"].as_array_mut().unwrap();
    entries.retain(|entry| entry["keyid"] != renewed.id().as_str());
    assert_eq!(
        checks(&[first, serde_json::to_vec(&tree).unwrap()]),
        [Check::ChainNewThreshold]
    );
}

/// The file of a root that was edited and signed again.
fn edited(signer: &Signer, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let online = Signer::ed25519();
    let frozen = genesis(&[root_key(signer, 1)], 1, &online);
    let mut tree = Value::Object(frozen.document().tree().clone());
    edit(&mut tree);
    let message = canonical(&tree).unwrap();
    let raw = super::super::ecdsa::ecdsa_raw_from_der(&signer.sign(&message), 32).unwrap();
    let entry = json!({"keyid": tree["roles"]["root"]["keyids"][0], "method": "ecdsa", "sig": STANDARD.encode(raw)});
    super::with_entries(&message, &[entry])
}

/// Replaces the root key.
fn replace_root_key(tree: &mut Value, object: &Value) {
    let old = tree["roles"]["root"]["keyids"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let id = super::super::key_id::KeyIdRule::NOTARY
        .id_of(object)
        .unwrap();
    tree["keys"].as_object_mut().unwrap().shift_remove(&old);
    tree["keys"][id.as_str()] = object.clone();
    tree["roles"]["root"]["keyids"][0] = json!(id);
}

#[test]
fn each_problem_has_its_rule() {
    let signer = Signer::p256();
    let pem = certificate_named(&signer, GUN, 1).to_pem();
    let of_text = |text: &str| json!({"keytype": "ecdsa-x509", "keyval": {"private": null, "public": STANDARD.encode(text)}});
    let other_name = certificate_named(&signer, "docker.example/other", 1).to_pem();
    let wildcard = certificate_named(&signer, "docker.example/*", 1).to_pem();
    let ended = Leaf {
        common_name: GUN.to_owned(),
        serial: [1; 16],
        validity: Validity {
            from: at("2019-01-01T00:00:00Z"),
            until: at("2029-12-31T23:59:59Z"),
        },
    };
    let ended = SelfSigned::leaf(signer.public(), &ended)
        .unwrap()
        .unsigned()
        .unwrap()
        .to_pem();
    let bare = Key::notary(signer.public()).unwrap();
    let with_key = |text: &str| edited(&signer, |tree| replace_root_key(tree, &of_text(text)));
    let expiring = |text: &str| edited(&signer, |tree| tree["expires"] = json!(text));
    let rows: Vec<(Vec<u8>, &[&str])> = vec![
        (with_key(&wildcard), &[]),
        (with_key(&other_name), &["lint.notary-certificate-name"]),
        (with_key(&pem.replace('\n', "\r\n")), &["lint.notary-key"]),
        (with_key(&format!("a comment\n{pem}")), &["lint.notary-key"]),
        (with_key(pem.trim_end()), &["lint.notary-key"]),
        (with_key(&pem.repeat(2)), &["lint.notary-key"]),
        (
            edited(&signer, |tree| replace_root_key(tree, bare.object())),
            &["lint.notary-no-certificate"],
        ),
        (
            expiring("2040-01-01T00:00:00.500Z"),
            &["lint.notary-expires"],
        ),
        (
            expiring("2040-01-01T00:00:00+00:00"),
            &["lint.notary-expires"],
        ),
        (
            expiring("2030-06-01T00:00:00Z"),
            &["lint.notary-expires-soon"],
        ),
        (
            with_key(&ended),
            &[
                "lint.notary-certificate-validity",
                "lint.notary-certificate-expires-first",
            ],
        ),
        (
            edited(&signer, |tree| {
                let old = tree["roles"]["targets"]["keyids"][0]
                    .as_str()
                    .unwrap()
                    .to_owned();
                let object = tree["keys"][&old].clone();
                tree["keys"]["00"] = object;
                tree["roles"]["targets"]["keyids"][0] = json!("00");
            }),
            &["lint.notary-key-id"],
        ),
        (
            expiring("2060-06-01T00:00:00Z"),
            &["lint.notary-certificate-expires-first"],
        ),
        (
            edited(&signer, |tree| {
                tree.as_object_mut()
                    .unwrap()
                    .shift_remove("consistent_snapshot");
            }),
            &["lint.notary-members"],
        ),
        (
            edited(&signer, |tree| tree["x-note"] = json!("x")),
            &["lint.notary-members"],
        ),
        (
            edited(&signer, |tree| {
                tree["roles"]["mirrors"] = tree["roles"]["targets"].clone();
            }),
            &["lint.notary-role-unknown"],
        ),
        (
            edited(&signer, |tree| {
                tree["roles"]["targets"]["threshold"] = json!(2);
            }),
            &["lint.notary-role-keys"],
        ),
        (
            edited(&signer, |tree| {
                for key in tree["keys"].as_object_mut().unwrap().values_mut() {
                    key["keyval"]
                        .as_object_mut()
                        .unwrap()
                        .shift_remove("private");
                }
            }),
            &["lint.notary-members", "lint.notary-members"],
        ),
    ];
    for (file, expected) in rows {
        assert_eq!(rules(&file), expected, "{}", String::from_utf8_lossy(&file));
    }
}

#[test]
fn every_other_form_of_the_file_is_reported() {
    let signer = Signer::p256();
    let file = edited(&signer, |_| {});
    let tree: Value = serde_json::from_slice(&file).unwrap();
    let swapped = json!({"signatures": tree["signatures"], "signed": tree["signed"]});
    for other in [
        [file.as_slice(), b"\n"].concat(),
        serde_json::to_vec_pretty(&tree).unwrap(),
        serde_json::to_vec(&swapped).unwrap(),
    ] {
        assert_eq!(rules(&other), ["lint.notary-form"]);
        let report = verify(&[other]);
        assert!(report.is_accepted());
        assert_eq!(report.findings()[0].check, Check::FileNotaryForm);
    }
    let mut hex_signature = tree.clone();
    hex_signature["signatures"][0]["sig"] = json!("00ff00");
    assert_eq!(
        rules(&serde_json::to_vec(&hex_signature).unwrap()),
        ["lint.notary-signature"]
    );
    let mut method = tree;
    method["signatures"][0]["method"] = json!("rsapss");
    let method = verify(&[serde_json::to_vec(&method).unwrap()]);
    assert_eq!(method.reasons()[0].check, Check::ChainAnchorThreshold);
}

#[test]
fn a_threshold_and_a_key_in_two_certificates_are_reported() {
    let (a, b) = (Signer::p256(), Signer::p256());
    let frozen = genesis(&[root_key(&a, 1), root_key(&b, 1)], 2, &Signer::p256());
    let file = signed(&frozen, None, &[&a, &b]).to_file_bytes();
    assert_eq!(rules(&file), ["lint.notary-threshold"]);
    let twice = edited(&a, |tree| {
        let other = root_key(&a, 9);
        tree["keys"][other.id().as_str()] = other.object().clone();
        let ids = tree["roles"]["root"]["keyids"].as_array_mut().unwrap();
        ids.push(json!(other.id()));
    });
    assert_eq!(rules(&twice), ["lint.notary-key-duplicate"]);
}
