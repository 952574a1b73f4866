//! How far the ceremony is, what stands in its way, and what two people decided about the script.

use std::collections::{BTreeMap, BTreeSet};

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
    opening: Option<Opening>,
    done: BTreeSet<StepId>,
    script_read: bool,
    initials: BTreeMap<(StepId, PersonId), String>,
    /// Keys whose steps wait.
    postponed: BTreeSet<KeyId>,
    /// The key whose steps come before those of others.
    brought_forward: Option<KeyId>,
    amendments: Vec<Amendment>,
    exceptions: Vec<(Option<StepId>, ExceptionReport)>,
    waived: Vec<Check>,
    sign_offs: BTreeMap<PersonId, (Verdict, String)>,
    failure: Option<Failure>,
    ending: Option<Ending>,
    /// Digest over all events so far, which an approval token signs along.
    trail: Digest,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            opening: None,
            done: BTreeSet::new(),
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

    pub(in crate::ceremony) const fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    pub(in crate::ceremony) fn is_done(&self, step: &StepId) -> bool {
        self.done.contains(step)
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

/// What changes.
impl Progress {
    pub(in crate::ceremony) fn open(&mut self, opening: Opening) {
        self.opening = Some(opening);
    }

    pub(in crate::ceremony) fn finish(&mut self, step: StepId) {
        self.done.insert(step);
    }

    pub(in crate::ceremony) fn reopen(&mut self, steps: impl IntoIterator<Item = StepId>) {
        for step in steps {
            self.done.remove(&step);
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

    /// Keys whose steps are all done are neither postponed nor taken up.
    pub(in crate::ceremony) fn retain_order(&mut self, has_steps: impl Fn(&KeyId) -> bool) {
        self.postponed.retain(|key| has_steps(key));
        self.brought_forward = self.brought_forward.take().filter(|key| has_steps(key));
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
    fn a_key_without_steps_is_neither_postponed_nor_taken_up() {
        let mut progress = Progress::new();
        let [one, two]: [KeyId; 2] = ["key-1", "key-2"].map(|id| id.parse().unwrap());
        progress.postpone(&one);
        progress.bring_forward(&two);
        progress.retain_order(|_| true);
        assert!(progress.is_postponed(&one));
        assert_eq!(progress.brought_forward(), Some(&two));
        progress.retain_order(|_| false);
        assert!(!progress.is_postponed(&one));
        assert_eq!(progress.brought_forward(), None);
    }

    #[test]
    fn only_the_named_steps_are_opened_again() {
        let mut progress = Progress::new();
        let [note, export]: [StepId; 2] = ["note", "export"].map(|id| id.parse().unwrap());
        progress.finish(note.clone());
        progress.finish(export.clone());
        progress.reopen([export.clone()]);
        assert!(progress.is_done(&note));
        assert!(!progress.is_done(&export));
    }
}
