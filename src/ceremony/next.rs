//! What comes next: told from the state alone, so that resuming is nothing special.

use crate::metadata::Count;
use crate::script::{Act, KeyId, KeyPlan, Step};
use crate::transfer::Occasion;
use crate::words::Digest;

use super::custody::CustodyRequest;
use super::effect::Effect;
use super::prompt::{Ask, Prompt};
use super::state::{Ceremony, Ending, Intent};

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The room is asked.
    Ask(Prompt),
    /// Something is done in the world.
    Do(Effect),
    /// The ceremony rests: this process ends, and another takes it up.
    Rest,
    /// The ceremony is over.
    Done(Ending),
}

impl Ceremony {
    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next {
        if let Some(ending) = &self.ending {
            return Next::Done(ending.clone());
        }
        if self.is_paused() {
            return Next::Rest;
        }
        let Some(step) = self.current_step() else {
            return Next::Ask(self.ask_to_close());
        };
        if let Some(failure) = &self.failure {
            return Next::Ask(self.ask_after(step, failure));
        }
        if let Some(person) = self.next_without_code() {
            return Next::Do(match self.own_key(&person) {
                Some(public_key) => Effect::ProveApprovalToken { person, public_key },
                None => Effect::ChooseCode { person },
            });
        }
        if self.wants_rehearsal() {
            return Next::Ask(self.ask_without_rehearsal(step));
        }
        if let Some(wanted) = self.custody_asks(step) {
            return self.next_in_custody(step, wanted);
        }
        if let Some(person) = self.attendance_wanted(step) {
            return Next::Ask(self.ask_attendance(step, &person));
        }
        if let Some(next) = self.next_beside(step) {
            return next;
        }
        match self.repository_at_hand() {
            Some(view) => view.next_in_repository(step),
            None if self.is_of_one_root(&step.act) => self.next_in_repository(step),
            None => self.next_in(step),
        }
    }

    pub(super) fn next_in(&self, step: &Step) -> Next {
        match &step.act {
            Act::Attendance => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
            Act::AttestClock => Next::Ask(self.ask_clock(step)),
            Act::InspectHost => match &self.findings {
                None => Next::Do(Effect::InspectHost),
                Some(_) => Next::Ask(self.ask_acknowledge(step)),
            },
            Act::ReadScript => Next::Ask(self.ask_read(step)),
            Act::Note { initials, .. } => Next::Ask(self.ask_initials(step, initials)),
            Act::OpenToken { key } => Next::Do(Effect::FindToken { key: key.clone() }),
            Act::InitializeToken { key } => self.next_initialize(step, key),
            Act::SetPin { key } => self.with_token(key, |token| Effect::SetPin {
                key: key.clone(),
                token,
            }),
            Act::GenerateKey { key } => self.next_made(step, key, "Generate the key"),
            Act::ImportKey { key } => self.next_made(step, key, "Bring in the key"),
            Act::CertifyKey { key } => self.next_certify(step, key),
            Act::BackUpKey { key } => self.next_back_up(step, key.as_ref()),
            Act::ProveBackup { key } => self.next_prove_backup(step, key.as_ref()),
            Act::OpenShare { custodian } => self.next_open_share(step, custodian),
            Act::RestoreKey { key } => self.next_restore(step, key.as_ref()),
            Act::ProveRestore { key } => self.next_prove_restore(step, key.as_ref()),
            Act::Destroy { key } => self.next_destroy(step, key.as_ref()),
            Act::DestroyShares => self.next_destroy_shares(step),
            Act::EnrollKey { key } if self.keys.contains_key(key) => {
                self.prove(key, Occasion::Adoption)
            }
            Act::EnrollKey { key } => Next::Ask(self.ask_enrollment(step, key)),
            Act::ComposeRoot => Next::Ask(self.go_on(
                step,
                vec![match &self.base_root {
                    None => "All keys are there. The root is composed from them and from the script; it is signed only after everybody has seen it.".to_owned(),
                    Some(before) => format!(
                        "All keys are there. Root {} is composed from root {}, from them and from the script; it is signed only after everybody has seen what changes.",
                        self.script.root_version(),
                        before.root.version()
                    ),
                }],
                "Compose the root",
            )),
            Act::JudgeRequest => Next::Ask(self.ask_judgment(step)),
            Act::ReviewRoot => Next::Ask(self.ask_review(step)),
            Act::SignRoot => self.next_sign(step),
            Act::CollectSignatures => self.next_owed(step),
            Act::VerifyRoot => {
                // In a change the room sees how far both roots have come.
                let counters = self.base_root.as_ref().map(|_| format!("{}.", self.counters()));
                let mut lines: Vec<_> = counters.into_iter().collect();
                lines.push(
                    "The signed root is verified from its bytes, as a client does it.".to_owned(),
                );
                Next::Ask(self.go_on(step, lines, "Verify the signed root"))
            }
            Act::Export => {
                if self.export_intended {
                    return Next::Do(Effect::Export {
                        files: self.export_files(),
                        supersedes: self.base_root().and_then(|before| {
                            let (_, bytes) = before.chain().last()?;
                            Some(Digest::of(bytes))
                        }),
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
            Act::Seal { key, .. } => {
                self.next_in_custody(step, CustodyRequest::FirstReading(self.item_of(key)))
            }
            Act::SealMedium { medium, .. } => {
                self.next_in_custody(step, CustodyRequest::FirstReading(medium.into()))
            }
            Act::Break { .. } => self.next_in_custody(step, CustodyRequest::BeginBreak),
            Act::SignOff => Next::Ask(self.ask_sign_off(step)),
        }
    }

    /// What comes before the step goes on: an old key is destroyed, a PIN is unblocked, a secret is sealed.
    fn next_beside(&self, step: &Step) -> Option<Next> {
        let key = self.key_at_hand()?;
        let state = &self.keys[key];
        if let Some(former) = state.to_destroy() {
            return Some(Next::Do(Effect::DestroyKey {
                key: key.clone(),
                spare: former.spare.clone(),
                token: former.token.clone(),
                object_id: former.object_id.clone(),
                public_key: former.public_key.clone(),
            }));
        }
        if state.unblocking {
            return Some(self.with_token(key, |token| Effect::UnblockPin {
                key: key.clone(),
                token,
            }));
        }
        self.envelope_due()
            .map(|(key, secret, bag)| Next::Ask(self.ask_envelope(step, key, secret, bag)))
    }

    fn next_initialize(&self, step: &Step, key: &KeyId) -> Next {
        let state = &self.keys[key];
        if let Some(label) = state.initialize.get() {
            return self.with_token(key, |token| Effect::InitializeToken {
                key: key.clone(),
                token,
                label: label.clone(),
            });
        }
        let token = state.token.as_ref().map(ToString::to_string);
        let mut lines = vec![format!("This is the token: {}.", token.unwrap_or_default())];
        lines.extend(self.factory_line(key));
        lines.extend(self.weakness_lines(key));
        Next::Ask(self.go_on(step, lines, "Initialize the token"))
    }

    fn next_made(&self, step: &Step, key: &KeyId, action: &str) -> Next {
        let state = &self.keys[key];
        if self.owes_management_key(key) {
            return self.with_token(key, |token| Effect::HandOverManagementKey {
                key: key.clone(),
                token,
            });
        }
        if state.generated.is_some() {
            return self.prove(key, Occasion::Generation);
        }
        let is_imported = self.script.imports(key);
        let Some((object_id, label)) = state.generate.get().cloned() else {
            let line = if is_imported {
                "The key is made in the locked memory of this machine, brought into the token and forgotten here; it is read back, and made to answer a fresh challenge."
            } else {
                "The key is made inside the token, read back, and made to answer a fresh challenge."
            };
            return Next::Ask(self.go_on(step, vec![line.to_owned()], action));
        };
        let Some(plan) = self.script.key(key) else {
            return Next::Ask(self.go_on(step, Vec::new(), action));
        };
        let (key, key_type) = (key.clone(), plan.key_type);
        let slot = self.token_spec(&key).and_then(|token| token.slot);
        let policy = slot.map(|slot| slot.policy);
        self.with_token(&plan.id, |token| {
            if is_imported {
                Effect::ImportKey {
                    key,
                    token,
                    object_id,
                    label,
                    key_type,
                    policy,
                }
            } else {
                Effect::GenerateKey {
                    key,
                    token,
                    object_id,
                    label,
                    key_type,
                    policy,
                }
            }
        })
    }

    fn next_sign(&self, step: &Step) -> Next {
        let (Some(plan), Some(frozen)) = (self.next_signer(), &self.frozen) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        let state = &self.keys[&plan.id];
        if matches!(state.sign, Intent::Recorded(())) {
            let message = frozen.signed_bytes().to_vec();
            let scheme = self.signing_scheme(&plan.id);
            return self.with_key(&plan.id, |token, public_key| Effect::Sign {
                key: plan.id.clone(),
                token,
                scheme,
                public_key,
                message,
            });
        }
        let mut lines = match &self.base_root {
            None => {
                let Count { have, need } = self.signatures();
                vec![format!(
                    "Root {}: {have} of {} keys have signed; {need} must.",
                    frozen.version(),
                    self.keys.len()
                )]
            }
            Some(_) => self.signing_lines(plan),
        };
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

    /// The key that signs next.
    pub(super) fn next_signer(&self) -> Option<&KeyPlan> {
        let keys = self.script.keys().iter();
        keys.into_iter()
            .find(|plan| self.keys[&plan.id].owes_signature() || self.owes_further(&plan.id))
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
    pub(super) fn with_token(
        &self,
        key: &KeyId,
        effect: impl FnOnce(crate::record::TokenId) -> Effect,
    ) -> Next {
        Next::Do(match &self.keys[key].token {
            Some(token) => effect(token.clone()),
            None => Effect::FindToken { key: key.clone() },
        })
    }

    pub(super) fn with_key(
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
}
