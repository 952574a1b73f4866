//! The kinds of root key that can be made and used.

use std::fmt;
use std::str::FromStr;

use crate::certificate::Algorithm;

/// A kind of key and how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA of 3072 bits, PSS with SHA-256.
    RsaPss3072,
    /// RSA of 4096 bits, PSS with SHA-256.
    RsaPss4096,
}

/// A name that is no key type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key type")]
pub struct KeyTypeError(pub String);

impl KeyType {
    /// Every key type.
    pub const ALL: [Self; 5] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::RsaPss3072,
        Self::RsaPss4096,
    ];

    /// The name in scripts and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::Ed25519 => "ed25519",
            Self::RsaPss3072 => "rsassa-pss-sha256",
            Self::RsaPss4096 => "rsassa-pss-sha256-4096",
        }
    }

    /// The algorithm of the public key.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::EcdsaP256 => Algorithm::P256,
            Self::EcdsaP384 => Algorithm::P384,
            Self::Ed25519 => Algorithm::Ed25519,
            Self::RsaPss3072 => Algorithm::Rsa { bits: 3072 },
            Self::RsaPss4096 => Algorithm::Rsa { bits: 4096 },
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyType {
    type Err = KeyTypeError;

    fn from_str(name: &str) -> Result<Self, KeyTypeError> {
        if name == "rsassa-pss-sha256-3072" {
            return Ok(Self::RsaPss3072);
        }
        Self::ALL
            .into_iter()
            .find(|key_type| key_type.as_str() == name)
            .ok_or_else(|| KeyTypeError(name.to_owned()))
    }
}
