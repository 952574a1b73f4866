//! The options of every new script.

use jiff::Timestamp;

use super::time;
use crate::cli::Failure;
use crate::metadata::KeyType;

#[derive(Debug, clap::Args)]
pub(super) struct Basics {
    /// The name of the repository, for example example.com/updates
    #[arg(long, value_name = "NAME")]
    pub(super) repository: String,
    /// One line that describes the ceremony
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    /// Earliest start of the ceremony
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) not_before: Timestamp,
    /// Expiry of the root; not for an enrollment, drill, recovery or backup
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) expires: Option<Timestamp>,
    /// Number of root keys of an initial root, each with its own key holder and token [default: 5]
    #[arg(long, value_name = "N")]
    pub(super) tokens: Option<u8>,
    /// Number of signatures that a root requires [default: more than half of the tokens; in a change, unchanged]
    #[arg(long, value_name = "M")]
    pub(super) threshold: Option<u8>,
    /// Type of the root keys
    #[arg(long, value_name = "TYPE", default_value_t = KeyType::EcdsaP256)]
    pub(super) key_type: KeyType,
    /// Profile of the tokens
    #[arg(long, value_name = "NAME", default_value = "softhsm2")]
    pub(super) profile: String,
}

impl Basics {
    pub(super) fn expires(&self) -> Result<Timestamp, Failure> {
        self.expires.ok_or_else(|| {
            Failure::usage("the expiry of the root is missing")
                .hint("give it, for example: --expires 2028-01-15T00:00:00Z")
        })
    }
}
