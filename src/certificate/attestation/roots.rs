//! Trusted roots of attestation chains.

use std::sync::LazyLock;

use super::super::{Certificate, CertificateError};

/// Yubico's roots of 2018 (for firmware before 5.7.4) and of 2024. `docs/attestation.md` explains where they were
/// published and how to compare them.
const PINNED: [&str; 2] = [
    include_str!("yubico/piv-root-ca-263751.pem"),
    include_str!("yubico/attestation-root-1.pem"),
];

/// Yubico's intermediate certificates for PIV keys below its root of 2024.
const INTERMEDIATES: &str = include_str!("yubico/piv-intermediates.pem");

/// A test makes sure that the built-in certificates can be read.
fn read(pem: &str) -> Vec<Certificate> {
    Certificate::read_all(pem.as_bytes()).unwrap_or_default()
}

static BUILT_IN: LazyLock<(Vec<Certificate>, Vec<Certificate>)> = LazyLock::new(|| {
    let roots = PINNED.iter().flat_map(|pem| read(pem)).collect();
    (roots, read(INTERMEDIATES))
});

/// Yubico's roots and additional roots.
#[derive(Debug, Clone, Default)]
pub struct TrustedRoots {
    additional: Vec<Certificate>,
}

impl TrustedRoots {
    /// The built-in roots.
    pub fn yubico() -> Self {
        Self::default()
    }

    /// Adds all certificates of a PEM or DER file. Chains that end there are marked.
    ///
    /// # Errors
    /// If the file does not contain a certificate, or a certificate is not valid.
    pub fn with(mut self, file: &[u8]) -> Result<Self, CertificateError> {
        let found = Certificate::read_all(file)?;
        if found.is_empty() {
            let text = "the file does not contain a certificate";
            return Err(CertificateError::Encoding(text.to_owned()));
        }
        self.additional.extend(found);
        Ok(self)
    }

    /// The roots, and whether they are built in.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Certificate, bool)> {
        let pinned = BUILT_IN.0.iter().map(|root| (root, true));
        pinned.chain(self.additional.iter().map(|root| (root, false)))
    }
}

/// The manufacturer's certificates below its roots.
pub(super) fn intermediates() -> &'static [Certificate] {
    &BUILT_IN.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Digest;

    #[test]
    fn built_in_certificates_are_as_published() {
        let line = |certificate: &Certificate| {
            let name = certificate.subject_name().unwrap();
            format!("{} {name}", Digest::of(certificate.as_der()))
        };
        let lines: Vec<_> = BUILT_IN.0.iter().chain(&BUILT_IN.1).map(line).collect();
        assert_eq!(
            lines,
            [
                "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546 Yubico PIV Root CA Serial 263751",
                "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8 Yubico Attestation Root 1",
                "4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55 Yubico Attestation Intermediate A 1",
                "d4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754 Yubico Attestation Intermediate B 1",
                "6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870 Yubico PIV Attestation A 1",
                "2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052 Yubico PIV Attestation B 1",
                "0c90b7d184a36edf50a35f9be935f0c5689bfdcfe5bdd073366cafb49061a440 Yubico PIV Attestation B2 1",
            ]
        );
    }

    #[test]
    fn the_intermediates_are_issued_by_the_root_of_2024() {
        let root = &BUILT_IN.0[1];
        for certificate in BUILT_IN.1.iter().chain([root]) {
            let mut issuers = BUILT_IN.1.iter().chain([root]);
            let issuer = issuers.find(|issuer| certificate.names_as_issuer(issuer));
            let signed = certificate.is_signed_by(issuer.unwrap());
            assert_eq!(signed, Ok(true), "{certificate:?}");
        }
    }
}
