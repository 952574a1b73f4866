//! The questions of a ceremony: who is asked, what they need to know, and what an answer is.

use crate::metadata::FrozenRoot;
use crate::script::{KeyId, PersonId, PersonRole, Step, TokenSecret};

use super::event::{ExceptionSheet, Verdict};
use super::failure::{Failure, FailureKind};
use super::prompt::{Ask, Choice, Prompt};
use super::state::Ceremony;

/// The exact word that the review asks for.
pub(super) fn review_word(root: &FrozenRoot) -> String {
    format!("SIGN ROOT {}", root.version())
}

/// The choice that leads to a new PIN.
pub(super) const UNBLOCK: &str = "unblock the PIN";

/// The choice to do the same once more.
const AGAIN: &str = "try again";

/// The verdicts of a sign-off, in the order of the choice.
pub(super) const VERDICTS: [Verdict; 3] =
    [Verdict::Agree, Verdict::WithReservation, Verdict::Refuse];

impl Ceremony {
    pub(super) fn prompt(step: &Step, who: Vec<PersonId>, lines: Vec<String>, ask: Ask) -> Prompt {
        Prompt {
            step: Some(step.id.clone()),
            who,
            lines,
            ask,
            approval: false,
        }
    }

    /// A question whose answer two people approve.
    pub(super) fn approved(&self, step: &Step, lines: Vec<String>, ask: Ask) -> Prompt {
        Prompt {
            approval: true,
            ..Self::prompt(step, self.usual_approvers(), lines, ask)
        }
    }

    pub(super) fn go_on(&self, step: &Step, lines: Vec<String>, action: &str) -> Prompt {
        Self::prompt(
            step,
            self.people_of(step),
            lines,
            Ask::Enter {
                action: action.to_owned(),
            },
        )
    }

    /// The holder of the step's key, or else the ceremony administrator.
    pub(super) fn people_of(&self, step: &Step) -> Vec<PersonId> {
        step.act
            .key()
            .and_then(|key| self.script.key(key))
            .map_or_else(
                || self.with_role(PersonRole::Administrator, 1),
                |plan| vec![plan.holder.clone()],
            )
    }

    pub(super) fn with_role(&self, role: PersonRole, count: usize) -> Vec<PersonId> {
        self.script
            .with_role(role)
            .take(count)
            .map(|person| person.id.clone())
            .collect()
    }

    pub(super) fn next_to_sign_off(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| self.attended.contains_key(id) && !self.sign_offs.contains_key(id))
    }

    pub(super) fn next_to_initial(&self, step: &Step, initials: &[PersonId]) -> Option<PersonId> {
        initials
            .iter()
            .find(|person| {
                !self
                    .initials
                    .contains_key(&(step.id.clone(), (*person).clone()))
            })
            .cloned()
    }

    /// Why a production begins for which no rehearsal was shown.
    pub(super) fn ask_without_rehearsal(&self, step: &Step) -> Prompt {
        let lines = vec![
            "No completed rehearsal of this very script was shown. It is an exception to go on without one: two people decide it, and the record says why. Otherwise break off, rehearse, and begin again with --rehearsal DIR.".to_owned(),
        ];
        let label = "Why it goes on without a rehearsal".to_owned();
        self.approved(
            step,
            lines,
            Ask::Text {
                label,
                default: None,
            },
        )
    }

    /// The exception sheet of a production for which no rehearsal was shown.
    pub(super) fn unrehearsed(&self, decided: String) -> ExceptionSheet {
        ExceptionSheet {
            expected: format!(
                "a completed rehearsal of the script {}",
                self.script.sha256().short_hex()
            ),
            happened: "none was shown".to_owned(),
            decided,
        }
    }

    pub(super) fn ask_clock(&self, step: &Step) -> Prompt {
        self.approved(step, Vec::new(), Ask::Clock)
    }

    pub(super) fn ask_acknowledge(&self, step: &Step) -> Prompt {
        let mut lines = vec!["Found on this machine:".to_owned()];
        lines.extend(
            self.findings
                .iter()
                .flatten()
                .map(|finding| format!("- {finding}")),
        );
        let action = "Go on all the same".to_owned();
        self.approved(step, lines, Ask::Enter { action })
    }

    pub(super) fn ask_read(&self, step: &Step) -> Prompt {
        let digest = self.script.sha256();
        let mut lines = digest.grouped_hex().to_vec();
        lines.extend(digest.words().chunks(8).map(|words| words.join(" ")));
        let mut who = self.people_of(step);
        who.extend(self.with_role(PersonRole::Witness, 1));
        Self::prompt(
            step,
            who,
            lines,
            Ask::Enter {
                action: "It is the same".to_owned(),
            },
        )
    }

    /// What is asked after something did not work.
    pub(super) fn ask_after(&self, step: &Step, failure: &Failure) -> Prompt {
        let mut lines = vec![
            format!("It did not work: {}.", failure.what),
            failure.hint.clone(),
        ];
        let who = match self.next_without_code() {
            Some(person) => vec![person],
            None => self.people_at_hand(step),
        };
        let plan = self.failing_key().and_then(|key| self.script.key(key));
        let unblocker = plan
            .and_then(|plan| Some((plan, plan.unblocked_by()?)))
            .filter(|(plan, _)| {
                failure.kind == FailureKind::PinLocked && !self.keys[&plan.id].is_at_former()
            });
        if failure.kind == FailureKind::PinLocked {
            lines.push(match (&unblocker, plan) {
                (Some((plan, by)), _) => {
                    let owner = by.set_by.as_ref().map_or("", |owner| self.name(owner));
                    let bag = self.keys[&plan.id].envelopes.get(&by.secret);
                    let bag = bag.map_or_else(String::new, |bag| {
                        format!(" from bag {bag}, which a witness sees opened")
                    });
                    format!(
                        "{owner} can unblock it with the {}{bag}; then {} sets a new PIN.",
                        by.secret.title(),
                        self.name(&plan.holder)
                    )
                }
                _ => "What would unblock it was random and is forgotten.".to_owned(),
            });
        }
        let ways: Vec<&str> = self
            .offers()
            .iter()
            .filter(|offer| offer.kind.is_way_out())
            .map(|offer| offer.kind.title())
            .collect();
        if !ways.is_empty() {
            lines.push(format!(
                "Other ways stand under \"other\": {}.",
                ways.join("; ")
            ));
        }
        let Some((plan, by)) = unblocker else {
            let action = "Try again".to_owned();
            return Self::prompt(step, who, lines, Ask::Enter { action });
        };
        let mut who: Vec<PersonId> = by.set_by.iter().cloned().collect();
        if !who.contains(&plan.holder) {
            who.push(plan.holder.clone());
        }
        let options = [UNBLOCK, AGAIN].map(Choice::plain).to_vec();
        let label = "What is done".to_owned();
        Self::prompt(step, who, lines, Ask::Choice { label, options })
    }

    /// The holder of the key at hand, or whom the step is for.
    pub(super) fn people_at_hand(&self, step: &Step) -> Vec<PersonId> {
        let plan = self.key_at_hand().and_then(|key| self.script.key(key));
        plan.map_or_else(|| self.people_of(step), |plan| vec![plan.holder.clone()])
    }

    /// Asks for the number of the bag into which a secret is sealed.
    pub(super) fn ask_envelope(
        &self,
        step: &Step,
        key: &KeyId,
        secret: TokenSecret,
        bag: Option<&str>,
    ) -> Prompt {
        let lines = self.sealing_lines(key, secret, bag);
        let usual = bag.map_or_else(|| self.usual_envelope(), str::to_owned);
        let label = "Number on the bag".to_owned();
        let ask = Ask::Reading { label, usual };
        let mut prompt = Self::prompt(step, self.usual_approvers(), lines, ask);
        prompt.approval = true;
        prompt
    }

    pub(super) fn ask_initials(&self, step: &Step, initials: &[PersonId]) -> Prompt {
        let text = self.note(&step.id).unwrap_or_default();
        let who: Vec<_> = self.next_to_initial(step, initials).into_iter().collect();
        let ask = match who.first() {
            Some(person) => Ask::Text {
                label: format!("Initials of {}", self.name(person)),
                default: Some(initials_of(self.name(person))),
            },
            None => Ask::Enter {
                action: "Go on".to_owned(),
            },
        };
        Self::prompt(step, who, vec![text.to_owned()], ask)
    }

    pub(super) fn ask_review(&self, step: &Step) -> Prompt {
        let Some(root) = &self.frozen else {
            return self.go_on(step, Vec::new(), "Go on");
        };
        let mut lines = self.review_lines(root);
        if !self.script.is_solo() {
            lines.push("Two people read the digest to each other.".to_owned());
        }
        let mut who = self.people_of(step);
        who.extend(self.usual_approvers());
        Self::prompt(
            step,
            who,
            lines,
            Ask::Word {
                word: review_word(root),
            },
        )
    }

    pub(super) fn ask_sign_off(&self, step: &Step) -> Prompt {
        let who: Vec<_> = self.next_to_sign_off().into_iter().collect();
        let name = who
            .first()
            .map_or_else(String::new, |id| self.name(id).to_owned());
        Self::prompt(
            step,
            who,
            Vec::new(),
            Ask::Choice {
                label: name,
                options: VERDICTS
                    .map(|verdict| Choice {
                        text: verdict.to_string(),
                        wants_remark: verdict != Verdict::Agree,
                    })
                    .to_vec(),
            },
        )
    }

    pub(super) fn ask_to_close(&self) -> Prompt {
        Prompt {
            step: None,
            who: self.with_role(PersonRole::Administrator, 1),
            lines: vec![format!(
                "All steps are done; the worst verdict is: {}.",
                self.worst_verdict()
            )],
            ask: Ask::Enter {
                action: "Close the ceremony".to_owned(),
            },
            approval: false,
        }
    }
}

/// The first letters of a name's words.
fn initials_of(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .collect()
}
