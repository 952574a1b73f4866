//! Documents: they follow from the record, and any change to them is told.

use std::fs;
use std::path::Path;

use conclave::audit::documents;
use conclave::ceremony::{Input, Mode};
use conclave::metadata::KeyType;
use conclave::transcript::Transcript;
use conclave::words::Digest;
use serde_json::{Value, json};

use super::{closed, directory_of, findings, reasons};
use crate::support::ceremony_driver::{Room, genesis, opening};

#[test]
fn a_closed_ceremony_leaves_these() {
    let room = closed();
    let documents = documents(&room.ceremony, &room.transcript);
    let paths: Vec<_> = documents.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "VERIFY.txt",
            "cards.html",
            "cards.txt",
            "closing-note.txt",
            "keys/custody.jsonl",
            "keys/key-1.enrollment.json",
            "keys/key-1.pub.pem",
            "keys/key-2.enrollment.json",
            "keys/key-2.pub.pem",
            "keys/key-3.enrollment.json",
            "keys/key-3.pub.pem",
            "keys/key-4.enrollment.json",
            "keys/key-4.pub.pem",
            "keys/payloads.json",
            "keys/register.json",
            "report.html",
            "root/1.root.json",
            "SHA256SUMS",
        ]
    );
    let file = &documents[16].1;
    assert_eq!(Some(&Digest::of(file)), room.ceremony.verified());
}

#[test]
fn they_follow_from_the_bytes_of_script_and_transcript_alone() {
    let room = closed();
    let (read, _) = Transcript::parse(&room.transcript_bytes()).unwrap();
    let replayed = read.replay(&room.ceremony.script_arc()).unwrap();
    assert_eq!(
        documents(&replayed, &read),
        documents(&room.ceremony, &room.transcript)
    );
}

#[test]
fn an_early_end_leaves_what_there_was() {
    let mut room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Rehearsal);
    room.advance_until(|ceremony| ceremony.signatures().have == 1);
    room.give(Input::Abort {
        reason: "the second token fell".to_owned(),
    })
    .unwrap();
    let directory = directory_of(&room);
    assert_eq!(findings(directory.path()), ["ceremony.aborted"]);
    assert!(!directory.path().join("root").exists());
    assert!(directory.path().join("keys/key-2.pub.pem").exists());

    let mut room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Rehearsal);
    room.give(Input::Abort {
        reason: "nobody came".to_owned(),
    })
    .unwrap();
    assert_eq!(findings(directory_of(&room).path()), ["ceremony.aborted"]);
}

#[test]
fn the_register_tells_whose_key_is_where() {
    let directory = directory_of(closed());
    let register = fs::read(directory.path().join("keys/register.json")).unwrap();
    let register: Value = serde_json::from_slice(&register).unwrap();
    assert_eq!(register["schema"], json!(1));
    assert_eq!(register["mode"], json!("production"));
    let key = &register["keys"][2];
    assert_eq!(key["id"], json!("key-3"));
    assert_eq!(key["holder"], json!("holder-3"));
    assert_eq!(key["holder_name"], json!("Key holder 3"));
    assert_eq!(key["type"], json!("ed25519"));
    assert_eq!(key["token"]["serial"], json!("5f00000000000003"));
    assert_eq!(key["provenance"], json!("claimed"));
    assert_eq!(key["attributes"]["extractable"], json!(false));
    for done in ["proven", "reinserted", "has_signed"] {
        assert_eq!(key[done], json!(true), "{done}");
    }
    let fingerprint = Digest::from_hex(key["fingerprint"].as_str().unwrap()).unwrap();
    let words = key["fingerprint_words"].as_str().unwrap();
    assert_eq!(Digest::from_words(words), Ok(fingerprint));
    let root = fs::read(directory.path().join("root/1.root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let id = key["key_id"].as_str().unwrap();
    assert_eq!(root["signed"]["keys"][id]["keytype"], json!("ed25519"));
}

#[test]
fn a_changed_document_is_refused() {
    for (path, bytes) in documents(&closed().ceremony, &closed().transcript) {
        let directory = directory_of(closed());
        let file = directory.path().join(&path);
        let expected: &[&str] = match path.as_str() {
            "SHA256SUMS" => &["directory.sums"],
            "root/1.root.json" => &["directory.document", "directory.sums", "root.chain"],
            _ => &["directory.document", "directory.sums"],
        };
        let mut changed = bytes.clone();
        changed[0] ^= 1;
        for other in [changed, [&bytes, &b"\n"[..]].concat(), Vec::new()] {
            fs::write(&file, other).unwrap();
            let found = reasons(directory.path());
            assert!(
                !found.is_empty() && found.iter().all(|id| expected.contains(id)),
                "{path}: {found:?}"
            );
        }
        fs::remove_file(&file).unwrap();
        assert!(!reasons(directory.path()).is_empty(), "{path}");
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(!reasons(directory.path()).is_empty(), "{path}");
    }
}

/// Adds a line to a document, and brings the list of digests up to date.
fn change_with_its_sum(directory: &Path, path: &str) {
    let file = directory.join(path);
    let old = fs::read(&file).unwrap();
    let new = [&old, &b"\n"[..]].concat();
    fs::write(&file, &new).unwrap();
    let sums = directory.join("SHA256SUMS");
    let [old, new] = [old, new].map(|bytes| Digest::of(&bytes).to_string());
    let text = fs::read_to_string(&sums).unwrap();
    fs::write(&sums, text.replace(&old, &new)).unwrap();
}

#[test]
fn new_sums_do_not_help_a_changed_document() {
    for path in [
        "closing-note.txt",
        "keys/key-1.pub.pem",
        "keys/register.json",
        "report.html",
    ] {
        let directory = directory_of(closed());
        change_with_its_sum(directory.path(), path);
        assert_eq!(reasons(directory.path()), ["directory.document"], "{path}");
    }
}

#[test]
fn another_version_may_have_worded_what_is_for_people_and_nothing_else() {
    let mut room = Room::new(genesis(&[KeyType::Ed25519; 2], 1));
    let mut by_another = opening(Mode::Production);
    by_another.conclave = "0.0.1".to_owned();
    room.give(Input::Open(by_another)).unwrap();
    while room.advance() {}

    let directory = directory_of(&room);
    change_with_its_sum(directory.path(), "report.html");
    assert_eq!(findings(directory.path()), ["directory.version"]);
    change_with_its_sum(directory.path(), "keys/register.json");
    assert_eq!(reasons(directory.path()), ["directory.document"]);
}
