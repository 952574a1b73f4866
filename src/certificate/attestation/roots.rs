//! The roots at which a chain may end.

use std::sync::LazyLock;

use super::super::{Certificate, CertificateError};

/// Yubico's roots: of 2018, for firmware before 5.7.4, and of 2024. Where they were published and how to
/// compare them stands in `docs/attestation.md`.
const PINNED: [&str; 2] = [
    include_str!("yubico/piv-root-ca-263751.pem"),
    include_str!("yubico/attestation-root-1.pem"),
];

/// Yubico's certificates between its root of 2024 and its devices, those for PIV keys.
const INTERMEDIATES: &str = include_str!("yubico/piv-intermediates.pem");

/// A build that cannot read its own certificates trusts nothing; a test counts them.
fn read(pem: &str) -> Vec<Certificate> {
    Certificate::read_all(pem.as_bytes()).unwrap_or_default()
}

static BUILT_IN: LazyLock<(Vec<Certificate>, Vec<Certificate>)> = LazyLock::new(|| {
    let roots = PINNED.iter().flat_map(|pem| read(pem)).collect();
    (roots, read(INTERMEDIATES))
});

/// The roots at which a chain may end: Yubico's, and any that were added.
#[derive(Debug, Clone, Default)]
pub struct TrustedRoots {
    additional: Vec<Certificate>,
}

impl TrustedRoots {
    /// Yubico's, which are built in.
    pub fn yubico() -> Self {
        Self::default()
    }

    /// These, and every certificate of a PEM or DER file. What ends there is marked for ever.
    ///
    /// # Errors
    /// When there is no certificate in it, or a broken one.
    pub fn with(mut self, file: &[u8]) -> Result<Self, CertificateError> {
        let found = Certificate::read_all(file)?;
        if found.is_empty() {
            return Err(CertificateError::Encoding(
                "there is no certificate in it".to_owned(),
            ));
        }
        self.additional.extend(found);
        Ok(self)
    }

    /// Each root, and whether it is built in.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Certificate, bool)> {
        let pinned = BUILT_IN.0.iter().map(|root| (root, true));
        pinned.chain(self.additional.iter().map(|root| (root, false)))
    }

    /// The maker's certificates below its roots.
    #[expect(
        clippy::unused_self,
        reason = "which ones are known goes with the roots"
    )]
    pub(super) fn intermediates(&self) -> impl Iterator<Item = &Certificate> {
        BUILT_IN.1.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Digest;

    #[test]
    fn what_is_built_in_is_what_the_maker_published() {
        let digests = |found: &[Certificate]| -> Vec<_> {
            found
                .iter()
                .map(|certificate| {
                    let name = certificate.subject_name().unwrap().to_owned();
                    (name, Digest::of(certificate.as_der()).to_string())
                })
                .collect()
        };
        let expected = |rows: &[(&str, &str)]| -> Vec<_> {
            rows.iter()
                .map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned()))
                .collect()
        };
        assert_eq!(
            digests(&BUILT_IN.0),
            expected(&[
                (
                    "Yubico PIV Root CA Serial 263751",
                    "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546",
                ),
                (
                    "Yubico Attestation Root 1",
                    "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8",
                ),
            ])
        );
        assert_eq!(
            digests(&BUILT_IN.1),
            expected(&[
                (
                    "Yubico Attestation Intermediate A 1",
                    "4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55",
                ),
                (
                    "Yubico Attestation Intermediate B 1",
                    "d4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754",
                ),
                (
                    "Yubico PIV Attestation A 1",
                    "6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870",
                ),
                (
                    "Yubico PIV Attestation B 1",
                    "2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052",
                ),
                (
                    "Yubico PIV Attestation B2 1",
                    "0c90b7d184a36edf50a35f9be935f0c5689bfdcfe5bdd073366cafb49061a440",
                ),
            ])
        );
    }

    #[test]
    fn the_intermediates_lead_to_the_root_of_2024() {
        let root = &BUILT_IN.0[1];
        for certificate in &BUILT_IN.1 {
            let issuer = BUILT_IN
                .1
                .iter()
                .chain([root])
                .find(|issuer| certificate.names_as_issuer(issuer))
                .unwrap();
            assert_eq!(
                certificate.is_signed_by(issuer),
                Ok(true),
                "{certificate:?}"
            );
        }
        assert_eq!(root.is_signed_by(root), Ok(true));
    }
}
