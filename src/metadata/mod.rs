//! The root role's metadata.

mod key_type;

pub use key_type::{KeyType, KeyTypeError};
