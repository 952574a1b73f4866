//! A key that was generated elsewhere and is enrolled by a script.

use crate::record::visible;
use crate::transfer::Enrollment;
use crate::words::Digest;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub proofs: Proofs,
    /// The verified content of the proofs.
    pub enrollment: Enrollment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proofs {
    /// The enrollment file of a ceremony.
    Enrollment(BoundFile),
    /// Certificates as any tool reads them from a device, one in each file.
    Attestation {
        /// The attestation of the key.
        statement: BoundFile,
        /// The certificate of the device, and others up to a root.
        issuers: Vec<BoundFile>,
    },
}

/// A pinned input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundFile {
    pub file: String,
    pub sha256: Digest,
}

impl Enrolled {
    /// The file that holds the public key.
    pub const fn file(&self) -> &BoundFile {
        match &self.proofs {
            Proofs::Enrollment(file) => file,
            Proofs::Attestation { statement, .. } => statement,
        }
    }

    /// All files, the one with the public key first.
    pub fn files(&self) -> impl Iterator<Item = &BoundFile> {
        let issuers = match &self.proofs {
            Proofs::Enrollment(_) => &[][..],
            Proofs::Attestation { issuers, .. } => issuers,
        };
        std::iter::once(self.file()).chain(issuers)
    }

    /// The origin of the key, according to its files: `generated as key-1 by Ada Lindgren; a proof of possession`.
    pub fn origin(&self) -> String {
        let claims = self.enrollment.claims();
        match (&self.proofs, self.enrollment.attestation()) {
            (Proofs::Attestation { .. }, Some(said)) => format!("attested by {said}"),
            _ => format!(
                "generated as {} by {}; {}",
                visible(&claims.name),
                visible(&claims.holder),
                self.enrollment.evidence()
            ),
        }
    }
}
