//! Backup of a key: shares of the key-encryption key, and the private key wrapped under it.
//!
//! Every part is a standard that other tools know: SLIP-39 for the shares, RFC 5649 for the wrapping, age for what a
//! custodian takes home. So a key can be restored without this program.

mod key_encryption;
pub mod recipient;
pub mod slip39;

pub use key_encryption::{KeyEncryptionKey, WrapError};
