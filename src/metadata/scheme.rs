//! Signature schemes, and the verification of one signature.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::certificate::{Algorithm, PublicKey};

/// The shortest RSA modulus that is verified, in bits.
pub const MIN_RSA_BITS: usize = 2048;
/// The longest RSA modulus that is verified, in bits.
pub const MAX_RSA_BITS: usize = 8192;

/// A signature scheme. Conclave writes the first three and `RsaPssSha256`; the others it only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `ecdsa-sha2-nistp256`: DER signatures, SHA-256.
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`: DER signatures, SHA-384.
    EcdsaP384,
    Ed25519,
    /// `rsassa-pss-sha256`: a salt as long as the digest.
    RsaPssSha256,
    /// `ecdsa-sha2-nistp521`: DER signatures, SHA-512.
    EcdsaP521,
    RsaPssSha384,
    RsaPssSha512,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    /// P-384 with SHA-256, as Notary signs with every curve.
    EcdsaP384Sha256,
    /// P-521 with SHA-256, as Notary signs with every curve.
    EcdsaP521Sha256,
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    #[error("scheme {scheme} does not fit a key of type {algorithm}")]
    Unfit {
        scheme: Scheme,
        algorithm: Algorithm,
    },
    /// The signature is not one of this message by this key, or is not encoded as the scheme says.
    #[error("the signature does not verify")]
    Mismatch,
}

impl Scheme {
    /// Those that key objects of TUF name.
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

    /// Its name, how its signatures are verified, and the algorithm of its keys; `None` for RSA of every length.
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

    /// The scheme of a name, if it is a known one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }

    /// The scheme that Conclave writes for a public key; `None` where it writes
    /// none: P-521, and RSA outside 2048 to 8192 bits.
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

    /// Whether keys of this algorithm and length sign by this scheme.
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

    /// Whether it is ECDSA, whose signatures are DER in TUF and raw r‖s in tokens.
    pub fn is_ecdsa(self) -> bool {
        !self.is_rsa() && self != Self::Ed25519
    }

    /// Verifies a signature in the encoding of TUF: DER for ECDSA.
    ///
    /// # Errors
    /// When the scheme does not fit the key, or the signature does not verify.
    pub fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if !self.fits(key) {
            return Err(VerifyError::Unfit {
                scheme: *self,
                algorithm: key.algorithm(),
            });
        }
        UnparsedPublicKey::new(self.properties().1, key.subject_bits())
            .verify(message, signature)
            .map_err(|_| VerifyError::Mismatch)
    }

    /// A key that is made ready once, to verify many signatures; `None` if the scheme does not fit it.
    pub(super) fn ready(self, key: &PublicKey) -> Option<ParsedPublicKey> {
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
    fn names_lead_back_to_their_schemes() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_name(scheme.as_str()), Some(scheme));
        }
        assert_eq!(Scheme::from_name("sigstore-oidc"), None);
    }

    #[test]
    fn what_a_key_signs_verifies_and_nothing_else_does() {
        for signer in Signer::one_of_each() {
            let scheme = signer.scheme();
            let signature = signer.sign(b"message");
            let public = signer.public();
            assert_eq!(scheme.verify(public, b"message", &signature), Ok(()));
            assert_eq!(
                scheme.verify(public, b"massage", &signature),
                Err(VerifyError::Mismatch)
            );
            for index in 0..signature.len() {
                let mut broken = signature.clone();
                broken[index] ^= 1;
                assert_eq!(
                    scheme.verify(public, b"message", &broken),
                    Err(VerifyError::Mismatch),
                    "{scheme}, byte {index}"
                );
            }
            let mut longer = signature.clone();
            longer.push(0);
            assert!(scheme.verify(public, b"message", &longer).is_err());
            assert!(scheme.verify(public, b"message", &[]).is_err());
        }
    }

    #[test]
    fn a_scheme_verifies_only_keys_that_it_fits() {
        for signer in Signer::one_of_each() {
            for scheme in Scheme::ALL
                .into_iter()
                .filter(|scheme| !scheme.fits(signer.public()))
            {
                assert!(matches!(
                    scheme.verify(signer.public(), b"", b""),
                    Err(VerifyError::Unfit { .. })
                ));
            }
        }
    }

    #[test]
    fn ecdsa_signatures_are_der_and_nothing_like_it() {
        let signer = Signer::p256();
        let signature = signer.sign(b"message");
        for (encoding, bytes) in ecdsa_signature_in_other_encodings(&signature) {
            assert_eq!(
                Scheme::EcdsaP256.verify(signer.public(), b"message", &bytes),
                Err(VerifyError::Mismatch),
                "{encoding}"
            );
        }
    }
}
