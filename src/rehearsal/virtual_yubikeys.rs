//! Virtual YubiKeys with their own smart card service, if they are installed.
//!
//! They are a separate program. It ends when this process ends, because it waits for the end of a pipe from this process.
//! The state of the cards is in a folder of the store.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::storage::{Links, create_log, make_folder, read_text};

/// A folder with the program, which has priority.
const ELSEWHERE: &str = "CONCLAVE_VIRTUAL_YUBIKEYS";

/// The folder of the installed program, relative to this program.
const INSTALLED: &str = "../share/conclave/virtual-yubikeys";

/// Its folder in the source tree of this program, and an interpreter with its dependencies.
const IN_TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yubikey/device");
const INTERPRETER_IN_TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.peers/yubikey/bin/python");

const FOLDER: &str = "yubikeys";
const CONTROL: &str = "control";
const ROOT: &str = "root.pem";
const LOG: &str = "virtual-yubikeys.log";
/// Longer than any of these files.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub(super) struct VirtualYubiKeys {
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum YubiKeysError {
    #[error("virtual YubiKeys are not installed")]
    NotInstalled,
    #[error("cannot start the virtual YubiKeys: {why}")]
    NotStarted { why: String },
}

impl VirtualYubiKeys {
    /// The virtual YubiKeys of a store, if it has any.
    pub(super) fn of(store: &Path) -> Option<Self> {
        let folder = store.join(FOLDER);
        folder.is_dir().then_some(Self { folder })
    }

    pub(super) fn prepare(store: &Path) -> io::Result<()> {
        Ok(make_folder(&store.join(FOLDER))?)
    }

    /// Starts them. They end with this process, even if it executes another program. Returns the value for
    /// `PCSCLITE_CSOCK_NAME`.
    pub(super) fn start(&self) -> Result<PathBuf, YubiKeysError> {
        let not_started = |error: io::Error| YubiKeysError::NotStarted {
            why: error.to_string(),
        };
        let program = program().ok_or(YubiKeysError::NotInstalled)?;
        let log = create_log(&self.folder.join(LOG)).map_err(|error| not_started(error.into()))?;
        let mut child = Command::new("unshare")
            .args(namespaces())
            .arg(interpreter(&program))
            .arg(&program)
            .arg(&self.folder)
            .arg("--rehearsal")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Ctrl-C ends only this program.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(not_started)?;
        if let Some(input) = child.stdin.take() {
            let input = OwnedFd::from(input);
            // The pipe stays open when this process executes another program, and closes when it ends.
            rustix::io::fcntl_setfd(&input, rustix::io::FdFlags::empty())
                .map_err(|error| not_started(error.into()))?;
            std::mem::forget(input);
        }
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(not_started)?;
        }
        let answer: Option<Value> = serde_json::from_str(&line).ok();
        let socket = answer.and_then(|answer| Some(PathBuf::from(answer.get("socket")?.as_str()?)));
        socket.ok_or_else(|| {
            let log = read_text(&self.folder.join(LOG), Links::Refuse, MAX_BYTES);
            let log = log.unwrap_or_default();
            let last = log.lines().rev().find(|line| !line.trim().is_empty());
            YubiKeysError::NotStarted {
                why: last.unwrap_or("no error message").to_owned(),
            }
        })
    }

    /// The root certificate of their attestations, PEM.
    pub(super) fn root(&self) -> io::Result<String> {
        Ok(read_text(
            &self.folder.join(ROOT),
            Links::Refuse,
            MAX_BYTES,
        )?)
    }

    /// Inserts one, which is made if it does not exist, and removes any other.
    pub(super) fn bring(&self, name: &str, serial: u32, firmware: &str) -> io::Result<()> {
        self.ask(&format!("bring {name} {serial} {firmware}"))
    }

    pub(super) fn take_out(&self) -> io::Result<()> {
        self.ask("away")
    }

    /// Delays the touch, so that people see the prompt for it.
    pub(super) fn touch_after(&self, time: Duration) -> io::Result<()> {
        self.ask(&format!("touch-after {}", time.as_secs_f32()))
    }

    fn ask(&self, what: &str) -> io::Result<()> {
        let mut control = UnixStream::connect(self.folder.join(CONTROL))?;
        writeln!(control, "{what}")?;
        let mut line = String::new();
        BufReader::new(control).read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer.get("error").and_then(Value::as_str) {
            None => Ok(()),
            Some(error) => Err(io::Error::other(error.to_owned())),
        }
    }
}

/// Namespaces in which no other program sees the smart card service. Root does not need a user namespace, which some
/// systems forbid.
fn namespaces() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["--mount", "--net"]
    } else {
        &["--user", "--map-root-user", "--mount", "--net"]
    }
}

fn program() -> Option<PathBuf> {
    let elsewhere = std::env::var_os(ELSEWHERE).map(PathBuf::from);
    let beside = std::env::current_exe().ok();
    let beside = beside.and_then(|program| Some(program.parent()?.join(INSTALLED)));
    let places = [elsewhere, beside, Some(PathBuf::from(IN_TREE))];
    let mut places = places.into_iter().flatten();
    places.find(|folder| folder.join("__main__.py").is_file())
}

fn interpreter(program: &Path) -> PathBuf {
    let in_tree = Path::new(INTERPRETER_IN_TREE);
    if program == Path::new(IN_TREE) && in_tree.exists() {
        in_tree.to_owned()
    } else {
        PathBuf::from("python3")
    }
}
