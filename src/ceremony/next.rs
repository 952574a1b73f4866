//! What comes next: told from the state alone, so that resuming is nothing special.

use crate::metadata::{Count, FrozenRoot};
use crate::script::{Act, KeyId, PersonId, PersonRole, Step};

use super::effect::Effect;
use super::event::{Occasion, Verdict};
use super::prompt::{Ask, Choice, Prompt};
use super::state::{Ceremony, Ending, Intent, KeyState};

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The room is asked.
    Ask(Prompt),
    /// Something is done in the world.
    Do(Effect),
    /// The ceremony is over.
    Done(Ending),
}

/// The exact word that the review asks for.
pub(super) fn review_word(root: &FrozenRoot) -> String {
    format!("SIGN ROOT {}", root.version())
}

/// By which a person is known, as offered for attendance.
pub(super) const DOCUMENTS: [&str; 5] = [
    "known personally",
    "passport",
    "identity card",
    "driving licence",
    "staff card",
];

/// The verdicts of a sign-off, in the order of the choice.
pub(super) const VERDICTS: [Verdict; 3] =
    [Verdict::Agree, Verdict::WithReservation, Verdict::Refuse];

impl Ceremony {
    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next {
        if let Some(ending) = &self.ending {
            return Next::Done(ending.clone());
        }
        let Some(step) = self.current_step() else {
            return Next::Ask(self.ask_to_close());
        };
        if let Some(failure) = &self.failure {
            return Next::Ask(Self::prompt(
                step,
                self.people_of(step),
                vec![
                    format!("It did not work: {}.", failure.what),
                    failure.hint.clone(),
                ],
                Ask::Enter {
                    action: "Try again".to_owned(),
                },
            ));
        }
        self.next_in(step)
    }

    fn next_in(&self, step: &Step) -> Next {
        match &step.act {
            Act::Attendance => Next::Ask(self.ask_attendance(step)),
            Act::AttestClock => Next::Ask(self.ask_clock(step)),
            Act::InspectStation => match &self.findings {
                None => Next::Do(Effect::InspectStation),
                Some(_) => Next::Ask(self.ask_acknowledge(step)),
            },
            Act::ReadScript => Next::Ask(self.ask_read(step)),
            Act::Note { text, initials } => Next::Ask(self.ask_initials(step, text, initials)),
            Act::OpenToken { key } => Next::Do(Effect::FindToken { key: key.clone() }),
            Act::InitialiseToken { key } => self.next_initialise(step, key),
            Act::SetPin { key } => self.with_token(key, |token| Effect::SetPin {
                key: key.clone(),
                token,
            }),
            Act::GenerateKey { key } => self.next_generate(step, key),
            Act::ComposeRoot => Next::Ask(self.go_on(
                step,
                vec!["All keys are there. The root is composed from them and from the script; it is signed only after everybody has seen it.".to_owned()],
                "Compose the root",
            )),
            Act::ReviewRoot => Next::Ask(self.ask_review(step)),
            Act::SignRoot => self.next_sign(step),
            Act::VerifyRoot => Next::Ask(self.go_on(
                step,
                vec!["The signed root is verified from its bytes, as a client does it.".to_owned()],
                "Verify the signed root",
            )),
            Act::Export => {
                if self.export_intended {
                    return Next::Do(Effect::Export {
                        files: self.export_files(),
                    });
                }
                let names: Vec<_> = self
                    .export_files()
                    .iter()
                    .map(|(file, _)| format!("{} ({} bytes)", file.name, file.size))
                    .collect();
                Next::Ask(self.go_on(
                    step,
                    vec![format!(
                        "These files are written where nothing is yet, read back and compared: {}.",
                        names.join(", ")
                    )],
                    "Export",
                ))
            }
            Act::ProveToken { key } => self.prove(key, Occasion::Reinsertion),
            Act::SignOff => Next::Ask(self.ask_sign_off(step)),
        }
    }

    fn next_initialise(&self, step: &Step, key: &KeyId) -> Next {
        let state = &self.keys[key];
        if let Some(label) = state.initialise.get() {
            return self.with_token(key, |token| Effect::InitialiseToken {
                key: key.clone(),
                token,
                label: label.clone(),
            });
        }
        let token = state.token.as_ref().map(ToString::to_string);
        Next::Ask(self.go_on(
            step,
            vec![format!("This is the token: {}.", token.unwrap_or_default())],
            "Initialise the token",
        ))
    }

    fn next_generate(&self, step: &Step, key: &KeyId) -> Next {
        let state = &self.keys[key];
        if state.generated.is_some() {
            return self.prove(key, Occasion::Generation);
        }
        let Some((object_id, label)) = state.generate.get().cloned() else {
            return Next::Ask(self.go_on(
                step,
                vec!["The key is made inside the token, read back, and made to answer a fresh challenge.".to_owned()],
                "Generate the key",
            ));
        };
        let Some(plan) = self.script.key(key) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Generate the key"));
        };
        let key_type = plan.key_type;
        self.with_token(key, |token| Effect::GenerateKey {
            key: key.clone(),
            token,
            object_id,
            label,
            key_type,
        })
    }

    fn next_sign(&self, step: &Step) -> Next {
        let next = self
            .script
            .keys()
            .iter()
            .find(|plan| !self.keys[&plan.id].has_signed());
        let (Some(plan), Some(frozen)) = (next, &self.frozen) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        let state = &self.keys[&plan.id];
        if matches!(state.sign, Intent::Recorded(())) {
            let message = frozen.signed_bytes().to_vec();
            return self.with_key(&plan.id, |token, public_key| Effect::Sign {
                key: plan.id.clone(),
                token,
                public_key,
                message,
            });
        }
        let Count { have, need } = self.signatures();
        let mut lines = vec![format!(
            "Root {}: {have} of {} keys have signed; {need} must.",
            frozen.version(),
            self.keys.len()
        )];
        if matches!(state.sign, Intent::Interrupted(())) {
            lines.push(
                "This key was signing when the ceremony was interrupted. It signs the same bytes again; the record says so."
                    .to_owned(),
            );
        }
        let action = format!("Sign with {}", plan.id);
        let who = vec![plan.holder.clone()];
        Next::Ask(Self::prompt(step, who, lines, Ask::Enter { action }))
    }

    fn prove(&self, key: &KeyId, occasion: Occasion) -> Next {
        self.with_key(key, |token, public_key| Effect::ProvePossession {
            key: key.clone(),
            occasion,
            token,
            public_key,
        })
    }

    /// An effect on the token of a key. A token that is not known yet is looked for first.
    fn with_token(
        &self,
        key: &KeyId,
        effect: impl FnOnce(crate::record::TokenId) -> Effect,
    ) -> Next {
        Next::Do(match &self.keys[key].token {
            Some(token) => effect(token.clone()),
            None => Effect::FindToken { key: key.clone() },
        })
    }

    fn with_key(
        &self,
        key: &KeyId,
        effect: impl FnOnce(crate::record::TokenId, crate::certificate::PublicKey) -> Effect,
    ) -> Next {
        let public_key = self.keys[key]
            .generated
            .as_ref()
            .map(|generated| generated.public_key.clone());
        match public_key {
            Some(public_key) => self.with_token(key, |token| effect(token, public_key)),
            None => Next::Do(Effect::FindToken { key: key.clone() }),
        }
    }

    fn prompt(step: &Step, who: Vec<PersonId>, lines: Vec<String>, ask: Ask) -> Prompt {
        Prompt {
            step: Some(step.id.clone()),
            who,
            lines,
            ask,
        }
    }

    fn go_on(&self, step: &Step, lines: Vec<String>, action: &str) -> Prompt {
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

    fn with_role(&self, role: PersonRole, count: usize) -> Vec<PersonId> {
        self.script
            .with_role(role)
            .take(count)
            .map(|person| person.id.clone())
            .collect()
    }

    /// The two who decide with the administrator, and are not the administrator.
    pub(super) fn witnesses(&self) -> Vec<PersonId> {
        self.with_role(PersonRole::Witness, 2)
    }

    /// How many keys have signed the root, and how many must.
    #[must_use]
    pub fn signatures(&self) -> Count {
        self.signed.as_ref().map_or(
            Count {
                have: 0,
                need: u64::from(self.script.root().threshold),
            },
            |signed| signed.progress().own,
        )
    }

    pub(super) fn next_absent(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| !self.attended.contains_key(id))
    }

    pub(super) fn next_to_sign_off(&self) -> Option<PersonId> {
        self.script
            .people()
            .iter()
            .map(|person| person.id.clone())
            .find(|id| !self.sign_offs.contains_key(id))
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

    fn name_of(&self, person: &PersonId) -> String {
        self.script
            .person(person)
            .map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn ask_attendance(&self, step: &Step) -> Prompt {
        let who: Vec<_> = self.next_absent().into_iter().collect();
        let name = who.first().map_or_else(String::new, |id| self.name_of(id));
        Self::prompt(
            step,
            who,
            Vec::new(),
            Ask::Choice {
                label: format!("{name} is here, by"),
                options: DOCUMENTS.map(Choice::plain).to_vec(),
            },
        )
    }

    fn ask_clock(&self, step: &Step) -> Prompt {
        Self::prompt(step, self.witnesses(), Vec::new(), Ask::Clock)
    }

    fn ask_acknowledge(&self, step: &Step) -> Prompt {
        let mut lines = vec!["Found on this machine:".to_owned()];
        lines.extend(
            self.findings
                .iter()
                .flatten()
                .map(|finding| format!("- {finding}")),
        );
        Self::prompt(
            step,
            self.witnesses(),
            lines,
            Ask::Enter {
                action: "Go on all the same".to_owned(),
            },
        )
    }

    fn ask_read(&self, step: &Step) -> Prompt {
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

    fn ask_initials(&self, step: &Step, text: &str, initials: &[PersonId]) -> Prompt {
        let who: Vec<_> = self.next_to_initial(step, initials).into_iter().collect();
        let ask = match who.first() {
            Some(person) => Ask::Text {
                label: format!("Initials of {}", self.name_of(person)),
                default: Some(initials_of(&self.name_of(person))),
            },
            None => Ask::Enter {
                action: "Go on".to_owned(),
            },
        };
        Self::prompt(step, who, vec![text.to_owned()], ask)
    }

    fn ask_review(&self, step: &Step) -> Prompt {
        let Some(root) = &self.frozen else {
            return self.go_on(step, Vec::new(), "Go on");
        };
        let mut lines = self.review_lines(root);
        lines.push("Two people read the digest to each other.".to_owned());
        let mut who = self.people_of(step);
        who.extend(self.witnesses());
        Self::prompt(
            step,
            who,
            lines,
            Ask::Word {
                word: review_word(root),
            },
        )
    }

    /// What is about to be signed, in words, with its digest.
    fn review_lines(&self, root: &FrozenRoot) -> Vec<String> {
        let policy = self.script.root();
        let days = policy
            .expires
            .duration_since(self.script.not_before())
            .as_hours()
            / 24;
        let mut lines = vec![
            format!(
                "Root {} of {}, expires {} ({days} days after {}).",
                root.version(),
                self.script.repository(),
                policy.expires,
                self.script.not_before(),
            ),
            format!(
                "{} of these {} keys must sign every change:",
                policy.threshold,
                self.keys.len()
            ),
        ];
        for plan in self.script.keys() {
            let Some(generated) = self.keys[&plan.id].generated() else {
                continue;
            };
            lines.push(format!(
                "+ {} ({})  {}  {}  {}",
                plan.id,
                self.name_of(&plan.holder),
                plan.key_type,
                generated.provenance,
                generated.key.id(),
            ));
        }
        for (kind, role) in policy.roles.iter() {
            let ids: Vec<_> = role
                .keys
                .iter()
                .map(|carried| carried.key.id().to_string())
                .collect();
            lines.push(format!(
                "+ {}: {} of {} online keys: {}",
                kind.as_str(),
                role.threshold,
                ids.len(),
                ids.join(", ")
            ));
        }
        lines.push("Digest of what will be signed:".to_owned());
        let digest = root.digest();
        lines.extend(digest.grouped_hex());
        lines.extend(digest.words().chunks(8).map(|words| words.join(" ")));
        lines
    }

    fn ask_sign_off(&self, step: &Step) -> Prompt {
        let who: Vec<_> = self.next_to_sign_off().into_iter().collect();
        let name = who.first().map_or_else(String::new, |id| self.name_of(id));
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

    fn ask_to_close(&self) -> Prompt {
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
        }
    }

    /// The keys of the script with what is known of each, in the script's order.
    pub fn key_states(&self) -> impl Iterator<Item = (&crate::script::KeyPlan, &KeyState)> {
        self.script
            .keys()
            .iter()
            .map(|plan| (plan, &self.keys[&plan.id]))
    }
}

/// The first letters of a name's words.
fn initials_of(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .collect()
}
