//! Questions about people: names, approvals, who is asked.
use super::Ceremony;
use crate::ceremony::approval::Strength;
use crate::ceremony::event::{CustodyEvent, Event, EventKind, KeyEvent, Mode};
use crate::certificate::PublicKey;
use crate::script::{Act, ApprovalToken, PersonId, PersonRole, Step};

const APPROVAL: &str = "conclave approval v1";

impl Ceremony {
    /// How many people must approve: two, or one if the script is for one person.
    pub fn approvals_needed(&self) -> usize {
        if self.script.is_solo() { 1 } else { 2 }
    }

    /// Those who may approve now, witnesses first: present, not the administrator, with a code or an approval token. In a
    /// ceremony for one person, everyone present.
    pub fn approvers(&self) -> Vec<PersonId> {
        let may = |id: &PersonId| {
            self.participants.is_here(id)
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

    /// A short description of the event that people approve.
    pub fn matter(&self, event: &Event) -> String {
        if let EventKind::Custody(CustodyEvent::Sealed { item, bag, .. }) = &event.kind {
            format!("{} is in bag {bag}", self.item_title(item))
        } else if let EventKind::Keys(KeyEvent::EnvelopeSealed { secret, bag, .. }) = &event.kind {
            format!("the {secret} is in bag {bag}")
        } else {
            self.current_step()
                .map_or_else(String::new, |step| step.act.title(&self.script))
        }
    }

    /// How a person will approve.
    pub fn strength_of(&self, person: &PersonId) -> Strength {
        if self.script.is_solo() {
            Strength::Solo
        } else if self.approves_by_token(person) {
            Strength::Token
        } else {
            Strength::Code
        }
    }

    /// Those of whom two decide on an exception: the approvers or, before enough people can approve, all people of the
    /// script except the administrator.
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

    /// The default approvers.
    pub fn usual_approvers(&self) -> Vec<PersonId> {
        let mut approvers = self.approvers();
        approvers.truncate(self.approvals_needed());
        approvers
    }

    /// Whether a person chose an approval code since the ceremony was last resumed.
    pub fn has_code(&self, person: &PersonId) -> bool {
        self.participants.has_code(person)
    }

    /// Whether a person is to choose an approval code when attending.
    pub(in crate::ceremony) fn needs_code(&self, person: &PersonId) -> bool {
        !self.script.is_solo() && !self.is_administrator(person)
    }

    pub(in crate::ceremony) fn is_administrator(&self, id: &PersonId) -> bool {
        self.script
            .person(id)
            .is_some_and(|person| person.is(PersonRole::Administrator))
    }

    /// The message that an approval token signs: the domain, the digest of the script, the digest of all earlier events,
    /// the ID of the person, and the digest of the approved event, one per line, each line ended by LF.
    pub fn approval_message(&self, person: &PersonId, event: &Event) -> Vec<u8> {
        format!(
            "{APPROVAL}\n{}\n{}\n{person}\n{}\n",
            self.script.sha256(),
            self.progress.trail(),
            event.approved_digest()
        )
        .into_bytes()
    }

    /// The approval token of a person; none for a substitute, and none if it is missing: they approve with a code.
    pub fn approval_token(&self, person: &PersonId) -> Option<&ApprovalToken> {
        let has_place = !self.participants.is_substituted(person)
            && !self.participants.is_without_token(person);
        let plan = self.script.person(person).filter(|_| has_place)?;
        plan.approval.as_ref()
    }

    /// The key of a person's approval token: that of the script, or the simulated key in a rehearsal.
    pub fn approval_key(&self, person: &PersonId) -> Option<PublicKey> {
        let own = self.approval_token(person)?;
        match self.mode() {
            Mode::Production => own.key.key.public().cloned(),
            Mode::Rehearsal => {
                let simulated = &self.opening()?.simulated_approvals;
                simulated.get(person).cloned()
            }
        }
    }

    /// Whether a person approves with their approval token, which signed at attendance.
    pub fn approves_by_token(&self, person: &PersonId) -> bool {
        self.participants.approves_by_token(person)
    }

    /// Whether the script has approval tokens.
    pub(in crate::ceremony) fn has_approval_tokens(&self) -> bool {
        let mut people = self.script.people().iter();
        people.any(|person| person.approval.is_some())
    }

    /// Whether a person may choose a code instead: their approval token is expected.
    pub(in crate::ceremony) fn may_choose_code(&self, person: &PersonId) -> bool {
        self.participants.is_here(person)
            && self.needs_code(person)
            && self.approval_token(person).is_some()
            && !self.has_means(person)
    }

    /// Whether a present person has a code or an approval token.
    pub(in crate::ceremony) fn has_means(&self, person: &PersonId) -> bool {
        self.participants.has_means(person)
    }

    /// The current name of a person.
    pub fn name<'c>(&'c self, person: &'c PersonId) -> &'c str {
        self.participants.display_names().name(&self.script, person)
    }

    /// The current names of several people.
    pub fn names(&self, people: &[PersonId]) -> String {
        self.participants
            .display_names()
            .names(&self.script, people)
    }

    /// Whether a person is expected, or has left.
    pub fn is_away(&self, person: &PersonId) -> bool {
        self.participants.is_away(person)
    }

    /// Whether a person may arrive late: not the administrator, and not a witness.
    pub(in crate::ceremony) fn may_be_late(&self, person: &PersonId) -> bool {
        let is_needed =
            |role: &PersonRole| matches!(role, PersonRole::Administrator | PersonRole::Witness);
        self.script
            .person(person)
            .is_some_and(|person| !person.roles.iter().any(is_needed))
    }

    /// Whether a person may leave: the administrator cannot, and enough people must stay who can approve.
    pub(in crate::ceremony) fn may_leave(&self, person: &PersonId) -> bool {
        let staying = self.approvers().iter().filter(|id| *id != person).count();
        self.participants.is_here(person)
            && !self.is_administrator(person)
            && staying >= self.approvals_needed()
    }

    /// The default checker of a person's document.
    pub(in crate::ceremony) fn checker_of(&self, person: &PersonId) -> Option<PersonId> {
        let is_attendance = self.is_at_attendance();
        let may_check = |id: &PersonId| {
            id != person
                && (self.participants.is_here(id)
                    || is_attendance && !self.participants.is_away(id))
        };
        let witnesses = self.script.with_role(PersonRole::Witness);
        witnesses
            .chain(self.script.people())
            .map(|other| &other.id)
            .find(|id| may_check(id))
            .cloned()
    }

    pub(in crate::ceremony) fn is_at_attendance(&self) -> bool {
        self.current_step()
            .is_some_and(|step| step.act == Act::Attendance)
    }

    /// The next person of the attendance.
    pub(in crate::ceremony) fn next_absent(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| !self.participants.is_here(id) && !self.participants.is_away(id))
    }

    /// The person who must arrive before a step continues.
    pub(in crate::ceremony) fn required_attendance(&self, step: &Step) -> Option<PersonId> {
        if step.act == Act::Attendance {
            return self.next_absent();
        }
        let wanted = if let Act::Note { initials, .. } = &step.act {
            self.next_to_initial(step, initials)
        } else {
            let plan = if step.act == Act::SignRoot {
                self.next_signer()
            } else {
                step.act.key().and_then(|key| self.script.key(key))
            };
            plan.map(|plan| plan.holder.clone())
        };
        wanted.filter(|id| self.participants.is_away(id))
    }

    /// A present person who must still choose an approval code or prove their approval token.
    pub(in crate::ceremony) fn next_without_code(&self) -> Option<PersonId> {
        self.participants
            .attended()
            .keys()
            .find(|id| self.needs_code(id) && !self.has_means(id))
            .cloned()
    }

    /// The holder of the step's key, or else the ceremony administrator.
    pub(in crate::ceremony) fn people_of(&self, step: &Step) -> Vec<PersonId> {
        step.act
            .key()
            .and_then(|key| self.script.key(key))
            .map_or_else(
                || self.with_role(PersonRole::Administrator, 1),
                |plan| vec![plan.holder.clone()],
            )
    }

    pub(in crate::ceremony) fn with_role(&self, role: PersonRole, count: usize) -> Vec<PersonId> {
        self.script
            .with_role(role)
            .take(count)
            .map(|person| person.id.clone())
            .collect()
    }

    pub(in crate::ceremony) fn next_to_sign_off(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| self.participants.is_here(id) && !self.progress.sign_offs().contains_key(id))
    }

    pub(in crate::ceremony) fn next_to_initial(
        &self,
        step: &Step,
        initials: &[PersonId],
    ) -> Option<PersonId> {
        initials
            .iter()
            .find(|person| !self.progress.has_initialed(&step.id, person))
            .cloned()
    }

    /// The holder of the key at hand, or whom the step is for.
    pub(in crate::ceremony) fn people_at_hand(&self, step: &Step) -> Vec<PersonId> {
        let plan = self.key_at_hand().and_then(|key| self.script.key(key));
        plan.map_or_else(|| self.people_of(step), |plan| vec![plan.holder.clone()])
    }
}
