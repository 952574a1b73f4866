//! What opens a token: who sets it, and what becomes of it afterwards.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PersonId;
use crate::profile::{self, Profile};

/// One of the secrets that open a token or rule over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSecret {
    /// The key holder's PIN, without which no key signs.
    UserPin,
    /// The security officer's PIN: sets a new user PIN, and erases the token.
    SoPin,
    /// The code that unblocks a locked PIN.
    Puk,
    /// The key that rules over what the token holds.
    ManagementKey,
}

impl TokenSecret {
    pub(super) const SPELLINGS: &'static [(&'static str, Self)] = &[
        ("user-pin", Self::UserPin),
        ("so-pin", Self::SoPin),
        ("puk", Self::Puk),
        ("management-key", Self::ManagementKey),
    ];

    /// The secret that scripts spell so.
    pub fn named(spelling: &str) -> Option<Self> {
        let found = Self::SPELLINGS.iter().find(|(text, _)| *text == spelling);
        found.map(|(_, secret)| *secret)
    }

    /// As scripts spell it: `so-pin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserPin => "user-pin",
            Self::SoPin => "so-pin",
            Self::Puk => "puk",
            Self::ManagementKey => "management-key",
        }
    }

    /// As people call it: `SO PIN`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::UserPin => "PIN",
            Self::SoPin => "SO PIN",
            Self::Puk => "PUK",
            Self::ManagementKey => "management key",
        }
    }

    /// Which secret sets a new PIN of tokens of a profile: the PUK where they have one, otherwise the SO PIN.
    pub(super) fn ruling(profile: &str) -> Self {
        match Profile::named(profile) {
            Ok(found) if Self::of(&found).contains(&Self::Puk) => Self::Puk,
            _ => Self::SoPin,
        }
    }

    /// The secrets that tokens of a make have.
    pub const fn of(make: &Profile) -> &'static [Self] {
        match make.kind {
            profile::Kind::Pkcs11 if !make.initialize.so_pin => &[Self::UserPin],
            profile::Kind::Pkcs11 => &[Self::UserPin, Self::SoPin],
            profile::Kind::KeyFile => &[Self::UserPin],
            profile::Kind::YubikeyPiv => &[Self::UserPin, Self::Puk, Self::ManagementKey],
        }
    }
}

impl fmt::Display for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who sets a secret of a token, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlan {
    /// Which.
    pub secret: TokenSecret,
    /// Who sets it, alone; nobody sets what is random and discarded.
    pub set_by: Option<PersonId>,
    /// What becomes of it.
    pub disposition: SecretDisposition,
    /// Whether the script says so; otherwise it is what this version takes for granted.
    pub is_stated: bool,
}

/// What becomes of a secret once it is set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretDisposition {
    /// Whoever set it knows it by heart.
    Memorized,
    /// It is written down, and sealed into a tamper-evident bag.
    Sealed {
        /// The number of the bag.
        bag: String,
    },
    /// It is random, nobody sees it, and it is forgotten once the token has it.
    Discarded,
    /// It is random, and the token itself keeps it, behind the PIN.
    PinProtected,
}

impl SecretDisposition {
    /// As scripts spell it: `envelope`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Memorized => "memorized",
            Self::Sealed { .. } => "sealed",
            Self::Discarded => "discarded",
            Self::PinProtected => "pin-protected",
        }
    }
}
