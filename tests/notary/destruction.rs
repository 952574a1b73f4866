//! A root key in files is destroyed after the root in which another takes its place: every file of it, and with proof
//! unless the power is cut between erasing and the line that records it.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::migration::Estate;
use super::room::{ENDS, Room, answer};
use super::server::{PASSPHRASE, Server, said};

const OFFER: &str = "Attest that missing key files were erased";

/// A room with two files of the old key, and a script that destroys it.
struct Scene {
    room: Room,
    script: PathBuf,
    files: [PathBuf; 2],
}

impl Scene {
    fn new(server: &Server, estate: &Estate<'_>) -> Self {
        let mut room = Room::new();
        room.store.make_token("key-1");
        estate.move_in(&room);
        let file = estate.key_file();
        let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let folder = room.path("home/.docker/trust/private/root_keys");
        fs::create_dir_all(&folder).unwrap();
        let copy = folder.join(format!("{id}_root.key"));
        fs::copy(&file, &copy).unwrap();
        let file = room.path("home/.notary/private").join(format!("{id}.key"));
        let (text, carried) = estate.rotation(server).write();
        let sign_off = "\n[[step]]\nact = \"sign-off\"";
        assert!(text.contains(sign_off));
        let destroy = "\n[[step]]\nact = \"destroy-token-key\"\nkey = \"old\"\n";
        let text = text.replace(sign_off, &format!("{destroy}{sign_off}"));
        let script = room.lay_out(&text, &carried);
        let files = [copy, file];
        Self {
            room,
            script,
            files,
        }
    }

    fn paths(&self) -> Vec<&str> {
        self.files
            .iter()
            .map(|file| file.to_str().unwrap())
            .collect()
    }

    /// Performs the script until the files are erased, and cuts the power before the line that records it.
    fn perform_until_erased(&self, directory: &Path) {
        let arguments = [
            "run",
            self.script.to_str().unwrap(),
            "--plain",
            "--out",
            directory.to_str().unwrap(),
        ];
        let mut terminal = self.room.at_terminal(&arguments);
        let transcript = directory.join("transcript.jsonl");
        while let Some((before, end)) = terminal.expect_any_or_end(&ENDS) {
            let written = fs::read_to_string(&transcript).unwrap_or_default();
            if end == "passphrase: " && written.contains("\"destruction-intended\"") {
                terminal.limit_files(written.len() as u64);
            }
            terminal.send(&answer(&(before + end), PASSPHRASE));
            terminal.send("\r");
        }
        let status = terminal.finish();
        assert!(
            status.signal().is_some(),
            "{status}: {}",
            terminal.transcript()
        );
    }

    /// Resumes the ceremony and plays it to its end. Missing files are looked for once more, and then attested.
    fn resume(&self, directory: &Path) -> String {
        let arguments = ["resume", "--plain", directory.to_str().unwrap()];
        let mut terminal = self.room.at_terminal(&arguments);
        let mut attempts = 0;
        while let Some((before, end)) = terminal.expect_any_or_end(&ENDS) {
            let shown = before + end;
            if shown.contains("Try again") {
                attempts += 1;
                if attempts == 2 {
                    terminal.send("/options\r");
                    let offers = terminal.expect("Number > ");
                    let offered = offers.lines().find(|line| line.contains(OFFER));
                    let number = offered.unwrap().split_whitespace().next().unwrap();
                    terminal.send(&format!("{number}\r"));
                    terminal.expect("Number > ");
                    terminal.send("1\r");
                    continue;
                }
            }
            terminal.send(&answer(&shown, PASSPHRASE));
            terminal.send("\r");
        }
        let status = terminal.finish();
        assert!(status.success(), "{status}: {}", terminal.transcript());
        terminal.transcript()
    }
}

fn events(directory: &Path) -> Vec<Value> {
    let transcript = fs::read_to_string(directory.join("transcript.jsonl")).unwrap();
    let lines = transcript.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn data_of(directory: &Path, event: &str) -> Vec<Value> {
    let events = events(directory).into_iter();
    let found = events.filter(|line| line["event"] == event);
    found.map(|line| line["data"].clone()).collect()
}

/// What the register of keys says of the destroyed key, and the register of payloads.
fn registered(directory: &Path) -> (Value, Value) {
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(directory.join("keys").join(name)).unwrap()).unwrap()
    };
    let keys = read("register.json")["keys"].as_array().unwrap().clone();
    let old = keys.iter().find(|key| key["id"] == "old").unwrap();
    let payloads = read("payloads.json")["destroyed_keys"].clone();
    let mut payloads = payloads.as_object().unwrap().values().cloned();
    (old["destroyed"].clone(), payloads.next().unwrap())
}

fn report_of(room: &Room, directory: &Path) -> String {
    let page = directory.with_extension("html");
    let arguments = ["transcript", "report", directory.to_str().unwrap(), "--out"];
    let arguments = [&arguments[..], &[page.to_str().unwrap()]].concat();
    let output = room.conclave(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    fs::read_to_string(page).unwrap()
}

#[test]
fn every_file_of_a_key_is_erased_and_proven_to_be_gone() {
    let server = Server::start();
    let estate = Estate::new(&server, &["docker.example/retired"]);
    let mut scene = Scene::new(&server, &estate);
    let done = scene.room.perform_file(&scene.script, &[PASSPHRASE]);
    assert!(scene.files.iter().all(|file| !file.exists()));
    for event in [
        "key-files-found",
        "destruction-intended",
        "token-key-destroyed",
    ] {
        let data = data_of(&done.directory, event);
        assert_eq!(data.len(), 1, "{event}");
        assert_eq!(
            data[0]["files"],
            serde_json::json!(scene.paths()),
            "{event}"
        );
    }
    let (key, payloads) = registered(&done.directory);
    assert_eq!(key["proven"], true);
    assert_eq!(key["erased"], serde_json::json!(scene.paths()));
    assert_eq!(payloads["proven"], true);
    let report = report_of(&scene.room, &done.directory);
    assert!(report.contains("no file of the key is left") && !report.contains("NOT PROVEN"));
}

#[test]
fn files_that_are_gone_after_a_power_cut_are_attested_and_not_proven() {
    let server = Server::start();
    let estate = Estate::new(&server, &["docker.example/retired"]);
    let scene = Scene::new(&server, &estate);
    let directory = scene.room.path("interrupted");
    scene.perform_until_erased(&directory);
    assert!(scene.files.iter().all(|file| !file.exists()));
    let last = events(&directory).pop().unwrap();
    assert_eq!(last["event"], "destruction-intended");
    // Of one file the power left zeros.
    fs::write(&scene.files[1], [0; 300]).unwrap();
    scene.resume(&directory);
    assert!(!scene.files[1].exists());
    let attested = data_of(&directory, "key-files-attested");
    assert_eq!(attested[0]["files"], serde_json::json!(scene.paths()));
    assert!(data_of(&directory, "token-key-destroyed").is_empty());
    let verified = scene
        .room
        .conclave(&["transcript", "verify", directory.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", said(&verified));
    for file in scene.paths() {
        let note = format!(
            "after an interruption, One Person attested that {file} was erased; this is not proven"
        );
        assert!(said(&verified).contains(&note), "{}", said(&verified));
    }
    let (key, payloads) = registered(&directory);
    assert_eq!(key["proven"], false);
    assert_eq!(payloads["proven"], false);
    assert!(report_of(&scene.room, &directory).contains("NOT PROVEN"));
}

#[test]
fn a_file_that_was_moved_is_put_back_and_erased() {
    let server = Server::start();
    let estate = Estate::new(&server, &["docker.example/retired"]);
    let scene = Scene::new(&server, &estate);
    let text = fs::read(&scene.files[0]).unwrap();
    let directory = scene.room.path("interrupted");
    scene.perform_until_erased(&directory);
    for file in &scene.files {
        fs::write(file, &text).unwrap();
    }
    scene.resume(&directory);
    assert!(scene.files.iter().all(|file| !file.exists()));
    assert!(data_of(&directory, "key-files-attested").is_empty());
    let destroyed = data_of(&directory, "token-key-destroyed");
    assert_eq!(destroyed[0]["files"], serde_json::json!(scene.paths()));
    assert_eq!(registered(&directory).0["proven"], true);
}
