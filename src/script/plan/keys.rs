//! The root keys whose tokens are in the room.

use crate::metadata::KeyType;
use crate::script::enrolled::Enrolled;
use crate::script::previous::KeyChange;
use crate::script::token::{Spare, TokenSpec};
use crate::script::{KeyId, PersonId, SecretDisposition, SecretPlan, TokenSecret};

use crate::script::spelling::spelling;

/// A root key whose token is in the room: to be made, or made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlan {
    pub id: KeyId,
    /// A key holder.
    pub holder: PersonId,
    /// Where the key is to live.
    pub token: TokenSpec,
    pub key_type: KeyType,
    /// Whose key the root says that it is, where its publisher wants to know.
    pub owner: Option<String>,
    pub backup: Backup,
    /// Who sets what opens the token, and what becomes of it: each secret of the make, once.
    pub activation: Vec<SecretPlan>,
    pub change: KeyChange,
    /// The file by which a key is enrolled that an earlier ceremony made.
    pub enrolled: Option<Enrolled>,
}

impl KeyPlan {
    pub const fn is_made(&self) -> bool {
        self.change.before().is_none() && self.enrolled.is_none()
    }

    /// What the script says of a secret of the token; none where such tokens have no such secret.
    pub fn secret(&self, secret: TokenSecret) -> Option<&SecretPlan> {
        self.activation.iter().find(|plan| plan.secret == secret)
    }

    /// Which secret sets a new PIN: the PUK where such tokens have one, otherwise the SO PIN.
    pub fn ruling_secret(&self) -> TokenSecret {
        match self.secret(TokenSecret::Puk) {
            Some(_) => TokenSecret::Puk,
            None => TokenSecret::SoPin,
        }
    }

    /// By which secret a locked PIN is unblocked. None where that is random and discarded.
    pub fn unblocked_by(&self) -> Option<&SecretPlan> {
        self.secret(self.ruling_secret())
            .filter(|plan| plan.disposition != SecretDisposition::Discarded)
    }

    /// Who writes the management key of the token down for the safe; none where the token keeps it.
    pub fn management_writer(&self) -> Option<&PersonId> {
        let plan = self.secret(TokenSecret::ManagementKey)?;
        matches!(plan.disposition, SecretDisposition::Sealed { .. })
            .then_some(plan.set_by.as_ref())
            .flatten()
    }

    /// The secrets that are sealed into bags, with the numbers of these.
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
    /// Whether it may stand in for the token of a key.
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
    /// It leaves its token wrapped, and what unwraps it is split among custodians.
    Shares,
}

spelling!(Backup {
    None = "none",
    Shares = "shares",
});
