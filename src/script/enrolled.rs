//! A key that was made elsewhere, as a script takes it in.

use crate::record::visible;
use crate::transfer::Enrollment;
use crate::words::Digest;

/// By what a key comes in that another ceremony, or another tool, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// In what form its proofs came.
    pub proofs: Proofs,
    /// What they say, verified.
    pub enrollment: Enrollment,
}

/// In what form the proofs of a key came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proofs {
    /// The enrollment file of a ceremony.
    Enrollment(BoundFile),
    /// Certificates as any tool takes them out of a device, one in each file.
    Attestation {
        /// What the device states of the key.
        statement: BoundFile,
        /// The certificate of the device, and those above it that came along.
        issuers: Vec<BoundFile>,
    },
}

/// A file that the script binds by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundFile {
    /// Its name in the script.
    pub file: String,
    /// The SHA-256 of its content.
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

    /// All its files, that of the public key first.
    pub fn files(&self) -> impl Iterator<Item = &BoundFile> {
        let issuers = match &self.proofs {
            Proofs::Enrollment(_) => &[][..],
            Proofs::Attestation { issuers, .. } => issuers,
        };
        std::iter::once(self.file()).chain(issuers)
    }

    /// Where the key comes from, as far as its files show: `made as key-1 by Ada Lindgren; a proof of possession`.
    pub fn origin(&self) -> String {
        let claims = self.enrollment.claims();
        match (&self.proofs, self.enrollment.attestation()) {
            (Proofs::Attestation { .. }, Some(said)) => format!("attested by {said}"),
            _ => format!(
                "made as {} by {}; {}",
                visible(&claims.name),
                visible(&claims.holder),
                self.enrollment.evidence()
            ),
        }
    }
}
