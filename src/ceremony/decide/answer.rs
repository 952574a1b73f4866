//! What the answer to a question means.

use jiff::Timestamp;

use crate::script::{Act, KeyId, PersonId, Step};

use crate::ceremony::approval::{Approval, people_of};
use crate::ceremony::check::Check;
use crate::ceremony::effect::Moment;
use crate::ceremony::event::{Event, EventKind, Mode};
use crate::ceremony::fold::ReplayError;
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Answer, Ask};
use crate::ceremony::questions::{UNBLOCK, VERDICTS};
use crate::ceremony::state::{Ceremony, Intent};

use super::{StepError, overall};

/// Attested times nearer than this to the machine's are the same: nobody reads a clock to the second.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// How the label of a key begins that was made in a rehearsal.
const REHEARSAL: &str = "REHEARSAL ";

/// Whether the label of a key says that it was made in a rehearsal.
#[must_use]
pub fn is_of_rehearsal(label: &str) -> bool {
    label.starts_with(REHEARSAL)
}

impl Ceremony {
    pub(super) fn decide_answer(
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
            return Ok(overall(EventKind::Closed {
                status: self.worst_verdict(),
            }));
        };
        if self.failure.is_some() {
            return Ok(if text == UNBLOCK {
                self.decide_to_unblock(prompt.who)
            } else {
                self.at_step(prompt.who, EventKind::Retried)
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
            let fact = EventKind::EnvelopeSealed {
                key: key.clone(),
                secret,
                bag: text,
                approvals,
            };
            return Ok(self.at_step(people, fact));
        }
        let fact = match self.repository_at_hand() {
            Some(view) => {
                view.fact_within(view.fact_of_answer(step, text, remark, approvals, moment)?)
            }
            None => self.fact_of_answer(step, text, remark, approvals, moment)?,
        };
        Ok(self.at_step(people, fact))
    }

    fn fact_of_answer(
        &self,
        step: &Step,
        text: String,
        remark: String,
        approvals: Vec<Approval>,
        moment: &Moment,
    ) -> Result<EventKind, StepError> {
        Ok(match &step.act {
            Act::AttestClock => self.attest_clock(&text, moment.machine_time, approvals)?,
            Act::InspectHost => EventKind::FindingsAcknowledged { approvals },
            Act::ReadScript => EventKind::ScriptRead {
                sha256: self.script.sha256(),
            },
            Act::Note { .. } => EventKind::Initialled { initials: text },
            Act::InitializeToken { key } => EventKind::InitializeIntended {
                key: key.clone(),
                label: self.token_label(key),
            },
            Act::GenerateKey { key }
            | Act::ImportKey { key }
            | Act::RestoreKey { key: Some(key) } => EventKind::GenerateIntended {
                key: key.clone(),
                object_id: self
                    .script
                    .key(key)
                    .and_then(|plan| plan.token.slot())
                    .map_or_else(|| hex::encode(moment.fresh), hex::encode),
                label: self.key_label(key),
            },
            Act::DestroyShares => self.fact_of_old_part(&text, remark, approvals)?,
            Act::BackUpKey { key } => self.intend_backup(key.as_ref(), moment)?,
            Act::EnrollKey { key } => self.decide_enrollment(key, approvals)?,
            Act::CertifyKey { key } => EventKind::CertifyIntended {
                key: key.clone(),
                name: self.script.certificate_name().to_owned(),
            },
            Act::ComposeRoot => {
                let frozen = self
                    .compose_root()
                    .map_err(|error| ReplayError::Contradiction(error.to_string()))?;
                EventKind::RootComposed {
                    version: frozen.version(),
                    signed: String::from_utf8_lossy(frozen.signed_bytes()).into_owned(),
                    sha256: frozen.digest(),
                }
            }
            Act::JudgeRequest => self.decide_judgment(&text)?,
            Act::ReviewRoot => EventKind::ReviewConfirmed {
                sha256: self.frozen_digest()?,
                typed: text,
            },
            Act::SignRoot => {
                let (plan, state) = self
                    .key_states()
                    .find(|(_, state)| state.owes_signature())
                    .ok_or(StepError::NotAsked)?;
                EventKind::SignIntended {
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
                EventKind::RootVerified {
                    version: verification.version,
                    file_sha256: verification.file_sha256,
                    signatures: verification.progress.own.have,
                    threshold: verification.progress.own.need,
                    previous: verification.progress.previous.map(Into::into),
                }
            }
            Act::Export => EventKind::ExportIntended {
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
                EventKind::SignedOff { verdict, remark }
            }
            Act::Attendance
            | Act::OpenToken { .. }
            | Act::SetPin { .. }
            | Act::ProveBackup { .. }
            | Act::OpenShare { .. }
            | Act::RestoreKey { key: None }
            | Act::ProveRestore { .. }
            | Act::Destroy { .. }
            | Act::ProveToken { .. }
            | Act::Seal { .. }
            | Act::SealMedium { .. }
            | Act::Break { .. } => {
                return Err(StepError::NotAsked);
            }
        })
    }

    fn intend_backup(&self, key: Option<&KeyId>, moment: &Moment) -> Result<EventKind, StepError> {
        Ok(EventKind::BackupIntended {
            key: self.key_of_backup(key).ok_or(StepError::NotAsked)?,
            id: hex::encode(moment.fresh),
        })
    }

    fn decide_to_unblock(&self, people: Vec<PersonId>) -> Event {
        let Some(key) = self.key_at_hand() else {
            return self.at_step(people, EventKind::Retried);
        };
        let plan = self.script.key(key).and_then(|plan| plan.unblocked_by());
        let bag = plan.and_then(|plan| self.keys[key].envelopes.get(&plan.secret).cloned());
        let fact = EventKind::UnblockDecided {
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
            Mode::Rehearsal => format!("{REHEARSAL}{label}"),
            Mode::Production => label,
        }
    }

    fn attest_clock(
        &self,
        text: &str,
        machine: Timestamp,
        approvals: Vec<Approval>,
    ) -> Result<EventKind, StepError> {
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
        Ok(EventKind::ClockAttested {
            machine,
            attested,
            offset: attested.as_second() - machine.as_second(),
            approvals,
        })
    }
}
