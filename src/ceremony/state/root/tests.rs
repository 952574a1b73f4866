//! The rules of one root, without a ceremony.

use super::*;
use crate::certificate::PublicKey;
use crate::metadata::RootFile;
use crate::script::embedded;

fn key(id: &str) -> KeyId {
    id.parse().unwrap()
}

/// Of the sample renewal, to which another site owes the signature of key-5.
fn root() -> Root {
    let mut samples = embedded().iter();
    let sample = samples.find(|sample| sample.name == "renewal").unwrap();
    let text = sample
        .text
        .replace("status = \"absent\"", "site = \"Lisbon\"");
    let collect = "act = \"collect-signatures\"\nminutes = 5\n\n[[step]]\nact = \"verify-root\"";
    let text = text.replace("act = \"verify-root\"", collect);
    let at = "2026-12-01T00:00:00Z".parse().unwrap();
    let script = Script::parse("renewal.toml", &text, sample, at).unwrap();
    Root::new(Arc::new(script))
}

fn listed() -> Key {
    let pem = include_str!("../../../../ceremony-scripts/online/targets.pub.pem");
    Key::from_public(&PublicKey::from_pem(pem).unwrap()).unwrap()
}

fn signed() -> SignedRoot {
    let sample = include_bytes!("../../../../ceremony-scripts/previous/1.root.json");
    let document = RootFile::read(sample).unwrap().into_document();
    SignedRoot::new(FrozenRoot::from_signed_bytes(document.signed_bytes()).unwrap())
}

fn file() -> ExportedFile {
    ExportedFile {
        name: "root.json".to_owned(),
        size: 2,
        sha256: Digest::of(b"{}"),
    }
}

#[test]
fn a_certificate_is_announced_and_made_once() {
    let mut root = root();
    let id = key("key-1");
    let listed = listed();
    assert!(root.certify(&id, listed.clone()).is_err());
    root.announce_certificate(&id).unwrap();
    assert!(root.announce_certificate(&id).is_err());
    root.interrupt();
    assert!(root.certify(&id, listed.clone()).is_err());
    root.announce_certificate(&id).unwrap();
    root.certify(&id, listed.clone()).unwrap();
    assert!(root.certify(&id, listed).is_err());
}

#[test]
fn a_forgotten_certificate_is_announced_and_made_anew() {
    let mut root = root();
    let id = key("key-1");
    let listed = listed();
    root.announce_certificate(&id).unwrap();
    root.certify(&id, listed.clone()).unwrap();
    root.forget_certificate(&id);
    assert!(root.certify(&id, listed.clone()).is_err());
    root.announce_certificate(&id).unwrap();
    root.certify(&id, listed).unwrap();
}

#[test]
fn a_signature_is_a_repeat_exactly_after_an_interruption() {
    let mut root = root();
    let id = key("key-1");
    assert!(root.announce_signature(&id, true).is_err());
    root.announce_signature(&id, false).unwrap();
    assert!(root.announce_signature(&id, false).is_err());
    assert!(root.announce_signature(&id, true).is_err());
    root.interrupt();
    assert!(root.announce_signature(&id, false).is_err());
    root.announce_signature(&id, true).unwrap();
}

#[test]
fn a_key_signs_once_after_that_was_announced_by_this_process() {
    let mut root = root();
    let id = key("key-1");
    assert!(root.require_signature_announced(&id).is_err());
    root.announce_signature(&id, false).unwrap();
    root.require_signature_announced(&id).unwrap();
    root.interrupt();
    assert!(root.require_signature_announced(&id).is_err());
    root.announce_signature(&id, true).unwrap();
    root.sign(&id, &Signature::from(vec![1]), signed());
    assert!(root.require_signature_announced(&id).is_err());
    root.interrupt();
    assert!(root.announce_signature(&id, true).is_err());
}

#[test]
fn a_key_that_the_script_does_not_have_neither_signs_nor_certifies() {
    let mut root = root();
    let id = key("key-9");
    assert!(root.announce_signature(&id, false).is_err());
    assert!(root.announce_certificate(&id).is_err());
}

#[test]
fn an_owed_signature_is_waited_for_then_expected_then_collected() {
    let mut root = root();
    let id = key("key-5");
    assert_eq!(root.owed()[&id], Owed::Waited);
    assert!(
        root.expect_signature(&id).is_err(),
        "no request was written"
    );
    root.write_request(&file()).unwrap();
    assert!(root.require_expected(&id).is_err());
    root.expect_signature(&id).unwrap();
    assert!(root.expect_signature(&id).is_err());
    root.require_expected(&id).unwrap();
    root.collect_signature(&id, signed()).unwrap();
    assert!(root.owed()[&id].is_settled());
    assert!(root.skip_signature(&id, "late").is_err());
}

#[test]
fn an_expected_signature_is_waited_for_again_and_a_settled_one_is_not() {
    let mut root = root();
    let id = key("key-5");
    root.write_request(&file()).unwrap();
    for fall_back in [Root::stop_expecting, Root::interrupt] {
        root.expect_signature(&id).unwrap();
        fall_back(&mut root);
        assert_eq!(root.owed()[&id], Owed::Waited);
    }
    root.expect_signature(&id).unwrap();
    root.skip_signature(&id, "late").unwrap();
    root.interrupt();
    assert!(root.owed()[&id].is_settled());
    assert!(root.skip_signature(&id, "late").is_err());
    assert!(root.expect_signature(&id).is_err());
}

#[test]
fn only_keys_at_other_sites_owe_a_signature() {
    let mut root = root();
    assert_eq!(root.owed().keys().collect::<Vec<_>>(), [&key("key-5")]);
    root.write_request(&file()).unwrap();
    assert!(root.expect_signature(&key("key-1")).is_err());
    assert!(root.collect_signature(&key("key-1"), signed()).is_err());
    assert!(root.skip_signature(&key("key-1"), "late").is_err());
}

#[test]
fn a_request_is_written_once() {
    let mut root = root();
    root.write_request(&file()).unwrap();
    assert!(root.write_request(&file()).is_err());
}

#[test]
fn an_export_is_announced_once_and_first() {
    let mut root = root();
    assert!(root.export(&[file()]).is_err());
    assert!(root.exported().is_empty());
    root.announce_export().unwrap();
    assert!(root.announce_export().is_err());
    root.export(&[file()]).unwrap();
    assert_eq!(root.exported(), [file()]);
}

#[test]
fn a_root_is_there_once_it_was_composed() {
    let mut root = root();
    assert!(root.require_frozen().is_err());
    root.freeze(signed().frozen().clone(), signed());
    assert!(root.require_frozen().is_ok());
}
