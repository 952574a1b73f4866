//! Backup of a key: the wrapped private key, and shares of the key-encryption key.
//!
//! All parts follow standards (SLIP-39 for the shares, RFC 5649 for wrapping, age for encrypted files), so that a key can
//! be restored without Conclave.

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
mod status;

pub use check::{Check, Refusal};
pub use collected::{Collected, GroupProgress};
pub use key_encryption::{KeyEncryptionKey, WrapError};
pub use label::{Place, ShareLabel};
pub use manifest::{Manifest, ShareEntry, WrappedKey};
pub use opening::{IdentityError, Opener, recipient_kinds};
pub use plan::{
    Custodian, CustodianGroup, PlanError, Protection, SetFacts, SetPlan, SupersededSet,
    check_groups, manifest_file, share_file, wrapped_file,
};
pub use private_key::{public_half, sign_with};
pub use set::{BackupSet, SetError};
pub use share_text::{CHECK_WORDS, OpenedShare, open_share, read_words};
pub use sheet::share_sheet;
pub use status::{Advice, DRILL_AFTER_DAYS, SetHistory, SetStatus, set_statuses};

/// The number of words in a share of 256 bits.
pub const WORDS: usize = 33;
