//! What the room may ask for about tokens and their keys: to put off, to make anew, to take a spare, to go on without.

use crate::script::{KeyId, SpareId, TokenSecret};

use super::decide::StepError;
use super::event::EventKind;
use super::request::{Field, Pick, Request, RequestKind, parsed};
use super::state::Ceremony;
use super::tokens::KEYBOARD_LINE;

impl Ceremony {
    /// The form of a request about tokens.
    pub(super) fn form_of_tokens(&self, kind: RequestKind) -> Vec<Field> {
        let keys = |wanted: &dyn Fn(&KeyId) -> bool| -> Vec<Pick> {
            let plans = self.script.keys().iter();
            plans
                .filter(|plan| wanted(&plan.id))
                .map(|plan| Pick::new(&plan.id, self.key_text(&plan.id)))
                .collect()
        };
        let why = || Field::typed("why");
        match kind {
            RequestKind::Postpone => vec![Field::chosen("whose", keys(&|key| self.may_defer(key)))],
            RequestKind::TakeUp => vec![Field::chosen("whose", keys(&|key| self.may_take_up(key)))],
            RequestKind::Regenerate => {
                vec![
                    Field::chosen("which key", keys(&|key| self.may_redo(key))),
                    why(),
                ]
            }
            RequestKind::Orphan => {
                let pending = |key: &KeyId| self.keys[key].to_destroy().is_some();
                vec![Field::chosen("which key", keys(&pending)), why()]
            }
            RequestKind::Skip => {
                vec![
                    Field::chosen("which key", keys(&|key| self.may_forgo(key))),
                    why(),
                ]
            }
            RequestKind::TakeSpare => {
                vec![Field::chosen("which for whom", self.spare_picks()), why()]
            }
            RequestKind::AmendEnvelope => vec![
                Field::chosen("which bag", self.envelope_picks()),
                Field::typed("the right number"),
            ],
            _ => Vec::new(),
        }
    }

    fn key_text(&self, key: &KeyId) -> String {
        let holder = self
            .script
            .key(key)
            .map_or("", |plan| self.name(&plan.holder));
        format!("{key} of {holder}")
    }

    /// Every spare for every key that it may serve now: the key at hand first.
    fn spare_picks(&self) -> Vec<Pick> {
        let at_hand = self.key_at_hand();
        let mut keys: Vec<&KeyId> = self.script.keys().iter().map(|plan| &plan.id).collect();
        keys.sort_by_key(|key| Some(*key) != at_hand);
        let picks = keys.into_iter().flat_map(|key| {
            let spares = self.spares_for(key).into_iter();
            spares.map(move |spare| {
                let text = format!("{} for {}", spare.id, self.key_text(key));
                Pick::new(&format!("{key} {}", spare.id), text)
            })
        });
        picks.collect()
    }

    fn envelope_picks(&self) -> Vec<Pick> {
        let keys = self.script.keys().iter();
        let picks = keys.flat_map(|plan| {
            let open = plan
                .envelopes()
                .filter(|(secret, _)| !self.keys[&plan.id].envelopes.contains_key(secret));
            open.filter_map(|(secret, _)| {
                let bag = self.envelope_bag(&plan.id, secret)?;
                let title = format!("{} of {}: {bag}", secret.title(), self.key_text(&plan.id));
                Some(Pick::new(&format!("{} {secret}", plan.id), title))
            })
        });
        picks.collect()
    }

    /// What a request about tokens leads to, still without approvals.
    pub(super) fn fact_of_token_request(&self, request: &Request) -> Result<EventKind, StepError> {
        let subject = request.values.first().map_or("", String::as_str);
        let reason = request
            .values
            .get(1)
            .map_or("", |text| text.trim())
            .to_owned();
        let approvals = Vec::new();
        Ok(match request.kind {
            RequestKind::Postpone => EventKind::Postponed {
                key: parsed(subject)?,
            },
            RequestKind::TakeUp => EventKind::TakenUp {
                key: parsed(subject)?,
            },
            RequestKind::Regenerate => EventKind::RegenerationDecided {
                key: parsed(subject)?,
                reason,
                approvals,
            },
            RequestKind::TakeSpare => {
                let (key, spare) = subject.split_once(' ').ok_or(StepError::NotAnAnswer)?;
                EventKind::SpareTaken {
                    key: parsed(key)?,
                    spare: parsed::<SpareId>(spare)?,
                    reason,
                    approvals,
                }
            }
            RequestKind::Orphan => {
                let key: KeyId = parsed(subject)?;
                let former = self.keys.get(&key).and_then(|state| state.to_destroy());
                EventKind::KeyOrphaned {
                    fingerprint: former
                        .ok_or(StepError::NotOffered)?
                        .public_key
                        .fingerprint(),
                    key,
                    reason,
                    approvals,
                }
            }
            RequestKind::Skip => EventKind::Skipped {
                key: parsed(subject)?,
                reason,
                approvals,
            },
            RequestKind::TestKeyboard if reason == KEYBOARD_LINE => {
                EventKind::KeyboardTested { typed: reason }
            }
            RequestKind::TestKeyboard => return Err(StepError::Keyboard { typed: reason }),
            _ => return Err(StepError::NotOffered),
        })
    }

    /// What a decision about tokens means, to be read aloud before two people approve it; nothing for others.
    pub(super) fn read_aloud_of_tokens(&self, fact: &EventKind) -> Option<Vec<String>> {
        let line = |text: String, reason: &str| Some(vec![text, format!("Why: {reason}")]);
        match fact {
            EventKind::RegenerationDecided { key, reason, .. } => line(
                format!(
                    "{} is destroyed on its token, and made anew there.",
                    self.key_text(key)
                ),
                reason,
            ),
            EventKind::SpareTaken {
                key, spare, reason, ..
            } => {
                let old = if self.keys[key].generated.is_some() {
                    " The key on the old token is destroyed first, or listed as an orphan."
                } else {
                    ""
                };
                line(
                    format!(
                        "{spare} takes the place of {}, for good; the steps of the key begin anew.{old}",
                        self.token_title(key)
                    ),
                    reason,
                )
            }
            EventKind::KeyOrphaned { key, reason, .. } => line(
                format!(
                    "The old key of {} is not destroyed. It is listed as an orphan: whoever has its token could sign with it, but no root trusts it.",
                    self.key_text(key)
                ),
                reason,
            ),
            EventKind::Skipped { key, reason, .. } => {
                let state = &self.keys[key];
                let what = if state.signature.is_some() {
                    "is not proven again"
                } else {
                    "does not sign this root, and is not proven again"
                };
                line(
                    format!("{} {what}. It stays in the root.", self.key_text(key)),
                    reason,
                )
            }
            _ => None,
        }
    }

    /// How a secret is sealed, for those who do it.
    pub(super) fn sealing_lines(
        &self,
        key: &KeyId,
        secret: TokenSecret,
        bag: Option<&str>,
    ) -> Vec<String> {
        let by = self
            .script
            .key(key)
            .and_then(|plan| plan.secret(secret)?.set_by.as_ref())
            .map_or("", |person| self.name(person));
        let title = secret.title();
        let number = match bag {
            Some(bag) => format!("It is bag {bag}. A witness reads the number from the bag."),
            None => "The bag that the script names is used up: take a new one. A witness reads its number.".to_owned(),
        };
        if secret == TokenSecret::ManagementKey {
            let token = self.token_title(key);
            return vec![
                format!(
                    "{by} puts the paper with the {title} of {token} into an envelope that nothing shines through, and seals it into a bag."
                ),
                number,
            ];
        }
        vec![
            format!(
                "The others turn away. {by} writes the {title} of {} on paper, puts it into an envelope that nothing shines through, and seals it into a bag.",
                self.token_title(key)
            ),
            number,
        ]
    }
}
