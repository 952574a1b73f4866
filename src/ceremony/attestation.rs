//! What a device states about the key that it made, and whether a script is content with it.

use crate::certificate::attestation::Refusal;
use crate::certificate::{Certificate, PublicKey};
use crate::record::{AttestationSummary, KeyAttributes, TokenId};

/// What a token gave with a new key to prove where that was made, and what came of it.
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
