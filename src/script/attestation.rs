//! The roots to which attestations of keys are verified.

use super::pinned::PinnedFile;
use crate::certificate::attestation::TrustedRoots;

#[derive(Debug, Clone, Default)]
pub struct AttestationPolicy {
    pub(super) additional: Vec<PinnedFile>,
    pub(super) trusted: TrustedRoots,
}

impl AttestationPolicy {
    /// The built-in roots, and those of the script.
    pub const fn trusted(&self) -> &TrustedRoots {
        &self.trusted
    }

    /// The files of the roots in the script.
    pub fn additional(&self) -> &[PinnedFile] {
        &self.additional
    }
}
