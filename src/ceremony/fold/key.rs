//! What happens to one key and its token: found, initialized, PIN set, generated, proven.

use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{Key, Scheme};
use crate::record::{FactorySecret, KeyAttributes, Provenance, TokenId};
use crate::script::{Act, KeyId, StepId};
use crate::transfer::{NoProof, Occasion, Possession, PossessionProof};
use crate::words::Digest;

use crate::ceremony::attestation::{AttestedKey, KeyAttestation};
use crate::ceremony::check::Check;
use crate::ceremony::event::{EventKind, Mode};
use crate::ceremony::state::{Ceremony, Generated, Intent};

use super::{Folded, ReplayError, broken, contradiction, hold, out_of_place, require};

impl Ceremony {
    /// Folds an event of a step that is about the key `of_step`.
    pub(super) fn fold_key(
        &mut self,
        act: &Act,
        of_step: &KeyId,
        step: &StepId,
        fact: &EventKind,
    ) -> Folded {
        let (EventKind::TokenFound { key: named, .. }
        | EventKind::InitializeIntended { key: named, .. }
        | EventKind::TokenInitialized { key: named, .. }
        | EventKind::PinSet { key: named }
        | EventKind::ManagementKeyWritten { key: named }
        | EventKind::GenerateIntended { key: named, .. }
        | EventKind::KeyGenerated { key: named, .. }
        | EventKind::PossessionProven { key: named, .. }
        | EventKind::CertifyIntended { key: named, .. }
        | EventKind::KeyCertified { key: named, .. }) = fact
        else {
            return Err(out_of_place(fact, step));
        };
        require(
            named == of_step,
            &format!("the step is about {of_step}, not about {named}"),
        )?;
        require(
            self.keys.contains_key(of_step),
            "the token of that key is at another site",
        )?;
        require(
            !self.is_holder_away(of_step),
            "the holder of that key is not here",
        )?;
        require(
            self.keys[of_step].to_destroy().is_none(),
            "the old key is neither destroyed nor listed as an orphan",
        )?;
        match (act, fact) {
            (
                Act::OpenToken { .. },
                EventKind::TokenFound {
                    token,
                    at_factory_value,
                    ..
                },
            ) => {
                self.fold_found(of_step, token, at_factory_value)?;
            }
            (Act::InitializeToken { .. }, EventKind::InitializeIntended { label, .. }) => {
                let state = self.key_mut(of_step)?;
                require(state.token.is_some(), "the token was not found yet")?;
                require(state.initialize == Intent::None, "it was announced already")?;
                state.initialize = Intent::Recorded(label.clone());
            }
            (Act::InitializeToken { .. }, EventKind::TokenInitialized { token, .. }) => {
                self.fold_initialized(of_step, token)?;
            }
            (Act::SetPin { .. }, EventKind::PinSet { .. }) => {
                self.key_mut(of_step)?.take_pin();
            }
            (
                Act::GenerateKey { .. } | Act::ImportKey { .. },
                EventKind::ManagementKeyWritten { .. },
            ) => {
                require(
                    self.owes_management_key(of_step),
                    "the management key of that token stays on it, was written down already, or is still needed",
                )?;
                self.key_mut(of_step)?.management_written = true;
            }
            (
                Act::GenerateKey { .. } | Act::ImportKey { .. } | Act::RestoreKey { .. },
                EventKind::GenerateIntended {
                    object_id, label, ..
                },
            ) => {
                let object_id = hex::decode(object_id)
                    .map_err(|_| contradiction("the object ID is not in hex"))?;
                let state = self.key_mut(of_step)?;
                require(state.token.is_some(), "the token was not found yet")?;
                require(state.generate == Intent::None, "it was announced already")?;
                state.generate = Intent::Recorded((object_id, label.clone()));
            }
            (act, EventKind::KeyGenerated { .. }) if act.makes().is_some() => {
                self.fold_generated(of_step, fact)?;
            }
            (
                Act::GenerateKey { .. }
                | Act::ImportKey { .. }
                | Act::EnrollKey { .. }
                | Act::ProveToken { .. },
                EventKind::PossessionProven { occasion, .. },
            ) => {
                let wanted = match act {
                    Act::ProveToken { .. } => Occasion::Reinsertion,
                    Act::EnrollKey { .. } => Occasion::Adoption,
                    _ => Occasion::Generation,
                };
                require(*occasion == wanted, "the proof is for another occasion")?;
                self.fold_possession(of_step, fact)?;
            }
            (
                Act::CertifyKey { .. },
                EventKind::CertifyIntended { .. } | EventKind::KeyCertified { .. },
            ) => {
                self.fold_certificate(of_step, fact)?;
            }
            (_, fact) => return Err(out_of_place(fact, step)),
        }
        Ok(())
    }

    fn fold_found(
        &mut self,
        of_step: &KeyId,
        token: &TokenId,
        at_factory_value: &[FactorySecret],
    ) -> Folded {
        require(
            !self.is_set_aside(token),
            "that token was given up for a spare",
        )?;
        require(
            token.label.is_empty() || !self.is_of_another_key(token, of_step),
            "that token is another key's",
        )?;
        self.require_from_its_bag(of_step, &token.serial)?;
        let is_set_up_here = self.script.initializes(of_step);
        let is_in_use = self.keys[of_step].generated.is_some();
        require(
            at_factory_value.is_empty() || is_set_up_here || is_in_use,
            "the token is as it left the factory, and no step sets it up",
        )?;
        let state = self.key_mut(of_step)?;
        state.at_factory_value = at_factory_value.to_vec();
        state.token = Some(token.clone());
        Ok(())
    }

    fn fold_initialized(&mut self, of_step: &KeyId, token: &TokenId) -> Folded {
        require(
            !self.is_of_another_key(token, of_step),
            "that token is another key's",
        )?;
        let state = self.key_mut(of_step)?;
        require(
            state.initialize.get() == Some(&token.label),
            "the token does not have the label that was intended",
        )?;
        state.token = Some(token.clone());
        state
            .at_factory_value
            .retain(|secret| *secret == FactorySecret::Pin);
        state.initialized = true;
        Ok(())
    }

    fn fold_generated(&mut self, of_step: &KeyId, fact: &EventKind) -> Folded {
        let EventKind::KeyGenerated {
            token,
            public_key,
            fingerprint,
            attributes,
            provenance,
            attestation,
            ..
        } = fact
        else {
            return Ok(());
        };
        let wanted = self.script.key(of_step).map(|plan| plan.key_type);
        let mut generated = read_generated(public_key, *fingerprint, *attributes)?;
        generated.key = self.as_listed(of_step, &generated.key);
        require(
            wanted.is_some_and(|wanted| wanted.algorithm() == generated.public_key.algorithm()),
            "the key is of another type than the script asks for",
        )?;
        hold(
            Check::KeyLocked,
            attributes.sensitive != Some(false)
                && (attributes.extractable != Some(true) || self.may_leave_wrapped(of_step)),
            "the token says that the private key can be read or taken out",
        )?;
        hold(
            Check::KeyRehearsal,
            !self.is_of_rehearsal(&generated.public_key.fingerprint()),
            "the key was made in the rehearsal",
        )?;
        require(
            !self.has_public_key(&generated.public_key),
            "another key of this ceremony is the same key",
        )?;
        let certificates = read_certificates(attestation)?;
        let announced = self.keys[of_step].generate.get();
        let told = AttestedKey {
            token,
            object_id: announced.map_or(&[], |(object_id, _)| object_id),
            public_key: &generated.public_key,
            attributes: *attributes,
        };
        let judged = self
            .judge_attestation(of_step, &told, &certificates)
            .map_err(|refusal| broken(Check::KeyAttestation, refusal.to_string()))?;
        require(
            self.provenance_of(of_step, &told, judged.as_ref()) == *provenance,
            "the provenance is not what attributes and attestation amount to",
        )?;
        let stood_in = self.is_stood_in(of_step, token);
        self.require_provenance(*provenance, stood_in, judged.as_ref())?;
        let is_imported = self.script.imports(of_step);
        let is_restored = self.script.restores(of_step);
        require(
            stood_in
                || is_restored
                || is_imported == (*provenance == Provenance::Imported)
                || attributes.local.is_none(),
            "the key was brought into the token although the script has it made there, or the other way round",
        )?;
        generated.provenance = Some(*provenance);
        generated.attestation = judged;
        generated.stood_in = stood_in;
        let state = self.key_mut(of_step)?;
        require(state.generated.is_none(), "the key exists already")?;
        require(
            state.generate.get().is_some(),
            "the generation was not announced",
        )?;
        require(
            state.token.as_ref() == Some(token),
            "the key is in another token than the one that was opened",
        )?;
        let public_key = generated.public_key.clone();
        state.generated = Some(generated);
        state.right_pin();
        if is_restored {
            self.fold_restored_onto(&public_key)?;
        }
        Ok(())
    }

    /// A key that is not known as the script requires cannot come into the root.
    fn require_provenance(
        &self,
        provenance: Provenance,
        stood_in: bool,
        attestation: Option<&KeyAttestation>,
    ) -> Folded {
        let Some(wanted) = self.script.root().require_provenance else {
            return Ok(());
        };
        if stood_in || provenance == wanted {
            return Ok(());
        }
        let why = match attestation.map(|given| &given.verdict) {
            Some(Err(refusal)) => refusal.to_string(),
            _ => "its token attests nothing of it".to_owned(),
        };
        Err(broken(
            Check::KeyProvenance,
            format!(
                "the script requires provenance {wanted}, and that of this key is {provenance}: {why}"
            ),
        ))
    }

    fn fold_possession(&mut self, of_step: &KeyId, fact: &EventKind) -> Folded {
        let EventKind::PossessionProven {
            occasion,
            challenge,
            signature,
            ..
        } = fact
        else {
            return Ok(());
        };
        let possession = Possession {
            script: self.script.sha256(),
            key: of_step.as_str(),
            occasion: *occasion,
            is_rehearsal: self.mode() == Mode::Rehearsal,
        };
        let mut random = [0; 32];
        hex::decode_to_slice(challenge, &mut random)
            .map_err(|_| contradiction("the challenge is not 32 bytes in hex"))?;
        let signature =
            hex::decode(signature).map_err(|_| contradiction("the signature is not in hex"))?;
        let state = self.key_mut(of_step)?;
        let generated = state
            .generated
            .as_ref()
            .ok_or_else(|| contradiction("there is no key yet"))?;
        possession
            .verify(&generated.public_key, &random, &signature)
            .map_err(|error| match error {
                NoProof::Signature => broken(
                    Check::KeyPossession,
                    "the token's answer to the challenge does not verify",
                ),
                error => contradiction(error.to_string()),
            })?;
        state.right_pin();
        match occasion {
            Occasion::Generation | Occasion::Adoption => {
                state.proof = Some(PossessionProof {
                    script: possession.script,
                    occasion: *occasion,
                    challenge: random,
                    signature,
                });
            }
            Occasion::Reinsertion => state.reinserted = true,
        }
        Ok(())
    }

    /// Whether a key may leave its token until its backup is made: the step that makes it sees to the rest.
    fn may_leave_wrapped(&self, key: &KeyId) -> bool {
        self.script.backs_up(key)
    }

    fn is_of_another_key(&self, token: &TokenId, key: &KeyId) -> bool {
        self.key_of_token(token).is_some_and(|other| other != key)
    }

    fn is_set_aside(&self, token: &TokenId) -> bool {
        let mut states = self.keys.values();
        states.any(|state| state.set_aside.contains(token))
    }

    /// Whether a key of this ceremony, or one that was given up, is that key.
    fn has_public_key(&self, public_key: &PublicKey) -> bool {
        self.keys.values().any(|state| {
            let now = state.generated().map(|generated| &generated.public_key);
            let before = state.former.iter().map(|former| &former.public_key);
            now.into_iter().chain(before).any(|key| key == public_key)
        })
    }
}

fn read_generated(
    public_key: &str,
    fingerprint: Digest,
    attributes: KeyAttributes,
) -> Result<Generated, ReplayError> {
    let public_key = PublicKey::from_pem(public_key)
        .map_err(|error| contradiction(format!("not a public key: {error}")))?;
    require(
        public_key.fingerprint() == fingerprint,
        "the fingerprint is not that of the public key",
    )?;
    let key = Key::from_public(&public_key)
        .map_err(|error| contradiction(format!("not a key for a root: {error}")))?;
    Ok(Generated {
        public_key,
        key,
        attributes: Some(attributes),
        provenance: None,
        attestation: None,
        stood_in: false,
    })
}

/// The certificates of an attestation, one in each text.
fn read_certificates(attestation: &[String]) -> Result<Vec<Certificate>, ReplayError> {
    let one = |pem: &String| {
        let found = Certificate::read_all(pem.as_bytes());
        let mut found = found.map_err(|error| contradiction(format!("no certificate: {error}")))?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(contradiction(
                "an attestation has one certificate in each text",
            )),
        }
    };
    attestation.iter().map(one).collect()
}
/// Whether a key signed a message, as TUF has signatures.
pub(super) fn verifies(public_key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    Scheme::for_public_key(public_key)
        .is_some_and(|scheme| scheme.verify(public_key, message, signature).is_ok())
}
