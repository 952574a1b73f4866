//! Signature schemes and signature verification.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use crate::certificate::{Algorithm, PublicKey};

/// The shortest supported RSA modulus, in bits.
pub const MIN_RSA_BITS: usize = 2048;
/// The longest supported RSA modulus, in bits.
pub const MAX_RSA_BITS: usize = 8192;

/// A signature scheme. Conclave creates signatures for the first four only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `ecdsa-sha2-nistp256`: DER signatures, SHA-256.
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`: DER signatures, SHA-384.
    EcdsaP384,
    Ed25519,
    /// `rsassa-pss-sha256`: the salt is as long as the digest.
    RsaPssSha256,
    /// `ecdsa-sha2-nistp521`: DER signatures, SHA-512.
    EcdsaP521,
    RsaPssSha384,
    RsaPssSha512,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    /// P-384 with SHA-256: Notary uses SHA-256 for every curve.
    EcdsaP384Sha256,
    /// P-521 with SHA-256: Notary uses SHA-256 for every curve.
    EcdsaP521Sha256,
}

impl Scheme {
    /// The schemes of TUF key objects.
    const ALL: [Self; 10] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::RsaPssSha256,
        Self::EcdsaP521,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
    ];

    /// Name, verification algorithm, and key algorithm (`None`: RSA of any supported length).
    fn properties(
        self,
    ) -> (
        &'static str,
        &'static dyn VerificationAlgorithm,
        Option<Algorithm>,
    ) {
        use Algorithm::{Ed25519, P256, P384, P521};
        match self {
            Self::EcdsaP256 => ("ecdsa-sha2-nistp256", &ECDSA_P256_SHA256_ASN1, Some(P256)),
            Self::EcdsaP384 => ("ecdsa-sha2-nistp384", &ECDSA_P384_SHA384_ASN1, Some(P384)),
            Self::EcdsaP521 => ("ecdsa-sha2-nistp521", &ECDSA_P521_SHA512_ASN1, Some(P521)),
            Self::Ed25519 => ("ed25519", &ED25519, Some(Ed25519)),
            Self::RsaPssSha256 => ("rsassa-pss-sha256", &RSA_PSS_2048_8192_SHA256, None),
            Self::RsaPssSha384 => ("rsassa-pss-sha384", &RSA_PSS_2048_8192_SHA384, None),
            Self::RsaPssSha512 => ("rsassa-pss-sha512", &RSA_PSS_2048_8192_SHA512, None),
            Self::RsaPkcs1Sha256 => ("rsa-pkcs1v15-sha256", &RSA_PKCS1_2048_8192_SHA256, None),
            Self::RsaPkcs1Sha384 => ("rsa-pkcs1v15-sha384", &RSA_PKCS1_2048_8192_SHA384, None),
            Self::RsaPkcs1Sha512 => ("rsa-pkcs1v15-sha512", &RSA_PKCS1_2048_8192_SHA512, None),
            Self::EcdsaP384Sha256 => {
                let name = "ECDSA on P-384 with SHA-256";
                (name, &ECDSA_P384_SHA256_ASN1, Some(P384))
            }
            Self::EcdsaP521Sha256 => {
                let name = "ECDSA on P-521 with SHA-256";
                (name, &ECDSA_P521_SHA256_ASN1, Some(P521))
            }
        }
    }

    pub fn as_str(self) -> &'static str {
        self.properties().0
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }

    /// The scheme that Conclave writes for a public key; `None` for P-521 and for RSA outside 2048 to 8192 bits.
    pub fn for_public_key(key: &PublicKey) -> Option<Self> {
        [
            Self::EcdsaP256,
            Self::EcdsaP384,
            Self::Ed25519,
            Self::RsaPssSha256,
        ]
        .into_iter()
        .find(|scheme| scheme.fits(key))
    }

    /// Whether keys of this algorithm and length can use this scheme.
    pub fn fits(self, key: &PublicKey) -> bool {
        match key.algorithm() {
            Algorithm::Rsa { bits } => {
                self.is_rsa() && (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits)
            }
            algorithm => self.properties().2 == Some(algorithm),
        }
    }

    pub fn is_rsa(self) -> bool {
        self.properties().2.is_none()
    }

    pub fn is_ecdsa(self) -> bool {
        !self.is_rsa() && self != Self::Ed25519
    }

    /// Whether a TUF-encoded signature (DER for ECDSA) verifies.
    pub fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let parsed = self.parse_key(key);
        parsed.is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    /// Parses a key once for many verifications; `None` if the key cannot use this scheme.
    pub(super) fn parse_key(self, key: &PublicKey) -> Option<ParsedPublicKey> {
        let key = Some(key).filter(|key| self.fits(key))?;
        ParsedPublicKey::new(self.properties().1, key.subject_bits()).ok()
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::{Signer, ecdsa_signature_in_other_encodings};

    #[test]
    fn names_round_trip() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_name(scheme.as_str()), Some(scheme));
        }
        assert_eq!(Scheme::from_name("sigstore-oidc"), None);
    }

    #[test]
    fn only_the_exact_signature_verifies() {
        for signer in Signer::one_of_each() {
            let (scheme, public) = (signer.scheme(), signer.public());
            let signature = signer.sign(b"message");
            let verifies = |signature: &[u8]| scheme.verifies(public, b"message", signature);
            assert!(verifies(&signature));
            assert!(!scheme.verifies(public, b"massage", &signature));
            for index in 0..signature.len() {
                let mut broken = signature.clone();
                broken[index] ^= 1;
                assert!(!verifies(&broken), "{scheme}, byte {index}");
            }
            assert!(!verifies(&[&signature[..], &[0]].concat()));
            assert!(!verifies(&[]));
            for other in Scheme::ALL {
                assert!(other.fits(public) || !other.verifies(public, b"message", &signature));
            }
        }
    }

    #[test]
    fn ecdsa_signatures_are_strict_der() {
        let signer = Signer::p256();
        let signature = signer.sign(b"message");
        for (encoding, bytes) in ecdsa_signature_in_other_encodings(&signature) {
            let verifies = Scheme::EcdsaP256.verifies(signer.public(), b"message", &bytes);
            assert!(!verifies, "{encoding}");
        }
    }
}
