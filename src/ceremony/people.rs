//! Who is in the room: attendance, those who come late or leave, and who is asked for what.

use crate::script::{Act, PersonId, PersonRole, Step};

use super::event::EventKind;
use super::prompt::{Ask, Choice, Prompt};
use super::state::Ceremony;

/// By which a person is known, as offered for attendance. Never a number.
pub(super) const DOCUMENTS: [&str; 5] = [
    "known personally",
    "passport",
    "identity card",
    "driving license",
    "staff card",
];

/// The choice for somebody who comes later.
const NOT_HERE: &str = "not here yet";

/// How a person who is here is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The kind of document.
    pub document: String,
    /// Who looked at it; none where nobody else is there.
    pub checked_by: Option<PersonId>,
}

impl Ceremony {
    /// The name that a person goes by, as it is read aloud now.
    #[must_use]
    pub fn name<'c>(&'c self, person: &'c PersonId) -> &'c str {
        self.display_names.name(&self.script, person)
    }

    /// The names of several people, as one reads them aloud.
    #[must_use]
    pub fn names(&self, people: &[PersonId]) -> String {
        self.display_names.names(&self.script, people)
    }

    /// Whether somebody is awaited, or has left.
    #[must_use]
    pub fn is_away(&self, person: &PersonId) -> bool {
        self.away.contains(person)
    }

    /// Whether a person may come later than the others: who does not perform the script and does not watch.
    pub(super) fn may_be_late(&self, person: &PersonId) -> bool {
        let is_needed =
            |role: &PersonRole| matches!(role, PersonRole::Administrator | PersonRole::Witness);
        self.script
            .person(person)
            .is_some_and(|person| !person.roles.iter().any(is_needed))
    }

    /// Whether a person may leave: the administrator cannot, and enough people must stay who can approve.
    pub(super) fn may_leave(&self, person: &PersonId) -> bool {
        let staying = self.approvers().iter().filter(|id| *id != person).count();
        self.attended.contains_key(person)
            && !self.is_administrator(person)
            && staying >= self.approvals_needed()
    }

    /// Who looks at the document of a person, unless somebody else is named.
    pub(super) fn checker_of(&self, person: &PersonId) -> Option<PersonId> {
        let is_attendance = self.is_at_attendance();
        let may_check = |id: &PersonId| {
            id != person
                && (self.attended.contains_key(id) || is_attendance && !self.away.contains(id))
        };
        let witnesses = self.script.with_role(PersonRole::Witness);
        witnesses
            .chain(self.script.people())
            .map(|other| &other.id)
            .find(|id| may_check(id))
            .cloned()
    }

    pub(super) fn is_at_attendance(&self) -> bool {
        self.current_step()
            .is_some_and(|step| step.act == Act::Attendance)
    }

    /// The next person whom attendance asks for.
    fn next_absent(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| !self.attended.contains_key(id) && !self.away.contains(id))
    }

    /// Whose attendance the room is asked for at a step: the next one's, or that of somebody who is away and
    /// without whom the step cannot be done.
    pub(super) fn attendance_wanted(&self, step: &Step) -> Option<PersonId> {
        let wanted = match &step.act {
            Act::Attendance => return self.next_absent(),
            Act::SignRoot => self.next_signer().map(|plan| plan.holder.clone()),
            Act::Note { initials, .. } => self.next_to_initial(step, initials),
            act => act
                .key()
                .and_then(|key| self.script.key(key))
                .map(|plan| plan.holder.clone()),
        };
        wanted.filter(|id| self.away.contains(id))
    }

    pub(super) fn ask_attendance(&self, step: &Step, person: &PersonId) -> Prompt {
        let name = self.name(person);
        let checker = self.checker_of(person);
        let mut lines = Vec::new();
        if !matches!(step.act, Act::Attendance) {
            lines.push(format!(
                "This step needs {name}, who is not here. When {name} comes, the digest of the script is read out again."
            ));
        }
        if let Some(checker) = &checker {
            lines.push(format!(
                "{} looks at the document; its number is written nowhere.",
                self.name(checker)
            ));
        }
        let mut options = DOCUMENTS.map(Choice::plain).to_vec();
        if matches!(step.act, Act::Attendance) {
            if self.may_be_late(person) {
                options.push(Choice::plain(NOT_HERE));
            }
            options.extend(
                self.stand_in(person)
                    .map(|other| Choice::plain(&instead(&other))),
            );
        }
        let mut who = vec![person.clone()];
        who.extend(checker);
        Self::prompt(
            step,
            who,
            lines,
            Ask::Choice {
                label: format!("{name} is here, by"),
                options,
            },
        )
    }

    /// What an answer about somebody's attendance means.
    pub(super) fn fact_of_attendance(&self, person: &PersonId, text: String) -> EventKind {
        if text == NOT_HERE {
            return EventKind::Awaited;
        }
        if let Some(name) = self.stand_in(person)
            && text == instead(&name)
        {
            return EventKind::Substituted { name };
        }
        EventKind::Attended {
            document: text,
            checked_by: self.checker_of(person),
        }
    }

    /// Somebody who is here and has still to choose an approval code, or to show the own token.
    pub(super) fn next_without_code(&self) -> Option<PersonId> {
        self.attended
            .keys()
            .find(|id| self.wants_code(id) && !self.has_means(id))
            .cloned()
    }
}

fn instead(name: &str) -> String {
    format!("{name} comes instead")
}
