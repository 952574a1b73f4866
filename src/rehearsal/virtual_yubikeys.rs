//! Virtual YubiKeys: throw-away cards behind a service for smart cards of their own, where they are to be had.
//!
//! They are a program beside this one. It ends when this process does, for it waits for the end of a pipe that this
//! process holds; what the cards keep without power lies in a folder of the rehearsal's store.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::storage::{Links, create_log, make_folder, read_text};

/// Names a folder with the program, before any other place.
const ELSEWHERE: &str = "CONCLAVE_VIRTUAL_YUBIKEYS";

/// Where the program is installed, as seen from the folder of this one.
const INSTALLED: &str = "../share/conclave/virtual-yubikeys";

/// Where it stands in the source tree that this program was built from, with an interpreter that has what it needs.
const IN_TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yubikey/device");
const INTERPRETER_IN_TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.peers/yubikey/bin/python");

const FOLDER: &str = "yubikeys";
const CONTROL: &str = "control";
const ROOT: &str = "root.pem";
const LOG: &str = "stand.log";
/// Longer than any of these files.
const MAX_BYTES: u64 = 1 << 20;

/// The virtual YubiKeys of a rehearsal's store.
#[derive(Debug, Clone)]
pub(super) struct VirtualYubiKeys {
    folder: PathBuf,
}

/// Why there are none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoYubiKeys {
    /// The program is nowhere.
    #[error("virtual YubiKeys are not installed here")]
    Absent,
    /// It could not be started, or was not heard of again.
    #[error("the virtual YubiKeys do not start: {why}")]
    Silent {
        /// What it said.
        why: String,
    },
}

impl VirtualYubiKeys {
    /// Those of a store, if it has any.
    pub(super) fn of(store: &Path) -> Option<Self> {
        let folder = store.join(FOLDER);
        folder.is_dir().then_some(Self { folder })
    }

    /// Makes the place for them in a store.
    pub(super) fn prepare(store: &Path) -> io::Result<()> {
        Ok(make_folder(&store.join(FOLDER))?)
    }

    /// Starts them. They end with this process, whatever it becomes meanwhile. Gives the socket at which programs
    /// find them, for `PCSCLITE_CSOCK_NAME`.
    pub(super) fn start(&self) -> Result<PathBuf, NoYubiKeys> {
        let silent = |error: io::Error| NoYubiKeys::Silent {
            why: error.to_string(),
        };
        let program = program().ok_or(NoYubiKeys::Absent)?;
        let log = create_log(&self.folder.join(LOG)).map_err(|error| silent(error.into()))?;
        let mut child = Command::new("unshare")
            .args(namespaces())
            .arg(interpreter(&program))
            .arg(&program)
            .arg(&self.folder)
            .arg("--rehearsal")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Ctrl-C is for this program.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(silent)?;
        if let Some(input) = child.stdin.take() {
            let input = OwnedFd::from(input);
            // It stays open when this process becomes another program, and closes when it ends.
            rustix::io::fcntl_setfd(&input, rustix::io::FdFlags::empty())
                .map_err(|error| silent(error.into()))?;
            std::mem::forget(input);
        }
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(silent)?;
        }
        let said: Option<Value> = serde_json::from_str(&line).ok();
        let socket = said.and_then(|said| Some(PathBuf::from(said.get("socket")?.as_str()?)));
        socket.ok_or_else(|| {
            let log = read_text(&self.folder.join(LOG), Links::Refuse, MAX_BYTES);
            let log = log.unwrap_or_default();
            let last = log.lines().rev().find(|line| !line.trim().is_empty());
            NoYubiKeys::Silent {
                why: last.unwrap_or("it said nothing").to_owned(),
            }
        })
    }

    /// The root at which their attestations end, PEM.
    pub(super) fn root(&self) -> io::Result<String> {
        Ok(read_text(
            &self.folder.join(ROOT),
            Links::Refuse,
            MAX_BYTES,
        )?)
    }

    /// Puts one in, and takes out any other. A new one is made with that serial number.
    pub(super) fn bring(&self, name: &str, serial: u32, firmware: &str) -> io::Result<()> {
        self.ask(&format!("bring {name} {serial} {firmware}"))
    }

    /// Takes out whichever is in.
    pub(super) fn take_out(&self) -> io::Result<()> {
        self.ask("away")
    }

    /// Has them touched only after a while, so that people see how it is asked for.
    pub(super) fn touch_after(&self, time: Duration) -> io::Result<()> {
        self.ask(&format!("touch-after {}", time.as_secs_f32()))
    }

    fn ask(&self, what: &str) -> io::Result<()> {
        let mut control = UnixStream::connect(self.folder.join(CONTROL))?;
        writeln!(control, "{what}")?;
        let mut line = String::new();
        BufReader::new(control).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)?;
        match said.get("error").and_then(Value::as_str) {
            None => Ok(()),
            Some(error) => Err(io::Error::other(error.to_owned())),
        }
    }
}

/// Where the service for smart cards is seen by nobody else. Root needs no users' namespace for it, which some systems
/// do not let anybody have.
fn namespaces() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["--mount", "--net"]
    } else {
        &["--user", "--map-root-user", "--mount", "--net"]
    }
}

/// Where the program is.
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
