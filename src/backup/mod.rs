//! Backup of a key: shares of the key-encryption key, and the private key wrapped under it.
//!
//! Every part is a standard that other tools know: SLIP-39 for the shares, RFC 5649 for the wrapping, age for what a
//! custodian takes home. So a key can be restored without this program.

mod check;
mod collected;
mod instructions;
mod key_encryption;
mod label;
mod manifest;
mod opening;
mod plan;
mod private_key;
pub mod recipient;
mod set;
mod share_text;
mod sheet;
pub mod slip39;
mod standing;

pub use check::{Check, Refusal};
pub use collected::{Collected, GroupProgress};
pub use key_encryption::{KeyEncryptionKey, WrapError};
pub use label::{Place, ShareLabel};
pub use manifest::{Manifest, ShareEntry, WrappedKey};
pub use opening::{IdentityError, Opener, closed_to};
pub use plan::{
    Closing, Custodian, CustodianGroup, PlanError, SetFacts, SetPlan, SupersededSet, check_groups,
    manifest_file, share_file, wrapped_file,
};
pub use private_key::{public_half, sign_with};
pub use set::{BackupSet, SplitFailure};
pub use share_text::{CHECK_WORDS, OpenedShare, open_share, read_words};
pub use sheet::share_sheet;
pub use standing::{Advice, DRILL_AFTER_DAYS, SetHistory, SetStanding, standing};

/// How many words a share of 256 bits has.
pub const WORDS: usize = 33;
