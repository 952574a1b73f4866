//! Scripts of one person's ceremonies, for roots of Notary.

use std::fmt::Write as _;

use conclave::words::Digest;
use jiff::{SignedDuration, Timestamp};

/// What becomes of a key, and which.
pub(crate) enum Change {
    /// It is made, of that type.
    Make(&'static str),
    /// As `change` says, by its ID in the root before.
    Root(&'static str, String),
    /// It signs a last time, out of its file: its ID in the root before, and the one after which the file is called.
    File(String, String),
    /// It goes, and nobody has it any more.
    Lost(String),
}

/// What a script says.
pub(crate) struct Script<'a> {
    pub(crate) gun: &'a str,
    pub(crate) threshold: usize,
    pub(crate) keys: Vec<(&'a str, Change)>,
    /// Of the roles timestamp, snapshot and targets: names and contents of files. None in a change that keeps them.
    pub(crate) online: Vec<(&'static str, String, Vec<u8>)>,
    /// The versions before, the oldest first.
    pub(crate) chain: Vec<(String, Vec<u8>)>,
    /// Further repositories: names, and names and contents of their roots.
    pub(crate) further: Vec<(&'a str, String, Vec<u8>)>,
    /// Lines of `[root.notary-v1]`.
    pub(crate) notary: String,
    pub(crate) expires: Timestamp,
}

/// A time so many days from now, in whole seconds.
pub(crate) fn days(days: i64) -> Timestamp {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    now.checked_add(SignedDuration::from_hours(24 * days))
        .unwrap()
}

fn file(name: &str, bytes: &[u8]) -> String {
    format!("{{ file = {name:?}, sha256 = \"{}\" }}", Digest::of(bytes))
}

impl Script<'_> {
    pub(crate) fn kind(&self) -> &'static str {
        let keeps = |change: &Change| matches!(change, Change::Root("keep", _));
        match self.chain.is_empty() {
            true => "genesis",
            false if self.keys.iter().all(|(_, change)| keeps(change)) => "renewal",
            false => "rotation",
        }
    }

    /// The text, and the files that it carries.
    pub(crate) fn write(&self) -> (String, Vec<(String, Vec<u8>)>) {
        let kind = self.kind();
        let mut carried = Vec::new();
        let mut text = format!(
            "schema = 1\nkind = \"{kind}\"\ntitle = \"A root of {gun}\"\nrepository = \"{gun}\"\nnot_before = \"{}\"\nassurance = \"solo\"\n\n",
            days(-1),
            gun = self.gun,
        );
        if let Some(((name, bytes), older)) = self.chain.split_last() {
            let older: Vec<_> = older
                .iter()
                .map(|(name, bytes)| file(name, bytes))
                .collect();
            let _ = writeln!(
                text,
                "[previous]\nroot = {}\nchain = [{}]\n",
                file(name, bytes),
                older.join(", ")
            );
            carried.extend(self.chain.iter().cloned());
        }
        let _ = writeln!(
            text,
            "[root]\nexpires = \"{}\"\ndestination = \"notary-v1\"",
            self.expires
        );
        if kind != "renewal" {
            let _ = writeln!(text, "threshold = {}", self.threshold);
        }
        if !self.notary.is_empty() {
            let _ = writeln!(text, "\n[root.notary-v1]\n{}", self.notary);
        }
        for (gun, name, bytes) in &self.further {
            let _ = writeln!(
                text,
                "\n[[further_repository]]\nname = \"{gun}\"\nroot = {}",
                file(name, bytes)
            );
            carried.push((name.clone(), bytes.clone()));
        }
        for (role, name, bytes) in &self.online {
            let _ = writeln!(
                text,
                "\n[root.roles.{role}]\nthreshold = 1\nkeys = [{}]",
                file(name, bytes)
            );
            carried.push((name.clone(), bytes.clone()));
        }
        text.push_str(
            "\n[[person]]\nid = \"one\"\nname = \"One Person\"\nroles = [\"administrator\", \"key-holder\"]\n",
        );
        let mut steps = vec![
            ("attendance", None),
            ("attest-clock", None),
            ("inspect-host", None),
            ("read-script", None),
        ];
        self.write_keys(kind, &mut text, &mut steps);
        steps.extend(
            [
                "compose-root",
                "review-root",
                "sign-root",
                "verify-root",
                "export",
            ]
            .map(|act| (act, None)),
        );
        for (id, change) in &self.keys {
            if matches!(change, Change::Make(_)) {
                steps.push(("verify-token", Some(*id)));
            }
        }
        steps.push(("sign-off", None));
        write_steps(&mut text, &steps);
        (text, carried)
    }

    fn write_keys<'k>(
        &'k self,
        kind: &str,
        text: &mut String,
        steps: &mut Vec<(&'static str, Option<&'k str>)>,
    ) {
        for (id, change) in &self.keys {
            if let Change::Lost(key_id) = change {
                let _ = writeln!(
                    text,
                    "\n[[key]]\nid = \"{id}\"\nkey_id = \"{key_id}\"\nchange = \"remove\"\nstatus = \"lost\""
                );
                continue;
            }
            if let Change::File(key_id, file_id) = change {
                let _ = writeln!(
                    text,
                    "\n[[key]]\nid = \"{id}\"\nholder = \"one\"\ntoken = {{ profile = \"docker-key-file\", serial = \"{file_id}\" }}\nkey_id = \"{key_id}\"\nchange = \"remove\""
                );
                steps.push(("identify-token", Some(*id)));
                continue;
            }
            let _ = writeln!(
                text,
                "\n[[key]]\nid = \"{id}\"\nholder = \"one\"\ntoken = {{ profile = \"softhsm2\", label = \"{id}\" }}"
            );
            steps.push(("identify-token", Some(*id)));
            match change {
                Change::Make(kind) => {
                    let _ = writeln!(text, "type = \"{kind}\"\nbackup = \"none\"");
                    if !self.chain.is_empty() {
                        text.push_str("change = \"add\"\n");
                    }
                    steps.extend([("generate-key", Some(*id)), ("certify-key", Some(*id))]);
                }
                Change::Lost(_) | Change::File(..) => {}
                Change::Root(what, key_id) => {
                    let _ = writeln!(text, "key_id = \"{key_id}\"");
                    if kind == "rotation" {
                        let _ = writeln!(text, "change = \"{what}\"");
                    }
                    if *what == "move-id" {
                        steps.push(("certify-key", Some(*id)));
                    }
                }
            }
        }
    }
}

fn write_steps(text: &mut String, steps: &[(&str, Option<&str>)]) {
    for (act, key) in steps {
        let _ = writeln!(text, "\n[[step]]\nact = \"{act}\"");
        if let Some(key) = key {
            let _ = writeln!(text, "key = \"{key}\"");
        }
    }
}
