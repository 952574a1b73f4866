//! Decisions: an input becomes events, or is refused and changes nothing.

mod answer;
mod outcome;
mod refusal;

use std::collections::BTreeSet;

use crate::script::PersonId;

use super::approval::{Approval, people_of};
use super::check::Check;
use super::effect::{Input, Moment};
use super::event::{Event, EventKind, ExceptionSheet};
use super::failure::{Failure, FailureKind};
use super::fold::ReplayError;
use super::prompt::Answer;
use super::state::Ceremony;

pub use answer::is_of_rehearsal;
use outcome::is_from_token;
pub use refusal::{StepError, WordFault};

impl Ceremony {
    /// What an input would lead to, before own tokens have signed for those who approve it.
    ///
    /// # Errors
    /// When the input does not fit.
    pub fn propose(&self, input: Input, moment: &Moment) -> Result<Event, StepError> {
        let trial = Self {
            is_trial: true,
            ..self.clone()
        };
        let mut events = trial.decide(input, moment)?;
        events.pop().ok_or(StepError::NotAsked)
    }

    /// Turns an input into events, to be written down and then applied.
    ///
    /// # Errors
    /// When the input does not fit; the ceremony is as it was.
    pub fn decide(&self, input: Input, moment: &Moment) -> Result<Vec<Event>, StepError> {
        if typed_texts(&input).any(|text| text.chars().any(char::is_control)) {
            return Err(StepError::Control);
        }
        let event = match input {
            Input::Open(opening) => overall(EventKind::Opened(opening)),
            Input::Resume {
                conclave,
                program,
                machine,
                head,
                torn_bytes,
            } => overall(EventKind::Resumed {
                conclave,
                program,
                machine,
                head,
                torn_bytes,
            }),
            Input::Answer { answer, approvals } => self.decide_answer(answer, approvals, moment)?,
            Input::Outcome(outcome) => match self.decide_outcome(outcome)? {
                Ok(event) => event,
                Err(failure) => {
                    let failure = self.as_simulated(failure);
                    self.at_step(Vec::new(), EventKind::Failed { failure })
                }
            },
            Input::Exception {
                sheet,
                waives,
                approvals,
            } => self.decide_exception(sheet, waives, approvals)?,
            Input::Request { request, approvals } => self.decide_request(&request, approvals)?,
            Input::Abort { reason } => {
                if reason.trim().is_empty() {
                    return Err(StepError::Empty);
                }
                overall(EventKind::Aborted { reason })
            }
        };
        match self.clone().apply(&event) {
            Ok(_) => Ok(vec![event]),
            // What a token gave back may be untrue: that is a failure of the token, and on record.
            Err(ReplayError::Contradiction(what) | ReplayError::Check { what, .. })
                if is_from_token(&event.fact) =>
            {
                let failure = Failure {
                    kind: FailureKind::Untrue,
                    what,
                    hint: "do not use this token's answer; try once more, and if it happens again set the token aside"
                        .to_owned(),
                };
                Ok(vec![
                    self.at_step(Vec::new(), EventKind::Failed { failure }),
                ])
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn at_step(&self, people: Vec<PersonId>, fact: EventKind) -> Event {
        Event {
            step: self.current_step().map(|step| step.id.clone()),
            people,
            fact,
        }
    }

    fn decide_exception(
        &self,
        sheet: ExceptionSheet,
        waives: Option<Check>,
        approvals: Vec<Approval>,
    ) -> Result<Event, StepError> {
        let different: BTreeSet<&PersonId> = approvals
            .iter()
            .map(|approval| &approval.person)
            .filter(|person| self.script.is_solo() || !self.is_administrator(person))
            .collect();
        if different.len() < self.approvals_needed() {
            return Err(StepError::TwoPeople);
        }
        let texts = [&sheet.expected, &sheet.happened, &sheet.decided];
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err(StepError::Empty);
        }
        let people = people_of(&approvals);
        let fact = EventKind::ExceptionRecorded {
            sheet,
            waives,
            approvals,
        };
        Ok(self.at_step(people, fact))
    }

    fn frozen_digest(&self) -> Result<crate::words::Digest, StepError> {
        self.frozen
            .as_ref()
            .map(crate::metadata::FrozenRoot::digest)
            .ok_or(StepError::NotAsked)
    }
}

fn overall(fact: EventKind) -> Event {
    Event {
        step: None,
        people: Vec::new(),
        fact,
    }
}

/// What people typed.
fn typed_texts(input: &Input) -> impl Iterator<Item = &str> {
    let texts: Vec<&str> = match input {
        Input::Answer {
            answer: Answer::Text(text) | Answer::Choice { remark: text, .. },
            ..
        }
        | Input::Abort { reason: text } => vec![text],
        Input::Request { request, .. } => request.values.iter().map(String::as_str).collect(),
        Input::Exception { sheet, .. } => vec![&sheet.expected, &sheet.happened, &sheet.decided],
        _ => Vec::new(),
    };
    texts.into_iter()
}
