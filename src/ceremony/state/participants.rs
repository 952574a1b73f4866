//! Attendance, how people approve, and substitutes.

use std::collections::{BTreeMap, BTreeSet};

use crate::ceremony::display_names::DisplayNames;
use crate::ceremony::event::Event;
use crate::ceremony::replay::{Applied, require};
use crate::script::PersonId;

/// A present person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The kind of document by which the person is known. Never its number.
    pub document: String,
    /// Who checked it; none in a ceremony for one person.
    pub checked_by: Option<PersonId>,
}

#[derive(Debug, Clone, Default)]
pub(in crate::ceremony) struct Participants {
    attended: BTreeMap<PersonId, Presence>,
    away: BTreeSet<PersonId>,
    /// Who approves by a code.
    codes: BTreeSet<PersonId>,
    /// Who approves by an approval token.
    by_token: BTreeSet<PersonId>,
    /// Whose approval token is missing.
    without_token: BTreeSet<PersonId>,
    substituted: BTreeSet<PersonId>,
    display_names: DisplayNames,
}

impl Participants {
    pub(in crate::ceremony) const fn attended(&self) -> &BTreeMap<PersonId, Presence> {
        &self.attended
    }

    pub(in crate::ceremony) fn is_here(&self, person: &PersonId) -> bool {
        self.attended.contains_key(person)
    }

    pub(in crate::ceremony) fn is_away(&self, person: &PersonId) -> bool {
        self.away.contains(person)
    }

    pub(in crate::ceremony) fn has_code(&self, person: &PersonId) -> bool {
        self.codes.contains(person)
    }

    pub(in crate::ceremony) fn approves_by_token(&self, person: &PersonId) -> bool {
        self.by_token.contains(person)
    }

    pub(in crate::ceremony) fn is_without_token(&self, person: &PersonId) -> bool {
        self.without_token.contains(person)
    }

    pub(in crate::ceremony) fn is_substituted(&self, person: &PersonId) -> bool {
        self.substituted.contains(person)
    }

    pub(in crate::ceremony) const fn display_names(&self) -> &DisplayNames {
        &self.display_names
    }

    /// Whether the person has a code, or an approval token that answered.
    pub(in crate::ceremony) fn has_means(&self, person: &PersonId) -> bool {
        self.has_code(person) || self.approves_by_token(person)
    }
}

/// Changes.
impl Participants {
    pub(in crate::ceremony) fn attend(&mut self, person: &PersonId, presence: Presence) -> Applied {
        require(!self.is_here(person), "this person is already present")?;
        self.attended.insert(person.clone(), presence);
        self.away.remove(person);
        Ok(())
    }

    pub(in crate::ceremony) fn await_person(&mut self, person: &PersonId) {
        self.away.insert(person.clone());
    }

    pub(in crate::ceremony) fn require_undecided(&self, person: &PersonId) -> Applied {
        require(
            !self.is_here(person) && !self.is_away(person),
            "attendance of this person was already taken",
        )
    }

    /// The other of the two whom the script lists takes the place.
    pub(in crate::ceremony) fn replace(&mut self, person: &PersonId) {
        if !self.substituted.remove(person) {
            self.substituted.insert(person.clone());
        }
    }

    pub(in crate::ceremony) fn choose_code(&mut self, person: &PersonId) -> Applied {
        let is_new = self.codes.insert(person.clone());
        require(is_new, "this person already has a code")
    }

    pub(in crate::ceremony) fn verify_token(&mut self, person: &PersonId) {
        self.by_token.insert(person.clone());
    }

    pub(in crate::ceremony) fn mark_token_missing(&mut self, person: &PersonId) {
        self.without_token.insert(person.clone());
    }

    pub(in crate::ceremony) fn leave(&mut self, person: &PersonId) {
        self.attended.remove(person);
        self.codes.remove(person);
        self.by_token.remove(person);
        self.without_token.remove(person);
        self.away.insert(person.clone());
    }

    /// Another process continues: the people may be others.
    pub(in crate::ceremony) fn resume(&mut self) {
        self.attended.clear();
        self.away.clear();
        self.codes.clear();
        self.by_token.clear();
        self.without_token.clear();
    }

    pub(in crate::ceremony) fn follow_names(&mut self, event: &Event) {
        self.display_names.follow(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> PersonId {
        "ada".parse().unwrap()
    }

    fn with_ada() -> Participants {
        let mut participants = Participants::default();
        participants.attend(&ada(), presence()).unwrap();
        participants
    }

    fn presence() -> Presence {
        Presence {
            document: "passport".to_owned(),
            checked_by: None,
        }
    }

    #[test]
    fn a_person_arrives_once_and_is_then_no_longer_away() {
        let mut participants = Participants::default();
        participants.await_person(&ada());
        participants.attend(&ada(), presence()).unwrap();
        assert!(participants.is_here(&ada()));
        assert!(!participants.is_away(&ada()));
        assert!(participants.attend(&ada(), presence()).is_err());
    }

    #[test]
    fn attendance_is_decided_once_whether_the_person_is_here_or_away() {
        assert!(Participants::default().require_undecided(&ada()).is_ok());
        assert!(with_ada().require_undecided(&ada()).is_err());
        let mut participants = Participants::default();
        participants.await_person(&ada());
        assert!(participants.require_undecided(&ada()).is_err());
    }

    #[test]
    fn a_second_replacement_gives_the_place_back() {
        let mut participants = Participants::default();
        participants.replace(&ada());
        assert!(participants.is_substituted(&ada()));
        participants.replace(&ada());
        assert!(!participants.is_substituted(&ada()));
    }

    #[test]
    fn a_person_chooses_one_code() {
        let mut participants = with_ada();
        assert!(!participants.has_means(&ada()));
        participants.choose_code(&ada()).unwrap();
        assert!(participants.has_means(&ada()));
        assert!(participants.choose_code(&ada()).is_err());
    }

    #[test]
    fn an_approval_token_that_answered_is_a_means_and_a_missing_one_is_not() {
        let mut participants = with_ada();
        participants.mark_token_missing(&ada());
        assert!(!participants.has_means(&ada()));
        participants.verify_token(&ada());
        assert!(participants.has_means(&ada()));
    }

    #[test]
    fn people_who_leave_lose_their_code_and_their_approval_token() {
        let mut participants = with_ada();
        participants.choose_code(&ada()).unwrap();
        participants.verify_token(&ada());
        participants.mark_token_missing(&ada());
        participants.leave(&ada());
        assert!(!participants.is_here(&ada()));
        assert!(participants.is_away(&ada()));
        assert!(!participants.has_code(&ada()));
        assert!(!participants.approves_by_token(&ada()));
        assert!(!participants.is_without_token(&ada()));

        participants.attend(&ada(), presence()).unwrap();
        participants.choose_code(&ada()).unwrap();
    }

    #[test]
    fn after_a_resume_attendance_starts_over_and_substitutes_keep_their_places() {
        let mut participants = with_ada();
        let bob = "bob".parse().unwrap();
        participants.choose_code(&ada()).unwrap();
        participants.verify_token(&ada());
        participants.mark_token_missing(&ada());
        participants.replace(&ada());
        participants.await_person(&bob);
        participants.resume();
        assert!(participants.require_undecided(&ada()).is_ok());
        assert!(participants.require_undecided(&bob).is_ok());
        assert!(!participants.has_means(&ada()));
        assert!(!participants.is_without_token(&ada()));
        assert!(participants.is_substituted(&ada()));
    }
}
