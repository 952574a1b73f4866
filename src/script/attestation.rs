//! What attestations of keys are held to.

use super::pinned::PinnedFile;
use crate::certificate::attestation::TrustedRoots;

/// At which roots the attestations of a ceremony may end.
#[derive(Debug, Clone, Default)]
pub struct AttestationPolicy {
    pub(super) additional: Vec<PinnedFile>,
    pub(super) trusted: TrustedRoots,
}

impl AttestationPolicy {
    /// The makers' roots, and those that the script adds.
    pub const fn trusted(&self) -> &TrustedRoots {
        &self.trusted
    }

    /// The files of the roots that the script adds to the makers'.
    pub fn additional(&self) -> &[PinnedFile] {
        &self.additional
    }
}
