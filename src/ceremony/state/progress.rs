//! The progress of the ceremony, its failures, and decisions about the script.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ceremony::amendment::Amendment;
use crate::ceremony::check::Check;
use crate::ceremony::event::{ExceptionReport, Opening, Verdict};
use crate::ceremony::failure::Failure;
use crate::ceremony::replay::{Applied, require};
use crate::script::{KeyId, PersonId, StepId};
use crate::words::Digest;

use super::Ending;

#[derive(Debug, Clone)]
pub(in crate::ceremony) struct Progress {
    opening: Option<Arc<Opening>>,
    /// By the place of a step in the script.
    done: Vec<bool>,
    script_read: bool,
    initials: BTreeMap<(StepId, PersonId), String>,
    postponed: BTreeSet<KeyId>,
    brought_forward: Option<KeyId>,
    amendments: Vec<Amendment>,
    exceptions: Vec<(Option<StepId>, ExceptionReport)>,
    waived: Vec<Check>,
    sign_offs: BTreeMap<PersonId, (Verdict, String)>,
    failure: Option<Failure>,
    ending: Option<Ending>,
    /// Digest of all events so far, which approval tokens sign.
    trail: Digest,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            opening: None,
            done: Vec::new(),
            script_read: false,
            initials: BTreeMap::new(),
            postponed: BTreeSet::new(),
            brought_forward: None,
            amendments: Vec::new(),
            exceptions: Vec::new(),
            waived: Vec::new(),
            sign_offs: BTreeMap::new(),
            failure: None,
            ending: None,
            trail: Digest::of(b""),
        }
    }

    pub(in crate::ceremony) fn opening(&self) -> Option<&Opening> {
        self.opening.as_deref()
    }

    /// Whether the step at that place in the script is done.
    pub(in crate::ceremony) fn is_done(&self, step: usize) -> bool {
        self.done.get(step).is_some_and(|done| *done)
    }

    pub(in crate::ceremony) const fn is_script_read(&self) -> bool {
        self.script_read
    }

    pub(in crate::ceremony) fn has_initialed(&self, step: &StepId, person: &PersonId) -> bool {
        self.initials.contains_key(&(step.clone(), person.clone()))
    }

    pub(in crate::ceremony) fn is_postponed(&self, key: &KeyId) -> bool {
        self.postponed.contains(key)
    }

    pub(in crate::ceremony) const fn brought_forward(&self) -> Option<&KeyId> {
        self.brought_forward.as_ref()
    }

    /// The keys that are postponed or brought forward.
    pub(in crate::ceremony) fn out_of_order(&self) -> impl Iterator<Item = &KeyId> {
        self.postponed.iter().chain(&self.brought_forward)
    }

    pub(in crate::ceremony) fn amendments(&self) -> &[Amendment] {
        &self.amendments
    }

    pub(in crate::ceremony) fn exceptions(&self) -> &[(Option<StepId>, ExceptionReport)] {
        &self.exceptions
    }

    pub(in crate::ceremony) fn waived(&self) -> &[Check] {
        &self.waived
    }

    pub(in crate::ceremony) const fn sign_offs(&self) -> &BTreeMap<PersonId, (Verdict, String)> {
        &self.sign_offs
    }

    pub(in crate::ceremony) const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(in crate::ceremony) const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    pub(in crate::ceremony) const fn trail(&self) -> &Digest {
        &self.trail
    }
}

/// Changes.
impl Progress {
    pub(in crate::ceremony) fn open(&mut self, opening: Opening) {
        self.opening = Some(Arc::new(opening));
    }

    /// The step at that place in the script is done.
    pub(in crate::ceremony) fn finish(&mut self, step: usize) {
        self.done.resize(self.done.len().max(step + 1), false);
        self.done[step] = true;
    }

    pub(in crate::ceremony) fn reopen(&mut self, steps: impl IntoIterator<Item = usize>) {
        for step in steps {
            if let Some(done) = self.done.get_mut(step) {
                *done = false;
            }
        }
    }

    pub(in crate::ceremony) fn read_script(&mut self) {
        self.script_read = true;
    }

    pub(in crate::ceremony) fn initial(
        &mut self,
        step: StepId,
        person: PersonId,
        initials: &str,
    ) -> Applied {
        let before = self.initials.insert((step, person), initials.to_owned());
        require(before.is_none(), "this person already initialed the note")
    }

    pub(in crate::ceremony) fn sign_off(
        &mut self,
        person: PersonId,
        verdict: Verdict,
        remark: &str,
    ) -> Applied {
        let before = self.sign_offs.insert(person, (verdict, remark.to_owned()));
        require(before.is_none(), "this person has already signed off")
    }

    pub(in crate::ceremony) fn postpone(&mut self, key: &KeyId) {
        if self.brought_forward.as_ref() == Some(key) {
            self.brought_forward = None;
        }
        self.postponed.insert(key.clone());
    }

    pub(in crate::ceremony) fn bring_forward(&mut self, key: &KeyId) {
        self.postponed.remove(key);
        self.brought_forward = Some(key.clone());
    }

    /// The steps of these keys follow the order of the script again.
    pub(in crate::ceremony) fn restore_order(&mut self, keys: &[KeyId]) {
        self.postponed.retain(|key| !keys.contains(key));
        self.brought_forward = self
            .brought_forward
            .take()
            .filter(|key| !keys.contains(key));
    }

    pub(in crate::ceremony) fn amend(&mut self, amendment: &Amendment) {
        self.amendments.push(amendment.clone());
    }

    pub(in crate::ceremony) fn record_exception(
        &mut self,
        step: Option<StepId>,
        report: &ExceptionReport,
    ) {
        self.exceptions.push((step, report.clone()));
    }

    pub(in crate::ceremony) fn waive(&mut self, check: Check) {
        self.waived.push(check);
        self.failure = None;
    }

    pub(in crate::ceremony) fn fail(&mut self, failure: &Failure) {
        self.failure = Some(failure.clone());
    }

    pub(in crate::ceremony) fn retry(&mut self) -> Applied {
        require(self.failure.is_some(), "there is no failure to retry")?;
        self.failure = None;
        Ok(())
    }

    pub(in crate::ceremony) fn forget_failure(&mut self) {
        self.failure = None;
    }

    pub(in crate::ceremony) fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }

    pub(in crate::ceremony) fn follow(&mut self, trail: Digest) {
        self.trail = trail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::failure::FailureKind;

    fn failure() -> Failure {
        Failure {
            kind: FailureKind::Device,
            what: "the token does not answer".to_owned(),
            hint: "insert it again".to_owned(),
        }
    }

    #[test]
    fn a_person_initials_a_step_once() {
        let mut progress = Progress::new();
        let [note, export]: [StepId; 2] = ["note", "export"].map(|id| id.parse().unwrap());
        let [ada, bob]: [PersonId; 2] = ["ada", "bob"].map(|id| id.parse().unwrap());
        progress.initial(note.clone(), ada.clone(), "A").unwrap();
        assert!(progress.initial(note.clone(), ada.clone(), "A").is_err());
        assert!(!progress.has_initialed(&note, &bob));
        assert!(!progress.has_initialed(&export, &ada));
        progress.initial(note.clone(), bob, "B").unwrap();
        progress.initial(export, ada, "A").unwrap();
    }

    #[test]
    fn a_person_signs_off_once() {
        let mut progress = Progress::new();
        let ada: PersonId = "ada".parse().unwrap();
        progress.sign_off(ada.clone(), Verdict::Agree, "").unwrap();
        assert!(progress.sign_off(ada, Verdict::Refuse, "").is_err());
    }

    #[test]
    fn a_failure_is_cleared_by_a_retry_only_if_there_was_one() {
        let mut progress = Progress::new();
        assert!(progress.retry().is_err());
        progress.fail(&failure());
        assert_eq!(progress.failure(), Some(&failure()));
        progress.retry().unwrap();
        assert_eq!(progress.failure(), None);
        assert!(progress.retry().is_err());
    }

    #[test]
    fn a_waived_check_clears_the_failure() {
        let mut progress = Progress::new();
        progress.fail(&failure());
        progress.waive(Check::CustodyBag);
        assert_eq!(progress.failure(), None);
        assert_eq!(progress.waived(), [Check::CustodyBag]);
    }

    #[test]
    fn a_key_is_either_postponed_or_taken_up() {
        let mut progress = Progress::new();
        let [one, two]: [KeyId; 2] = ["key-1", "key-2"].map(|id| id.parse().unwrap());
        progress.postpone(&one);
        progress.bring_forward(&one);
        assert!(!progress.is_postponed(&one));
        assert_eq!(progress.brought_forward(), Some(&one));

        progress.postpone(&two);
        assert_eq!(progress.brought_forward(), Some(&one));
        progress.postpone(&one);
        assert_eq!(progress.brought_forward(), None);
        assert!(progress.is_postponed(&one) && progress.is_postponed(&two));
    }

    #[test]
    fn keys_return_to_the_order_of_the_script() {
        let mut progress = Progress::new();
        let [one, two]: [KeyId; 2] = ["key-1", "key-2"].map(|id| id.parse().unwrap());
        progress.postpone(&one);
        progress.bring_forward(&two);
        assert!(progress.out_of_order().eq([&one, &two]));
        progress.restore_order(std::slice::from_ref(&two));
        assert!(progress.is_postponed(&one));
        assert_eq!(progress.brought_forward(), None);
        progress.restore_order(&[one]);
        assert_eq!(progress.out_of_order().next(), None);
    }

    #[test]
    fn only_the_named_steps_are_opened_again() {
        let mut progress = Progress::new();
        progress.finish(1);
        progress.finish(0);
        progress.reopen([1, 2]);
        assert!(progress.is_done(0));
        assert!(!progress.is_done(1) && !progress.is_done(2));
    }
}
