//! The program holds a genesis on tokens whose module misbehaves, with nothing but a profile beside the script.

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::quirky_profile;
use crate::support::rehearse::{self, Rehearsal, assert_done, output};
use crate::support::store::Store;

const SO_PIN: &str = "86420135";
const PIN: &str = "13579246";

/// The approval codes of two witnesses and two key holders, in the order of attendance.
const CODES: [&str; 4] = ["code-of-w1", "code-of-w2", "code-of-h1", "code-of-h2"];

/// Where the PIN is entered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Typed,
    OnTheDevice,
    Nowhere,
}

struct Room {
    folder: Rehearsal,
    tokens: Store,
    quirk: &'static str,
}

impl Room {
    fn new(quirk: &'static str, profile: &str) -> Self {
        let folder = Rehearsal::new();
        let mut new = folder.conclave();
        let day = SignedDuration::from_hours(24);
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        new.args(["script", "new", "genesis", "--out", "script.toml"])
            .args(["--repository", "example.com/updates"])
            .args(["--not-before", &(now - day).to_string()])
            .args(["--expires", &(now + 365 * day).to_string()])
            .args(["--tokens", "2", "--threshold", "1"]);
        for role in ["timestamp", "snapshot", "targets"] {
            let (private, public) = (format!("{role}.pem"), format!("{role}.pub.pem"));
            let generate = ["genpkey", "-algorithm", "ED25519", "-out", &private];
            assert_done(&output(folder.command("openssl").args(generate)));
            let convert = ["pkey", "-in", &private, "-pubout", "-out", &public];
            assert_done(&output(folder.command("openssl").args(convert)));
            new.args([format!("--{role}"), public]);
        }
        assert_done(&output(&mut new));
        let script = folder.beside("script.toml");
        let text = fs::read_to_string(&script).unwrap();
        fs::write(&script, text.replace("softhsm2", "quirky")).unwrap();
        fs::write(folder.beside("quirky.toml"), quirky_profile(profile)).unwrap();
        Self {
            folder,
            tokens: Store::new(),
            quirk,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.beside("ceremony")
    }

    fn run(&self, entry: Entry) -> Output {
        let [w1, w2, h1, h2] = CODES;
        let mut secrets = vec![w1, w2, h1, h2, w1, w2, w1, w2, w1, w2];
        // New SO PINs and PINs, the PINs for the signatures, and those for the proofs after reinsertion.
        match entry {
            Entry::Typed => {
                secrets.extend([SO_PIN, PIN, SO_PIN, PIN, PIN, PIN]);
                secrets.extend([PIN, w2, w1, PIN, w2, w1]);
            }
            Entry::Nowhere => {
                secrets.extend([SO_PIN, PIN, SO_PIN, PIN]);
                secrets.extend([w2, w1, w2, w1]);
            }
            Entry::OnTheDevice => secrets.extend([w2, w1, w2, w1]),
        }
        let bags = ["A0000001", "A0000001", "A0000002", "A0000002", ""].join("\n");
        let answers = "\n".repeat(5)
            + "the auditor is here today only\n"
            + &"\n".repeat(20)
            + "SIGN ROOT 1\n"
            + &"\n".repeat(6)
            + &bags
            + &"\n".repeat(20);
        let (answer_file, pin_file) = (self.folder.beside("answers"), self.folder.beside("pins"));
        fs::write(&answer_file, answers).unwrap();
        fs::write(&pin_file, secrets.join("\n")).unwrap();
        let mut command = self.folder.command("sh");
        let program = [
            "-c",
            "exec \"$@\" 3<pins",
            "sh",
            env!("CARGO_BIN_EXE_conclave"),
        ];
        command
            .args(program)
            .args(["run", "script.toml", "--out"])
            .arg(self.out())
            .args(["--plain", "--pin-fd", "3"])
            .env("SOFTHSM2_CONF", self.tokens.configuration())
            .env("CONCLAVE_QUIRKS", self.quirk)
            .env("CONCLAVE_QUIRKS_PIN", PIN)
            .env("CONCLAVE_QUIRKS_SO_PIN", SO_PIN)
            .stdin(Stdio::from(fs::File::open(&answer_file).unwrap()));
        output(&mut command)
    }

    fn events(&self) -> Vec<Value> {
        rehearse::events(&fs::read(self.out().join("transcript.jsonl")).unwrap())
    }

    fn data_of(&self, kind: &str) -> Vec<Value> {
        let events = self.events().into_iter();
        let events = events.filter(|event| event["event"] == kind);
        events.map(|event| event["data"].clone()).collect()
    }
}

/// Holds the ceremony, and gives the data of all events of a kind.
#[track_caller]
fn closed(quirk: &'static str, profile: &str, entry: Entry) -> Room {
    let room = Room::new(quirk, profile);
    let done = room.run(entry);
    let shown = rehearse::told(&done);
    assert!(done.status.success(), "{quirk}: {shown}");
    assert_eq!(room.events().last().unwrap()["event"], "closed", "{quirk}");
    let mut verify = room.folder.conclave();
    assert_done(&output(
        verify.args(["transcript", "verify"]).arg(room.out()),
    ));
    assert!(!shown.contains(PIN) && !shown.contains(SO_PIN), "{quirk}");
    room
}

#[test]
fn a_genesis_closes_on_modules_that_refuse_or_choose() {
    for quirk in [
        "full-template-refused",
        "different-ids",
        "module-ids",
        "public-objects-need-login",
        "only-ecdsa-sha256",
        "token-info-fails-once",
    ] {
        let room = closed(quirk, "", Entry::Typed);
        for key in room.data_of("key-generated") {
            assert_eq!(key["provenance"], "claimed", "{quirk}");
        }
    }
}

#[test]
fn a_genesis_closes_with_a_login_that_ends_or_is_needed_each_time() {
    for quirk in ["login-lost-after-generation", "context-login"] {
        closed(quirk, "", Entry::Typed);
    }
    let profile = "[login]\npublic_objects = true";
    closed("public-objects-need-login", profile, Entry::Typed);
}

#[test]
fn the_transcript_names_module_and_pin_entry() {
    for (quirk, entry, name) in [
        ("none", Entry::Typed, "computer"),
        ("pin-pad", Entry::OnTheDevice, "device"),
        ("no-login", Entry::Nowhere, "not-required"),
    ] {
        let room = closed(quirk, "", entry);
        let found = room.data_of("token-found");
        assert_eq!(found.len(), 2);
        for token in found {
            let interface = &token["interface"];
            assert_eq!(interface["pin_entry"], name);
            let module = fs::read(interface["module"].as_str().unwrap()).unwrap();
            assert_eq!(interface["sha256"], rehearse::sha256(&module));
            assert!(
                interface["library"]
                    .as_str()
                    .unwrap()
                    .starts_with("SoftHSM")
            );
        }
    }
}

#[test]
fn a_key_that_is_not_confirmed_has_its_own_provenance() {
    for quirk in ["local-false", "local-unknown", "flags-silent"] {
        let room = closed(quirk, "", Entry::Typed);
        for key in room.data_of("key-generated") {
            assert_eq!(key["provenance"], "unconfirmed", "{quirk}");
        }
    }
}

#[test]
fn a_key_that_is_readable_is_destroyed_and_reported() {
    let room = Room::new("value-readable", "");
    assert!(!room.run(Entry::Typed).status.success());
    let failures = room.data_of("failed");
    let what = failures[0]["failure"]["what"].as_str().unwrap();
    assert!(
        what.contains("shows its private key in clear; it was destroyed"),
        "{what}"
    );
    assert_eq!(room.data_of("key-generated"), Vec::<Value>::new());
}
