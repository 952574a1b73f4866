//! Who agreed to something, and how sure the record is of it.
//!
//! "Two people" are two who are in the room, neither of them the ceremony administrator, each of whom gave the
//! code that only that person knows, or had an own token sign. A script for one person says so, and then the record says so everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Signature;
use crate::script::PersonId;

/// How sure the record is that the person named did agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The person's own token signed just this.
    Token,
    /// The person typed, unseen, the code chosen at attendance.
    Code,
    /// The operator typed it for them: see the ink on the annotated script. Never an approval.
    OnPaper,
    /// The script lets one person act alone. Nobody watched.
    Solo,
}

impl Strength {
    /// Whether it stands for the person's own agreement.
    pub const fn is_approval(self) -> bool {
        matches!(self, Self::Token | Self::Code | Self::Solo)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "by approval token",
            Self::Code => "by code",
            Self::OnPaper => "on paper only",
            Self::Solo => "solo, unwitnessed",
        })
    }
}

/// That a person agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub person: PersonId,
    /// How that is known.
    pub strength: Strength,
    /// The signature of the person's own token over what is approved, in hex; none where it is not by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl Approval {
    /// An approval that has no signature.
    pub const fn new(person: PersonId, strength: Strength) -> Self {
        Self {
            person,
            strength,
            signature: None,
        }
    }

    /// What the operator types for somebody.
    pub const fn on_paper(person: PersonId) -> Self {
        Self::new(person, Strength::OnPaper)
    }

    /// What a person's own token signed.
    pub fn by_token(person: PersonId, signature: &[u8]) -> Self {
        Self {
            signature: Some(Signature::from(signature.to_vec())),
            ..Self::new(person, Strength::Token)
        }
    }
}

/// The people of approvals, in their order.
pub(super) fn people_of(approvals: &[Approval]) -> Vec<PersonId> {
    approvals
        .iter()
        .map(|approval| approval.person.clone())
        .collect()
}

/// How approvals were given, in a word: "by code", or each by its own.
pub fn strengths_of(approvals: &[Approval]) -> String {
    let mut told: Vec<String> = Vec::new();
    for approval in approvals {
        let strength = approval.strength.to_string();
        if !told.contains(&strength) {
            told.push(strength);
        }
    }
    told.join("; ")
}
