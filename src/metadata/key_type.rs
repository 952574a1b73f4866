//! The types of key that a ceremony makes, or has tokens sign with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::certificate::Algorithm;

/// A type of root key. Conclave generates all but one, with which keys of old roots sign. Its text form, serde included, is the canonical name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum KeyType {
    /// ECDSA on P-256, the type that most clients verify.
    #[default]
    EcdsaP256,
    EcdsaP384,
    Ed25519,
    /// RSA-PSS with SHA-256 and a modulus of 3072 bits.
    RsaPss3072,
    /// RSA-PSS with SHA-256 and a modulus of 4096 bits.
    RsaPss4096,
    /// RSA-PSS with SHA-256 and a modulus of 2048 bits: such keys of old roots sign still, and no new one is made.
    RsaPss2048,
}

/// A text that names no [`KeyType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no key type; there are {}", KeyType::names())]
pub struct UnknownKeyType {
    pub name: String,
}

impl KeyType {
    pub const ALL: [Self; 6] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::RsaPss3072,
        Self::RsaPss4096,
        Self::RsaPss2048,
    ];

    /// The types of which new keys may be.
    pub const MADE: [Self; 5] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::RsaPss3072,
        Self::RsaPss4096,
    ];

    /// The canonical name, as scripts and options give it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::Ed25519 => "ed25519",
            Self::RsaPss3072 => "rsassa-pss-sha256",
            Self::RsaPss4096 => "rsassa-pss-sha256-4096",
            Self::RsaPss2048 => "rsassa-pss-sha256-2048",
        }
    }

    /// The algorithm of its public keys.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::EcdsaP256 => Algorithm::P256,
            Self::EcdsaP384 => Algorithm::P384,
            Self::Ed25519 => Algorithm::Ed25519,
            Self::RsaPss3072 => Algorithm::Rsa { bits: 3072 },
            Self::RsaPss4096 => Algorithm::Rsa { bits: 4096 },
            Self::RsaPss2048 => Algorithm::Rsa { bits: 2048 },
        }
    }

    fn names() -> String {
        Self::MADE.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    /// Reads a canonical name; `rsassa-pss-sha256-3072` is a second name of `rsassa-pss-sha256`.
    fn from_str(name: &str) -> Result<Self, UnknownKeyType> {
        if name == "rsassa-pss-sha256-3072" {
            return Ok(Self::RsaPss3072);
        }
        Self::ALL
            .into_iter()
            .find(|key_type| key_type.as_str() == name)
            .ok_or_else(|| UnknownKeyType { name: name.into() })
    }
}

impl Serialize for KeyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_types() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
            let json = serde_json::to_string(&key_type).unwrap();
            assert_eq!(serde_json::from_str::<KeyType>(&json).unwrap(), key_type);
        }
        assert_eq!("rsassa-pss-sha256-3072".parse(), Ok(KeyType::RsaPss3072));
        assert_eq!(KeyType::ALL[0], KeyType::default());
    }

    #[test]
    fn another_name_is_refused_with_the_list() {
        let error = "rsa".parse::<KeyType>().unwrap_err().to_string();
        assert!(error.starts_with("\"rsa\" is no key type; there are ecdsa-sha2-nistp256, "));
    }
}
