//! What is written down about tokens, keys and checks: plain facts, with no behavior that could lie.

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

/// How a token names itself, without padding. None of it is proof: serial numbers repeat between
/// makes and labels can be set, so a token is *proven* by a key that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenId {
    /// The profile by which it was reached, as in `hsm-config/`: `softhsm2`.
    pub profile: String,
    pub manufacturer: String,
    pub model: String,
    pub serial: String,
    /// Empty on a blank token.
    pub label: String,
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token's own words: what could steer a terminal is shown escaped.
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

/// A text that is not one of the names of something.
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

/// Where a private key comes from, and so how far its secrecy can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// The device signed a statement that the key was made inside it.
    Attested,
    /// The token's attributes say that it was made inside and never left. A claim, not evidence.
    Claimed,
    /// The key could be taken out, wrapped, at some time.
    WasExtractable,
    /// The key was generated in the token at our request, but the token does not report that it was.
    Unconfirmed,
    /// The key was made outside and brought in.
    Imported,
    /// The key came back from a backup.
    Restored,
}

impl Provenance {
    /// The word that stands in records: `was-extractable`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Claimed => "claimed",
            Self::WasExtractable => "was-extractable",
            Self::Unconfirmed => "unconfirmed",
            Self::Imported => "imported",
            Self::Restored => "restored",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Attested,
            Self::Claimed,
            Self::WasExtractable,
            Self::Unconfirmed,
            Self::Imported,
            Self::Restored,
        ]
        .into_iter()
        .find(|known| known.as_str() == word)
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The attributes of a private key, as its token reported them after generation.
/// `None` where the token did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAttributes {
    /// `CKA_SENSITIVE`: the value cannot be read in clear.
    pub sensitive: Option<bool>,
    /// `CKA_EXTRACTABLE`: the key can be wrapped and taken out.
    pub extractable: Option<bool>,
    /// `CKA_ALWAYS_SENSITIVE`.
    pub always_sensitive: Option<bool>,
    /// `CKA_NEVER_EXTRACTABLE`.
    pub never_extractable: Option<bool>,
    /// `CKA_LOCAL`: made in this token.
    pub local: Option<bool>,
}

impl KeyAttributes {
    /// What the attributes amount to. Never [`Provenance::Attested`]: attributes are claims.
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

/// What is known of the PIN tries that a token has left. PKCS#11 has flags only; no number is invented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tries {
    /// The token counts aloud.
    Exactly(u8),
    /// At least one wrong PIN was given since the last right one.
    Low,
    /// The next wrong PIN locks the token.
    Last,
    /// The token does not tell.
    Unknown,
}

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(1) => f.write_str("1 try left"),
            Self::Exactly(n) => write!(f, "{n} tries left"),
            Self::Low => f.write_str("a wrong PIN was given before"),
            Self::Last => f.write_str("the last try before the token locks"),
            Self::Unknown => f.write_str("the token does not tell the tries left"),
        }
    }
}

/// A secret that a make of token leaves the factory with, the same in every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorySecret {
    Pin,
    /// What unblocks the PIN.
    Puk,
    /// What lets keys be made.
    ManagementKey,
}

impl fmt::Display for FactorySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::Puk => "PUK",
            Self::ManagementKey => "management key",
        })
    }
}

/// The result of a check that does not decide, but that a person should know.
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
        let born_inside = KeyAttributes {
            sensitive: Some(true),
            extractable: Some(false),
            always_sensitive: Some(true),
            never_extractable: Some(true),
            local: Some(true),
        };
        assert_eq!(born_inside.provenance(), Provenance::Claimed);
        let for_backup = KeyAttributes {
            extractable: Some(true),
            never_extractable: Some(false),
            ..born_inside
        };
        assert_eq!(for_backup.provenance(), Provenance::WasExtractable);
        let silent = KeyAttributes::default();
        assert_eq!(silent.provenance(), Provenance::Imported);
    }
}
