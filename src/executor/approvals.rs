//! Approval codes: chosen unseen at attendance, kept in memory that is wiped, and compared at each approval.
//!
//! No event holds a code, and no code outlives the process: after a resumption everyone chooses a new one.

use std::collections::BTreeMap;

use crate::ceremony::{
    Answer, Approval, Ask, Check, Choice, Event, ExceptionReport, Input, Interrupt, Moment,
    Outcome, Prompt, Request, SecretPrompt, SecretPurpose, StepError, Strength,
};
use crate::script::PersonId;
use crate::secret::Pin;

use super::failure::{EffectError, EffectResult};
use super::{Executor, ExecutorError, moment};

/// The fewest characters of a code.
const SHORTEST: usize = 4;

/// The codes of the people in the room.
#[derive(Default)]
pub(super) struct Codes(BTreeMap<PersonId, Pin>);

impl Codes {
    /// Whether this person chose that code.
    fn is_of(&self, person: &PersonId, code: &Pin) -> bool {
        self.0.get(person).is_some_and(|own| own.same_as(code))
    }

    /// Keeps a code, unless it cannot be one.
    fn keep(&mut self, person: PersonId, code: Pin) -> Result<(), StepError> {
        let is_taken = self
            .0
            .iter()
            .any(|(other, taken)| *other != person && taken.same_as(&code));
        // The reason is not shown: other people would learn that the code is short or taken.
        if is_taken || code.expose().chars().count() < SHORTEST {
            return Err(StepError::Code);
        }
        self.0.insert(person, code);
        Ok(())
    }
}

/// The result of a prompt, or what the participants requested instead.
type PromptResult<T> = Result<T, Interrupt>;

impl Executor<'_> {
    /// Has a person choose a code.
    pub(super) fn choose_code(&mut self, person: &PersonId) -> EffectResult<Outcome> {
        loop {
            let prompt = self.code_prompt(person, SecretPurpose::NewApprovalCode, String::new());
            let code = self.front_end.secret(&self.ceremony, &prompt)?.secret;
            match self.codes.keep(person.clone(), code) {
                Ok(()) => return Ok(Outcome::CodeChosen),
                Err(error) => self.front_end.not_accepted(&self.ceremony, &error),
            }
        }
    }

    /// Takes an answer, after the people who must approve it did.
    pub(super) fn answered(
        &mut self,
        prompt: &Prompt,
        answer: Answer,
    ) -> Result<PromptResult<()>, ExecutorError> {
        let mut approvals = Vec::new();
        // The event that is approved and the event that is recorded have the same moment.
        let moment = moment()?;
        if prompt.approval {
            // An answer that is refused needs no codes.
            let trial = Input::Answer {
                answer: answer.clone(),
                approvals: self.as_if_approved(&prompt.who),
            };
            let event = match self.ceremony.propose(trial, &moment) {
                Ok(event) => event,
                Err(error) => {
                    self.front_end.not_accepted(&self.ceremony, &error);
                    return Ok(Ok(()));
                }
            };
            let what = self.ceremony.matter(&event);
            match self.approve(&prompt.who, &what, &event) {
                Ok(Ok(given)) => approvals = given,
                Ok(Err(error)) => {
                    self.front_end.not_accepted(&self.ceremony, &error);
                    return Ok(Ok(()));
                }
                Err(interrupt) => return Ok(Err(interrupt)),
            }
        }
        self.take_from_room(Input::Answer { answer, approvals }, &moment)?;
        Ok(Ok(()))
    }

    /// Records an exception report after the deciders gave their codes. Before they have codes, they sign on paper.
    pub(super) fn except(
        &mut self,
        report: ExceptionReport,
        waives: Option<Check>,
        people: &[PersonId],
    ) -> Result<PromptResult<()>, ExecutorError> {
        let mut approvals = Vec::new();
        let moment = moment()?;
        let approvers = self.ceremony.approvers();
        let as_if = |person: &PersonId| {
            if approvers.contains(person) {
                self.as_if_approved(std::slice::from_ref(person))
            } else {
                vec![Approval::on_paper(person.clone())]
            }
        };
        let trial = Input::Exception {
            report: report.clone(),
            waives,
            approvals: people.iter().flat_map(as_if).collect(),
        };
        let event = match self.ceremony.propose(trial, &moment) {
            Ok(event) => event,
            Err(error) => {
                self.front_end.not_accepted(&self.ceremony, &error);
                return Ok(Ok(()));
            }
        };
        for person in people {
            if !self.ceremony.approvers().contains(person) {
                approvals.push(Approval::on_paper(person.clone()));
                continue;
            }
            match self.approve(std::slice::from_ref(person), "the exception", &event) {
                Ok(Ok(given)) => approvals.extend(given),
                Ok(Err(error)) => {
                    self.front_end.not_accepted(&self.ceremony, &error);
                    return Ok(Ok(()));
                }
                Err(interrupt) => return Ok(Err(interrupt)),
            }
        }
        let exception = Input::Exception {
            report,
            waives,
            approvals,
        };
        self.take_from_room(exception, &moment)?;
        Ok(Ok(()))
    }

    /// Takes a request of the room; what it changes is read aloud and approved first, where that is needed.
    pub(super) fn request(&mut self, request: Request) -> Result<PromptResult<()>, ExecutorError> {
        let lines = match self.ceremony.read_aloud(&request) {
            Ok(lines) => lines,
            Err(error) => {
                self.front_end.not_accepted(&self.ceremony, &error);
                return Ok(Ok(()));
            }
        };
        let mut approvals = Vec::new();
        let moment = moment()?;
        if request.kind.needs_approval() {
            match self.read_and_approve(&request, lines, &moment) {
                Ok(Ok(given)) => approvals = given,
                Ok(Err(error)) => {
                    self.front_end.not_accepted(&self.ceremony, &error);
                    return Ok(Ok(()));
                }
                Err(interrupt) => return Ok(Err(interrupt)),
            }
        }
        self.take_from_room(Input::Request { request, approvals }, &moment)?;
        Ok(Ok(()))
    }

    fn read_and_approve(
        &mut self,
        request: &Request,
        lines: Vec<String>,
        moment: &Moment,
    ) -> PromptResult<Result<Vec<Approval>, StepError>> {
        let who = self.ceremony.usual_approvers();
        let title = request.kind.title();
        let trial = Input::Request {
            request: request.clone(),
            approvals: self.as_if_approved(&who),
        };
        let event = match self.ceremony.propose(trial, moment) {
            Ok(event) => event,
            Err(error) => return Ok(Err(error)),
        };
        let options = [
            Choice::new("approve", "Approve"),
            Choice::new("refuse", "Refuse; change nothing"),
        ];
        let prompt = self.question(who.clone(), lines, title.to_owned(), options.to_vec());
        match self.front_end.ask(&self.ceremony, &prompt)? {
            Answer::Choice { index: 0, .. } => self.approve(&who, title, &event),
            Answer::Choice { .. } | Answer::Enter | Answer::Text(_) => Ok(Err(
                StepError::NotApproved("the participants refused it".to_owned()),
            )),
        }
    }

    /// Has people approve an event, each with their code or approval token. Another person may approve in place of
    /// one who does not.
    fn approve(
        &mut self,
        who: &[PersonId],
        what: &str,
        event: &Event,
    ) -> PromptResult<Result<Vec<Approval>, StepError>> {
        if self.ceremony.script().is_solo() {
            return Ok(Ok(self.as_if_approved(who)));
        }
        let mut approvals: Vec<Approval> = Vec::new();
        for person in who {
            let mut person = person.clone();
            loop {
                let why = match self.approval_of(&person, what, event)? {
                    Ok(approval) => {
                        approvals.push(approval);
                        break;
                    }
                    Err(why) => why,
                };
                let taken: Vec<&PersonId> = approvals
                    .iter()
                    .map(|approval| &approval.person)
                    .chain(who)
                    .filter(|other| **other != person)
                    .collect();
                let others: Vec<PersonId> = self
                    .ceremony
                    .approvers()
                    .into_iter()
                    .filter(|other| *other != person && !taken.contains(&other))
                    .collect();
                let Some(next) = self.after_no_approval(&person, others, what, &why)? else {
                    return Ok(Err(StepError::NotApproved(why)));
                };
                person = next;
            }
        }
        Ok(Ok(approvals))
    }

    /// The approval of one person, or why it failed.
    fn approval_of(
        &mut self,
        person: &PersonId,
        what: &str,
        event: &Event,
    ) -> PromptResult<Result<Approval, String>> {
        if self.ceremony.approves_by_token(person) {
            return match self.approve_by_token(person, event) {
                Ok(signature) => Ok(Ok(Approval::by_token(person.clone(), &signature))),
                Err(EffectError::Failed(failure)) => Ok(Err(failure.what)),
                Err(EffectError::Interrupted(interrupt)) => Err(interrupt),
                Err(EffectError::Broken(error)) => Ok(Err(error.to_string())),
            };
        }
        let prompt = self.code_prompt(person, SecretPurpose::ApprovalCode, what.to_owned());
        let code = self.front_end.secret(&self.ceremony, &prompt)?.secret;
        Ok(if self.codes.is_of(person, &code) {
            Ok(Approval::new(person.clone(), Strength::Code))
        } else {
            let name = self.ceremony.name(person);
            Err(format!(
                "this is not the code that {name} chose at attendance"
            ))
        })
    }

    /// The approvals that people will give; approval tokens have not signed yet.
    fn as_if_approved(&self, who: &[PersonId]) -> Vec<Approval> {
        who.iter()
            .map(|person| Approval::new(person.clone(), self.ceremony.strength_of(person)))
            .collect()
    }

    /// Who approves after an approval failed: the same person again, another person, or nobody.
    fn after_no_approval(
        &mut self,
        person: &PersonId,
        others: Vec<PersonId>,
        what: &str,
        why: &str,
    ) -> PromptResult<Option<PersonId>> {
        let name = |id: &PersonId| self.ceremony.name(id).to_owned();
        let mut options = vec![Choice::new(
            "retry",
            format!("{} tries again", name(person)),
        )];
        options.extend(
            others
                .iter()
                .map(|other| Choice::new("other", format!("{} approves instead", name(other)))),
        );
        options.push(Choice::new("nobody", "Nobody; it is not approved"));
        let lines = vec![format!(
            "{}. It was not approved.",
            crate::document::capitalized(why)
        )];
        let label = format!("Who approves: {what}");
        let prompt = self.question(vec![person.clone()], lines, label, options);
        Ok(match self.front_end.ask(&self.ceremony, &prompt)? {
            Answer::Choice { index: 0, .. } => Some(person.clone()),
            Answer::Choice { index, .. } => others.into_iter().nth(index - 1),
            Answer::Enter | Answer::Text(_) => None,
        })
    }

    fn question(
        &self,
        who: Vec<PersonId>,
        lines: Vec<String>,
        label: String,
        options: Vec<Choice>,
    ) -> Prompt {
        Prompt {
            step: self.ceremony.current_step().map(|step| step.id.clone()),
            who,
            lines,
            ask: Ask::Choice { label, options },
            approval: false,
        }
    }

    fn code_prompt(
        &self,
        person: &PersonId,
        purpose: SecretPurpose,
        about: String,
    ) -> SecretPrompt {
        SecretPrompt {
            who: person.clone(),
            purpose,
            about,
            tries: None,
            given: self.room.hands.given_code(person),
            digits_only: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn code(text: &str) -> Pin {
        Pin::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn only_the_own_code_is_taken() {
        let [one, two] = ["witness-1", "witness-2"].map(|id| id.parse::<PersonId>().unwrap());
        let mut codes = Codes::default();
        assert!(!codes.is_of(&one, &code("1234")));
        codes.keep(one.clone(), code("1234")).unwrap();
        codes.keep(two.clone(), code("5678")).unwrap();
        assert!(codes.is_of(&one, &code("1234")));
        assert!(codes.is_of(&two, &code("5678")));
        assert!(!codes.is_of(&one, &code("5678")));
        assert!(!codes.is_of(&two, &code("1234")));
    }

    #[test]
    fn two_people_never_have_the_same_code() {
        let [one, two] = ["witness-1", "witness-2"].map(|id| id.parse::<PersonId>().unwrap());
        let mut codes = Codes::default();
        codes.keep(one.clone(), code("1234")).unwrap();
        assert_eq!(codes.keep(two.clone(), code("1234")), Err(StepError::Code));
        assert_eq!(codes.keep(two.clone(), code("123")), Err(StepError::Code));
        codes.keep(one, code("1234")).unwrap();
        assert!(!codes.is_of(&two, &code("1234")));
    }
}
