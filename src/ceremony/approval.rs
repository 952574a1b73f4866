//! Who approved an event, and how reliably that is recorded.
//!
//! "Two people" are two present people other than the ceremony administrator, each of whom entered their approval code
//! or had their approval token sign. A script for one person is marked as such in the whole transcript.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Signature;
use crate::script::PersonId;

/// How reliably it is recorded that the person approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The person's approval token signed this event.
    Token,
    /// The person typed, unseen, the code that they chose at attendance.
    Code,
    /// The administrator typed it for them: see the signature on the annotated script. Not an approval.
    OnPaper,
    /// The script lets one person act alone, without witnesses.
    Solo,
}

impl Strength {
    /// Whether the person approved, and nobody else in their place.
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

/// The approval of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub person: PersonId,
    pub strength: Strength,
    /// The signature of the approval token over the approved event, in hex.
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

    /// An approval on paper that the administrator types for a person.
    pub const fn on_paper(person: PersonId) -> Self {
        Self::new(person, Strength::OnPaper)
    }

    /// An approval by an approval token.
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

/// How approvals were given: each way once.
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
