//! A site, and the line of roots that both sites sign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use conclave::metadata::{
    FrozenRoot, Key, KeyId, RoleKind, RootDraft, SignedRoot, TrustedRoot, verify_chain,
};
use conclave::transfer::{RequestedSignature, SigningRequest};
use conclave::words::Digest;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::store::{PIN, Store};

pub(crate) const REPOSITORY: &str = "example.com/updates";

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

fn module() -> &'static str {
    MODULES
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("SoftHSM is not there: run ./softhsm-setup.sh --test-tools")
}

pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// A folder and a token store that no other site sees.
pub(crate) struct Site {
    name: &'static str,
    folder: TempDir,
    store: Store,
    /// Where other tokens are found: a variable of the environment.
    finds: Option<(&'static str, String)>,
}

/// A key in a token of a site.
pub(crate) struct SiteKey {
    pub(crate) token: String,
    pub(crate) key: Key,
    configuration: PathBuf,
}

impl SiteKey {
    /// A signature by pkcs11-tool.
    pub(crate) fn sign_by_another_tool(&self, bytes: &[u8]) -> Vec<u8> {
        let folder = TempDir::new().unwrap();
        let (message, signature) = (
            folder.path().join("message"),
            folder.path().join("signature"),
        );
        // SoftHSM signs digests, and hashes nothing itself for ECDSA.
        fs::write(&message, Digest::of(bytes).as_bytes()).unwrap();
        run_another_tool(self, &message, &signature);
        fs::read(signature).unwrap()
    }
}

/// How a process ended, and what it printed.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) said: String,
}

impl Done {
    #[track_caller]
    pub(crate) fn assert(&self, status: i32) {
        assert_eq!(self.status, status, "{}", self.said);
    }
}

impl Site {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            folder: TempDir::new().unwrap(),
            store: Store::new(),
            finds: None,
        }
    }

    /// The site with tokens beside those of its store.
    pub(crate) fn finding(mut self, variable: &'static str, value: &str) -> Self {
        self.finds = Some((variable, value.to_owned()));
        self
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.store.command(program);
        command.current_dir(self.folder.path());
        command.envs(self.finds.clone());
        command
    }

    /// Makes a token with a P-256 key, by tools that are not ours.
    pub(crate) fn make_key(&self, token: &str) -> SiteKey {
        self.store.make_token(token);
        let tool = |arguments: &[&str]| {
            let output = self
                .store
                .command("pkcs11-tool")
                .args(["--module", module(), "--token-label", token])
                .args(arguments)
                .output()
                .expect("pkcs11-tool is not there: run ./softhsm-setup.sh --test-tools");
            assert!(output.status.success(), "{output:?}");
        };
        tool(&[
            "--login",
            "--pin",
            PIN,
            "--keypairgen",
            "--key-type",
            "EC:prime256v1",
            "--id",
            "01",
            "--label",
            token,
        ]);
        let der = self.path(&format!("{token}.der"));
        tool(&[
            "--read-object",
            "--type",
            "pubkey",
            "--id",
            "01",
            "-o",
            der.to_str().unwrap(),
        ]);
        SiteKey {
            token: token.to_owned(),
            key: Key::from_file(&fs::read(der).unwrap()).unwrap(),
            configuration: self.store.configuration(),
        }
    }

    /// Makes a token with a key that OpenSSL made, with these arguments of `openssl genpkey`.
    pub(crate) fn bring_key(&self, token: &str, arguments: &[&str]) -> SiteKey {
        self.store.make_token(token);
        let run = |program: &str, arguments: &[&str]| {
            let output = self.command(program).args(arguments).output();
            let output = output.expect("a tool is not there: run ./softhsm-setup.sh --test-tools");
            assert!(output.status.success(), "{output:?}");
        };
        let (private, public) = (format!("{token}.key.pem"), format!("{token}.pub.pem"));
        run(
            "openssl",
            &[&["genpkey", "-out", &private], arguments].concat(),
        );
        run(
            "openssl",
            &["pkey", "-in", &private, "-pubout", "-out", &public],
        );
        let import = ["--import", &private, "--token", token, "--label", token];
        run(
            "softhsm2-util",
            &[&import[..], &["--id", "01", "--pin", PIN]].concat(),
        );
        SiteKey {
            token: token.to_owned(),
            key: Key::from_file(&self.read(&public)).unwrap(),
            configuration: self.store.configuration(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that came from elsewhere.
    pub(crate) fn receive(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {}: {error}", self.name, path.display()))
    }

    pub(crate) fn files_in(&self, folder: &str) -> Vec<String> {
        fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Runs `conclave` in the folder of the site, with its tokens.
    pub(crate) fn conclave(&self, arguments: &[&str]) -> (i32, String) {
        let output = self
            .command(env!("CARGO_BIN_EXE_conclave"))
            .args(arguments)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// Runs `conclave` line by line, with these answers, and these PINs and codes.
    pub(crate) fn conduct(&self, arguments: &[&str], answers: &str, secrets: &[&str]) -> Done {
        self.receive("answers", answers.as_bytes());
        self.receive("pins", (secrets.join("\n") + "\n").as_bytes());
        let output = self
            .command("sh")
            .args([
                "-c",
                "exec \"$@\" 3<pins",
                "sh",
                env!("CARGO_BIN_EXE_conclave"),
            ])
            .args(arguments)
            .args(["--plain", "--pin-fd", "3"])
            .stdin(Stdio::from(fs::File::open(self.path("answers")).unwrap()))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        Done {
            status: output.status.code().unwrap(),
            said: String::from_utf8_lossy(&said).into_owned(),
        }
    }

    /// Runs `conclave root sign` line by line. Empty lines answer all that is usual; `typed` is what must be typed.
    pub(crate) fn sign(
        &self,
        request: &str,
        token: &str,
        out: &str,
        more: &[&str],
        typed: &str,
    ) -> Done {
        let mut arguments = vec!["root", "sign", request, "--token", token, "--out", out];
        arguments.extend(more);
        self.play(&arguments, &format!("{0}{typed}{0}", "\n".repeat(12)), 1)
    }

    /// Runs a ceremony line by line with these answers, and the PIN so many times.
    pub(crate) fn play(&self, arguments: &[&str], answers: &str, pins: usize) -> Done {
        self.conduct(arguments, answers, &vec![PIN; pins])
    }
}

/// Versions of one root, signed by keys of several sites; the newest is not signed yet.
pub(crate) struct Line {
    pub(crate) keys: Vec<SiteKey>,
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) payload: FrozenRoot,
}

impl Line {
    /// Version 1, signed by all keys; and a payload for version 2.
    pub(crate) fn begin(keys: Vec<SiteKey>) -> Self {
        let online = keys[0].key.clone();
        let mut draft = RootDraft::genesis("2090-01-01T00:00:00Z".parse().unwrap(), true);
        draft.set_role(RoleKind::Root, 2, keys.iter().map(|key| key.key.clone()));
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [online.clone()]);
        }
        let mut line = Self {
            keys,
            files: Vec::new(),
            payload: draft.freeze().unwrap(),
        };
        line.finish("2091-01-01T00:00:00Z");
        line
    }

    /// Has every key sign the payload, by another tool, and composes the next with another expiry.
    pub(crate) fn finish(&mut self, expires: &str) {
        let mut root = match self.files.as_slice() {
            [] => SignedRoot::new(self.payload.clone()),
            _ => SignedRoot::after(self.payload.clone(), self.trusted()).unwrap(),
        };
        for index in 0..self.keys.len() {
            let signature = self.sign_by_another_tool(index);
            root.attach(&self.key_id(index), &signature).unwrap();
        }
        self.files.push(root.to_file_bytes());
        self.payload = self.next(expires);
    }

    /// A payload for the version after the newest.
    pub(crate) fn next(&self, expires: &str) -> FrozenRoot {
        let mut draft = RootDraft::after(&self.trusted()).unwrap();
        draft.set_expires(expires.parse().unwrap());
        draft.freeze().unwrap()
    }

    pub(crate) fn trusted(&self) -> TrustedRoot {
        let files = self
            .files
            .iter()
            .map(|bytes| (String::new(), bytes.clone()));
        let report = verify_chain(files, "2030-01-01T00:00:00Z".parse().unwrap());
        report.trusted().unwrap().clone()
    }

    pub(crate) fn key_id(&self, index: usize) -> KeyId {
        self.keys[index].key.id().clone()
    }

    /// The words of the newest root, as they stand on a paper card.
    pub(crate) fn digest_words(&self) -> String {
        self.trusted().document().digest().words().join(" ")
    }

    /// A request for the payload, to the holders of these tokens.
    pub(crate) fn request(&self, tokens: &[&str]) -> Vec<u8> {
        self.request_for(&self.payload, tokens)
    }

    pub(crate) fn request_for(&self, payload: &FrozenRoot, tokens: &[&str]) -> Vec<u8> {
        let asked = self
            .keys
            .iter()
            .filter(|key| tokens.contains(&key.token.as_str()))
            .map(|key| RequestedSignature {
                key_id: key.key.id().clone(),
                holder: format!("Holder of {}", key.token),
                token: key.token.clone(),
            })
            .collect();
        let repository = REPOSITORY.to_owned();
        SigningRequest::new(repository, self.files.clone(), payload.clone(), asked)
            .unwrap()
            .to_file_bytes()
    }

    /// A signature over the payload by pkcs11-tool.
    pub(crate) fn sign_by_another_tool(&self, index: usize) -> Vec<u8> {
        self.keys[index].sign_by_another_tool(self.payload.signed_bytes())
    }

    /// How long pkcs11-tool takes for a signature over the payload, the whole process.
    pub(crate) fn time_another_tool(&self, index: usize) -> Duration {
        let folder = TempDir::new().unwrap();
        let (message, signature) = (
            folder.path().join("message"),
            folder.path().join("signature"),
        );
        let digest = Digest::of(self.payload.signed_bytes());
        fs::write(&message, digest.as_bytes()).unwrap();
        let begun = Instant::now();
        run_another_tool(&self.keys[index], &message, &signature);
        begun.elapsed()
    }
}

fn run_another_tool(key: &SiteKey, message: &Path, signature: &Path) {
    // By a shell, as Conclave is started.
    let output = Command::new("sh")
        .args(["-c", "exec \"$@\"", "sh", "pkcs11-tool"])
        .env("SOFTHSM2_CONF", &key.configuration)
        .args(["--module", module(), "--token-label", &key.token])
        .args(["--login", "--pin", PIN, "--sign", "--id", "01"])
        .args(["--mechanism", "ECDSA", "--signature-format", "openssl"])
        .arg("--input-file")
        .arg(message)
        .arg("--output-file")
        .arg(signature)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
