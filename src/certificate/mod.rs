//! Public keys and certificates in their stock encodings.

mod ed25519;
mod public_key;

pub use public_key::{Algorithm, PublicKey, PublicKeyError};
