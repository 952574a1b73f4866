//! A rehearsal in a folder of its own, played by the program itself, and what is told of what it left.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use tempfile::TempDir;

const INSTALL: &str = "If a tool is missing: ./softhsm-setup.sh --test-tools";

/// The folder of one rehearsal. Nothing of the system's SoftHSM is seen from in here.
pub(crate) struct Rehearsal {
    folder: TempDir,
}

impl Rehearsal {
    /// A folder in which nothing was played yet.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// A rehearsal that was played to its end.
    pub(crate) fn played(arguments: &[&str]) -> Self {
        let rehearsal = Self::new();
        let output = rehearsal.play(arguments);
        assert_done(&output);
        rehearsal
    }

    /// A place beside everything that the rehearsal makes.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.beside("home")
    }

    /// What `--out` names.
    pub(crate) fn out(&self) -> PathBuf {
        self.beside("out")
    }

    pub(crate) fn genesis(&self) -> PathBuf {
        self.out().join("genesis")
    }

    pub(crate) fn export(&self) -> PathBuf {
        self.out().join("export")
    }

    pub(crate) fn online(&self) -> PathBuf {
        self.out().join("online")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.out().join("tokens")
    }

    pub(crate) fn transcript(&self) -> PathBuf {
        self.genesis().join("transcript.jsonl")
    }

    /// Another program, in the environment of the rehearsal.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("HOME", self.home())
            .env("SOFTHSM2_CONF", self.beside("no-configuration"))
            .stdin(Stdio::null());
        command
    }

    /// `conclave`.
    pub(crate) fn conclave(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_conclave"))
    }

    /// `conclave rehearse --unattended --out DIR`, with more arguments.
    pub(crate) fn unattended(&self, arguments: &[&str]) -> Command {
        let mut command = self.conclave();
        command
            .args(["rehearse", "--unattended", "--out"])
            .arg(self.out())
            .args(arguments);
        command
    }

    pub(crate) fn play(&self, arguments: &[&str]) -> Output {
        output(&mut self.unattended(arguments))
    }

    /// Has it play on by itself.
    pub(crate) fn resume(&self) -> Output {
        output(
            self.conclave()
                .args(["resume", "--unattended"])
                .arg(self.genesis()),
        )
    }

    /// How many bytes of a line that was cut short the transcript ends with.
    pub(crate) fn torn_bytes(&self) -> usize {
        let transcript = fs::read(self.transcript()).unwrap();
        let torn = transcript.iter().rev().take_while(|byte| **byte != b'\n');
        torn.count()
    }

    /// Waits until no process has the ceremony any more.
    pub(crate) fn wait_until_released(&self) {
        let transcript = File::open(self.transcript()).unwrap();
        let (locked, wait) = channel();
        thread::spawn(move || locked.send(transcript.lock()));
        match wait.recv_timeout(Duration::from_secs(30)) {
            Ok(result) => result.unwrap(),
            Err(error) => panic!("a process still has the ceremony: {error}"),
        }
    }

    /// The events that are whole lines of the transcript.
    pub(crate) fn events(&self) -> Vec<Value> {
        events(&fs::read(self.transcript()).unwrap())
    }

    /// The `data` of the events of a kind.
    pub(crate) fn data_of(&self, kind: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event["event"] == kind);
        events
            .iter_mut()
            .map(|event| event["data"].take())
            .collect()
    }

    /// The kinds of the events, in their order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["event"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The token of a key with what it holds, as `conclave token show` tells it.
    pub(crate) fn token_of(&self, key: &str) -> Value {
        let configuration = self.beside(&format!("{key}.conf"));
        let folder = self.tokens().join(key);
        fs::write(
            &configuration,
            format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
                folder.display()
            ),
        )
        .unwrap();
        let output = output(
            self.conclave()
                .args(["token", "show", "--json"])
                .env("SOFTHSM2_CONF", configuration),
        );
        assert_done(&output);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Fails unless the ceremony closed, whatever happened on the way: its record is whole, each token holds the
    /// one key that the record names, all signed the same bytes once, and the root verifies.
    pub(crate) fn assert_complete(&self) {
        assert_chained(&fs::read(self.transcript()).unwrap());
        assert_eq!(self.kinds().last().map(String::as_str), Some("closed"));
        let composed = self.data_of("root-composed");
        assert_eq!(composed.len(), 1);
        for intent in self.data_of("sign-intended") {
            assert_eq!(intent["sha256"], composed[0]["sha256"], "other bytes");
        }
        let generated = self.data_of("key-generated");
        let signed = self.data_of("signed");
        // A key that was made before answered once, when it was taken in.
        let proofs = self.data_of("possession-proven");
        let adopted = proofs.iter().filter(|by| by["occasion"] == "adoption");
        assert_eq!(generated.len() + adopted.count(), signed.len());
        for key in &generated {
            let name = key["key"].as_str().unwrap();
            let token = self.token_of(name);
            let held = token["keys"].as_array().unwrap();
            assert_eq!(held.len(), 1, "keys on the token of {name}: {token:#}");
            assert_eq!(held[0]["fingerprint"], key["fingerprint"]);
            assert_eq!(token["other_objects"], Value::Array(Vec::new()));
            let signatures = signed.iter().filter(|by| by["key"] == name).count();
            assert_eq!(signatures, 1, "signatures of {name}");
        }
        let exported = |name: &str| fs::read(self.export().join(name)).unwrap();
        let went_on = self.export().join("2.root.json").exists();
        let newest = if went_on {
            "2.root.json"
        } else {
            "1.root.json"
        };
        assert_eq!(exported("root.json"), exported(newest));
        let root: Value = serde_json::from_slice(&exported("1.root.json")).unwrap();
        assert_eq!(root["signatures"].as_array().unwrap().len(), signed.len());
        for judged in [["root", "verify"], ["transcript", "verify"]] {
            let path = if judged[0] == "root" {
                self.export()
            } else {
                self.genesis()
            };
            let output = output(self.conclave().args(judged).arg("--json").arg(path));
            assert_done(&output);
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(told["verdict"], "accepted", "{told:#}");
        }
    }
}

/// Runs a program to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}. {INSTALL}"))
}

/// What a program told people.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Fails unless a program did its work.
pub(crate) fn assert_done(output: &Output) {
    let status = output.status;
    assert!(status.success(), "{status}\n{}\n{INSTALL}", told(output));
}

/// Fails unless a program ended with a status and with these words.
pub(crate) fn assert_failed(output: &Output, status: i32, words: &[&str]) {
    let text = told(output);
    assert_eq!(output.status.code(), Some(status), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

/// The whole lines of a transcript, as JSON.
pub(crate) fn events(transcript: &[u8]) -> Vec<Value> {
    transcript
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Fails unless each line is bound to the one before, and the last one is whole. Hashed here once more, with
/// nothing of the program's own.
pub(crate) fn assert_chained(transcript: &[u8]) {
    assert_eq!(transcript.last(), Some(&b'\n'), "the last line is torn");
    let mut before = "0".repeat(64);
    for (index, line) in transcript[..transcript.len() - 1]
        .split(|byte| *byte == b'\n')
        .enumerate()
    {
        let event: Value = serde_json::from_slice(line).unwrap();
        assert_eq!(event["seq"], index + 1);
        assert_eq!(event["prev"], before, "line {}", index + 1);
        before = sha256(line);
    }
}

/// The lines of a transcript that somebody changed, each bound anew to the one before.
pub(crate) fn rechained(transcript: &str) -> String {
    let mut rechained = String::new();
    let mut before: Option<String> = None;
    for text in transcript.lines() {
        let line: Value = serde_json::from_str(text).unwrap();
        let text = match before {
            Some(digest) => text.replacen(line["prev"].as_str().unwrap(), &digest, 1),
            None => text.to_owned(),
        };
        before = Some(sha256(text.as_bytes()));
        rechained += &text;
        rechained.push('\n');
    }
    rechained
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// All files below a folder, without what lies behind links, in the order of their paths.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}
