//! What every new script is told.

use jiff::Timestamp;

use super::time;
use crate::cli::{Failure, Status};
use crate::metadata::KeyType;

#[derive(Debug, clap::Args)]
pub(super) struct Basics {
    /// The name of the repository, as in example.com/updates
    #[arg(long, value_name = "NAME")]
    pub(super) repository: String,
    /// One line that tells what the ceremony does
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    /// The ceremony starts no earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) not_before: Timestamp,
    /// When the root expires; an enrollment makes none
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) expires: Option<Timestamp>,
    /// Root keys of a first root, each with a key holder and a token of its own [default: 5]
    #[arg(long, value_name = "N")]
    pub(super) tokens: Option<u8>,
    /// Signatures that a root needs [default: more than half of the tokens; in a change, what it was]
    #[arg(long, value_name = "M")]
    pub(super) threshold: Option<u8>,
    /// The type of the root keys
    #[arg(long, value_name = "T", default_value_t = KeyType::EcdsaP256)]
    pub(super) key_type: KeyType,
    /// The profile of the tokens
    #[arg(long, value_name = "NAME", default_value = "softhsm2")]
    pub(super) profile: String,
}

impl Basics {
    /// When the root expires that is made.
    pub(super) fn expires(&self) -> Result<Timestamp, Failure> {
        self.expires.ok_or_else(|| {
            Failure::new(Status::Usage, "a root expires, and nobody said when")
                .hint("give --expires 2127-12-01T00:00:00Z or the like")
        })
    }
}
