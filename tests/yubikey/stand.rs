//! A stand of virtual YubiKeys behind a PC/SC daemon of their own.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// How a test process that was started for the cards is told where they are.
const DIRECTORY: &str = "CONCLAVE_TEST_STAND";
/// Where the PC/SC library looks for the daemon.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";

pub(crate) const HINT: &str = "is needed: ./softhsm-setup.sh --test-tools";

/// Cards that can be pulled, inserted and touched.
pub(crate) struct Stand {
    directory: PathBuf,
    socket: String,
    /// The serial numbers of the cards, in the order of their readers.
    serials: Vec<String>,
    process: Option<(Child, TempDir)>,
}

/// Of cards `serial:firmware`.
fn serials(cards: &[&str]) -> Vec<String> {
    let serial = |card: &&str| card.split(':').next().map(str::to_owned);
    cards.iter().filter_map(serial).collect()
}

pub(crate) fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(".peers/yubikey/bin")
        .join(name);
    assert!(path.exists(), "{} {HINT}", path.display());
    path
}

impl Stand {
    /// Puts in cards, each `serial:firmware`.
    pub(crate) fn start(cards: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        // Root needs no users' namespace, which some systems do not let anybody have.
        let namespaces: &[&str] = if rustix::process::geteuid().is_root() {
            &["--mount", "--net"]
        } else {
            &["--user", "--map-root-user", "--mount", "--net"]
        };
        let mut process = Command::new("unshare")
            .args(namespaces)
            .arg(tool("python"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yubikey/device"))
            .arg(directory.path())
            .args(cards)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("the stand did not start: pcscd and vsmartcard-vpcd {HINT}")
        });
        Self {
            directory: directory.path().to_owned(),
            socket: said["socket"].as_str().unwrap().to_owned(),
            serials: serials(cards),
            process: Some((process, directory)),
        }
    }

    /// Runs a test in a process of its own, for the PC/SC library reads its environment when it is first
    /// used. `name` is the name of the test below `yubikey`.
    pub(crate) fn run(name: &str, cards: &[&str], test: impl FnOnce(&Self)) {
        if let Some(directory) = env::var_os(DIRECTORY) {
            let stand = Self {
                directory: directory.into(),
                socket: env::var(SOCKET).unwrap(),
                serials: serials(cards),
                process: None,
            };
            return test(&stand);
        }
        let stand = Self::start(cards);
        let output = Command::new(env::current_exe().unwrap())
            .args([&format!("yubikey::{name}"), "--exact", "--nocapture"])
            .env(DIRECTORY, &stand.directory)
            .env(SOCKET, &stand.socket)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A command that finds the cards.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env(SOCKET, &self.socket);
        command
    }

    pub(crate) fn conclave(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_conclave"));
        command.args(arguments);
        command
    }

    /// `conclave token …`, with PINs or other lines on a descriptor of its own.
    pub(crate) fn token(&self, arguments: &[&str], pins: &[&str]) -> Output {
        let file = self.directory.join("pins");
        let lines = pins.join("\n") + "\n";
        std::fs::write(&file, lines).unwrap();
        let mut command = self.conclave(&["token"]);
        command.args(arguments).args(["--profile", "yubikey-piv"]);
        if !pins.is_empty() {
            command
                .args(["--pin-fd", "0"])
                .stdin(std::fs::File::open(&file).unwrap());
        }
        command.output().unwrap()
    }

    /// Yubico's own tool, on one card.
    pub(crate) fn ykman(&self, serial: &str, arguments: &[&str]) -> Output {
        // By its reader: looking for a serial number, the tool waits three seconds at each reader without a card, and
        // each card has such a one beside it.
        let index = self.serials.iter().position(|known| known == serial);
        let reader = format!("CCID v{} 00 00", index.unwrap());
        // Not by its own file, which names its interpreter by the place where it was installed.
        self.command(tool("python"))
            .args(["-c", "from ykman._cli.__main__ import main; main()"])
            .args(["--reader", &reader, "piv"])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Where the PC/SC library finds the cards.
    pub(crate) fn socket(&self) -> &str {
        &self.socket
    }

    /// The root of these cards' attestations.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.join("root.pem")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What a person does with a card: `pull 0`.
    pub(crate) fn act(&self, what: &str) -> Value {
        let mut control = UnixStream::connect(self.directory.join("control")).unwrap();
        writeln!(control, "{what}").unwrap();
        let mut line = String::new();
        BufReader::new(control).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert!(said["error"].is_null(), "{what}: {said}");
        said
    }

    /// How many PIN tries a card has left.
    pub(crate) fn pin_tries(&self, card: usize) -> u64 {
        self.act(&format!("show {card}"))["pin_tries"]
            .as_u64()
            .unwrap()
    }

    /// How often a card was sent a command.
    pub(crate) fn commands(&self, card: usize, instruction: &str) -> usize {
        let said = self.act(&format!("show {card}"));
        let commands = said["commands"].as_array().unwrap().iter();
        commands.filter(|command| command[0] == instruction).count()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some((mut process, _)) = self.process.take() {
            // Its input ends, and it with it.
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    text(output)
}

/// A command that is refused with that status, and says so in these words.
#[track_caller]
pub(crate) fn refuses(output: &Output, status: i32, words: &str) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(words), "{words:?} is not in: {said}");
}
