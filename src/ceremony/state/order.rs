//! The order of the steps: that of the script, except for the blocks of keys.
use super::Ceremony;
use crate::ceremony::event::{Event, EventKind, Verdict};
use crate::metadata::Availability;
use crate::script::{Act, KeyId, KeyPlan, PersonId, Step};

impl Ceremony {
    pub(in crate::ceremony) fn at_step(&self, people: Vec<PersonId>, kind: EventKind) -> Event {
        Event {
            step: self.current_step().map(|step| step.id.clone()),
            people,
            kind,
        }
    }

    /// The worst verdict. A person who did not sign off counts as a reservation.
    pub(in crate::ceremony) fn worst_verdict(&self) -> Verdict {
        let of = |id: &PersonId| {
            self.progress
                .sign_offs()
                .get(id)
                .map(|(verdict, _)| *verdict)
        };
        self.script
            .people()
            .iter()
            .map(|person| of(&person.id).unwrap_or(Verdict::WithReservation))
            .max()
            .unwrap_or(Verdict::Agree)
    }

    /// The key that signs next.
    pub(in crate::ceremony) fn next_signer(&self) -> Option<&KeyPlan> {
        let keys = self.script.keys().iter();
        keys.into_iter()
            .find(|plan| self.owes_signature(&plan.id) || self.owes_further_signature(&plan.id))
    }

    /// The current step; none when all are done.
    ///
    /// The blocks of keys that are postponed, or whose holders are away, come last before the root is composed.
    pub fn current_step(&self) -> Option<&Step> {
        let mut waiting = None;
        for step in self.undone() {
            let Some(key) = step.act.enrolls() else {
                if self.needs_all_keys(&step.act) {
                    return waiting.or(Some(step));
                }
                return Some(step);
            };
            if let Some(first) = self.first_of_brought_forward() {
                return Some(first);
            }
            if !self.is_held_back(key) {
                return Some(step);
            }
            waiting = waiting.or(Some(step));
        }
        waiting
    }

    /// The keys whose blocks are postponed.
    pub fn postponed(&self) -> Vec<&KeyId> {
        self.script
            .keys()
            .iter()
            .map(|plan| &plan.id)
            .filter(|key| self.progress.is_postponed(key))
            .collect()
    }

    /// Whether an act needs every key: the root is composed, or, if there is no root, the keys are exported.
    pub(in crate::ceremony) fn needs_all_keys(&self, act: &Act) -> bool {
        let is_export = *act == Act::Export && !self.script.makes_root();
        is_export || matches!(act, Act::ComposeRoot | Act::VerifyRestoredKey { .. })
    }

    /// Whether a key may still be replaced: the root is not composed, and the key is not exported.
    pub(in crate::ceremony) fn may_keys_change(&self) -> bool {
        self.root().frozen().is_none() && !self.root().is_export_announced()
    }

    pub(in crate::ceremony) fn undone(&self) -> impl Iterator<Item = &Step> {
        let steps = self.script.steps().iter();
        steps.filter(|step| !self.progress.is_done(step.index))
    }

    /// The first step of a key's block that is not done; none when the key is there.
    pub(in crate::ceremony) fn first_of_block(&self, key: &KeyId) -> Option<&Step> {
        self.undone().find(|step| step.act.enrolls() == Some(key))
    }

    pub(in crate::ceremony) fn first_of_brought_forward(&self) -> Option<&Step> {
        let key = self.progress.brought_forward()?;
        if self.is_holder_away(key) {
            return None;
        }
        self.first_of_block(key)
    }

    pub(in crate::ceremony) fn is_held_back(&self, key: &KeyId) -> bool {
        self.progress.is_postponed(key) || self.is_holder_away(key)
    }

    pub(in crate::ceremony) fn is_holder_away(&self, key: &KeyId) -> bool {
        self.script
            .key(key)
            .is_some_and(|plan| self.participants.is_away(&plan.holder))
    }

    /// The key whose token is in use.
    pub fn key_at_hand(&self) -> Option<&KeyId> {
        let step = self.current_step()?;
        if step.act == Act::SignRoot {
            return self.next_signer().map(|plan| &plan.id);
        }
        // A key at another site is not at hand, whatever is done about it.
        step.act.key().filter(|key| self.keys.contains(key))
    }

    /// The key whose token a failure is about: none while an approval token is expected.
    pub(in crate::ceremony) fn failing_key(&self) -> Option<&KeyId> {
        match self.next_without_code() {
            Some(_) => None,
            None => self.key_at_hand(),
        }
    }

    /// Whether the block of a key can be postponed: it is not done, and other steps can be done meanwhile.
    pub(in crate::ceremony) fn may_postpone(&self, key: &KeyId) -> bool {
        let is_at_blocks = self
            .current_step()
            .is_some_and(|step| step.act.enrolls().is_some());
        let mut before = self
            .undone()
            .take_while(|step| !self.needs_all_keys(&step.act));
        is_at_blocks
            && !self.progress.is_postponed(key)
            && self.first_of_block(key).is_some()
            && before.any(|step| match step.act.enrolls() {
                Some(other) => other != key && !self.is_held_back(other),
                None => true,
            })
    }

    /// Whether the block of a key can be brought forward: it only passes blocks of other keys.
    pub(in crate::ceremony) fn may_bring_forward(&self, key: &KeyId) -> bool {
        let Some(first) = self.first_of_block(key) else {
            return false;
        };
        let is_at_block = self
            .current_step()
            .is_some_and(|step| step.act.enrolls().is_some_and(|other| other != key));
        let mut passed = self.undone().take_while(|step| step.id != first.id);
        is_at_block && !self.is_holder_away(key) && passed.all(|step| step.act.enrolls().is_some())
    }

    /// Whether this ceremony generates the key.
    pub(in crate::ceremony) fn is_made_here(&self, key: &KeyId) -> bool {
        self.script
            .key(key)
            .is_some_and(crate::script::KeyPlan::is_made)
    }

    /// Whether a key can be regenerated on its token: it was generated here, and the root is not composed.
    pub(in crate::ceremony) fn may_regenerate(&self, key: &KeyId) -> bool {
        let state = &self.keys[key];
        self.may_keys_change()
            && state.generated().is_some()
            && self.is_made_here(key)
            && !self.script.restores(key)
            && state.to_destroy().is_none()
            && !self.is_holder_away(key)
            && self.is_past_reading()
    }

    /// Whether people, clock and machine are settled, so that tokens may be worked with.
    pub(in crate::ceremony) fn is_past_reading(&self) -> bool {
        let is_opening = |act: &Act| {
            matches!(
                act,
                Act::Attendance | Act::AttestClock | Act::InspectHost | Act::ReadScript
            )
        };
        self.current_step()
            .is_some_and(|step| !is_opening(&step.act))
    }

    /// Whether two people may skip a key: its holder is away or its token fails, and the root reaches its threshold
    /// without it.
    pub(in crate::ceremony) fn may_skip(&self, key: &KeyId) -> bool {
        let state = &self.keys[key];
        let is_in_the_way = self.key_at_hand() == Some(key)
            && (self.is_holder_away(key) || self.progress.failure().is_some() || state.is_locked());
        let is_of_duty = self
            .current_step()
            .is_some_and(|step| matches!(step.act, Act::SignRoot | Act::VerifyToken { .. }));
        is_in_the_way && is_of_duty && state.skipped().is_none() && self.is_reached_without(key)
    }

    /// Whether the root reaches its thresholds if a key does not sign again.
    pub(in crate::ceremony) fn is_reached_without(&self, key: &KeyId) -> bool {
        let mut change = self.root_change();
        let owed = !self.has_signed(key);
        for participant in change
            .keys
            .iter_mut()
            .filter(|participant| owed && participant.name == key.as_str())
        {
            participant.availability = Availability::Unavailable;
        }
        let own = change.reachability().is_reached();
        own && self
            .further()
            .iter()
            .all(|view| view.is_reached_without(key))
    }
}

/// The steps that are repeated when a ceremony is resumed.
pub(in crate::ceremony) const fn is_repeated(act: &Act) -> bool {
    matches!(act, Act::Attendance | Act::AttestClock | Act::InspectHost)
}
