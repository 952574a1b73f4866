//! Who agreed to something, and how sure the record is of it.
//!
//! "Two people" are two who are in the room, neither of them the ceremony administrator, each of whom gave the
//! code that only that person knows, or had an own token sign. A script for one person says so, and then the record says so everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::script::{PersonId, PersonRole};

use super::event::{Event, EventKind};
use super::state::Ceremony;

/// How sure the record is that the person named did agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The person's own token signed just this.
    Token,
    /// The person typed, unseen, the code chosen at attendance.
    Code,
    /// The operator typed it for them: see the ink on the annotated script. Never an approval.
    OperatorTyped,
    /// The script lets one person act alone. Nobody watched.
    Solo,
}

impl Strength {
    /// Whether it stands for the person's own agreement.
    #[must_use]
    pub const fn is_approval(self) -> bool {
        matches!(self, Self::Token | Self::Code | Self::Solo)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "by own token",
            Self::Code => "by code",
            Self::OperatorTyped => "typed by the operator: see ink",
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
    pub signature: Option<String>,
}

impl Approval {
    /// An approval that has no signature.
    #[must_use]
    pub const fn new(person: PersonId, strength: Strength) -> Self {
        Self {
            person,
            strength,
            signature: None,
        }
    }

    /// What the operator types for somebody.
    #[must_use]
    pub const fn in_ink(person: PersonId) -> Self {
        Self::new(person, Strength::OperatorTyped)
    }

    /// What a person's own token signed.
    #[must_use]
    pub fn by_token(person: PersonId, signature: &[u8]) -> Self {
        Self {
            signature: Some(hex::encode(signature)),
            ..Self::new(person, Strength::Token)
        }
    }
}

/// The people of approvals, in their order.
#[must_use]
pub(super) fn people_of(approvals: &[Approval]) -> Vec<PersonId> {
    approvals
        .iter()
        .map(|approval| approval.person.clone())
        .collect()
}

/// How approvals were given, in a word: "by code", or each by its own.
#[must_use]
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

impl Ceremony {
    /// How many people must agree where the script wants two: one, if the script is for one person.
    #[must_use]
    pub fn approvals_needed(&self) -> usize {
        if self.script.is_solo() { 1 } else { 2 }
    }

    /// Those who may approve now, the witnesses first: in the room, not the administrator, with a code or an own token. In a
    /// ceremony for one person, whoever is here.
    #[must_use]
    pub fn approvers(&self) -> Vec<PersonId> {
        let may = |id: &PersonId| {
            self.attended.contains_key(id)
                && (self.script.is_solo() || self.has_means(id) && !self.is_administrator(id))
        };
        let (mut first, rest): (Vec<_>, Vec<_>) = self
            .script
            .people()
            .iter()
            .filter(|person| may(&person.id))
            .partition(|person| person.is(PersonRole::Witness));
        first.extend(rest);
        first.into_iter().map(|person| person.id.clone()).collect()
    }

    /// What people approve by an event, in a few words: a code is given for this, and not for whatever goes on.
    #[must_use]
    pub fn matter(&self, event: &Event) -> String {
        match &event.fact {
            EventKind::Sealed { item, bag, .. } => {
                format!("{} is in bag {bag}", self.item_title(item))
            }
            EventKind::EnvelopeSealed { secret, bag, .. } => {
                format!("the {secret} is in bag {bag}")
            }
            _ => self
                .current_step()
                .map_or_else(String::new, |step| step.act.title(&self.script)),
        }
    }

    /// What stands for a person's agreement now, before it is given.
    #[must_use]
    pub fn strength_of(&self, person: &PersonId) -> Strength {
        if self.script.is_solo() {
            Strength::Solo
        } else if self.approves_by_token(person) {
            Strength::Token
        } else {
            Strength::Code
        }
    }

    /// Those of whom two decide on an exception: who may approve, or before anybody may, whom the script lists
    /// beside the administrator.
    #[must_use]
    pub fn deciders(&self) -> Vec<PersonId> {
        let approvers = self.approvers();
        if approvers.len() >= self.approvals_needed() {
            return approvers;
        }
        let people = self.script.people().iter().map(|person| &person.id);
        people
            .filter(|id| self.script.is_solo() || !self.is_administrator(id))
            .cloned()
            .collect()
    }

    /// The people who are asked to approve, if nobody else is named.
    #[must_use]
    pub fn usual_approvers(&self) -> Vec<PersonId> {
        let mut approvers = self.approvers();
        approvers.truncate(self.approvals_needed());
        approvers
    }

    /// Whether a person chose an approval code since the ceremony was last taken up.
    #[must_use]
    pub fn has_code(&self, person: &PersonId) -> bool {
        self.codes.contains(person)
    }

    /// Whether a person is to choose an approval code when attending.
    pub(super) fn wants_code(&self, person: &PersonId) -> bool {
        !self.script.is_solo() && !self.is_administrator(person)
    }

    pub(super) fn is_administrator(&self, id: &PersonId) -> bool {
        self.script
            .person(id)
            .is_some_and(|person| person.is(PersonRole::Administrator))
    }
}
