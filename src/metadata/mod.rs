//! The root role of TUF.

use std::fmt;
use std::str::FromStr;

use crate::certificate::{PublicKey, PublicKeyError};
use crate::words::Digest;

/// The kinds of root keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
    /// RSA-PSS, 3072 bits.
    RsaPss3072,
    /// RSA-PSS, 4096 bits.
    RsaPss4096,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::Ed25519 => "ed25519",
            Self::RsaPss3072 => "rsassa-pss-sha256",
            Self::RsaPss4096 => "rsassa-pss-sha256-4096",
        })
    }
}

impl FromStr for KeyType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::EcdsaP256,
            Self::EcdsaP384,
            Self::Ed25519,
            Self::RsaPss3072,
            Self::RsaPss4096,
        ]
        .into_iter()
        .find(|kind| kind.to_string() == text)
        .ok_or_else(|| format!("{text:?} is no key type"))
    }
}

/// Why a file is no public key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A private key.
    #[error("this is a PRIVATE key")]
    Private,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// A public key of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(PublicKey);

impl Key {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_file(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let text = std::str::from_utf8(bytes).map_err(|e| KeyFileError::Other(e.to_string()))?;
        PublicKey::from_pem(text)
            .map(Self)
            .map_err(|error| match error {
                PublicKeyError::Private => KeyFileError::Private,
                other => KeyFileError::Other(other.to_string()),
            })
    }

    /// The key ID.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.0.fingerprint()
    }
}
