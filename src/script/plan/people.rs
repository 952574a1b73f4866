//! The participants.

use crate::script::PersonId;
use crate::script::approval_token::ApprovalToken;
use crate::script::backup::{Opens, ShareKeeping};

use crate::script::spelling::spelling;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    /// As it is read aloud and printed. No control characters.
    pub name: String,
    /// At least one, each once.
    pub roles: Vec<PersonRole>,
    pub substitute: Option<String>,
    /// `None` if the person approves with a code.
    pub approval: Option<ApprovalToken>,
    /// How the person keeps a new share; `None` without one.
    pub keeping: Option<ShareKeeping>,
    /// Where the person opens an existing share.
    pub opens: Opens,
}

impl Person {
    pub fn is(&self, role: PersonRole) -> bool {
        self.roles.contains(&role)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonRole {
    /// Operates the program.
    Administrator,
    /// Checks each step, and records exceptions.
    Witness,
    /// Holds a root key.
    KeyHolder,
    /// Keeps a share of a backup.
    Custodian,
}

spelling!(PersonRole {
    Administrator = "administrator",
    Witness = "witness",
    KeyHolder = "key-holder",
    Custodian = "custodian",
});
