//! The types of root keys that tokens generate or sign with.

use serde::{Deserialize, Serialize};

use crate::certificate::Algorithm;
use crate::record::UnknownName;

/// A type of root key.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(const_into_str, parse_err_ty = UnknownName, parse_err_fn = unknown)]
#[serde(try_from = "String", into = "String")]
pub enum KeyType {
    /// The type that most clients support.
    #[default]
    #[strum(serialize = "ecdsa-sha2-nistp256")]
    EcdsaP256,
    #[strum(serialize = "ecdsa-sha2-nistp384")]
    EcdsaP384,
    #[strum(serialize = "ed25519")]
    Ed25519,
    #[strum(to_string = "rsassa-pss-sha256", serialize = "rsassa-pss-sha256-3072")]
    RsaPss3072,
    #[strum(serialize = "rsassa-pss-sha256-4096")]
    RsaPss4096,
    /// Keys of existing roots can still sign. New keys of this type are never generated.
    #[strum(serialize = "rsassa-pss-sha256-2048")]
    RsaPss2048,
}

fn unknown(name: &str) -> UnknownName {
    UnknownName::new("key type", name, KeyType::MADE.map(KeyType::as_str))
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

    /// The types of newly generated keys.
    pub const MADE: [Self; 5] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::RsaPss3072,
        Self::RsaPss4096,
    ];

    /// The name in scripts and options.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

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
}

impl TryFrom<String> for KeyType {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        name.parse()
    }
}

impl From<KeyType> for String {
    fn from(key_type: KeyType) -> Self {
        key_type.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
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
        let expected = "unknown key type \"rsa\"; use one of ecdsa-sha2-nistp256, ";
        assert!(error.starts_with(expected), "{error}");
    }
}
