//! The files of a backup in a folder, as a custodian has them.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use age::secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::backup::Backup;

/// A folder with the files of a backup, in which `conclave share` runs.
pub(crate) struct ShareFiles {
    directory: TempDir,
    names: Vec<String>,
    manifest: String,
    pub(crate) wrapped: String,
}

impl ShareFiles {
    pub(crate) fn of(backup: &Backup) -> Self {
        let directory = TempDir::new().unwrap();
        let label = backup.set.shares()[0].label();
        let mut files = Self {
            names: Vec::new(),
            manifest: label.manifest_file(),
            wrapped: label.wrapped_file(),
            directory,
        };
        for (share, file) in backup.set.shares().iter().zip(&backup.files) {
            files.names.push(share.label().share_file());
            files.put(&share.label().share_file(), file);
        }
        files.put(&files.manifest, &backup.manifest.to_file_bytes());
        files.put(&files.wrapped, &backup.wrapped);
        for (number, identity) in (1..).zip(&backup.identities) {
            let text = identity.to_string();
            files.put(
                &format!("identity-{number}"),
                text.expose_secret().as_bytes(),
            );
        }
        files
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn share(&self, place: usize) -> String {
        self.path(&self.names[place])
    }

    pub(crate) fn manifest(&self) -> String {
        self.path(&self.manifest)
    }

    /// Runs `conclave share …`; what is asked for comes from a descriptor.
    pub(crate) fn conclave(&self, arguments: &[&str], secrets: Option<&str>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
        command.arg("share").args(arguments);
        if secrets.is_some() {
            command.args(["--pin-fd", "0"]);
        }
        let mut process = command
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = process.stdin.take().unwrap();
        // A program that refuses before it asks has closed its end.
        let _ = stdin.write_all(secrets.unwrap_or_default().as_bytes());
        drop(stdin);
        process.wait_with_output().unwrap()
    }

    /// What it said, with that status.
    #[track_caller]
    pub(crate) fn said(&self, status: i32, arguments: &[&str], secrets: Option<&str>) -> String {
        let output = self.conclave(arguments, secrets);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert_eq!(status != 0, said.contains("hint: "), "{said}");
        said
    }
}
