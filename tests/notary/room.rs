//! A room with SoftHSM tokens in which one person performs ceremonies for real, at a terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::script::Script;
use super::server::{run, said};
use crate::support::pty::{Size, Terminal};
use crate::support::store::{PIN, Store};

/// How the questions of the line mode end.
pub(crate) const ENDS: [&str; 4] = ["> ", "PIN: ", "passphrase: ", "again: "];

pub(crate) struct Room {
    folder: TempDir,
    pub(crate) store: Store,
    ceremonies: usize,
}

/// What a ceremony left.
pub(crate) struct Done {
    pub(crate) directory: PathBuf,
}

impl Done {
    pub(crate) fn export(&self) -> PathBuf {
        self.directory.join("export")
    }

    /// The newest root.
    pub(crate) fn root(&self) -> PathBuf {
        self.export().join("root.json")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(self.root()).unwrap()
    }

    /// The root as it is carried into the next ceremony.
    pub(crate) fn carried(&self) -> (String, Vec<u8>) {
        let bytes = self.bytes();
        let tree: Value = serde_json::from_slice(&bytes).unwrap();
        (
            format!("previous/{}.root.json", tree["signed"]["version"]),
            bytes,
        )
    }

    /// The IDs of its root keys.
    pub(crate) fn ids(&self) -> Vec<String> {
        let tree: Value = serde_json::from_slice(&self.bytes()).unwrap();
        let ids = tree["signed"]["roles"]["root"]["keyids"]
            .as_array()
            .unwrap();
        ids.iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect()
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self {
            folder,
            store: Store::new(),
            ceremonies: 0,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `conclave`, with secrets typed in this order.
    pub(crate) fn typing(&self, arguments: &[&str], secrets: &[&str]) -> Output {
        let path = self.path("secrets");
        fs::write(&path, secrets.join("\n") + "\n").unwrap();
        let output = run(Command::new("sh")
            .args(["-c", "exec 3<\"$0\"; exec \"$@\" --pin-fd 3"])
            .arg(&path)
            .arg(env!("CARGO_BIN_EXE_conclave"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("SOFTHSM2_CONF", self.store.configuration()));
        fs::remove_file(path).unwrap();
        output
    }

    /// `conclave`, in this room.
    pub(crate) fn conclave(&self, arguments: &[&str]) -> Output {
        run(Command::new(env!("CARGO_BIN_EXE_conclave"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("SOFTHSM2_CONF", self.store.configuration()))
    }

    /// Writes a script with all that it carries, and gives its name.
    pub(crate) fn lay_out(&mut self, text: &str, carried: &[(String, Vec<u8>)]) -> PathBuf {
        self.ceremonies += 1;
        let folder = self.path(&format!("script-{}", self.ceremonies));
        for (name, bytes) in carried {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("script.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// What `script check` says of a script that is faulty.
    pub(crate) fn faults(&mut self, script: &Script<'_>) -> String {
        let (text, carried) = script.write();
        let path = self.lay_out(&text, &carried);
        let output = self.conclave(&["script", "check", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{output:?}\n{text}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Performs a ceremony. Tokens for new keys are there already, each with its PIN.
    pub(crate) fn perform(&mut self, script: &Script<'_>) -> Done {
        let (text, carried) = script.write();
        self.perform_script(&text, &carried, "")
    }

    pub(crate) fn perform_script(
        &mut self,
        text: &str,
        carried: &[(String, Vec<u8>)],
        passphrase: &str,
    ) -> Done {
        let path = self.lay_out(text, carried);
        self.perform_file(&path, &[passphrase])
    }

    /// Performs a script that lies there with all that it carries. Passphrases are typed in this order, the last one
    /// however often it is asked for.
    pub(crate) fn perform_file(&mut self, path: &Path, passphrases: &[&str]) -> Done {
        self.ceremonies += 1;
        let directory = self.path(&format!("ceremony-{}", self.ceremonies));
        self.play(path, &directory, passphrases);
        // What it left is what it says, by our own judgment and by stock tools alone.
        let judged = self.conclave(&["transcript", "verify", directory.to_str().unwrap()]);
        assert!(judged.status.success(), "{}", said(&judged));
        let checked = run(Command::new("sh").arg("VERIFY.txt").current_dir(&directory));
        assert!(checked.status.success(), "{}", said(&checked));
        Done { directory }
    }

    /// Rehearses a script, unattended.
    pub(crate) fn rehearse(&mut self, script: &Script<'_>) {
        let (text, carried) = script.write();
        let path = self.lay_out(&text, &carried);
        let out = self.path(&format!("rehearsal-{}", self.ceremonies));
        let arguments = [
            "rehearse",
            path.to_str().unwrap(),
            "--unattended",
            "--out",
            out.to_str().unwrap(),
        ];
        let output = self.conclave(&arguments);
        assert!(output.status.success(), "{}", said(&output));
    }

    /// `conclave` at a terminal, in this room.
    pub(crate) fn at_terminal(&self, arguments: &[&str]) -> Terminal {
        let (home, configuration) = (self.path("home"), self.store.configuration());
        let environment = [
            ("HOME", home.as_os_str()),
            ("SOFTHSM2_CONF", configuration.as_os_str()),
        ];
        Terminal::conclave(arguments, &environment, Size::STANDARD)
    }

    fn play(&self, script: &Path, directory: &Path, passphrases: &[&str]) {
        let mut passphrases = passphrases.iter().peekable();
        let (script, directory) = (script.to_str().unwrap(), directory.to_str().unwrap());
        let mut terminal = self.at_terminal(&["run", script, "--plain", "--out", directory]);
        while let Some((before, end)) = terminal.expect_any_or_end(&ENDS) {
            let shown = before + end;
            let mut passphrase = *passphrases.peek().unwrap();
            if shown.ends_with("passphrase: ") && passphrases.len() > 1 {
                passphrase = passphrases.next().unwrap();
            }
            terminal.send(&answer(&shown, passphrase));
            terminal.send("\r");
        }
        let status = terminal.finish();
        assert!(status.success(), "{status}: {}", terminal.transcript());
    }
}

/// What is typed where that is asked.
pub(crate) fn answer(shown: &str, passphrase: &str) -> String {
    let asked = shown.lines().last().unwrap_or_default();
    if asked.contains("passphrase") {
        return passphrase.to_owned();
    }
    if asked.contains("PIN") || asked.trim_end().ends_with("again:") {
        return PIN.to_owned();
    }
    // "Type SIGN ROOT 1 to continue"
    let typed = asked.split_once("Type ").map(|(_, rest)| rest);
    if let Some((word, _)) = typed.and_then(|rest| rest.split_once(" to continue")) {
        return word.to_owned();
    }
    if shown.contains("rehearsal") && asked.contains("Reason") {
        return "this is a test".to_owned();
    }
    String::new()
}
