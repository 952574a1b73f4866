//! `conclave run`: a ceremony for real, on a SoftHSM store that is this test's own.

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::support::rehearse::{
    self, Rehearsal, assert_chained, assert_done, assert_failed, files_below, output, sha256,
};
use crate::support::store::{self, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const PINS: [&str; 4] = ["86420135", "13579246", "97531864", "24680975"];

/// The approval codes of two witnesses and two key holders, in the order of attendance.
const CODES: [&str; 4] = ["code-of-w1", "code-of-w2", "code-of-h1", "code-of-h2"];

/// Why a ceremony goes on although no rehearsal was shown.
const UNREHEARSED: &str = "the auditor is here today only";

/// The answers until everybody is here, and one that decides to go on without a rehearsal.
fn without_rehearsal() -> String {
    "\n".repeat(5) + UNREHEARSED + "\n"
}

/// All other answers of a ceremony with two keys. The review and the bags ask again when they get an empty line.
fn all_answers() -> String {
    let bags = ["A0000001", "A0000001", "A0000002", "A0000002", ""].join("\n");
    "\n".repeat(20) + "SIGN ROOT 1\n" + &"\n".repeat(6) + &bags + &"\n".repeat(20)
}

/// A room with a script, online keys of its own and blank tokens.
struct Room {
    /// The folder, the program and the reading of what they leave.
    folder: Rehearsal,
    tokens: Store,
    script: PathBuf,
}

impl Room {
    fn new() -> Self {
        let folder = Rehearsal::new();
        let mut roles = Vec::new();
        for role in ["timestamp", "snapshot", "targets"] {
            let (private, public) = (format!("{role}.pem"), format!("{role}.pub.pem"));
            assert_done(&output(folder.command("openssl").args([
                "genpkey",
                "-algorithm",
                "ED25519",
                "-out",
                &private,
            ])));
            assert_done(&output(
                folder
                    .command("openssl")
                    .args(["pkey", "-in", &private, "-pubout", "-out", &public]),
            ));
            roles.extend([format!("--{role}"), public]);
        }
        let roles: Vec<_> = roles.iter().map(String::as_str).collect();
        let script = write_script(&folder, "script.toml", &roles);
        Self {
            folder,
            tokens: Store::new(),
            script,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.beside("ceremony")
    }

    fn mirror(&self) -> PathBuf {
        self.folder.beside("mirror")
    }

    fn transcript(&self) -> Vec<u8> {
        fs::read(self.out().join("transcript.jsonl")).unwrap()
    }

    fn events(&self) -> Vec<Value> {
        rehearse::events(&self.transcript())
    }

    /// Runs `conclave` with answers on standard input and PINs on descriptor 3.
    fn conclave(&self, arguments: &[&str], answers: &str, pins: &[&str]) -> Output {
        let (answer_file, pin_file) = (self.folder.beside("answers"), self.folder.beside("pins"));
        fs::write(&answer_file, answers).unwrap();
        fs::write(&pin_file, pins.join("\n")).unwrap();
        let output = self
            .folder
            .command("sh")
            .args([
                "-c",
                "exec \"$@\" 3<pins",
                "sh",
                env!("CARGO_BIN_EXE_conclave"),
            ])
            .args(arguments)
            .args(["--plain", "--pin-fd", "3"])
            .env("SOFTHSM2_CONF", self.tokens.configuration())
            .stdin(Stdio::from(fs::File::open(&answer_file).unwrap()))
            .output()
            .unwrap();
        fs::remove_file(pin_file).unwrap();
        output
    }

    /// Has a person approve by an approval token: a SoftHSM token with a key in it, made by other tools.
    fn give_token_to(&self, person: &str) {
        self.tokens.make_token(person);
        let module = "/usr/lib/softhsm/libsofthsm2.so";
        let tool = |arguments: &[&str]| {
            let mut command = self.tokens.command("pkcs11-tool");
            command.args(["--module", module, "--token-label", person]);
            assert_done(&output(command.args(arguments)));
        };
        tool(&[
            "--login",
            "--pin",
            store::PIN,
            "--keypairgen",
            "--key-type",
            "EC:prime256v1",
            "--id",
            "01",
        ]);
        let (der, pem) = (
            self.folder.beside("own.der"),
            self.folder.beside("own.pub.pem"),
        );
        let path = der.to_str().unwrap();
        tool(&[
            "--read-object",
            "--type",
            "pubkey",
            "--id",
            "01",
            "--output-file",
            path,
        ]);
        let mut convert = self.folder.command("openssl");
        convert
            .args(["pkey", "-pubin", "-inform", "DER", "-in"])
            .arg(&der);
        assert_done(&output(convert.arg("-out").arg(&pem)));
        let digest = sha256(&fs::read(&pem).unwrap());
        let line = format!("id = \"{person}\"\n");
        let own = format!(
            "{line}approval = {{ token = {{ profile = \"softhsm2\", label = \"{person}\" }}, public_key = {{ file = \"own.pub.pem\", sha256 = \"{digest}\" }} }}\n"
        );
        let text = fs::read_to_string(&self.script).unwrap();
        assert_eq!(text.matches(&line).count(), 1);
        fs::write(&self.script, text.replacen(&line, &own, 1)).unwrap();
    }

    fn run(&self, more: &[&str], answers: &str, pins: &[&str]) -> Output {
        let (script, out) = (self.script.clone(), self.out());
        let mut arguments = vec![
            "run",
            script.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        arguments.extend(more);
        self.conclave(&arguments, answers, pins)
    }

    /// Fails unless the ceremony closed and its root verifies.
    fn assert_closed(&self) {
        assert_chained(&self.transcript());
        assert_eq!(self.events().last().unwrap()["event"], "closed");
        for (what, path) in [
            ("root", self.out().join("export")),
            ("transcript", self.out()),
        ] {
            let mut verify = self.folder.conclave();
            let output = output(verify.args([what, "verify", "--json"]).arg(path));
            assert_done(&output);
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(told["verdict"], "accepted", "{told:#}");
        }
    }
}

/// A script for two tokens, whose ceremony may be held from yesterday on.
fn write_script(folder: &Rehearsal, name: &str, roles: &[&str]) -> PathBuf {
    let day = SignedDuration::from_hours(24);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let mut new = folder.conclave();
    new.args(["script", "new", "genesis", "--out", name])
        .args(["--repository", "example.com/updates"])
        .args(["--not-before", &(now - day).to_string()])
        .args(["--expires", &(now + 365 * day).to_string()])
        .args(["--tokens", "2", "--threshold", "1"])
        .args(roles);
    assert_done(&output(&mut new));
    folder.beside(name)
}

/// What is asked for while people settle in: everybody's code, and those of two for the clock, and of two for
/// whatever is found on the machine.
fn settling_in() -> Vec<&'static str> {
    let [w1, w2, h1, h2] = CODES;
    vec![w1, w2, h1, h2, w1, w2, w1, w2]
}

/// All secrets in the order of asking, with those of two people who decide to go on without a rehearsal: then for
/// each key a new SO PIN and a new PIN, then to sign, then to prove it, and of two people who read its new bag,
/// the second one first.
fn all_pins() -> Vec<&'static str> {
    let [so_1, pin_1, so_2, pin_2] = PINS;
    let [w1, w2, ..] = CODES;
    let new = [so_1, pin_1, so_2, pin_2];
    let signing = [pin_1, pin_2];
    let sealing = [pin_1, w2, w1, pin_2, w2, w1];
    [&settling_in()[..], &[w1, w2], &new, &signing, &sealing].concat()
}

#[test]
fn a_production_closes_with_a_mirror_that_is_the_same() {
    let room = Room::new();
    let mirror = room.mirror();
    let mirror = ["--mirror", mirror.to_str().unwrap()];
    let answers = without_rehearsal() + &all_answers();
    let output = room.run(&mirror, &answers, &all_pins());
    assert_done(&output);
    room.assert_closed();
    let exceptions: Vec<_> = room
        .events()
        .into_iter()
        .filter(|event| event["event"] == "exception-recorded")
        .collect();
    assert_eq!(exceptions.len(), 1);
    assert_eq!(exceptions[0]["data"]["waives"], "rehearsal.shown");
    assert_eq!(exceptions[0]["data"]["report"]["decided"], UNREHEARSED);
    for event in room.events() {
        assert_eq!(event["mode"], "production");
    }
    assert_eq!(room.events()[0]["data"]["rehearsal"], Value::Null);
    for name in ["transcript.jsonl", "script.toml"] {
        let (one, other) = (room.out().join(name), room.mirror().join(name));
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap(), "{name}");
    }
    assert_eq!(room.tokens.tokens().len(), 2);

    let screen = rehearse::told(&output);
    assert!(!screen.contains("REHEARSAL"), "{screen}");
    for pin in PINS.into_iter().chain(CODES) {
        assert!(!screen.contains(pin), "{screen}");
        for file in files_below(&room.out())
            .iter()
            .chain(&files_below(&room.mirror()))
        {
            let content = fs::read(file).unwrap();
            let text = String::from_utf8_lossy(&content);
            assert!(!text.contains(pin), "{pin} is in {}", file.display());
        }
    }
}

#[test]
fn an_own_token_approves_what_its_owner_types_the_pin_for() {
    let room = Room::new();
    room.give_token_to("witness-1");
    let rehearsal = Rehearsal::played(&[room.script.to_str().unwrap()]);
    let opened = &rehearsal.events()[0]["data"]["simulated_approvals"]["witness-1"];
    assert_ne!(
        opened.as_str().unwrap(),
        fs::read_to_string(room.folder.beside("own.pub.pem")).unwrap()
    );
    let attested = &rehearsal.data_of("clock-attested")[0];
    assert_eq!(attested["approvals"][0]["strength"], "token");
    // The PIN of the approval token stands where the code of witness 1 would.
    let own = |secret| {
        if secret == CODES[0] {
            store::PIN
        } else {
            secret
        }
    };
    let secrets: Vec<_> = all_pins().into_iter().map(own).collect();
    let answers = without_rehearsal() + &all_answers();
    let output = room.run(&[], &answers, &secrets);
    assert_done(&output);
    room.assert_closed();
    let events = room.events();
    let proofs = |event: &&Value| event["event"] == "approval-token-proven";
    assert_eq!(events.iter().filter(proofs).count(), 1);
    let clock = events
        .iter()
        .find(|event| event["event"] == "clock-attested");
    let approvals = &clock.unwrap()["data"]["approvals"];
    assert_eq!(approvals[0]["strength"], "token");
    assert_eq!(approvals[1]["strength"], "code");
    assert!(!rehearse::told(&output).contains(store::PIN));

    let by_hand = |file: &str| {
        let mut sh = room.folder.command("sh");
        rehearse::output(sh.arg(file).current_dir(room.out()))
    };
    let verified = by_hand("VERIFY.txt");
    assert_done(&verified);
    let told = rehearse::told(&verified);
    let all = events
        .iter()
        .filter_map(|event| event["data"]["approvals"].as_array())
        .flatten();
    let by_token = all
        .filter(|approval| approval["strength"] == "token")
        .count();
    assert!(by_token > 2, "{by_token}");
    let signed = "[ok] signature of the approval token of witness-1 for entry ";
    assert_eq!(told.matches(signed).count(), by_token + 1, "{told}");

    // Whoever writes another signature into the record, is found out.
    let transcript = String::from_utf8(room.transcript()).unwrap();
    let signature = approvals[0]["signature"].as_str().unwrap();
    let other = format!("{}00", &signature[..signature.len() - 2]);
    assert_ne!(signature, other);
    fs::write(
        room.out().join("transcript.jsonl"),
        rehearse::rechained(&transcript.replace(signature, &other)),
    )
    .unwrap();
    let mut verify = room.folder.conclave();
    let judged = rehearse::output(verify.args(["transcript", "verify"]).arg(room.out()));
    assert_failed(
        &judged,
        1,
        &["the approval token of witness-1 did not sign this"],
    );
    // So it is by whoever has Python and OpenSSL alone, even where all sums were made anew.
    let text = fs::read_to_string(room.out().join("VERIFY.txt")).unwrap();
    let sums = |line: &&str| {
        !line.starts_with("sha256sum --check") && !line.starts_with("is 'transcript digest")
    };
    let without: Vec<&str> = text.lines().filter(sums).collect();
    assert_eq!(without.len() + 2, text.lines().count());
    fs::write(room.out().join("signatures-alone"), without.join("\n")).unwrap();
    let refused = by_hand("signatures-alone");
    assert_failed(
        &refused,
        1,
        &["[FAIL] signature of the approval token of witness-1 for entry "],
    );

    // A wrong PIN approves nothing, and whoever has no token here takes a code.
    let refused = Room::new();
    refused.give_token_to("witness-1");
    let output = refused.run(&[], "\n\n\n", &["000000"]);
    assert_failed(&output, 130, &["the PIN is wrong"]);
    let events = refused.events();
    assert!(
        !events
            .iter()
            .any(|event| event["event"] == "approval-token-proven")
    );
}

#[test]
fn a_production_that_was_left_is_resumed_with_its_mirror() {
    let room = Room::new();
    let mirror = room.mirror();
    let mirror = ["--mirror", mirror.to_str().unwrap()];
    // The answers end where the first key would be generated.
    let answers = without_rehearsal() + &"\n".repeat(5);
    let output = room.run(&mirror, &answers, &all_pins());
    assert_failed(&output, 130, &["can be resumed", "conclave resume"]);
    assert_eq!(room.events().last().unwrap()["event"], "pin-set");

    // A mirror that lost its last bytes is brought up to date.
    let copy = room.mirror().join("transcript.jsonl");
    let mut bytes = fs::read(&copy).unwrap();
    bytes.truncate(bytes.len() - 100);
    fs::write(&copy, bytes).unwrap();

    let out = room.out();
    let resume = ["resume", out.to_str().unwrap()];
    let [_, pin_1, so_2, pin_2] = PINS;
    let [w1, w2, ..] = CODES;
    let pins = [pin_1, so_2, pin_2, pin_1, pin_2];
    let sealing = [pin_1, w2, w1, pin_2, w2, w1];
    let secrets = [&settling_in()[..], &pins, &sealing].concat();
    assert_done(&room.conclave(&resume, &all_answers(), &secrets));
    room.assert_closed();
    assert_eq!(room.transcript(), fs::read(copy).unwrap());
}

#[test]
fn whoever_lost_the_directory_goes_on_with_its_mirror_and_begins_another() {
    let room = Room::new();
    let mirror = room.mirror();
    let given = ["--mirror", mirror.to_str().unwrap()];
    let answers = without_rehearsal() + &"\n".repeat(5);
    assert_failed(&room.run(&given, &answers, &all_pins()), 130, &[]);
    let before = room.transcript();
    fs::remove_dir_all(room.out()).unwrap();

    let gone = room.conclave(&["resume", room.out().to_str().unwrap()], "", &[]);
    assert_failed(&gone, 4, &["hint: "]);
    let resume = ["resume", mirror.to_str().unwrap()];
    let output = room.conclave(&resume, "", &[]);
    assert_failed(&output, 130, &["was the mirror of the transcript"]);
    let itself = [&resume[..], &["--mirror", mirror.to_str().unwrap()]].concat();
    assert_failed(
        &room.conclave(&itself, "", &[]),
        2,
        &["the mirror must not be the ceremony directory itself"],
    );

    let another = room.folder.beside("another");
    let anew = [&resume[..], &["--mirror", another.to_str().unwrap()]].concat();
    let [_, pin_1, so_2, pin_2] = PINS;
    let [w1, w2, ..] = CODES;
    let pins = [pin_1, so_2, pin_2, pin_1, pin_2];
    let sealing = [pin_1, w2, w1, pin_2, w2, w1];
    let secrets = [&settling_in()[..], &pins, &sealing].concat();
    assert_done(&room.conclave(&anew, &all_answers(), &secrets));
    let record = fs::read(mirror.join("transcript.jsonl")).unwrap();
    assert!(record.starts_with(&before));
    for name in ["transcript.jsonl", "script.toml"] {
        let (one, other) = (mirror.join(name), another.join(name));
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap(), "{name}");
    }
}

#[test]
fn a_mirror_whose_medium_is_not_in_is_asked_for() {
    let room = Room::new();
    let mirror = room.mirror();
    let given = ["--mirror", mirror.to_str().unwrap()];
    assert_failed(&room.run(&given, "\n\n", &[]), 130, &[]);
    let elsewhere = room.folder.beside("elsewhere");
    fs::rename(&mirror, &elsewhere).unwrap();
    let out = room.out();
    let resume = ["resume", out.to_str().unwrap()];
    let output = room.conclave(&resume, "", &[]);
    assert_failed(&output, 4, &["is not at", "hint: ", "--mirror"]);
    let there = [&resume[..], &["--mirror", elsewhere.to_str().unwrap()]].concat();
    assert_failed(&room.conclave(&there, "", &[]), 130, &["can be resumed"]);
    let copy = elsewhere.join("transcript.jsonl");
    assert_eq!(room.transcript(), fs::read(copy).unwrap());
}

#[test]
fn a_mirror_of_something_else_is_refused() {
    let room = Room::new();
    let mirror = room.mirror();
    let mirror = ["--mirror", mirror.to_str().unwrap()];
    assert_failed(&room.run(&mirror, "\n\n", &[]), 130, &[]);
    let before = room.transcript();
    let copy = room.mirror().join("transcript.jsonl");
    let other = fs::read_to_string(&copy)
        .unwrap()
        .replace("known personally", "known distantly");
    fs::write(&copy, &other).unwrap();
    let out = room.out();
    let output = room.conclave(&["resume", out.to_str().unwrap()], "", &[]);
    assert_failed(&output, 1, &["is not a mirror of this ceremony", "hint: "]);
    assert_eq!(room.transcript(), before);
    assert_eq!(fs::read_to_string(&copy).unwrap(), other);
}

#[test]
fn sample_keys_are_refused() {
    let mut room = Room::new();
    let elsewhere = Rehearsal::new();
    room.script = write_script(&elsewhere, "samples.toml", &[]);
    let words = ["uses a sample key", "hint: "];
    assert_failed(&room.run(&[], &all_answers(), &all_pins()), 1, &words);
    assert!(!room.out().exists());
}

#[test]
fn a_label_that_another_token_has_is_refused_and_nothing_is_changed() {
    let room = Room::new();
    room.tokens.make_token("conclave-key-1");
    let before = room.tokens.tokens().len();
    let answers = without_rehearsal() + &all_answers();
    let output = room.run(&[], &answers, &all_pins());
    let words = [
        "another token has the label \"conclave-key-1\"",
        "Hint",
        "remove that token",
    ];
    assert_failed(&output, 130, &words[..1]);
    assert!(rehearse::told(&output).contains(words[2]));
    assert_eq!(room.tokens.tokens().len(), before);
    let kinds: Vec<_> = room
        .events()
        .iter()
        .map(|event| event["event"].clone())
        .collect();
    assert!(kinds.contains(&"failed".into()), "{kinds:?}");
    assert!(!kinds.contains(&"initialize-intended".into()), "{kinds:?}");
}

#[test]
fn the_rehearsal_that_is_shown_is_of_this_very_script_and_complete() {
    let room = Room::new();
    let script = room.script.to_str().unwrap();
    let refused = |rehearsal: &PathBuf, word: &str| {
        let arguments = ["--rehearsal", rehearsal.to_str().unwrap()];
        assert_failed(&room.run(&arguments, "", &[]), 1, &[word, "hint: "]);
        assert!(!room.out().exists());
    };
    let other = Rehearsal::played(&["--tokens", "2", "--threshold", "1"]);
    refused(&other.genesis(), "this is the rehearsal of another script");

    let rehearsal = Rehearsal::played(&[script]);
    let whole = fs::read(rehearsal.transcript()).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let without_last = lines[..lines.len() - 1].concat();
    fs::write(rehearsal.transcript(), without_last).unwrap();
    refused(&rehearsal.genesis(), "this rehearsal was not completed");
    fs::write(rehearsal.transcript(), &whole).unwrap();

    let genesis = rehearsal.genesis();
    let arguments = ["--rehearsal", genesis.to_str().unwrap()];
    let output = room.run(&arguments, "\n", &[]);
    assert_failed(&output, 130, &["can be resumed"]);
    assert!(!rehearse::told(&output).contains("no rehearsal of this script was given"));
    let head = sha256(lines[lines.len() - 1].trim_ascii_end());
    assert_eq!(room.events()[0]["data"]["rehearsal"], head);

    // What the rotation of a rehearsal builds upon is nothing for a production.
    let rotation = other.out().join("rotation/script.toml");
    let text = fs::read_to_string(&rotation).unwrap();
    let (without, words) = ("custody_log = ", "the custody list is from a rehearsal");
    let unlisted: String = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(without))
        .collect();
    assert_ne!(text, unlisted);
    let next = room.folder.beside("next");
    for (text, words) in [
        (&text, words),
        (&unlisted, "the payload register is from a rehearsal"),
    ] {
        fs::write(&rotation, text).unwrap();
        let (script, out) = (rotation.to_str().unwrap(), next.to_str().unwrap());
        let output = room.conclave(&["run", script, "--out", out], "", &[]);
        assert_failed(&output, 1, &[words]);
        assert!(!next.exists());
    }

    // And a production is no rehearsal.
    let next = room.folder.beside("next");
    let production = room.out();
    let output = room.conclave(
        &[
            "run",
            script,
            "--out",
            next.to_str().unwrap(),
            "--rehearsal",
            production.to_str().unwrap(),
        ],
        "",
        &[],
    );
    assert_failed(&output, 1, &["this ceremony is not a rehearsal"]);
    assert!(!next.exists());
}

#[test]
fn without_a_rehearsal_nothing_happens_beyond_attendance() {
    let room = Room::new();
    // An empty line is no reason, and the codes of the wrong people approve nothing.
    let answers = "\n".repeat(30);
    let secrets = [settling_in(), all_pins()].concat();
    let output = room.run(&[], &answers, &secrets);
    assert_failed(
        &output,
        130,
        &["No completed rehearsal of this script was given"],
    );
    let [w1, w2, h1, h2] = CODES;
    let out = room.out();
    let resume = ["resume", out.to_str().unwrap()];
    let answers = without_rehearsal() + "3\n";
    let secrets = [w1, w2, h1, h2, w1, h1];
    let output = room.conclave(&resume, &answers, &secrets);
    assert_failed(&output, 130, &["his is not the code that Witness 2 chose"]);
    for event in room.events() {
        let step = event["step"].as_str().unwrap_or("attendance");
        assert_eq!(step, "attendance", "{event}");
    }
}

#[test]
fn a_production_does_not_play_by_itself() {
    let room = Room::new();
    assert_failed(
        &room.run(&[], "\n", &[]),
        130,
        &["no rehearsal of this script was given"],
    );
    let out = room.out();
    let mut resume = room.folder.conclave();
    let output = output(resume.args(["resume", "--unattended"]).arg(out));
    assert_failed(
        &output,
        2,
        &["a production cannot run unattended", "hint: "],
    );
}
