//! What is recorded about tokens, keys and checks: plain facts without behavior.

mod attestation;
mod check;
mod custody;
mod signature;
mod token_interface;
mod visible;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use attestation::{
    AttestationSummary, Firmware, FirmwareError, FormFactor, PinPolicy, TouchPolicy, UsePolicy,
};
pub(crate) use check::check_table;
pub use check::{Remark, Weight};
pub use custody::{CustodyError, CustodyLine, CustodyList, Moved};
pub use signature::Signature;
pub use token_interface::{PinEntry, TokenInterface};
pub use visible::visible;

/// A token's description of itself, without padding. It is not proof of identity: serial numbers are not unique across
/// manufacturers, and labels can be changed. A token is *proven* by a key that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenId {
    /// The token profile: `softhsm2`.
    pub profile: String,
    pub manufacturer: String,
    pub model: String,
    pub serial: String,
    /// Empty on a blank token.
    pub label: String,
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Untrusted text.
        let (model, serial) = (self.model.escape_debug(), self.serial.escape_debug());
        if self.label.is_empty() && self.serial.is_empty() {
            write!(f, "{model} (blank)")
        } else if self.label.is_empty() {
            write!(f, "{model} {serial} (blank)")
        } else {
            write!(f, "{model} {serial} {:?}", self.label)
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} {name:?}; use one of {known}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    known: String,
}

impl UnknownName {
    pub fn new(
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            known: known.into_iter().collect::<Vec<_>>().join(", "),
        }
    }
}

/// The origin of a private key, which determines how far its secrecy can be trusted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Provenance {
    /// The device attested that it generated the key.
    Attested,
    /// According to the attributes, the token generated the key and never exported it. This is not evidence.
    Claimed,
    /// The key could be exported, wrapped, at some time.
    WasExtractable,
    /// The token generated the key at our request, but does not report that it did.
    Unconfirmed,
    /// The key was generated outside the token.
    Imported,
    /// The key was restored from a backup.
    Restored,
}

impl Provenance {
    /// The word in transcripts: `was-extractable`.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The attributes of a private key as reported by its token after generation; `None` if it does not report one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAttributes {
    /// `CKA_SENSITIVE`: the value cannot be read unencrypted.
    pub sensitive: Option<bool>,
    /// `CKA_EXTRACTABLE`: the key can be exported, wrapped.
    pub extractable: Option<bool>,
    /// `CKA_ALWAYS_SENSITIVE`.
    pub always_sensitive: Option<bool>,
    /// `CKA_NEVER_EXTRACTABLE`.
    pub never_extractable: Option<bool>,
    /// `CKA_LOCAL`: generated in this token.
    pub local: Option<bool>,
}

impl KeyAttributes {
    /// Never [`Provenance::Attested`], because attributes are only claims.
    pub fn provenance(&self) -> Provenance {
        if self.local != Some(true) {
            Provenance::Imported
        } else if self.never_extractable == Some(true) && self.extractable == Some(false) {
            Provenance::Claimed
        } else {
            Provenance::WasExtractable
        }
    }
}

/// The remaining PIN attempts of a token. PKCS#11 has only flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tries {
    Exactly(u8),
    /// There was at least one wrong PIN since the last correct one.
    Low,
    /// The next wrong PIN locks the token.
    Last,
    /// The token does not report it.
    Unknown,
}

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(1) => f.write_str("1 attempt left"),
            Self::Exactly(n) => write!(f, "{n} attempts left"),
            Self::Low => f.write_str("a wrong PIN was entered before"),
            Self::Last => f.write_str("this is the last attempt before the token locks"),
            Self::Unknown => f.write_str("the token does not report the remaining attempts"),
        }
    }
}

/// A secret with a factory default value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum FactorySecret {
    #[strum(serialize = "PIN")]
    Pin,
    #[strum(serialize = "PUK")]
    Puk,
    #[strum(serialize = "management key")]
    ManagementKey,
}

/// A finding of a check, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The stable ID of the check: `host.swap`.
    pub check: String,
    pub detail: String,
}

impl Finding {
    pub fn new(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_is_never_better_than_the_attributes() {
        let generated = KeyAttributes {
            sensitive: Some(true),
            extractable: Some(false),
            always_sensitive: Some(true),
            never_extractable: Some(true),
            local: Some(true),
        };
        assert_eq!(generated.provenance(), Provenance::Claimed);
        let for_backup = KeyAttributes {
            extractable: Some(true),
            never_extractable: Some(false),
            ..generated
        };
        assert_eq!(for_backup.provenance(), Provenance::WasExtractable);
        let silent = KeyAttributes::default();
        assert_eq!(silent.provenance(), Provenance::Imported);
    }
}
