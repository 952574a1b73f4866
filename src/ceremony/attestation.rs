//! What a device states about the key that it made, and whether a script is content with it.

use crate::certificate::attestation::{self, AttestationCheck, Refusal, TrustedRoots};
use crate::certificate::{Certificate, PublicKey};
use crate::record::{AttestationSummary, KeyAttributes, Provenance, TokenId};
use crate::script::KeyId;

use super::event::Mode;
use super::state::Ceremony;

/// What a token gave with a new key to prove where that was made, and what came of it.
#[derive(Debug, Clone)]
pub struct KeyAttestation {
    pub(super) certificates: Vec<Certificate>,
    pub(super) verdict: Result<AttestationSummary, Refusal>,
}

impl KeyAttestation {
    /// The statement, then the certificates that came with it.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What it says, if its chain leads to a root that is trusted.
    ///
    /// # Errors
    /// Why nothing of it is believed.
    pub const fn verdict(&self) -> Result<&AttestationSummary, &Refusal> {
        self.verdict.as_ref()
    }
}

/// A key as its token tells it.
pub(super) struct AttestedKey<'a> {
    pub(super) token: &'a TokenId,
    pub(super) object_id: &'a [u8],
    pub(super) public_key: &'a PublicKey,
    pub(super) attributes: KeyAttributes,
}

impl Ceremony {
    /// The roots at which attestations may end: the makers', the script's, and in a rehearsal that of the twins.
    pub(super) fn trusted_roots(&self) -> TrustedRoots {
        let roots = self.script.attestation().trusted().clone();
        let simulated_tokens = self
            .opening
            .as_ref()
            .and_then(|opening| opening.simulated_attestation_root.as_ref());
        match simulated_tokens {
            // Whether it can be read was seen when the rehearsal opened.
            Some(pem) => roots.clone().with(pem.as_bytes()).unwrap_or(roots),
            None => roots,
        }
    }

    /// Judges what a token gave with a key. A chain that leads nowhere proves nothing, and says so in the verdict.
    ///
    /// # Errors
    /// When what was given is false: about another key or device, forged, or not as the script has it.
    pub(super) fn judge_attestation(
        &self,
        key: &KeyId,
        told: &AttestedKey<'_>,
        certificates: &[Certificate],
    ) -> Result<Option<KeyAttestation>, Refusal> {
        let Some((statement, supplied)) = certificates.split_first() else {
            return Ok(None);
        };
        let judged = |verdict| {
            Ok(Some(KeyAttestation {
                certificates: certificates.to_vec(),
                verdict,
            }))
        };
        let attestation = match attestation::verify(statement, supplied, &self.trusted_roots()) {
            Ok(attestation) => attestation,
            Err(refusal) if proves_nothing(refusal.check) => return judged(Err(refusal)),
            Err(refusal) => return Err(refusal),
        };
        attestation.require_key(told.public_key)?;
        attestation.require_serial(&told.token.serial)?;
        let summary = attestation.summary();
        let refuse = |detail: String| Err(AttestationCheck::Statement.refuse(detail));
        if summary.slot != hex::encode(told.object_id) {
            return refuse(format!(
                "it is about slot {}, and the key is in slot {}",
                summary.slot,
                hex::encode(told.object_id)
            ));
        }
        let planned = self.token_spec(key).and_then(|token| token.slot);
        if let Some(planned) = planned
            && (planned.policy.pin != summary.pin_policy
                || planned.policy.touch != summary.touch_policy)
        {
            return refuse(format!(
                "the key wants the PIN {} and a touch {}, and the script asks for PIN {} and touch {}",
                summary.pin_policy, summary.touch_policy, planned.policy.pin, planned.policy.touch
            ));
        }
        judged(Ok(summary.clone()))
    }

    /// How far it is known where a key comes from.
    pub(super) fn provenance_of(
        &self,
        key: &KeyId,
        told: &AttestedKey<'_>,
        attestation: Option<&KeyAttestation>,
    ) -> Provenance {
        if self.script.restores(key) {
            return Provenance::Restored;
        }
        let is_attested = attestation.is_some_and(|given| given.verdict.is_ok());
        match told.attributes.provenance() {
            Provenance::Claimed if is_attested => Provenance::Attested,
            other => other,
        }
    }

    /// Whether a twin of another make stands in for a token that would attest its key: then nothing is proven, and
    /// nothing asked.
    #[must_use]
    pub fn is_stood_in(&self, key: &KeyId, token: &TokenId) -> bool {
        let planned = self.token_spec(key);
        self.mode() == Mode::Rehearsal
            && planned.is_some_and(|planned| planned.attests() && planned.profile != token.profile)
    }
}

/// Whether a refusal says only that nothing was proven, and not that something is false.
const fn proves_nothing(check: AttestationCheck) -> bool {
    matches!(
        check,
        AttestationCheck::Form | AttestationCheck::Chain | AttestationCheck::Overwritten
    )
}
