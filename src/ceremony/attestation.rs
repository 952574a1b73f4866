//! The attestation of a key by its device, and whether the script accepts it.

use crate::certificate::attestation::Refusal;
use crate::certificate::{Certificate, PublicKey};
use crate::record::{AttestationSummary, KeyAttributes, TokenId};

/// The attestation of a new key by its token, and the verdict about it.
#[derive(Debug, Clone)]
pub struct KeyAttestation {
    pub(super) certificates: Vec<Certificate>,
    pub(super) verdict: Result<AttestationSummary, Refusal>,
}

impl KeyAttestation {
    /// The statement, then the certificates that came with it.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The attested facts, if the chain leads to a trusted root.
    ///
    /// # Errors
    /// Why the attestation is not trusted.
    pub const fn verdict(&self) -> Result<&AttestationSummary, &Refusal> {
        self.verdict.as_ref()
    }
}

/// A key as its token reports it.
pub(super) struct AttestedKey<'a> {
    pub(super) token: &'a TokenId,
    pub(super) object_id: &'a [u8],
    pub(super) public_key: &'a PublicKey,
    pub(super) attributes: KeyAttributes,
}
