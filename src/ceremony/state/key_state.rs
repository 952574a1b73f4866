//! One key and its token.

use std::collections::BTreeMap;

use crate::ceremony::attestation::KeyAttestation;
use crate::ceremony::failure::FailureKind;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::certificate::PublicKey;
use crate::metadata::Key;
use crate::record::{AttestationSummary, FactorySecret, KeyAttributes, Provenance, TokenId};
use crate::script::{ItemId, SpareId, TokenSecret};
use crate::transfer::{Occasion, PossessionProof};
use crate::words::Digest;

use super::destruction::Destruction;
use super::intent::Intent;

/// One key and its token.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations are possible"
)]
pub struct KeyState {
    token: Option<TokenId>,
    at_factory_value: Vec<FactorySecret>,
    initialize: Intent<String>,
    initialized: bool,
    pin_set: bool,
    /// The object ID and the label that were announced.
    generate: Intent<(Vec<u8>, String)>,
    generated: Option<Generated>,
    proof: Option<PossessionProof>,
    management_written: bool,
    reinserted: bool,
    spare: Option<SpareId>,
    former: Vec<Former>,
    set_aside: Vec<TokenId>,
    replaced: Vec<(ItemId, Option<TokenId>)>,
    envelopes: BTreeMap<TokenSecret, String>,
    wrong_pins: u8,
    locked: bool,
    unblocking: bool,
    skipped: Option<String>,
    destruction: Destruction,
}

/// A key that another one replaced before it came into a root.
#[derive(Debug, Clone)]
pub struct Former {
    pub public_key: PublicKey,
    pub object_id: Vec<u8>,
    /// Whether the PIN of its token is locked.
    pub locked: bool,
    pub token: TokenId,
    pub spare: Option<SpareId>,
    pub disposition: FormerDisposition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormerDisposition {
    Pending,
    Destroyed,
    /// Its token still holds it.
    Orphan {
        reason: String,
    },
}

/// A key that exists.
#[derive(Debug, Clone)]
pub struct Generated {
    pub public_key: PublicKey,
    /// As the root lists it.
    pub key: Key,
    /// None for a key from before this ceremony.
    pub attributes: Option<KeyAttributes>,
    /// None for a key from before this ceremony.
    pub provenance: Option<Provenance>,
    pub attestation: Option<KeyAttestation>,
    /// Whether a simulated token generated it, which cannot attest it as the real token does.
    pub attestation_simulated: bool,
}

impl Generated {
    /// A key that the base root has; none if it is of a kind that no token here has.
    pub(in crate::ceremony) fn earlier(key: &Key) -> Option<Self> {
        Some(Self {
            public_key: key.public()?.clone(),
            key: key.clone(),
            attributes: None,
            provenance: None,
            attestation: None,
            attestation_simulated: false,
        })
    }

    pub fn origin(&self) -> &'static str {
        match self.provenance {
            None => "generated before this ceremony",
            Some(_) if self.attestation_simulated => "claimed (attestation simulated)",
            Some(provenance) => provenance.as_str(),
        }
    }

    pub fn attested(&self) -> Option<&AttestationSummary> {
        self.attestation.as_ref()?.verdict().ok()
    }
}

impl KeyState {
    pub const fn token(&self) -> Option<&TokenId> {
        self.token.as_ref()
    }

    pub const fn generated(&self) -> Option<&Generated> {
        self.generated.as_ref()
    }

    pub const fn is_proven(&self) -> bool {
        self.proof.is_some()
    }

    pub const fn proof(&self) -> Option<&PossessionProof> {
        self.proof.as_ref()
    }

    pub const fn spare(&self) -> Option<&SpareId> {
        self.spare.as_ref()
    }

    pub fn former(&self) -> &[Former] {
        &self.former
    }

    /// Tokens that a spare replaced for good.
    pub fn set_aside(&self) -> &[TokenId] {
        &self.set_aside
    }

    /// Tokens that a spare replaced and that are still to be sealed.
    pub fn replaced(&self) -> &[(ItemId, Option<TokenId>)] {
        &self.replaced
    }

    pub const fn envelopes(&self) -> &BTreeMap<TokenSecret, String> {
        &self.envelopes
    }

    /// Why two people decided to continue without the key.
    pub fn skipped(&self) -> Option<&str> {
        self.skipped.as_deref()
    }

    pub const fn is_locked(&self) -> bool {
        self.locked
    }

    pub const fn wrong_pins(&self) -> u8 {
        self.wrong_pins
    }

    pub const fn is_reinserted(&self) -> bool {
        self.reinserted
    }

    /// The destruction of the key itself, as a step of the script has it.
    pub const fn destruction(&self) -> &Destruction {
        &self.destruction
    }

    pub(in crate::ceremony) fn at_factory_value(&self) -> &[FactorySecret] {
        &self.at_factory_value
    }

    pub(in crate::ceremony) const fn is_initialized(&self) -> bool {
        self.initialized
    }

    pub(in crate::ceremony) const fn is_pin_set(&self) -> bool {
        self.pin_set
    }

    pub(in crate::ceremony) const fn is_management_key_written(&self) -> bool {
        self.management_written
    }

    pub(in crate::ceremony) const fn is_unblocking(&self) -> bool {
        self.unblocking
    }

    /// The label that was announced.
    pub(in crate::ceremony) const fn announced_label(&self) -> Option<&String> {
        self.initialize.get()
    }

    /// The object ID and the label that were announced.
    pub(in crate::ceremony) const fn announced_object(&self) -> Option<&(Vec<u8>, String)> {
        self.generate.get()
    }

    /// Whether the work at hand is on the token of a former key, and not on the key's own.
    pub(in crate::ceremony) fn is_at_former(&self) -> bool {
        self.to_destroy()
            .is_some_and(|former| former.spare != self.spare)
    }

    pub(in crate::ceremony) fn to_destroy(&self) -> Option<&Former> {
        self.former
            .iter()
            .find(|former| former.disposition == FormerDisposition::Pending)
    }
}

/// Changes.
impl KeyState {
    /// A key that exists when the ceremony begins.
    pub(super) fn exists(&mut self, generated: Option<Generated>) {
        self.generated = generated;
    }

    pub(in crate::ceremony) fn find_token(
        &mut self,
        token: &TokenId,
        at_factory_value: &[FactorySecret],
    ) {
        self.at_factory_value = at_factory_value.to_vec();
        self.token = Some(token.clone());
    }

    pub(in crate::ceremony) fn announce_initialization(&mut self, label: &str) -> Applied {
        require(self.token.is_some(), "the token was not identified yet")?;
        self.initialize.announce(label.to_owned())
    }

    pub(in crate::ceremony) fn initialize(&mut self, token: &TokenId) -> Applied {
        require(
            self.initialize.get() == Some(&token.label),
            "the token does not have the announced label",
        )?;
        self.token = Some(token.clone());
        self.at_factory_value
            .retain(|secret| *secret == FactorySecret::Pin);
        self.initialized = true;
        Ok(())
    }

    pub(in crate::ceremony) fn set_pin(&mut self) {
        self.at_factory_value
            .retain(|secret| *secret != FactorySecret::Pin);
        self.pin_set = true;
    }

    pub(in crate::ceremony) fn write_management_key(&mut self) {
        self.management_written = true;
    }

    pub(in crate::ceremony) fn announce_generation(
        &mut self,
        object_id: &[u8],
        label: &str,
    ) -> Applied {
        require(self.token.is_some(), "the token was not identified yet")?;
        self.generate
            .announce((object_id.to_vec(), label.to_owned()))
    }

    pub(in crate::ceremony) fn generate(
        &mut self,
        token: &TokenId,
        generated: Generated,
    ) -> Applied {
        require(self.generated.is_none(), "the key already exists")?;
        require(
            self.generate.get().is_some(),
            "the generation was not announced",
        )?;
        require(
            self.token.as_ref() == Some(token),
            "the key is not in the token that was identified",
        )?;
        self.generated = Some(generated);
        self.right_pin();
        Ok(())
    }

    pub(in crate::ceremony) fn prove(&mut self, proof: PossessionProof) {
        self.right_pin();
        match proof.occasion {
            Occasion::Generation | Occasion::Adoption => self.proof = Some(proof),
            Occasion::Reinsertion => self.reinserted = true,
        }
    }

    /// The key was wrapped for a backup; now it is non-extractable.
    pub(in crate::ceremony) fn disable_extraction(&mut self, attributes: KeyAttributes) {
        if let Some(generated) = &mut self.generated {
            generated.attributes = Some(attributes);
        }
        self.right_pin();
    }

    /// The token did something that needs its PIN.
    pub(in crate::ceremony) fn right_pin(&mut self) {
        self.wrong_pins = 0;
        self.locked = false;
    }

    pub(in crate::ceremony) fn note_failure(&mut self, kind: FailureKind) {
        // The token may have got that far before it failed.
        self.destruction.interrupt();
        if self.is_at_former() {
            let pending = |former: &&mut Former| former.disposition == FormerDisposition::Pending;
            if let (FailureKind::PinLocked, Some(former)) =
                (kind, self.former.iter_mut().find(pending))
            {
                former.locked = true;
            }
            return;
        }
        if let FailureKind::WrongPin { .. } = kind {
            self.wrong_pins = self.wrong_pins.saturating_add(1);
        } else if kind == FailureKind::PinLocked {
            self.locked = true;
        }
    }

    /// The process ended: operations that were announced and not recorded were interrupted.
    pub(super) fn interrupt(&mut self) {
        self.initialize.interrupt();
        self.generate.interrupt();
        self.destruction.interrupt();
    }

    pub(in crate::ceremony) fn destruction_mut(&mut self) -> &mut Destruction {
        &mut self.destruction
    }

    fn retire(&mut self) {
        if let (Some(generated), Some(token)) = (self.generated.take(), self.token.clone()) {
            let object_id = self.generate.get().map(|(object_id, _)| object_id.clone());
            self.former.push(Former {
                public_key: generated.public_key,
                object_id: object_id.unwrap_or_default(),
                locked: self.locked,
                token,
                spare: self.spare.clone(),
                disposition: FormerDisposition::Pending,
            });
        }
    }

    /// The key is to be destroyed and generated again on its token.
    pub(super) fn regenerate(&mut self) {
        self.retire();
        self.generate = Intent::None;
        self.proof = None;
        // It is taken out of its envelope to generate another key.
        self.management_written = false;
        self.envelopes.remove(&TokenSecret::ManagementKey);
    }

    /// A spare replaces the token permanently; `item` is the old token, if it was out of its bag.
    pub(super) fn take_spare(&mut self, spare: &SpareId, item: Option<ItemId>) {
        self.retire();
        let mut fresh = Self {
            spare: Some(spare.clone()),
            former: std::mem::take(&mut self.former),
            set_aside: std::mem::take(&mut self.set_aside),
            replaced: std::mem::take(&mut self.replaced),
            ..Self::default()
        };
        if let Some(item) = item {
            fresh.replaced.push((item, self.token.clone()));
        }
        // A blank token has no name yet by which to know it again.
        let named = self.token.take().filter(|token| !token.label.is_empty());
        fresh.set_aside.extend(named);
        *self = fresh;
    }

    pub(in crate::ceremony) fn end_former(
        &mut self,
        fingerprint: &Digest,
        disposition: FormerDisposition,
    ) -> Applied {
        let former = self.former.iter_mut().find(|former| {
            former.disposition == FormerDisposition::Pending
                && former.public_key.fingerprint() == *fingerprint
        });
        let former =
            former.ok_or_else(|| contradiction("there is no former key with this fingerprint"))?;
        former.disposition = disposition;
        Ok(())
    }

    /// `secret` comes out of `bag` to unblock the PIN.
    pub(in crate::ceremony) fn begin_unblocking(
        &mut self,
        secret: TokenSecret,
        bag: Option<&String>,
    ) -> Applied {
        require(self.locked && !self.is_at_former(), "the PIN is not locked")?;
        require(self.pin_set || self.token.is_some(), "the token has no PIN")?;
        require(
            self.envelopes.get(&secret) == bag,
            "this is not the bag in which the secret is sealed",
        )?;
        self.envelopes.remove(&secret);
        self.unblocking = true;
        Ok(())
    }

    pub(in crate::ceremony) fn unblock(&mut self) -> Applied {
        require(self.unblocking, "the PIN is not to be unblocked")?;
        self.unblocking = false;
        self.right_pin();
        // The bag contains the PIN that was locked.
        self.envelopes.remove(&TokenSecret::UserPin);
        Ok(())
    }

    pub(super) fn seal_envelope(&mut self, secret: TokenSecret, bag: &str) {
        self.envelopes.insert(secret, bag.to_owned());
    }

    pub(in crate::ceremony) fn skip(&mut self, reason: &str) {
        self.skipped = Some(reason.to_owned());
    }

    pub(super) fn require_former_settled(&self) -> Result<(), ReplayError> {
        require(
            self.to_destroy().is_none(),
            "the former key is neither destroyed nor listed as an orphan",
        )
    }
}

#[cfg(test)]
mod tests;
