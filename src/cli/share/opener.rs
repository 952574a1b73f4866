//! With what a share is opened at a terminal, and what a plugin may ask there.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use age::Callbacks;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Failure, Status, display, read};
use crate::backup::Opener;
use crate::line::{SecretLines, read_secret};
use crate::record::visible;
use crate::secret::Passphrase;

/// What opens the share
#[derive(Debug, clap::Args)]
#[group(id = "with", multiple = false)]
pub(super) struct OpenerArguments {
    /// The file with the custodian's age identity (AGE-SECRET-KEY-…, AGE-PLUGIN-…) or private SSH key.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// It is closed under a passphrase, which is asked for.
    #[arg(long)]
    passphrase: bool,
    /// The share lies on paper: its words are asked for.
    #[arg(long, conflicts_with = "file")]
    pub(super) words: bool,
}

/// Where secrets come from.
#[derive(Clone)]
pub(super) struct SecretEntry(Option<Arc<Mutex<SecretLines>>>);

impl SecretEntry {
    pub(super) fn new(descriptor: Option<u32>) -> Result<Self, Failure> {
        let Some(number) = descriptor else {
            return Ok(Self(None));
        };
        let lines = SecretLines::from_fd(number).map_err(|error| {
            let what = format!("cannot read descriptor {number}: {error}");
            Failure::new(Status::Io, what)
                .hint("open it for reading, as in: conclave … --pin-fd 3 3<FILE")
        })?;
        Ok(Self(Some(Arc::new(Mutex::new(lines)))))
    }

    fn line(&self, prompt: &str) -> io::Result<Zeroizing<String>> {
        match &self.0 {
            None => read_secret(prompt),
            Some(lines) => match lines.lock() {
                Ok(mut lines) => lines.next_line(),
                Err(_) => Err(ErrorKind::UnexpectedEof.into()),
            },
        }
    }

    /// Asks for a secret.
    pub(super) fn ask(&self, what: &str) -> Result<Zeroizing<String>, Failure> {
        self.line(&format!("{what}: "))
            .map_err(|error| match error.kind() {
                ErrorKind::Interrupted => {
                    Failure::new(Status::Aborted, "aborted; nothing was changed")
                }
                ErrorKind::UnexpectedEof => {
                    Failure::new(Status::Usage, format!("the input ended before the {what}"))
                        .hint("give each on a line of its own, in the order of asking")
                }
                ErrorKind::NotConnected => Failure::new(Status::Io, error.to_string())
                    .hint("run this at a terminal, or give it with --pin-fd"),
                _ => Failure::new(Status::Io, format!("cannot read the {what}: {error}")),
            })
    }
}

/// What a plugin says and asks goes to the terminal.
impl Callbacks for SecretEntry {
    fn display_message(&self, message: &str) {
        eprintln!("{}", visible(message));
    }

    /// Nothing is agreed to on anybody's behalf.
    fn confirm(&self, message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        eprintln!("{}", visible(message));
        None
    }

    fn request_public_string(&self, _description: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let typed = self.line(&format!("{}: ", visible(description))).ok()?;
        Some(SecretString::from(typed.as_str()))
    }
}

impl OpenerArguments {
    /// What opens it, if anything was said.
    pub(super) fn opener(&self, secrets: &SecretEntry) -> Result<Opener, Failure> {
        if let Some(path) = &self.identity {
            return identity(path, secrets);
        }
        if self.passphrase {
            let typed = secrets.ask("passphrase")?;
            let passphrase = Passphrase::new(typed)
                .map_err(|error| Failure::new(Status::Usage, error.to_string()))?;
            return Ok(Opener::passphrase(&passphrase));
        }
        Err(
            Failure::new(Status::Usage, "nothing was given to open the share with")
                .hint("--identity FILE, --passphrase, or --words for a share on paper"),
        )
    }
}

fn identity(path: &Path, secrets: &SecretEntry) -> Result<Opener, Failure> {
    let file = Zeroizing::new(read(path)?);
    Opener::identities(&file, secrets).map_err(|error| {
        Failure::new(Status::Usage, format!("{}: {error}", display(path)))
            .hint("the file that age takes with -i is meant")
    })
}
