//! Decisions: an input becomes events, or is refused and changes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::script::{Act, KeyId, PersonId, Step};
use crate::transfer::Occasion;

use super::approval::{Approval, people_of};
use super::check::Check;
use super::effect::{Input, Moment, Outcome};
use super::event::{Event, ExceptionSheet, Fact, Mode};
use super::failure::{Failure, FailureKind};
use super::fold::ReplayError;
use super::next::Next;
use super::prompt::{Answer, Ask};
use super::questions::{UNBLOCK, VERDICTS};
use super::state::{Ceremony, Intent};

/// Attested times nearer than this to the machine's are the same: nobody reads a clock to the second.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// Why an input was refused. The ceremony is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The exact word was not typed.
    #[error("what was typed is not the word that the screen asks for")]
    NotTheWord {
        /// The word.
        expected: String,
    },
    /// The answer is empty where it may not be.
    #[error("an empty answer is no answer here")]
    Empty,
    /// A control character, which could make a record look like another one.
    #[error("a control character stands in what was typed")]
    Control,
    /// The time cannot be read.
    #[error("{0:?} is not a time like 2026-12-01T09:41:00Z")]
    NotATime(String),
    /// The time is before the one for which the script was written.
    #[error("{time} is earlier than {not_before}, for which the script was written")]
    TooEarly {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// What the script says.
        not_before: Timestamp,
    },
    /// The digest words of a card cannot be read.
    #[error("these are no digest words: {0}")]
    NotADigest(crate::words::DigestError),
    /// Something is on record for a later time.
    #[error("{time} is earlier than {latest}, when something happened that is on record already")]
    Backwards {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// When that happened.
        latest: Timestamp,
    },
    /// The root would have expired before it is signed.
    #[error("{time} is not before {expires}, when the root of the script expires")]
    TooLate {
        /// What the clock says, or the people say.
        time: Timestamp,
        /// What the script says.
        expires: Timestamp,
    },
    /// The bag is not the one on record.
    #[error("bag {read:?} is not the one on record")]
    AnotherBag {
        /// What was read.
        read: String,
    },
    /// What was read cannot stand on a bag.
    #[error("that is no number of a bag")]
    NotABag,
    /// A bag is used once.
    #[error("bag {bag:?} was used before")]
    UsedBag {
        /// Its number.
        bag: String,
    },
    /// The ink and the record differ.
    #[error("those are not the words of this record's head at the pause")]
    AnotherHead,
    /// The answer does not belong to the question.
    #[error("that is no answer to what was asked")]
    NotAnAnswer,
    /// The outcome does not belong to the effect that was asked for.
    #[error("nothing of the kind was under way")]
    NotAsked,
    /// An exception is decided by two people who are not the ceremony administrator.
    #[error("an exception is decided by two people, neither of them the ceremony administrator")]
    TwoPeople,
    /// The room asked for something that is not offered here.
    #[error("that is not offered here")]
    NotOffered,
    /// An amendment that the room may not make.
    #[error("the script is not amended: {0}")]
    NotAmended(String),
    /// A code that nobody may choose.
    #[error("that cannot be a code")]
    Code,
    /// The keyboard's test line came out otherwise.
    #[error("the test line came out as {typed:?}")]
    Keyboard {
        /// What came.
        typed: String,
    },
    /// Somebody did not approve, or could not.
    #[error("it was not approved: {0}")]
    NotApproved(String),
    /// The rules of the fold refuse it.
    #[error(transparent)]
    Rule(#[from] ReplayError),
}

impl StepError {
    /// The next safe act.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotTheWord { expected } => {
                format!("type exactly {expected}; if something else stands before you, stop and look again")
            }
            Self::Control => "type it again, plain letters only".to_owned(),
            Self::Empty => "say it in a few words".to_owned(),
            Self::NotADigest(_) => {
                "type all 32 words as they stand on the card, with a space between".to_owned()
            }
            Self::NotATime(_) => {
                "give date and time in UTC to the second, with a T between and a Z at the end"
                    .to_owned()
            }
            Self::TooEarly { .. } => {
                "look at the clocks again; if the script's date is wrong, break off and write a new script"
                    .to_owned()
            }
            Self::AnotherBag { .. } => {
                "read the number again, from the bag; if the script is wrong, two people correct it, and if the bag is, they decide upon an exception".to_owned()
            }
            Self::NotABag => {
                "read the number that is printed on the bag: letters, digits, and . / - between them".to_owned()
            }
            Self::UsedBag { .. } => "take a new bag: a tamper-evident bag is used once".to_owned(),
            Self::AnotherHead => {
                "read the ink again; if it differs, this may be another record: compare it with its mirror before two people decide upon an exception".to_owned()
            }
            Self::Backwards { .. } => {
                "look at the clocks again: either this time is wrong, or the one that was attested before; if it was that one, break off".to_owned()
            }
            Self::TooLate { .. } => {
                "look at the clocks again; if the time is right, break off and write a new script".to_owned()
            }
            Self::NotAnAnswer | Self::NotAsked => "answer what the screen asks for".to_owned(),
            Self::TwoPeople => "name two witnesses or key holders".to_owned(),
            Self::Keyboard { .. } => "this keyboard has another layout than its keys show, or a key was missed: type it once more, or choose PINs of digits".to_owned(),
            Self::Code => "choose another, of at least four characters".to_owned(),
            Self::NotOffered => "choose from what the screen lists".to_owned(),
            Self::NotAmended(_) => "only names, note texts, minutes, bag numbers and listed substitutes can be amended; for anything else break off, write a new script and rehearse it".to_owned(),
            Self::NotApproved(_) => "nothing was changed; two people approve, or it does not happen".to_owned(),
            Self::Rule(ReplayError::Check { check, .. }) if !check.is_excusable() => {
                "no exception waives this; put it right, or break off and begin anew".to_owned()
            }
            Self::Rule(_) => "nothing was changed; go on with what the screen asks for".to_owned(),
        }
    }
}

impl Ceremony {
    /// Turns an input into events, to be written down and then applied.
    ///
    /// # Errors
    /// When the input does not fit; the ceremony is as it was.
    pub fn decide(&self, input: Input, moment: &Moment) -> Result<Vec<Event>, StepError> {
        if typed_texts(&input).any(|text| text.chars().any(char::is_control)) {
            return Err(StepError::Control);
        }
        let event = match input {
            Input::Open(opening) => overall(Fact::Opened(opening)),
            Input::Resume {
                conclave,
                program,
                machine,
                head,
                torn_bytes,
            } => overall(Fact::Resumed {
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
                    let failure = self.as_twin(failure);
                    self.at_step(Vec::new(), Fact::Failed { failure })
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
                overall(Fact::Aborted { reason })
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
                Ok(vec![self.at_step(Vec::new(), Fact::Failed { failure })])
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn at_step(&self, people: Vec<PersonId>, fact: Fact) -> Event {
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
        let fact = Fact::ExceptionRecorded {
            sheet,
            waives,
            approvals,
        };
        Ok(self.at_step(people, fact))
    }

    fn decide_answer(
        &self,
        answer: Answer,
        approvals: Vec<Approval>,
        moment: &Moment,
    ) -> Result<Event, StepError> {
        let Next::Ask(prompt) = self.next() else {
            return Err(StepError::NotAsked);
        };
        let mut remark = String::new();
        let text = match (&prompt.ask, answer) {
            (Ask::Enter { .. }, Answer::Enter) => String::new(),
            (Ask::Word { word }, Answer::Text(typed)) => {
                if typed.trim() != word {
                    return Err(StepError::NotTheWord {
                        expected: word.clone(),
                    });
                }
                word.clone()
            }
            (
                Ask::Choice { options, .. },
                Answer::Choice {
                    index,
                    remark: said,
                },
            ) => {
                let choice = options.get(index).ok_or(StepError::NotAnAnswer)?;
                said.trim().clone_into(&mut remark);
                if choice.wants_remark && remark.is_empty() {
                    return Err(StepError::Empty);
                }
                choice.text.clone()
            }
            (Ask::Reading { usual, .. }, Answer::Text(typed)) => match typed.trim() {
                // What a twin lies in has no number.
                "" if self.mode() == Mode::Rehearsal => usual.clone(),
                "" => return Err(StepError::Empty),
                typed => typed.to_owned(),
            },
            (Ask::Clock, Answer::Text(typed)) => typed.trim().to_owned(),
            (Ask::Text { default, .. }, Answer::Text(typed)) => match (typed.trim(), default) {
                ("", Some(default)) => default.clone(),
                ("", None) => return Err(StepError::Empty),
                (typed, _) => typed.to_owned(),
            },
            _ => return Err(StepError::NotAnAnswer),
        };
        let Some(step) = self.current_step() else {
            return Ok(overall(Fact::Closed {
                status: self.worst_verdict(),
            }));
        };
        if self.failure.is_some() {
            return Ok(if text == UNBLOCK {
                self.decide_to_unblock(prompt.who)
            } else {
                self.at_step(prompt.who, Fact::Retried)
            });
        }
        if self.wants_rehearsal() {
            let sheet = self.unrehearsed(text);
            return self.decide_exception(sheet, Some(Check::RehearsalShown), approvals);
        }
        let people = if prompt.approval {
            people_of(&approvals)
        } else {
            prompt.who
        };
        if let Some(wanted) = self.custody_asks(step) {
            let fact = self.fact_of_custody(step, wanted, text, approvals, moment)?;
            return Ok(self.at_step(people, fact));
        }
        if let Some(person) = self.attendance_wanted(step) {
            let fact = self.fact_of_attendance(&person, text);
            return Ok(self.at_step(vec![person], fact));
        }
        if let Some((key, secret, _)) = self.envelope_due() {
            let fact = Fact::EnvelopeSealed {
                key: key.clone(),
                secret,
                bag: text,
                approvals,
            };
            return Ok(self.at_step(people, fact));
        }
        let fact = self.fact_of_answer(step, text, remark, approvals, moment)?;
        Ok(self.at_step(people, fact))
    }

    fn fact_of_answer(
        &self,
        step: &Step,
        text: String,
        remark: String,
        approvals: Vec<Approval>,
        moment: &Moment,
    ) -> Result<Fact, StepError> {
        Ok(match &step.act {
            Act::AttestClock => self.attest_clock(&text, moment.machine_time, approvals)?,
            Act::InspectStation => Fact::FindingsAcknowledged { approvals },
            Act::ReadScript => Fact::ScriptRead {
                sha256: self.script.sha256(),
            },
            Act::Note { .. } => Fact::Initialled { initials: text },
            Act::InitialiseToken { key } => Fact::InitialiseIntended {
                key: key.clone(),
                label: self.token_label(key),
            },
            Act::GenerateKey { key } => Fact::GenerateIntended {
                key: key.clone(),
                object_id: self
                    .script
                    .key(key)
                    .and_then(|plan| plan.token.slot())
                    .map_or_else(|| hex::encode(moment.fresh), hex::encode),
                label: self.key_label(key),
            },
            Act::ComposeRoot => {
                let frozen = self
                    .compose_root()
                    .map_err(|error| ReplayError::Contradiction(error.to_string()))?;
                Fact::RootComposed {
                    version: frozen.version(),
                    signed: String::from_utf8_lossy(frozen.signed_bytes()).into_owned(),
                    sha256: frozen.digest(),
                }
            }
            Act::JudgeRequest => self.decide_judgement(&text)?,
            Act::ReviewRoot => Fact::ReviewConfirmed {
                sha256: self.frozen_digest()?,
                typed: text,
            },
            Act::SignRoot => {
                let (plan, state) = self
                    .key_states()
                    .find(|(_, state)| state.owes_signature())
                    .ok_or(StepError::NotAsked)?;
                Fact::SignIntended {
                    key: plan.id.clone(),
                    sha256: self.frozen_digest()?,
                    repeat: matches!(state.sign, Intent::Interrupted(())),
                }
            }
            Act::CollectSignatures => self.decide_owed(&text, remark)?,
            Act::VerifyRoot => {
                let verification = self
                    .verify_root()
                    .map_err(|error| ReplayError::Contradiction(error.to_string()))?;
                Fact::RootVerified {
                    version: verification.version,
                    file_sha256: verification.file_sha256,
                    signatures: verification.progress.own.have,
                    threshold: verification.progress.own.need,
                    previous: verification.progress.previous.map(Into::into),
                }
            }
            Act::Export => Fact::ExportIntended {
                files: self
                    .export_files()
                    .into_iter()
                    .map(|(file, _)| file)
                    .collect(),
            },
            Act::SignOff => {
                let verdict = VERDICTS
                    .into_iter()
                    .find(|verdict| verdict.to_string() == text)
                    .ok_or(StepError::NotAnAnswer)?;
                Fact::SignedOff { verdict, remark }
            }
            Act::Attendance
            | Act::OpenToken { .. }
            | Act::SetPin { .. }
            | Act::ProveToken { .. }
            | Act::Seal { .. }
            | Act::Break { .. } => {
                return Err(StepError::NotAsked);
            }
        })
    }

    fn decide_to_unblock(&self, people: Vec<PersonId>) -> Event {
        let Some(key) = self.key_at_hand() else {
            return self.at_step(people, Fact::Retried);
        };
        let plan = self.script.key(key).and_then(|plan| plan.unblocked_by());
        let bag = plan.and_then(|plan| self.keys[key].envelopes.get(&plan.secret).cloned());
        let fact = Fact::UnblockDecided {
            key: key.clone(),
            bag,
        };
        self.at_step(people, fact)
    }

    /// The label that a token gets: the script's, or the key's name there. At most 32 bytes.
    #[must_use]
    pub fn token_label(&self, key: &KeyId) -> String {
        self.token_spec(key)
            .and_then(|token| token.label.clone())
            .unwrap_or_else(|| self.token_name(key).chars().take(32).collect())
    }

    /// The label that a key gets in its token: one of a rehearsal says so wherever it turns up.
    fn key_label(&self, key: &KeyId) -> String {
        let mut label = format!("{} {key}", self.script.repository());
        // A key that was given up may be on the token still, under the label that it had.
        let former = self.keys.get(key).map_or(0, |state| state.former.len());
        if former > 0 {
            label = format!("{label} {}", former + 1);
        }
        match self.mode() {
            Mode::Rehearsal => format!("REHEARSAL {label}"),
            Mode::Production => label,
        }
    }

    fn attest_clock(
        &self,
        text: &str,
        machine: Timestamp,
        approvals: Vec<Approval>,
    ) -> Result<Fact, StepError> {
        let machine = self.machine_time(machine);
        let stated = if text.is_empty() {
            machine
        } else {
            text.parse()
                .map_err(|_| StepError::NotATime(text.to_owned()))?
        };
        let difference = stated.as_second() - machine.as_second();
        let attested = if difference.abs() <= CLOCK_TOLERANCE_SECONDS {
            machine
        } else {
            stated
        };
        if attested < self.script.not_before() {
            return Err(StepError::TooEarly {
                time: attested,
                not_before: self.script.not_before(),
            });
        }
        if let Some(latest) = self.latest_known().filter(|latest| attested < *latest) {
            return Err(StepError::Backwards {
                time: attested,
                latest,
            });
        }
        let expires = self.script.root().expires;
        if attested >= expires {
            return Err(StepError::TooLate {
                time: attested,
                expires,
            });
        }
        Ok(Fact::ClockAttested {
            machine,
            attested,
            offset: attested.as_second() - machine.as_second(),
            approvals,
        })
    }

    /// The event of an outcome, or the failure that it is. The outer error: it does not belong here.
    fn decide_outcome(&self, outcome: Outcome) -> Result<Result<Event, Failure>, StepError> {
        let step = self.current_step().ok_or(StepError::NotAsked)?;
        let fact = match (&step.act, outcome) {
            (_, Outcome::Failed(failure)) => return Ok(Err(failure)),
            (_, Outcome::PutAway) => Fact::TokensPutAway,
            (_, Outcome::KeyDestroyed) => {
                let key = self.key_at_hand().ok_or(StepError::NotAsked)?.clone();
                let former = self.keys[&key].to_destroy().ok_or(StepError::NotAsked)?;
                let fingerprint = former.public_key.fingerprint();
                let fact = Fact::KeyDestroyed { key, fingerprint };
                return Ok(Ok(self.at_step(self.people_at_hand(step), fact)));
            }
            (_, Outcome::PinSet) if self.is_unblocking() => {
                let key = self.key_at_hand().ok_or(StepError::NotAsked)?.clone();
                let fact = Fact::PinUnblocked { key };
                return Ok(Ok(self.at_step(self.people_at_hand(step), fact)));
            }
            (_, Outcome::CodeChosen) => {
                let person = self.next_without_code().ok_or(StepError::NotAsked)?;
                return Ok(Ok(self.at_step(vec![person], Fact::CodeChosen)));
            }
            (Act::InspectStation, Outcome::StationInspected(findings)) => {
                Fact::StationInspected { findings }
            }
            (Act::OpenToken { key }, Outcome::TokenFound { token, blank }) => Fact::TokenFound {
                key: key.clone(),
                token,
                blank,
            },
            (Act::InitialiseToken { key }, Outcome::TokenInitialised { token }) => {
                Fact::TokenInitialised {
                    key: key.clone(),
                    token,
                }
            }
            (Act::SetPin { key }, Outcome::PinSet) => Fact::PinSet { key: key.clone() },
            (
                Act::GenerateKey { key },
                Outcome::KeyGenerated {
                    token,
                    public_key,
                    attributes,
                },
            ) => Fact::KeyGenerated {
                key: key.clone(),
                token,
                public_key: public_key.to_pem(),
                fingerprint: public_key.fingerprint(),
                attributes,
                provenance: attributes.provenance(),
            },
            (
                Act::GenerateKey { key } | Act::ProveToken { key },
                Outcome::Answered {
                    challenge,
                    signature,
                },
            ) => Fact::PossessionProven {
                key: key.clone(),
                occasion: match step.act {
                    Act::ProveToken { .. } => Occasion::Reinsertion,
                    _ => Occasion::Generation,
                },
                challenge: hex::encode(challenge),
                signature: hex::encode(signature),
            },
            (Act::SignRoot, Outcome::Signed(signature)) => {
                let (plan, key_id) = self
                    .key_states()
                    .find(|(_, state)| {
                        matches!(state.sign, Intent::Recorded(())) && state.owes_signature()
                    })
                    .and_then(|(plan, _)| Some((plan, self.root_key_ids(&plan.id).pop()?)))
                    .ok_or(StepError::NotAsked)?;
                let fact = Fact::Signed {
                    key: plan.id.clone(),
                    key_id: key_id.as_str().to_owned(),
                    signature: hex::encode(signature),
                };
                return Ok(Ok(self.at_step(vec![plan.holder.clone()], fact)));
            }
            (Act::CollectSignatures, Outcome::RequestWritten(file)) => {
                Fact::RequestWritten { file }
            }
            (Act::CollectSignatures, Outcome::Collected(signature)) => {
                self.collected(&signature)?
            }
            (Act::Export, Outcome::Exported) => Fact::Exported {
                files: self
                    .export_files()
                    .into_iter()
                    .map(|(file, _)| file)
                    .collect(),
            },
            _ => return Err(StepError::NotAsked),
        };
        Ok(Ok(self.at_step(self.people_of(step), fact)))
    }

    fn frozen_digest(&self) -> Result<crate::words::Digest, StepError> {
        self.frozen
            .as_ref()
            .map(crate::metadata::FrozenRoot::digest)
            .ok_or(StepError::NotAsked)
    }
}

fn overall(fact: Fact) -> Event {
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

/// Whether a contradiction in it is the token's: its answer, not the room's.
const fn is_from_token(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::TokenFound { .. }
            | Fact::TokenInitialised { .. }
            | Fact::KeyGenerated { .. }
            | Fact::PossessionProven { .. }
            | Fact::Signed { .. }
            | Fact::SignatureCollected { .. }
    )
}
