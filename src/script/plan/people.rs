//! Who is in the room.

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
    /// The name of who may come in the person's place.
    pub substitute: Option<String>,
    /// The approval token by which the person approves; none where it is by a code.
    pub approval: Option<ApprovalToken>,
    /// How the person keeps a share; none for who has none.
    pub keeping: Option<ShareKeeping>,
    /// Where the person opens a share when it is restored from.
    pub opens: Opens,
}

impl Person {
    pub fn is(&self, role: PersonRole) -> bool {
        self.roles.contains(&role)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonRole {
    /// Performs the script.
    Administrator,
    /// Checks, and records exceptions.
    Witness,
    /// Has a key in root.
    KeyHolder,
    /// Keeps a share, a token or a bag.
    Custodian,
}

spelling!(PersonRole {
    Administrator = "administrator",
    Witness = "witness",
    KeyHolder = "key-holder",
    Custodian = "custodian",
});
