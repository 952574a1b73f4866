//! What the outcome of an effect means.

use crate::certificate::{Certificate, PublicKey};
use crate::record::{KeyAttributes, TokenId};
use crate::script::{Act, KeyId, Step};
use crate::transfer::Occasion;

use crate::ceremony::attestation::AttestedKey;
use crate::ceremony::effect::Outcome;
use crate::ceremony::event::{Event, EventKind};
use crate::ceremony::failure::Failure;
use crate::ceremony::state::{Ceremony, Intent};

use super::StepError;

impl Ceremony {
    /// The event of an outcome that belongs to no act of its own: whatever the step, it can happen.
    fn outcome_beside(&self, step: &Step, outcome: &Outcome) -> Result<Option<Event>, StepError> {
        Ok(Some(match outcome {
            Outcome::KeyDestroyed if !matches!(step.act, Act::Destroy { .. }) => {
                let key = self.key_at_hand().ok_or(StepError::NotAsked)?.clone();
                let former = self.keys[&key].to_destroy().ok_or(StepError::NotAsked)?;
                let fingerprint = former.public_key.fingerprint();
                let fact = EventKind::KeyDestroyed { key, fingerprint };
                self.at_step(self.people_at_hand(step), fact)
            }
            Outcome::PinSet if self.is_unblocking() => {
                let key = self.key_at_hand().ok_or(StepError::NotAsked)?.clone();
                self.at_step(self.people_at_hand(step), EventKind::PinUnblocked { key })
            }
            Outcome::ManagementKeyWritten => {
                let key = self.key_at_hand().ok_or(StepError::NotAsked)?.clone();
                let writer = self.management_writer(&key).ok_or(StepError::NotAsked)?;
                self.at_step(vec![writer], EventKind::ManagementKeyWritten { key })
            }
            Outcome::CodeChosen => {
                let person = self.next_without_code().ok_or(StepError::NotAsked)?;
                self.at_step(vec![person], EventKind::CodeChosen)
            }
            Outcome::ApprovalTokenAnswered {
                person,
                challenge,
                signature,
            } => {
                let fact = EventKind::ApprovalTokenProven {
                    challenge: hex::encode(challenge),
                    signature: hex::encode(signature),
                };
                self.at_step(vec![person.clone()], fact)
            }
            _ => return Ok(None),
        }))
    }

    /// The event of an outcome, or the failure that it is. The outer error: it does not belong here.
    pub(super) fn decide_outcome(
        &self,
        outcome: Outcome,
    ) -> Result<Result<Event, Failure>, StepError> {
        let step = self.current_step().ok_or(StepError::NotAsked)?;
        if let Some(event) = self.outcome_beside(step, &outcome)? {
            return Ok(Ok(event));
        }
        if let (Outcome::Signed(_), Some(view)) = (&outcome, self.repository_at_hand()) {
            let decided = view.decide_outcome(outcome)?;
            return Ok(decided.map(|event| Event {
                fact: view.fact_within(event.fact),
                ..event
            }));
        }
        self.own_outcome(step, outcome)
    }

    /// The event of an outcome of the step's own act, for the script's own repository.
    fn own_outcome(
        &self,
        step: &Step,
        outcome: Outcome,
    ) -> Result<Result<Event, Failure>, StepError> {
        let fact = match (&step.act, outcome) {
            (_, Outcome::Failed(failure)) => return Ok(Err(failure)),
            (_, Outcome::PutAway) => EventKind::TokensPutAway,
            (Act::InspectHost, Outcome::HostInspected(findings)) => {
                EventKind::HostInspected { findings }
            }
            (
                Act::OpenToken { key },
                Outcome::TokenFound {
                    token,
                    blank,
                    at_factory_value,
                },
            ) => EventKind::TokenFound {
                key: key.clone(),
                token,
                blank,
                at_factory_value,
            },
            (Act::InitializeToken { key }, Outcome::TokenInitialized { token }) => {
                EventKind::TokenInitialized {
                    key: key.clone(),
                    token,
                }
            }
            (Act::SetPin { key }, Outcome::PinSet) => EventKind::PinSet { key: key.clone() },
            (
                Act::GenerateKey { key }
                | Act::ImportKey { key }
                | Act::RestoreKey { key: Some(key) },
                Outcome::KeyGenerated {
                    token,
                    public_key,
                    attributes,
                    attestation,
                },
            ) => self.generated(key, token, &public_key, attributes, &attestation),
            (
                Act::GenerateKey { key }
                | Act::ImportKey { key }
                | Act::EnrollKey { key }
                | Act::ProveToken { key },
                Outcome::Answered {
                    challenge,
                    signature,
                },
            ) => EventKind::PossessionProven {
                key: key.clone(),
                occasion: occasion_of(&step.act),
                challenge: hex::encode(challenge),
                signature: hex::encode(signature),
            },
            (
                Act::OpenShare { .. }
                | Act::RestoreKey { .. }
                | Act::ProveRestore { .. }
                | Act::Destroy { .. },
                outcome,
            ) => return self.restore_outcome(step, outcome).map(Ok),
            (Act::CertifyKey { key }, Outcome::Signed(signature)) => {
                self.certified(key, &signature)
            }
            (Act::BackUpKey { .. } | Act::ProveBackup { .. }, outcome) => {
                return self.backup_outcome(step, outcome).map(Ok);
            }
            (Act::SignRoot, Outcome::Signed(signature)) => {
                let (plan, key_id) = self
                    .key_states()
                    .find(|(_, state)| {
                        matches!(state.sign, Intent::Recorded(())) && state.owes_signature()
                    })
                    .and_then(|(plan, _)| Some((plan, self.root_key_ids(&plan.id).pop()?)))
                    .ok_or(StepError::NotAsked)?;
                let fact = EventKind::Signed {
                    key: plan.id.clone(),
                    key_id: key_id.as_str().to_owned(),
                    signature: hex::encode(signature),
                };
                return Ok(Ok(self.at_step(vec![plan.holder.clone()], fact)));
            }
            (Act::CollectSignatures, Outcome::RequestWritten(file)) => {
                EventKind::RequestWritten { file }
            }
            (Act::CollectSignatures, Outcome::Collected { signature, record }) => {
                self.collected(&signature, record)?
            }
            (Act::Export, Outcome::Exported) => EventKind::Exported {
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
}

impl Ceremony {
    /// The event of what came of an effect in a backup.
    fn backup_outcome(&self, step: &Step, outcome: Outcome) -> Result<Event, StepError> {
        let key = self.key_of_backup(step.act.key());
        let key = key.ok_or(StepError::NotAsked)?;
        let (people, fact) = match outcome {
            Outcome::RecipientProven {
                custodian,
                recipients,
                by,
            } => (
                vec![custodian.clone()],
                EventKind::RecipientProven {
                    custodian,
                    recipients,
                    by,
                },
            ),
            Outcome::ShareOpened { custodian, by } => {
                let made = self.backup_of(&key).and_then(|backup| backup.made());
                let set = made.ok_or(StepError::NotAsked)?.manifest.set();
                let people = vec![custodian.clone()];
                (
                    people,
                    EventKind::ShareOpened {
                        key,
                        set,
                        custodian,
                        by,
                    },
                )
            }
            Outcome::BackedUp(made) => (self.people_of(step), EventKind::BackedUp(made)),
            Outcome::KeyConfined(attributes) => (
                self.people_of(step),
                EventKind::KeyConfined { key, attributes },
            ),
            _ => return Err(StepError::NotAsked),
        };
        Ok(self.at_step(people, fact))
    }

    /// What a token gave back as its new key. What is false in it is told by the fold.
    fn generated(
        &self,
        key: &KeyId,
        token: TokenId,
        public_key: &PublicKey,
        attributes: KeyAttributes,
        attestation: &[Certificate],
    ) -> EventKind {
        let announced = self.keys.get(key).and_then(|state| state.generate.get());
        let told = AttestedKey {
            token: &token,
            object_id: announced.map_or(&[], |(object_id, _)| object_id),
            public_key,
            attributes,
        };
        let judged = self.judge_attestation(key, &told, attestation);
        let judged = judged.ok().flatten();
        EventKind::KeyGenerated {
            key: key.clone(),
            public_key: public_key.to_pem(),
            fingerprint: public_key.fingerprint(),
            attributes,
            provenance: self.provenance_of(key, &told, judged.as_ref()),
            attestation: attestation.iter().map(Certificate::to_pem).collect(),
            token,
        }
    }
}

/// When in the life of a key its token answers a challenge.
const fn occasion_of(act: &Act) -> Occasion {
    match act {
        Act::ProveToken { .. } => Occasion::Reinsertion,
        Act::EnrollKey { .. } => Occasion::Adoption,
        _ => Occasion::Generation,
    }
}

/// Whether a contradiction in it is the token's: its answer, not the room's.
pub(super) fn is_from_token(fact: &EventKind) -> bool {
    let fact = match fact {
        EventKind::InRepository { fact, .. } => fact,
        fact => fact,
    };
    matches!(
        fact,
        EventKind::TokenFound { .. }
            | EventKind::TokenInitialized { .. }
            | EventKind::KeyGenerated { .. }
            | EventKind::KeyConfined { .. }
            | EventKind::PossessionProven { .. }
            | EventKind::RestoreProven { .. }
            | EventKind::ApprovalTokenProven { .. }
            | EventKind::KeyCertified { .. }
            | EventKind::Signed { .. }
            | EventKind::SignatureCollected { .. }
    )
}
