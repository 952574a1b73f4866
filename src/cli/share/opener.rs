//! How a share is opened at a terminal.

use std::path::{Path, PathBuf};

use age::Callbacks;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Failure, display, read};
use crate::backup::Opener;
use crate::cli::secrets::Secrets;
use crate::record::visible;
use crate::secret::Passphrase;

/// How the share is opened
#[derive(Debug, clap::Args)]
#[group(id = "with", multiple = false)]
pub(super) struct OpenerArguments {
    /// The file with the custodian's age identity (AGE-SECRET-KEY-…, AGE-PLUGIN-…) or private SSH key
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Ask for the passphrase that protects the share
    #[arg(long)]
    passphrase: bool,
    /// Ask for the words of a share on paper
    #[arg(long, conflicts_with = "file")]
    pub(super) words: bool,
}

/// The messages and prompts of a plugin appear on the terminal.
impl Callbacks for Secrets {
    fn display_message(&self, message: &str) {
        eprintln!("{}", visible(message));
    }

    /// Nothing is confirmed on anyone's behalf.
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
    pub(super) fn opener(&self, secrets: &Secrets) -> Result<Opener, Failure> {
        if let Some(path) = &self.identity {
            return identity(path, secrets);
        }
        if self.passphrase {
            let typed = secrets.ask("passphrase", "Passphrase: ")?;
            return Ok(Opener::passphrase(
                &Passphrase::new(typed).map_err(Failure::usage)?,
            ));
        }
        Err(
            Failure::usage("cannot open the share without an identity or passphrase")
                .hint("add --identity FILE or --passphrase; for a share on paper, --words"),
        )
    }
}

fn identity(path: &Path, secrets: &Secrets) -> Result<Opener, Failure> {
    let file = Zeroizing::new(read(path)?);
    Opener::identities(&file, secrets).map_err(|error| {
        Failure::usage(format!("{}: {error}", display(path)))
            .hint("give the identity file that `age --decrypt -i FILE` accepts")
    })
}
