//! Public keys and certificates in their standard encodings.

pub mod attestation;
mod ed25519;
mod error;
pub mod pem;
mod public_key;
mod self_signed;
mod text;
mod validity;
mod x509;

pub use error::CertificateError;
pub use public_key::{Algorithm, PublicKey, PublicKeyError};
pub use self_signed::{Leaf, SelfSigned};
pub use validity::Validity;
pub use x509::{Authority, Certificate};
