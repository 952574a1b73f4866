//! Signing mechanisms, and signatures in the form that TUF metadata carries.

use aws_lc_rs::digest::{self, SHA256, SHA384};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

use crate::certificate::Algorithm;
use crate::metadata::{Scheme, ecdsa_der_from_raw};

use super::super::TokenError;

/// How one key signs one message.
pub(super) struct Signing {
    pub(super) mechanism: Mechanism<'static>,
    /// What goes to the token: the message or its digest.
    pub(super) input: Vec<u8>,
    shape: Shape,
}

/// What comes back.
#[derive(Clone, Copy)]
enum Shape {
    /// r and s, each of so many bytes.
    Ecdsa { half: usize },
    /// So many bytes that stay as they are.
    Fixed { length: usize },
}

impl Signing {
    /// How a key of that algorithm signs by a scheme of it, with the mechanisms that its token has.
    pub(super) fn new(
        algorithm: Algorithm,
        scheme: Scheme,
        offered: &[MechanismType],
        message: &[u8],
    ) -> Result<Self, TokenError> {
        let hashed = |algorithm| digest::digest(algorithm, message).as_ref().to_vec();
        Ok(match algorithm {
            Algorithm::P256 => Self {
                mechanism: Mechanism::Ecdsa,
                input: hashed(&SHA256),
                shape: Shape::Ecdsa { half: 32 },
            },
            Algorithm::P384 => Self {
                mechanism: Mechanism::Ecdsa,
                input: hashed(if scheme == Scheme::EcdsaP384Sha256 {
                    &SHA256
                } else {
                    &SHA384
                }),
                shape: Shape::Ecdsa { half: 48 },
            },
            Algorithm::Ed25519 => Self {
                mechanism: Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
                input: message.to_vec(),
                shape: Shape::Fixed { length: 64 },
            },
            Algorithm::Rsa { bits } => {
                let parameters = PkcsPssParams {
                    hash_alg: MechanismType::SHA256,
                    mgf: PkcsMgfType::MGF1_SHA256,
                    s_len: 32.into(),
                };
                let whole = offered.contains(&MechanismType::SHA256_RSA_PKCS_PSS);
                Self {
                    mechanism: if whole {
                        Mechanism::Sha256RsaPkcsPss(parameters)
                    } else {
                        Mechanism::RsaPkcsPss(parameters)
                    },
                    input: if whole {
                        message.to_vec()
                    } else {
                        hashed(&SHA256)
                    },
                    shape: Shape::Fixed {
                        length: bits.div_ceil(8),
                    },
                }
            }
            Algorithm::P521 => {
                return Err(TokenError::unsupported(format!(
                    "sign for TUF with {algorithm}"
                )));
            }
        })
    }

    /// The form that metadata carries; `None` when the token gave something else than a signature.
    pub(super) fn finish(&self, raw: Vec<u8>) -> Option<Vec<u8>> {
        match self.shape {
            Shape::Fixed { length } => (raw.len() == length).then_some(raw),
            Shape::Ecdsa { half } => {
                if raw.len() != 2 * half {
                    return None;
                }
                ecdsa_der_from_raw(&raw)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p256(raw: Vec<u8>) -> Option<Vec<u8>> {
        Signing::new(Algorithm::P256, Scheme::EcdsaP256, &[], b"")
            .unwrap()
            .finish(raw)
    }

    #[test]
    fn der_integers_are_minimal_and_positive() {
        let mut raw = vec![0; 64];
        raw[31] = 0x7f;
        raw[32] = 0x80;
        let mut expected = vec![0x30, 38, 2, 1, 0x7f, 2, 33, 0, 0x80];
        expected.resize(40, 0);
        assert_eq!(p256(raw).unwrap(), expected);
    }

    #[test]
    fn another_length_is_no_signature() {
        assert_eq!(p256(vec![1; 63]), None);
        assert_eq!(p256(Vec::new()), None);
        let ed25519 = Signing::new(Algorithm::Ed25519, Scheme::Ed25519, &[], b"").unwrap();
        assert_eq!(ed25519.finish(vec![1; 65]), None);
    }

    #[test]
    fn a_token_without_hashing_gets_the_digest() {
        let rsa = Algorithm::Rsa { bits: 3072 };
        let whole = Signing::new(
            rsa,
            Scheme::RsaPssSha256,
            &[MechanismType::SHA256_RSA_PKCS_PSS],
            b"message",
        )
        .unwrap();
        assert_eq!(whole.input, b"message");
        let hashed = Signing::new(
            rsa,
            Scheme::RsaPssSha256,
            &[MechanismType::RSA_PKCS_PSS],
            b"message",
        )
        .unwrap();
        assert_eq!(hashed.input.len(), 32);
    }
}
