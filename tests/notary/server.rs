//! The stock server on the loopback interface, and the stock client.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const INSTALL: &str = "install the test tools with ./softhsm-setup.sh --test-tools";
const PATIENCE: Duration = Duration::from_secs(30);
/// What opens the private keys that stock clients make in these tests.
pub(crate) const PASSPHRASE: &str = "a passphrase of this test";

/// A server of Notary with its storage in memory and its keys beside it, over TLS. Dropping it ends it.
pub(crate) struct Server {
    folder: TempDir,
    process: Child,
    port: u16,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = run(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "30", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .arg("-keyout")
            .arg(at("server.key"))
            .arg("-out")
            .arg(at("server.crt")));
        assert!(made.status.success(), "{made:?}");
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let configuration = json!({
            "server": {
                "http_addr": format!("127.0.0.1:{port}"),
                "tls_cert_file": at("server.crt"),
                "tls_key_file": at("server.key"),
            },
            "trust_service": {"type": "local", "hostname": "", "port": "", "key_algorithm": "ed25519"},
            "storage": {"backend": "memory"},
            "logging": {"level": "error"},
        });
        fs::write(at("server.json"), configuration.to_string()).unwrap();
        let process = Command::new("notary-server")
            .arg("-config")
            .arg(at("server.json"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(at("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("notary-server: {error}; {INSTALL}"));
        let server = Self {
            folder,
            process,
            port,
        };
        let begun = Instant::now();
        while !server.curl("/_notary_server/health", &[]).status.success() {
            assert!(
                begun.elapsed() < PATIENCE,
                "the server does not answer: {}",
                server.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The certificate by which clients know it.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn curl(&self, path: &str, more: &[&str]) -> Output {
        let url = self.url() + path;
        run(Command::new("curl")
            .args(["-fsS", "--cacert"])
            .arg(self.authority())
            .args(more)
            .arg(url))
    }

    /// What the server has of a repository; `None` if it refuses.
    pub(crate) fn fetch(&self, gun: &str, name: &str) -> Option<Vec<u8>> {
        let output = self.curl(&format!("/v2/{gun}/_trust/tuf/{name}"), &[]);
        output.status.success().then_some(output.stdout)
    }

    /// Uploads files under the names of their roles, and tells whether the server took them.
    pub(crate) fn upload(&self, gun: &str, files: &[(&str, &Path)]) -> Result<(), String> {
        let forms: Vec<String> = files
            .iter()
            .map(|(role, path)| format!("files=@{};filename={role}", path.display()))
            .collect();
        let more: Vec<&str> = forms
            .iter()
            .flat_map(|form| ["-F", form.as_str()])
            .collect();
        let url = format!("{}/v2/{gun}/_trust/tuf/", self.url());
        let output = run(Command::new("curl")
            .args(["-sS", "--fail-with-body", "--cacert"])
            .arg(self.authority())
            .args(more)
            .arg(url));
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stdout).into_owned())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A stock client with a trust directory of its own. It trusts nothing on first use.
pub(crate) struct Client<'s> {
    server: &'s Server,
    folder: TempDir,
    pins: Vec<(String, Vec<String>)>,
}

impl<'s> Client<'s> {
    /// A client that trusts these certificates for a repository, and nothing else.
    pub(crate) fn pinned(server: &'s Server, gun: &str, ids: &[&str]) -> Self {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Self {
            server,
            folder: TempDir::new().unwrap(),
            pins: vec![(gun.to_owned(), ids)],
        }
    }

    /// A client that pins nothing: one that makes repositories.
    pub(crate) fn unpinned(server: &'s Server) -> Self {
        Self {
            server,
            folder: TempDir::new().unwrap(),
            pins: Vec::new(),
        }
    }

    pub(crate) fn trust(&self) -> PathBuf {
        self.folder.path().join("trust")
    }

    pub(crate) fn notary(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("notary");
        command.arg("-c").arg(self.configuration()).args(arguments);
        Self::run(&mut command)
    }

    /// Follows what a person is told to type, to the letter, in a folder. `notary` there is this client.
    pub(crate) fn follow(&self, commands: &str, folder: &Path) -> Output {
        let here = "notary() { command notary -c \"$CONFIGURATION\" \"$@\"; }\n";
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", &format!("{here}{commands}")])
            .env("CONFIGURATION", self.configuration())
            .env("TRUST_DIR", self.trust())
            .current_dir(folder);
        Self::run(&mut command)
    }

    fn run(command: &mut Command) -> Output {
        for role in ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"] {
            command.env(format!("NOTARY_{role}_PASSPHRASE"), PASSPHRASE);
        }
        run(command.stdin(Stdio::null()))
    }

    fn configuration(&self) -> PathBuf {
        let mut configuration = json!({
            "trust_dir": self.trust(),
            "remote_server": {"url": self.server.url(), "root_ca": self.server.authority()},
        });
        if !self.pins.is_empty() {
            let certs: serde_json::Map<String, Value> = self
                .pins
                .iter()
                .map(|(gun, ids)| (gun.clone(), json!(ids)))
                .collect();
            configuration["trust_pinning"] = json!({"disable_tofu": true, "certs": certs});
        }
        let path = self.folder.path().join("config.json");
        fs::write(&path, configuration.to_string()).unwrap();
        path
    }

    #[track_caller]
    pub(crate) fn assert(&self, arguments: &[&str]) -> String {
        let output = self.notary(arguments);
        let said = said(&output);
        assert!(output.status.success(), "notary {arguments:?}: {said}");
        said
    }

    /// Whether the client lists a target of the repository.
    pub(crate) fn lists(&self, gun: &str, target: &str) -> bool {
        let output = self.notary(&["list", gun]);
        output.status.success() && said(&output).contains(target)
    }
}

pub(crate) fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

pub(crate) fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; {INSTALL}"))
}
