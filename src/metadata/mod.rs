//! The root role of TUF: keys, canonical JSON, signatures, and the chain of root versions.

pub mod canonical_json;
mod ecdsa;
mod key;
mod key_file;
mod key_id;
mod key_type;
mod scheme;
#[cfg(test)]
mod testing;

pub use canonical_json::{CanonicalError, JsonError, canonical};
pub use ecdsa::{EcdsaError, ecdsa_der_from_raw};
pub use key::{Key, KeyObjectError, UnwritableKey};
pub use key_file::KeyFileError;
pub use key_id::{KeyId, KeyIdRule};
pub use key_type::{KeyType, UnknownKeyType};
pub use scheme::{MAX_RSA_BITS, MIN_RSA_BITS, Scheme, VerifyError};
