//! The secrets of a token: who sets each, and how it is kept.

use serde::{Deserialize, Serialize};

use super::PersonId;
use super::spelling::spelling;
use crate::profile::{self, Profile};

/// A secret that gives access to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSecret {
    /// The key holder's PIN, which signing requires.
    UserPin,
    /// The security officer's PIN: sets a new user PIN, and erases the token.
    SoPin,
    /// The code that unblocks a locked PIN.
    Puk,
    /// Authorizes generating and importing keys.
    ManagementKey,
}

impl TokenSecret {
    pub fn named(spelling: &str) -> Option<Self> {
        let found = Self::SPELLINGS.iter().find(|(text, _)| *text == spelling);
        found.map(|(_, secret)| *secret)
    }

    /// As people read it: `SO PIN`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::UserPin => "PIN",
            Self::SoPin => "SO PIN",
            Self::Puk => "PUK",
            Self::ManagementKey => "management key",
        }
    }

    /// The secret that sets a new PIN: the PUK, or the SO PIN if the profile has no PUK.
    pub(super) fn ruling(profile: &str) -> Self {
        match Profile::named(profile) {
            Ok(found) if Self::of(&found).contains(&Self::Puk) => Self::Puk,
            _ => Self::SoPin,
        }
    }

    /// The secrets of tokens of that profile.
    pub const fn of(make: &Profile) -> &'static [Self] {
        match make.kind {
            profile::Kind::Pkcs11 if !make.initialize.so_pin => &[Self::UserPin],
            profile::Kind::Pkcs11 => &[Self::UserPin, Self::SoPin],
            profile::Kind::KeyFile => &[Self::UserPin],
            profile::Kind::YubikeyPiv => &[Self::UserPin, Self::Puk, Self::ManagementKey],
        }
    }
}

spelling!(TokenSecret {
    UserPin = "user-pin",
    SoPin = "so-pin",
    Puk = "puk",
    ManagementKey = "management-key",
});

/// A secret of a token in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlan {
    pub secret: TokenSecret,
    /// `None` for a random secret that is discarded or kept by the token.
    pub set_by: Option<PersonId>,
    pub disposition: SecretDisposition,
    /// Whether the script specifies it; otherwise it is the default.
    pub is_stated: bool,
}

/// How a secret is kept after it is set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretDisposition {
    /// The person who set it memorizes it.
    Memorized,
    /// It is written down, and sealed into a tamper-evident bag.
    Sealed { bag: String },
    /// It is random, nobody sees it, and it is discarded once the token has it.
    Discarded,
    /// It is random, and the token keeps it, protected by the PIN.
    PinProtected,
}

impl SecretDisposition {
    /// As in scripts: `sealed`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Memorized => "memorized",
            Self::Sealed { .. } => "sealed",
            Self::Discarded => "discarded",
            Self::PinProtected => "pin-protected",
        }
    }
}
