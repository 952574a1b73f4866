//! A ceremony for real that is broken off, and another that takes its keys in: on a SoftHSM store of this test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::support::client::Client;
use crate::support::rehearse::{Rehearsal, assert_done, assert_failed, events, output, told};
use crate::support::repository::Repository;
use crate::support::store::Store;
use conclave::transfer::Enrollment;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const PINS: [&str; 4] = ["86420135", "13579246", "97531864", "24680975"];
const CODES: [&str; 4] = ["code-of-w1", "code-of-w2", "code-of-h1", "code-of-h2"];
const UNREHEARSED: &str = "the auditor is here today only";

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

/// A room with online keys of its own and blank tokens.
struct Room {
    folder: Rehearsal,
    tokens: Store,
}

impl Room {
    fn new() -> Self {
        let folder = Rehearsal::new();
        for role in ["timestamp", "snapshot", "targets"] {
            let (private, public) = (format!("{role}.pem"), format!("{role}.pub.pem"));
            let made = folder
                .command("openssl")
                .args(["genpkey", "-algorithm", "ED25519", "-out", &private])
                .status();
            assert!(made.unwrap().success());
            let written = folder
                .command("openssl")
                .args(["pkey", "-in", &private, "-pubout", "-out", &public])
                .status();
            assert!(written.unwrap().success());
        }
        Self {
            folder,
            tokens: Store::new(),
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.folder.beside(name)
    }

    /// A script for two tokens, one of which must sign.
    fn write(&self, name: &str, more: &[&str]) -> Output {
        let day = SignedDuration::from_hours(24);
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let mut new = self.folder.conclave();
        new.args(["script", "new", "genesis", "--out", name])
            .args(["--repository", "example.com/updates"])
            .args(["--not-before", &(now - day).to_string()])
            .args(["--expires", &(now + 365 * day).to_string()])
            .args(["--tokens", "2", "--threshold", "1"])
            .args(["--timestamp", "timestamp.pub.pem"])
            .args(["--snapshot", "snapshot.pub.pem"])
            .args(["--targets", "targets.pub.pem"])
            .args(more);
        output(&mut new)
    }

    fn conclave(&self, arguments: &[&str], answers: &str, secrets: &[&str]) -> Output {
        self.conclave_with(&self.tokens, arguments, answers, secrets)
    }

    fn conclave_with(
        &self,
        tokens: &Store,
        arguments: &[&str],
        answers: &str,
        secrets: &[&str],
    ) -> Output {
        fs::write(self.beside("answers"), answers).unwrap();
        fs::write(self.beside("pins"), secrets.join("\n")).unwrap();
        self.folder
            .command("sh")
            .args(["-c", "exec \"$@\" 3<pins", "sh"])
            .arg(env!("CARGO_BIN_EXE_conclave"))
            .args(arguments)
            .args(["--plain", "--pin-fd", "3"])
            .env("SOFTHSM2_CONF", tokens.configuration())
            .stdin(Stdio::from(fs::File::open(self.beside("answers")).unwrap()))
            .output()
            .unwrap()
    }

    /// A ceremony that was broken off when the second key would have been made, and its first key.
    fn broken_off(&self) -> Enrollment {
        assert_done(&self.write("first.toml", &[]));
        let [so_1, pin_1, so_2, pin_2] = PINS;
        let [w1, w2, ..] = CODES;
        let secrets = [&settling_in()[..], &[w1, w2], &[so_1, pin_1, so_2, pin_2]].concat();
        let answers = "\n".repeat(5)
            + UNREHEARSED
            + &"\n".repeat(8)
            + "/abort\nABORT\na witness had to leave\n";
        let arguments = ["run", "first.toml", "--out", "first"];
        let ended = self.conclave(&arguments, &answers, &secrets);
        assert_failed(&ended, 130, &["aborted: a witness had to leave"]);
        let mut verify = self.folder.conclave();
        assert_done(&output(verify.args(["transcript", "verify", "first"])));
        assert!(!self.beside("first/keys/key-2.enrollment.json").exists());
        let file = fs::read(self.beside("first/keys/key-1.enrollment.json")).unwrap();
        Enrollment::read(&file).unwrap()
    }

    /// The token that has no key yet is made blank again.
    fn wipe(&self, label: &str) {
        let mut wipe = self.tokens.command("softhsm2-util");
        assert_done(&output(wipe.args(["--delete-token", "--token", label])));
    }
}

/// Everybody's code; of two for the clock, and of two for what is found on the machine.
fn settling_in() -> Vec<&'static str> {
    let [w1, w2, h1, h2] = CODES;
    vec![w1, w2, h1, h2, w1, w2, w1, w2]
}

fn pem_of(root: &Path) -> String {
    fs::read_to_string(root).unwrap()
}

fn holds(root: &str, enrollment: &Enrollment) -> bool {
    let root: Value = serde_json::from_str(root).unwrap();
    let real = enrollment.claims().public_key.to_pem();
    let keys = root["signed"]["keys"].as_object().unwrap();
    keys.values()
        .any(|key| key["keyval"]["public"].as_str().unwrap().trim() == real.trim())
}

#[test]
fn the_key_of_a_broken_off_ceremony_stands_in_the_root_of_the_next() {
    let room = Room::new();
    let key = room.broken_off();
    assert_done(&room.write("second.toml", &["--adopt", "first"]));

    // It is rehearsed with a simulated key, and then held.
    let mut rehearse = room.folder.conclave();
    rehearse.args(["rehearse", "second.toml", "--unattended", "--out", "played"]);
    assert_done(&output(&mut rehearse));
    let opened = &events(&fs::read(room.beside("played/genesis/transcript.jsonl")).unwrap())[0];
    assert!(
        opened["data"]["simulated_keys"]["key-1"].is_string(),
        "{opened:#}"
    );
    assert!(!holds(
        &pem_of(&room.beside("played/export/1.root.json")),
        &key
    ));

    room.wipe("conclave-key-2");
    let [_, pin_1, so_2, pin_2] = PINS;
    let [w1, w2, ..] = CODES;
    let secrets = [
        &settling_in()[..],
        &[pin_1],
        &[so_2, pin_2],
        &[pin_1, pin_2],
        &[pin_1, w2, w1, pin_2, w2, w1],
    ]
    .concat();
    let bags = ["A0000001", "A0000001", "A0000002", "A0000002", ""].join("\n");
    let answers = "\n".repeat(25) + "SIGN ROOT 1\n" + &"\n".repeat(6) + &bags + &"\n".repeat(20);
    let arguments = [
        "run",
        "second.toml",
        "--out",
        "second",
        "--rehearsal",
        "played/genesis",
    ];
    let ended = room.conclave(&arguments, &answers, &secrets);
    assert_done(&ended);
    assert!(
        told(&ended).contains("generated before this ceremony."),
        "{}",
        told(&ended)
    );
    for (what, path) in [("root", "second/export"), ("transcript", "second")] {
        let mut verify = room.folder.conclave();
        assert_done(&output(verify.args([what, "verify", path])));
    }
    assert!(holds(
        &pem_of(&room.beside("second/export/1.root.json")),
        &key
    ));
    // Clients judge the root, whose one key is of the first ceremony.
    let online = room.beside("online-private");
    fs::create_dir(&online).unwrap();
    for role in ["timestamp", "snapshot", "targets"] {
        let name = format!("{role}.pem");
        fs::copy(room.beside(&name), online.join(&name)).unwrap();
    }
    let repository = Repository::build(&room.beside("second/export"), &online).unwrap();
    for client in Client::ALL {
        assert_eq!(client.accepts(&repository), Ok(()), "{client:?}");
    }
    let told = events(&fs::read(room.beside("second/transcript.jsonl")).unwrap());
    let proofs: Vec<&str> = told
        .iter()
        .filter(|event| event["event"] == "possession-proven")
        .filter(|event| event["data"]["key"] == "key-1")
        .map(|event| event["data"]["occasion"].as_str().unwrap())
        .collect();
    assert_eq!(proofs, ["adoption", "reinsertion"]);
    let mut by_hand = room.folder.command("sh");
    by_hand.arg("VERIFY.txt").current_dir(room.beside("second"));
    assert_done(&output(&mut by_hand));

    // Its own enrollment files say so too; the ceremony was not broken off, so that nothing is to be adopted.
    let again = room.write("third.toml", &["--adopt", "second"]);
    assert_failed(&again, 1, &["the ceremony was completed"]);
}

#[test]
fn the_bag_of_a_pause_in_a_broken_off_ceremony_is_asked_for_in_the_next() {
    let room = Room::new();
    assert_done(&room.write("first.toml", &[]));
    let [so_1, pin_1, so_2, pin_2] = PINS;
    let [w1, w2, ..] = CODES;
    let two = [w1, w2];
    // The pause is approved, and then each of the two bags.
    let secrets = [
        &settling_in()[..],
        &two,
        &[so_1, pin_1, so_2, pin_2],
        &two,
        &[w2, w1],
        &[w2, w1],
    ]
    .concat();
    let paused = "\n".repeat(5)
        + UNREHEARSED
        + &"\n".repeat(9)
        + "/options\n7\nlunch\n\nB0000001\nB0000001\nB0000002\nB0000002\n\n\n";
    let left = room.conclave(&["run", "first.toml", "--out", "first"], &paused, &secrets);
    assert_done(&left);
    let told_then = told(&left);
    let told_then: Vec<&str> = told_then.split_whitespace().collect();
    let told_then = told_then.join(" ");
    assert!(
        told_then.contains(
            "enter your approval code to approve: the token of key holder 1 is in bag B0000001"
        ),
        "what is approved is named: {told_then}"
    );
    let ended = room.conclave(
        &["resume", "first"],
        "/abort\nABORT\na witness had to leave\n",
        &[],
    );
    assert_failed(&ended, 130, &["aborted: a witness had to leave"]);

    assert_done(&room.write("second.toml", &["--adopt", "first"]));
    let list = fs::read(room.beside("first/keys/custody.jsonl")).unwrap();
    assert_eq!(
        fs::read(room.beside("previous/custody.jsonl")).unwrap(),
        list
    );
    let second = room.conclave(
        &["run", "second.toml", "--out", "second"],
        &("\n".repeat(5) + UNREHEARSED + &"\n".repeat(5) + "B0000009\n"),
        &[&settling_in()[..], &two].concat(),
    );
    assert_failed(&second, 130, &["bag \"B0000009\" is not the recorded bag"]);
    let events = events(&fs::read(room.beside("second/transcript.jsonl")).unwrap());
    assert!(events.iter().all(|event| event["event"] != "bag-opened"));
}

#[test]
fn a_token_that_does_not_hold_the_key_is_asked_for_no_pin() {
    let room = Room::new();
    room.broken_off();
    assert_done(&room.write("second.toml", &["--adopt", "first"]));
    let module = MODULES
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("SoftHSM is not there: run ./softhsm-setup.sh --test-tools");
    for kind in ["privkey", "pubkey"] {
        let mut tool = room.tokens.command("pkcs11-tool");
        tool.args(["--module", module, "--token-label", "conclave-key-1"])
            .args([
                "--login",
                "--pin",
                PINS[1],
                "--delete-object",
                "--type",
                kind,
            ])
            .args(["--label", "example.com/updates key-1"]);
        assert_done(&output(&mut tool));
    }
    let [w1, w2, ..] = CODES;
    let secrets = [&settling_in()[..], &[w1, w2]].concat();
    let answers = "\n".repeat(5) + UNREHEARSED + &"\n".repeat(6);
    let arguments = ["run", "second.toml", "--out", "second"];
    let ended = room.conclave(&arguments, &answers, &secrets);
    assert_failed(
        &ended,
        130,
        &["none of the inserted tokens holds the key key-1"],
    );
    let told = events(&fs::read(room.beside("second/transcript.jsonl")).unwrap());
    assert!(
        told.iter()
            .all(|event| event["event"] != "possession-proven")
    );
}

#[test]
fn what_cannot_be_adopted_is_refused_with_its_reason() {
    let room = Room::new();
    // A rehearsal, and its file.
    assert_done(&room.write("script.toml", &[]));
    let mut rehearse = room.folder.conclave();
    rehearse.args(["rehearse", "script.toml", "--unattended", "--out", "played"]);
    assert_done(&output(&mut rehearse));
    let of_rehearsal = room.write("no.toml", &["--adopt", "played/genesis"]);
    assert_failed(&of_rehearsal, 1, &["keys of a rehearsal"]);
    let file = "played/genesis/keys/key-1.enrollment.json";
    assert_done(&room.write("with-file.toml", &["--enroll", file]));
    let run = ["run", "with-file.toml", "--out", "no"];
    let refused = room.conclave(&run, "", &[]);
    assert_failed(&refused, 1, &["generated in a rehearsal"]);
    assert!(!room.beside("no").exists());
    // The word alone does not make it another.
    let text = fs::read_to_string(room.beside(file)).unwrap();
    let other = text.replace("\"rehearsal\": true", "\"rehearsal\": false");
    assert_ne!(text, other);
    fs::write(room.beside("forged.json"), other).unwrap();
    let forged = room.write("forged.toml", &["--enroll", "forged.json"]);
    assert_failed(&forged, 1, &["enrollment.proof"]);
    // Nothing there, and no ceremony.
    assert_failed(&room.write("no.toml", &["--enroll", "gone.json"]), 4, &[]);
    assert_failed(&room.write("no.toml", &["--adopt", "nowhere"]), 4, &[]);
}
