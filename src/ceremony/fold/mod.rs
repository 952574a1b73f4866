//! The fold: an event changes the state, or is refused because it cannot have happened there.
//!
//! Every rule of a ceremony stands here and nowhere else, so that a live ceremony, a resumed one and an audit
//! are held to the same.

mod backup;
mod certificate;
mod custody;
mod enrollment;
mod key;
mod owed;
mod payloads;
mod people;
mod reissue;
mod restore;
mod root;
mod signing;
mod tokens;

use jiff::Timestamp;

use crate::certificate::attestation::TrustedRoots;
use crate::metadata::FrozenRoot;
use crate::script::{Act, DrillLevel, KeyId, PersonId, StepId};

use crate::ceremony::base_root::BaseRoot;
use crate::ceremony::check::Check;
use crate::ceremony::custody::is_taken_again;
use crate::ceremony::event::{Event, EventKind, Opening, Verdict};
use crate::ceremony::restore::is_of_restore;
use crate::ceremony::state::{Ceremony, Ending, KeyState, Owed};

/// Why an event cannot have happened where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The first event opens the ceremony, and no other does.
    #[error("a ceremony is opened by its first event and by no other")]
    Opening,
    /// Nothing happens after the end.
    #[error("the ceremony is over: nothing can happen any more")]
    Over,
    /// The event belongs to another step than the one that the room is at.
    #[error("the event belongs to step {found}, but the room is at {expected}")]
    Step {
        /// Where the room is.
        expected: String,
        /// What the event says.
        found: String,
    },
    /// The event does not fit the step's act.
    #[error("{event} cannot happen in step {step}")]
    Act {
        /// Its kind.
        event: String,
        /// The step.
        step: String,
    },
    /// The event does not hold to one of the checks.
    #[error("{what} ({check})")]
    Check {
        /// Which.
        check: Check,
        /// What is the matter.
        what: String,
    },
    /// The event contradicts what is known.
    #[error("{0}")]
    Contradiction(String),
}

type Folded = Result<(), ReplayError>;

fn contradiction(what: impl Into<String>) -> ReplayError {
    ReplayError::Contradiction(what.into())
}

/// As [`require`], for a check that has an ID of its own.
fn hold(check: Check, condition: bool, what: &str) -> Folded {
    if condition {
        Ok(())
    } else {
        Err(broken(check, what))
    }
}

fn broken(check: Check, what: impl Into<String>) -> ReplayError {
    ReplayError::Check {
        check,
        what: what.into(),
    }
}

fn require(condition: bool, what: &str) -> Folded {
    if condition {
        Ok(())
    } else {
        Err(contradiction(what))
    }
}

impl Ceremony {
    /// Folds an event into the state: no effects, and the same live and in replay.
    ///
    /// # Errors
    /// When the event cannot have happened in this state. The ceremony that was passed in is gone then; who
    /// wants to go on with it passes a clone.
    pub fn apply(mut self, event: &Event) -> Result<Self, ReplayError> {
        if self.ending.is_some() {
            return Err(ReplayError::Over);
        }
        if matches!(event.fact, EventKind::Opened(_)) != self.opening.is_none() {
            return Err(ReplayError::Opening);
        }
        self.require_awake(&event.fact)?;
        for person in &event.people {
            require(
                self.script.person(person).is_some(),
                &format!("nobody in the script has the ID {person:?}"),
            )?;
        }
        if let Some(found) = &event.step {
            let expected = self.current_step().map(|step| &step.id);
            if expected != Some(found) {
                return Err(ReplayError::Step {
                    expected: expected.map_or_else(|| "its end".to_owned(), ToString::to_string),
                    found: found.to_string(),
                });
            }
        }
        let is_folded = self.fold_people(event)?
            || self.fold_tokens(event)?
            || self.fold_payloads(event)?
            || self.fold_restore_decision(event)?
            || self.fold_anywhere(event)?;
        if !is_folded {
            if !self.fold_custody(event)? {
                self.fold_in_step(event)?;
            }
            self.failure = None;
        }
        self.settle_on();
        if self.has_approval_tokens() {
            self.trail = event.trail(&self.trail);
        }
        Ok(self)
    }

    fn fold_opened(&mut self, opening: &Opening) -> Folded {
        let is_rehearsal = opening.mode == crate::ceremony::Mode::Rehearsal;
        require(
            is_rehearsal == opening.simulated_tokens.is_some()
                && (is_rehearsal || opening.simulated_clock_offset == 0),
            "a rehearsal has twins of the tokens and of the clock, and a production has none",
        )?;
        if let Some(pem) = &opening.simulated_attestation_root {
            require(
                is_rehearsal,
                "attestations of a production end at roots of makers, or of the script",
            )?;
            TrustedRoots::default()
                .with(pem.as_bytes())
                .map_err(|error| contradiction(format!("no root of attestations: {error}")))?;
        }
        if let Some(simulated) = &opening.simulated_root {
            require(
                is_rehearsal,
                "a production changes the root that the script carries",
            )?;
            let real = BaseRoot::of(&self.script)
                .ok_or_else(|| contradiction("a genesis changes no root"))?;
            let simulated = real
                .simulated(&self.script, simulated)
                .map_err(contradiction)?;
            self.found_on(Some(simulated));
        }
        self.take_further_simulated(opening)
            .map_err(contradiction)?;
        self.fold_enrollments(opening)?;
        self.require_list_of(opening.mode)?;
        hold(
            Check::KeyRehearsal,
            is_rehearsal || !self.script.payloads().is_rehearsed(),
            "the register of payloads is of a rehearsal: what was signed there is for no production",
        )?;
        self.require_simulated_of_approval_tokens(opening)?;
        self.require_set(opening)?;
        self.opening = Some(opening.clone());
        Ok(())
    }

    /// Folds what can happen at any time; false when the event is of another kind.
    fn fold_anywhere(&mut self, event: &Event) -> Result<bool, ReplayError> {
        match &event.fact {
            EventKind::Opened(opening) => self.fold_opened(opening)?,
            EventKind::Resumed { head, .. } => {
                self.resume_custody(*head);
                // The people, the clock and the machine may be others now.
                self.attended.clear();
                self.away.clear();
                self.codes.clear();
                self.touching.clear();
                self.tokenless.clear();
                self.clock_offset = None;
                self.findings = None;
                self.keyboard_tested = false;
                let again: Vec<StepId> = self
                    .script
                    .steps()
                    .iter()
                    .filter(|step| is_taken_again(&step.act))
                    .map(|step| step.id.clone())
                    .collect();
                for id in again {
                    self.done.remove(&id);
                }
                for key in self.keys.values_mut() {
                    key.initialize.interrupt();
                    key.generate.interrupt();
                    key.certify.interrupt();
                    key.backup.intent.interrupt();
                    key.sign.interrupt();
                }
                self.reissue.backup.intent.interrupt();
                self.interrupt_further();
                self.forget_what_was_in_memory()?;
                self.forget_what_was_restored();
                self.stop_looking();
                self.failure = None;
            }
            EventKind::Failed { failure } => {
                // The room is asked again whether it is here.
                self.stop_looking();
                self.note_failure(failure.kind);
                self.failure = Some(failure.clone());
            }
            EventKind::Retried => {
                require(self.failure.is_some(), "nothing had failed")?;
                self.failure = None;
            }
            EventKind::ExceptionRecorded {
                sheet,
                waives,
                approvals,
            } => {
                self.require_decision(event, approvals, "an exception is decided")?;
                self.exceptions.push((event.step.clone(), sheet.clone()));
                if let Some(check) = waives {
                    self.require_excusable(*check)?;
                    self.require_approval(event, approvals, "a check is waived")?;
                    self.waive(*check);
                }
            }
            EventKind::Aborted { reason } => {
                self.ending = Some(Ending::Aborted {
                    reason: reason.clone(),
                });
            }
            EventKind::Closed { status } => {
                require(
                    self.current_step().is_none(),
                    "steps of the script are not done yet",
                )?;
                require(
                    *status == self.worst_verdict(),
                    "the status is not the worst verdict of those who signed off",
                )?;
                self.ending = Some(Ending::Closed(*status));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Folds what belongs to the step that the room is at.
    fn fold_in_step(&mut self, event: &Event) -> Folded {
        let Some(step) = self.current_step() else {
            return Err(contradiction("all steps are done"));
        };
        if event.step.is_none() {
            return Err(contradiction("the event names no step"));
        }
        let (step_id, act) = (step.id.clone(), step.act.clone());
        hold(
            Check::RehearsalShown,
            !self.wants_rehearsal(),
            "no rehearsal of this script was shown, and nobody has waived that",
        )?;
        match (&act, &event.fact) {
            (_, EventKind::InRepository { repository, fact }) => {
                self.fold_further(repository, fact, event)?;
            }
            (
                Act::AttestClock,
                EventKind::ClockAttested {
                    machine,
                    attested,
                    offset,
                    approvals,
                },
            ) => {
                self.require_approval(event, approvals, "the clock is attested")?;
                self.fold_clock(*machine, *attested, *offset)?;
            }
            (Act::InspectHost, EventKind::HostInspected { findings }) => {
                self.findings = Some(findings.clone());
            }
            (Act::InspectHost, EventKind::FindingsAcknowledged { approvals }) => {
                require(self.findings.is_some(), "nothing was inspected yet")?;
                self.require_approval(event, approvals, "findings are acknowledged")?;
                self.done.insert(step_id);
            }
            (Act::ReadScript, EventKind::ScriptRead { sha256 }) => {
                hold(
                    Check::ScriptDigest,
                    *sha256 == self.script.sha256(),
                    "the digest is not that of the script",
                )?;
                self.script_read = true;
            }
            (Act::Note { initials, .. }, EventKind::Initialled { initials: typed }) => {
                self.fold_initials(event, step_id, initials, typed)?;
            }
            (Act::ComposeRoot, EventKind::RootComposed { .. })
            | (Act::ReviewRoot, EventKind::ReviewConfirmed { .. })
            | (Act::SignRoot, EventKind::SignIntended { .. } | EventKind::Signed { .. })
            | (
                Act::CollectSignatures,
                EventKind::RequestWritten { .. }
                | EventKind::SignatureExpected { .. }
                | EventKind::SignatureCollected { .. }
                | EventKind::SignatureSkipped { .. },
            )
            | (Act::VerifyRoot, EventKind::RootVerified { .. })
            | (Act::Export, EventKind::ExportIntended { .. } | EventKind::Exported { .. }) => {
                self.fold_root(&event.fact)?;
            }
            (Act::JudgeRequest, EventKind::RequestJudged { .. }) => {
                self.fold_judged(&event.fact)?
            }
            (Act::SignOff, EventKind::SignedOff { verdict, remark }) => {
                let [person] = event.people.as_slice() else {
                    return Err(contradiction("each person signs off alone"));
                };
                require(
                    *verdict == Verdict::Agree || !remark.is_empty(),
                    "a reservation or a refusal has a reason",
                )?;
                require(
                    self.attended.contains_key(person),
                    "only who is here signs off",
                )?;
                let signed_off = (*verdict, remark.clone());
                let before = self.sign_offs.insert(person.clone(), signed_off);
                require(before.is_none(), "that person has signed off already")?;
            }
            (act, _) if is_of_restore(act) => self.fold_restore(act, &step_id, event)?,
            (Act::BackUpKey { key } | Act::ProveBackup { key }, _) => {
                self.fold_backup(&act, key.as_ref(), &step_id, event)?;
            }
            (Act::DestroyShares, _) => self.fold_old_part(&step_id, event)?,
            (Act::EnrollKey { key }, EventKind::EnrollmentCompared { .. }) => {
                self.fold_compared(key, event)?;
            }
            (act, fact) => {
                let key = match act {
                    Act::ProveToken { key } => Some(key),
                    act => act.enrolls(),
                };
                let key = key.ok_or_else(|| out_of_place(fact, &step_id))?;
                self.fold_key(act, key, &step_id, fact)?;
            }
        }
        Ok(())
    }

    /// What happened to the root of a further repository, held to the same as if it were the only one.
    fn fold_further(&mut self, repository: &str, fact: &EventKind, event: &Event) -> Folded {
        require(
            matches!(
                fact,
                EventKind::CertifyIntended { .. }
                    | EventKind::KeyCertified { .. }
                    | EventKind::RootComposed { .. }
                    | EventKind::ReviewConfirmed { .. }
                    | EventKind::SignIntended { .. }
                    | EventKind::Signed { .. }
                    | EventKind::RootVerified { .. }
            ),
            "that does not happen to one root alone",
        )?;
        let inner = Event {
            fact: fact.clone(),
            ..event.clone()
        };
        self.inside(repository, |view| view.fold_in_step(&inner))
            .unwrap_or_else(|| {
                Err(contradiction(format!(
                    "the script has no further repository {repository:?}"
                )))
            })
    }

    fn fold_initials(
        &mut self,
        event: &Event,
        step: StepId,
        wanted: &[PersonId],
        typed: &str,
    ) -> Folded {
        let [person] = event.people.as_slice() else {
            return Err(contradiction("initials are one person's"));
        };
        require(
            wanted.contains(person) && self.attended.contains_key(person),
            "the script asks for the initials of others, who are here",
        )?;
        let place = (step, person.clone());
        let before = self.initials.insert(place, typed.to_owned());
        require(before.is_none(), "that person's initials are there already")
    }

    fn fold_clock(&mut self, machine: Timestamp, attested: Timestamp, offset: i64) -> Folded {
        require(
            attested.as_second() - machine.as_second() == offset,
            "the offset is not attested time minus machine time",
        )?;
        hold(
            Check::ClockNotBefore,
            attested >= self.script.not_before(),
            "the attested time is earlier than the script allows",
        )?;
        self.require_not_earlier(attested)?;
        hold(
            Check::ClockForward,
            attested < self.script.root().expires,
            "the root of the script has expired by the attested time",
        )?;
        self.clock_offset = Some(offset);
        self.latest = Some(attested);
        Ok(())
    }

    /// Time goes on: no clock is attested that is behind what is on record already.
    fn require_not_earlier(&self, time: Timestamp) -> Folded {
        match self.latest_known() {
            Some(latest) if time < latest => Err(broken(
                Check::ClockForward,
                format!(
                    "{time} is earlier than {latest}, when something happened that is on record already"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn key_mut(&mut self, id: &KeyId) -> Result<&mut KeyState, ReplayError> {
        self.keys
            .get_mut(id)
            .ok_or_else(|| contradiction(format!("the script has no key {id:?}")))
    }

    fn frozen_or_contradiction(&self) -> Result<&FrozenRoot, ReplayError> {
        self.frozen
            .as_ref()
            .ok_or_else(|| contradiction("there is no root yet"))
    }

    /// Marks steps as done of which nothing is left.
    fn settle_on(&mut self) {
        while self.settle() {}
        self.settle_order();
    }

    /// Marks the step as done when nothing of it is left; whether that was so.
    fn settle(&mut self) -> bool {
        let Some(step) = self.current_step() else {
            return false;
        };
        let done = match &step.act {
            Act::Attendance => self.is_attendance_complete(),
            Act::AttestClock => self.clock_offset.is_some(),
            // Done when the findings are acknowledged, or there are none.
            Act::InspectHost => self.findings.as_ref().is_some_and(Vec::is_empty),
            Act::ReadScript => self.script_read,
            Act::Note { initials, .. } => initials.iter().all(|person| {
                self.initials
                    .contains_key(&(step.id.clone(), person.clone()))
            }),
            Act::OpenToken { key } => self.keys[key].token.is_some(),
            Act::InitializeToken { key } => self.keys[key].initialized,
            Act::SetPin { key } => self.keys[key].pin_set && self.envelope_due().is_none(),
            Act::GenerateKey { key } | Act::ImportKey { key } => {
                self.keys[key].is_proven()
                    && !self.owes_management_key(key)
                    && self.envelope_due().is_none()
            }
            Act::BackUpKey { key: Some(key) } => self.keys[key].backup.is_complete(),
            Act::ProveBackup { key: Some(key) } => {
                self.keys[key].backup.is_complete() && self.next_unopened_share(key).is_none()
            }
            Act::BackUpKey { key: None } => {
                !self.owes_reissue() || self.reissue.backup.is_complete()
            }
            Act::ProveBackup { key: None } => !self.owes_reissue() || self.is_replacement_proven(),
            Act::DestroyShares => self.next_old_part().is_none(),
            Act::OpenShare { custodian } => self.is_share_settled(custodian),
            Act::RestoreKey { .. } => {
                let state = &self.restore;
                let wants_key = self
                    .script
                    .restore()
                    .is_some_and(|plan| plan.grade == DrillLevel::Full);
                state.failed.is_some()
                    || state.is_restored
                    || !wants_key && !state.combined.is_empty()
            }
            Act::ProveRestore { .. } => self.restore.failed.is_some() || self.restore.is_proven,
            Act::Destroy { .. } => {
                let state = &self.restore;
                state.is_destroyed || state.failed.is_some() && !state.is_restored
            }
            Act::EnrollKey { key } => self.is_enrolled(key),
            Act::CertifyKey { key } => {
                self.keys[key].certificate.is_some() && self.are_further_settled(&step.act)
            }
            Act::ComposeRoot | Act::JudgeRequest => {
                self.frozen.is_some() && self.are_further_settled(&step.act)
            }
            Act::ReviewRoot => self.reviewed && self.are_further_settled(&step.act),
            Act::SignRoot => self.next_signer().is_none(),
            Act::CollectSignatures => self.owed.values().all(Owed::is_settled),
            Act::VerifyRoot => self.verified.is_some() && self.are_further_settled(&step.act),
            Act::Export => !self.exported.is_empty(),
            Act::ProveToken { key } => {
                let state = &self.keys[key];
                (state.reinserted || state.forgone.is_some()) && self.envelope_due().is_none()
            }
            Act::Seal { key, .. } => {
                self.keys[key].forgone.is_some()
                    || self.items_of(key).iter().all(|item| self.is_kept(item))
            }
            Act::SealMedium { medium, .. } => self.is_kept(&medium.into()),
            // Done when the pause is.
            Act::Break { .. } => false,
            Act::SignOff => self
                .attended
                .keys()
                .all(|person| self.sign_offs.contains_key(person)),
        };
        if done {
            let id = step.id.clone();
            self.done.insert(id);
        }
        done
    }

    /// The worst verdict of those who signed off. Who did not is a reservation.
    pub(super) fn worst_verdict(&self) -> Verdict {
        let of = |id: &PersonId| self.sign_offs.get(id).map(|(verdict, _)| *verdict);
        self.script
            .people()
            .iter()
            .map(|person| of(&person.id).unwrap_or(Verdict::WithReservation))
            .max()
            .unwrap_or(Verdict::Agree)
    }
}

fn out_of_place(fact: &EventKind, step: &StepId) -> ReplayError {
    ReplayError::Act {
        event: fact.name(),
        step: step.to_string(),
    }
}
