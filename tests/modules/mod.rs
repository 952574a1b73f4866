//! Real PKCS#11 modules: each completes a genesis of three tokens and a rotation in production, with nothing but its profile.

mod makes;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conclave::profile::Profile;
use conclave::words::Digest;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::pty::{Size, Terminal};
use makes::Make;

/// The public half of an online key, whose private half was thrown away.
const ONLINE: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAHJMeu+T/8TNsvyw3RWeahHV5MwkGtlM91klQ6VgrR/k=
-----END PUBLIC KEY-----
";

const PIN: &str = "13579246";

/// How questions end.
const ENDS: [&str; 6] = [
    "> ",
    "  PIN: ",
    "  SO PIN: ",
    "  new PIN: ",
    "  new SO PIN: ",
    "PIN again: ",
];

/// Tokens of one make, and a folder with a profile beside the scripts.
struct Site {
    folder: TempDir,
    make: Make,
}

impl Site {
    fn new(make: fn(&Path) -> Make) -> Self {
        let folder = TempDir::new().unwrap();
        let make = make(folder.path());
        fs::write(folder.path().join("online.pem"), ONLINE).unwrap();
        let profile = Profile::parse(&make.profile, "the profile").unwrap();
        let name = format!("{}.toml", profile.name);
        fs::write(folder.path().join(name), &make.profile).unwrap();
        Self { folder, make }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self) -> String {
        Profile::parse(&self.make.profile, "the profile")
            .unwrap()
            .name
    }

    fn head(kind: &str, threshold: u8) -> String {
        let day = SignedDuration::from_hours(24);
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let mut text = format!(
            "schema = 1\nkind = \"{kind}\"\ntitle = \"A root\"\nrepository = \"example.com/updates\"\n\
             not_before = \"{}\"\nassurance = \"solo\"\n\n[root]\nthreshold = {threshold}\nexpires = \"{}\"\n\
             destination = \"plain\"\n",
            now - day,
            now + 365 * day
        );
        if kind == "genesis" {
            text.push_str("consistent_snapshot = true\n");
            for role in ["timestamp", "snapshot", "targets"] {
                let digest = Digest::of(ONLINE.as_bytes());
                let _ = writeln!(
                    text,
                    "[root.roles.{role}]\nthreshold = 1\nkeys = [{{ file = \"online.pem\", sha256 = \"{digest}\" }}]"
                );
            }
        }
        text
    }

    /// The script of a change: keys that are generated, each on a blank token, and keys that sign, by their IDs.
    fn script(
        &self,
        kind: &str,
        head: &str,
        made: &[usize],
        kept: &[(usize, &str, &str)],
    ) -> PathBuf {
        let mut text = format!(
            "{head}\n[[person]]\nid = \"alone\"\nname = \"Alone\"\nroles = [\"administrator\", \"key-holder\"]\n"
        );
        let profile = self.name();
        for (number, change, id) in kept {
            let label = Make::label(*number);
            let _ = writeln!(
                text,
                "[[key]]\nid = \"key-{number}\"\nchange = \"{change}\"\nkey_id = \"{id}\"\nholder = \"alone\"\n\
                 token = {{ profile = \"{profile}\", label = \"{label}\" }}"
            );
        }
        for number in made {
            let label = Make::label(*number);
            let change = if kind == "genesis" {
                ""
            } else {
                "change = \"add\"\n"
            };
            let _ = writeln!(
                text,
                "[[key]]\nid = \"key-{number}\"\n{change}holder = \"alone\"\n\
                 token = {{ profile = \"{profile}\", label = \"{label}\" }}\n\
                 type = \"{}\"\nbackup = \"none\"",
                self.make.key_type
            );
        }
        let mut step = |act: &str, key: Option<usize>| {
            let _ = writeln!(text, "[[step]]\nact = \"{act}\"");
            if let Some(key) = key {
                let _ = writeln!(text, "key = \"key-{key}\"");
            }
        };
        for act in ["attendance", "attest-clock", "inspect-host", "read-script"] {
            step(act, None);
        }
        for (number, ..) in kept {
            step("identify-token", Some(*number));
        }
        for number in made {
            let acts = [
                "identify-token",
                "initialize-token",
                "set-pin",
                "generate-key",
            ];
            for act in acts.iter().filter(|act| !self.make.omits.contains(act)) {
                step(act, Some(*number));
            }
        }
        for act in [
            "compose-root",
            "review-root",
            "sign-root",
            "verify-root",
            "export",
        ] {
            step(act, None);
        }
        for number in made {
            step("verify-token", Some(*number));
        }
        step("sign-off", None);
        let path = self.path(&format!("{kind}.toml"));
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
        command.args(arguments).current_dir(self.folder.path());
        command.envs(self.make.environment.clone());
        command.output().unwrap()
    }

    /// Holds a ceremony for real, at a terminal.
    fn hold(&self, script: &Path, out: &str, version: u8) {
        let (script, out) = (script.display().to_string(), self.path(out));
        let checked = self.command(&["script", "check", &script]);
        assert!(checked.status.success(), "{checked:?}");
        let arguments = ["run", &script, "--plain", "--out", out.to_str().unwrap()];
        let mut environment = vec![("HOME", self.folder.path().as_os_str())];
        for (name, value) in &self.make.environment {
            environment.push((name, value.as_ref()));
        }
        let mut terminal = Terminal::conclave(&arguments, &environment, Size::STANDARD);
        let word = format!("SIGN ROOT {version}");
        while let Some((before, end)) = terminal.expect_any_or_end(&ENDS) {
            let asked = before + end;
            let asked = asked.lines().last().unwrap_or_default();
            assert!(!asked.contains("again, or"), "{}", terminal.transcript());
            terminal.send(if asked.contains("PIN") {
                PIN
            } else if asked.contains("Type SIGN ROOT") {
                &word
            } else if asked.contains("without a rehearsal") {
                "this is a test"
            } else {
                ""
            });
            terminal.send("\r");
        }
        let status = terminal.finish();
        assert!(status.success(), "{}", terminal.transcript());
        for arguments in [
            ["transcript", "verify", out.to_str().unwrap()],
            ["root", "verify", out.join("export").to_str().unwrap()],
        ] {
            let verified = self.command(&arguments);
            assert!(verified.status.success(), "{verified:?}");
        }
        let digest = Digest::of(self.make.profile.as_bytes()).to_string();
        let transcript = fs::read_to_string(out.join("transcript.jsonl")).unwrap();
        let opened: Value = serde_json::from_str(transcript.lines().next().unwrap()).unwrap();
        assert_eq!(opened["data"]["profiles"][self.name()], digest);
    }

    /// A genesis of three tokens, then a rotation in which a fourth replaces the third.
    fn live(&self) {
        let genesis = self.script("genesis", &Self::head("genesis", 2), &[1, 2, 3], &[]);
        self.hold(&genesis, "first", 1);
        let root = fs::read(self.path("first/export/1.root.json")).unwrap();
        fs::create_dir(self.path("previous")).unwrap();
        fs::write(self.path("previous/1.root.json"), &root).unwrap();
        let transcript = fs::read_to_string(self.path("first/transcript.jsonl")).unwrap();
        let lines = transcript
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let made: Vec<Value> = lines
            .filter(|line| line["event"] == "key-generated")
            .collect();
        let id = |index: usize| {
            let public = made[index]["data"]["public_key"].as_str().unwrap();
            let key = conclave::metadata::Key::from_file(public.as_bytes()).unwrap();
            key.id().to_string()
        };
        let ids = [id(0), id(1), id(2)];
        let kept = [
            (1, "keep", ids[0].as_str()),
            (2, "keep", ids[1].as_str()),
            (3, "remove", ids[2].as_str()),
        ];
        let digest = Digest::of(&root);
        let head = Self::head("rotation", 2)
            + &format!(
                "[previous]\nroot = {{ file = \"previous/1.root.json\", sha256 = \"{digest}\" }}\n"
            );
        let rotation = self.script("rotation", &head, &[4], &kept);
        self.hold(&rotation, "second", 2);
    }
}

#[test]
fn kryoptic_completes_a_genesis_and_a_rotation() {
    Site::new(makes::kryoptic).live();
}

#[test]
fn nss_completes_a_genesis_and_a_rotation() {
    Site::new(makes::nss).live();
}
