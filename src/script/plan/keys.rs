//! The root keys whose tokens are present.

use crate::metadata::KeyType;
use crate::script::enrolled::Enrolled;
use crate::script::previous::KeyChange;
use crate::script::token::{Spare, TokenSpec};
use crate::script::{KeyId, PersonId, SecretDisposition, SecretPlan, TokenSecret};

use crate::script::spelling::spelling;

/// A root key whose token is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlan {
    pub id: KeyId,
    pub holder: PersonId,
    pub token: TokenSpec,
    pub key_type: KeyType,
    /// The owner of the key in the root, if the destination requires it.
    pub owner: Option<String>,
    pub backup: Backup,
    /// The secrets of the token: each secret of its profile, once.
    pub activation: Vec<SecretPlan>,
    pub change: KeyChange,
    pub enrolled: Option<Enrolled>,
}

impl KeyPlan {
    pub const fn is_made(&self) -> bool {
        self.change.before().is_none() && self.enrolled.is_none()
    }

    /// A secret of the token; `None` if its profile does not have it.
    pub fn secret(&self, secret: TokenSecret) -> Option<&SecretPlan> {
        self.activation.iter().find(|plan| plan.secret == secret)
    }

    /// The secret that sets a new PIN: the PUK, or the SO PIN if the profile has no PUK.
    pub fn ruling_secret(&self) -> TokenSecret {
        match self.secret(TokenSecret::Puk) {
            Some(_) => TokenSecret::Puk,
            None => TokenSecret::SoPin,
        }
    }

    /// The secret that unlocks a PIN; `None` if it is discarded.
    pub fn unblocked_by(&self) -> Option<&SecretPlan> {
        self.secret(self.ruling_secret())
            .filter(|plan| plan.disposition != SecretDisposition::Discarded)
    }

    /// Who writes down the management key; `None` if the token keeps it.
    pub fn management_writer(&self) -> Option<&PersonId> {
        let plan = self.secret(TokenSecret::ManagementKey)?;
        matches!(plan.disposition, SecretDisposition::Sealed { .. })
            .then_some(plan.set_by.as_ref())
            .flatten()
    }

    /// The secrets that are sealed into bags, with the bag numbers.
    pub fn envelopes(&self) -> impl Iterator<Item = (TokenSecret, &str)> {
        self.activation
            .iter()
            .filter_map(|plan| match &plan.disposition {
                SecretDisposition::Sealed { bag } => Some((plan.secret, bag.as_str())),
                SecretDisposition::Memorized
                | SecretDisposition::Discarded
                | SecretDisposition::PinProtected => None,
            })
    }
}

impl Spare {
    /// Whether it may replace the token of a key.
    pub fn serves(&self, plan: &KeyPlan) -> bool {
        self.token.profile == plan.token.profile
            && (self.keys.is_empty() || self.keys.contains(&plan.id))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backup {
    /// The other root keys are the backup.
    None,
    /// The key is wrapped, and the key-encryption key is split among custodians.
    Shares,
}

spelling!(Backup {
    None = "none",
    Shares = "shares",
});
