//! `VERIFY.txt` works as it stands, with stock tools, and stops where something does not hold.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use conclave::audit::documents;
use conclave::ceremony::{EventKind, Input, KeyEvent, Mode, RootEvent};
use conclave::metadata::KeyType;
use conclave::record::Signature;
use conclave::transcript::Transcript;
use conclave::words::Digest;

use super::{closed, directory_of};
use crate::support::ceremony_driver::{Room, genesis};

const INSTALL: &str = "install the test tools with ./softhsm-setup.sh --test-tools";

fn run(directory: &Path) -> Output {
    for tool in ["openssl", "python3", "sha256sum"] {
        let found = Command::new(tool).arg("--help").output();
        assert!(found.is_ok(), "{tool} is missing: {INSTALL}");
    }
    Command::new("sh")
        .arg("VERIFY.txt")
        .current_dir(directory)
        .output()
        .unwrap()
}

fn told(directory: &Path) -> String {
    let output = run(directory);
    let told = [output.stdout, output.stderr].concat();
    format!("{}{}", String::from_utf8(told).unwrap(), output.status)
}

/// A directory whose files, digests and head fit a transcript in which one event was changed.
fn forged(change: &dyn Fn(&mut EventKind)) -> tempfile::TempDir {
    let room = closed();
    let directory = directory_of(room);
    let mut forged = Transcript::default();
    let mut bytes = Vec::new();
    for entry in room.transcript.entries() {
        let mut event = entry.line.event();
        change(&mut event.kind);
        let line = &entry.line;
        bytes.extend(forged.push(line.script, line.mode, line.time, event).0);
    }
    assert_ne!(forged.head(), room.transcript.head(), "nothing was changed");
    fs::write(directory.path().join("transcript.jsonl"), bytes).unwrap();
    let text = directory.path().join("VERIFY.txt");
    let heads = [room.transcript.head(), forged.head()].map(|head| head.to_string());
    let changed = fs::read_to_string(&text)
        .unwrap()
        .replace(&heads[0], &heads[1]);
    fs::write(&text, changed).unwrap();
    sum_anew(directory.path());
    directory
}

/// Brings the list of digests up to date.
fn sum_anew(directory: &Path) {
    let sums = fs::read_to_string(directory.join("SHA256SUMS")).unwrap();
    let anew: Vec<String> = sums
        .lines()
        .map(|line| {
            let (_, path) = line.split_once("  ").unwrap();
            let digest = Digest::of(&fs::read(directory.join(path)).unwrap());
            format!("{digest}  {path}\n")
        })
        .collect();
    fs::write(directory.join("SHA256SUMS"), anew.concat()).unwrap();
}

fn flip(signature: &mut Signature) {
    let mut bytes = signature.as_bytes().to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    *signature = bytes.into();
}

#[test]
fn a_sound_directory_holds() {
    let directory = directory_of(closed());
    let told = told(directory.path());
    assert!(
        told.ends_with("all checks passed\nexit status: 0"),
        "{told}"
    );
    for line in [
        "[ok] every file in SHA256SUMS is unchanged",
        "[ok] proof of possession of key-1 at generation",
        "[ok] proof of possession of key-2 at reinsertion",
        "[ok] signature of root 1 by key-3",
        "[ok] signature of root 1 by key-4",
        "[ok] 4 of 4 keys of root 1 signed; 2 required",
    ] {
        assert!(told.contains(line), "{line} is not in: {told}");
    }
    assert!(told.contains(&closed().transcript.head().to_string()));
}

#[test]
fn nothing_is_left_behind() {
    let directory = directory_of(closed());
    let list = || {
        let entries = fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = list();
    assert!(run(directory.path()).status.success());
    assert_eq!(list(), before);
}

#[test]
fn a_ceremony_without_a_root_holds() {
    for until in 0..3 {
        let mut room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Rehearsal);
        room.advance_until(|ceremony| match until {
            0 => true,
            1 => ceremony.frozen().is_some(),
            _ => ceremony.signatures().have == 1,
        });
        let reason = "enough".to_owned();
        room.give(Input::Abort { reason }).unwrap();
        let directory = directory_of(&room);
        let told = told(directory.path());
        assert!(
            told.ends_with("all checks passed\nexit status: 0"),
            "{told}"
        );
    }
}

#[test]
fn a_changed_file_is_found() {
    for (path, bytes) in documents(&closed().ceremony, &closed().transcript) {
        if path == "VERIFY.txt" {
            continue;
        }
        let directory = directory_of(closed());
        let changed = [&bytes, &b"more\n"[..]].concat();
        fs::write(directory.path().join(&path), changed).unwrap();
        assert!(!run(directory.path()).status.success(), "{path}");
    }
}

#[test]
fn a_changed_line_breaks_the_chain() {
    let directory = directory_of(closed());
    let path = directory.path().join("transcript.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("known personally", "passport", 1)).unwrap();
    sum_anew(directory.path());
    let told = told(directory.path());
    assert!(
        told.contains("line 3 does not follow the previous line"),
        "{told}"
    );
}

#[test]
fn a_forged_proof_does_not_verify() {
    for key in ["key-1", "key-2", "key-3", "key-4"] {
        let directory = forged(&|fact| {
            if let EventKind::Keys(KeyEvent::PossessionProven {
                key: of, signature, ..
            }) = fact
                && of.as_str() == key
            {
                flip(signature);
            }
        });
        let told = told(directory.path());
        let fail = format!("[FAIL] proof of possession of {key} at generation");
        assert!(told.contains(&fail), "{told}");
    }
}

#[test]
fn a_challenge_is_part_of_its_proof() {
    let directory = forged(&|fact| {
        if let EventKind::Keys(KeyEvent::PossessionProven { challenge, .. }) = fact {
            challenge[31] ^= 1;
        }
    });
    assert!(told(directory.path()).contains("[FAIL] proof of possession of key-1 at generation"));
}

#[test]
fn a_forged_signature_does_not_verify() {
    for key in ["key-1", "key-2", "key-3", "key-4"] {
        let directory = forged(&|fact| {
            if let EventKind::Root(RootEvent::Signed {
                key: of, signature, ..
            }) = fact
                && of.as_str() == key
            {
                flip(signature);
            }
        });
        let told = told(directory.path());
        assert!(
            told.contains(&format!("[FAIL] signature of root 1 by {key}")),
            "{told}"
        );
    }
}

#[test]
fn another_root_file_is_found() {
    for (old, new, said) in [
        (
            "\"version\": 1",
            "\"version\": 2",
            "another message was signed",
        ),
        ("\"sig\": \"", "\"sig\": \"00", "the signatures differ"),
    ] {
        let directory = directory_of(closed());
        let path = directory.path().join("root/1.root.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
        sum_anew(directory.path());
        let told = told(directory.path());
        assert!(told.contains(said), "{told}");
        assert!(!told.contains("all checks passed"), "{told}");
    }
}
