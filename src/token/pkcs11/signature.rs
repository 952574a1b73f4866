//! Signing mechanisms, and signatures in the form that TUF metadata contains.

use aws_lc_rs::digest::{self, SHA256, SHA384};
use cryptoki_sys::{self as sys, CK_MECHANISM_TYPE};

use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{Scheme, ecdsa_der_from_raw};
use crate::profile::SignatureMechanism;

use super::super::TokenError;
use super::raw::Mechanism;

/// One way to sign a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signing {
    pub(super) mechanism: Mechanism,
    /// What the token gets: the message or its digest.
    pub(super) input: Vec<u8>,
}

impl Signing {
    /// The ways in which a key of that algorithm may sign by a scheme, in the order of the profile; those that the token
    /// offers come first.
    pub(super) fn ways(
        algorithm: Algorithm,
        scheme: Scheme,
        message: &[u8],
        profile: &[SignatureMechanism],
        offered: &[CK_MECHANISM_TYPE],
    ) -> Result<Vec<Self>, TokenError> {
        let whole = |mechanism| Self {
            mechanism,
            input: message.to_vec(),
        };
        let hashed = |mechanism, algorithm| Self {
            mechanism,
            input: digest::digest(algorithm, message).as_ref().to_vec(),
        };
        let plain = Mechanism::Plain;
        let mut ways = match algorithm {
            Algorithm::P384 if scheme != Scheme::EcdsaP384Sha256 => vec![
                hashed(plain(sys::CKM_ECDSA), &SHA384),
                whole(plain(sys::CKM_ECDSA_SHA384)),
            ],
            Algorithm::P256 | Algorithm::P384 => vec![
                hashed(plain(sys::CKM_ECDSA), &SHA256),
                whole(plain(sys::CKM_ECDSA_SHA256)),
            ],
            Algorithm::Ed25519 => vec![whole(plain(sys::CKM_EDDSA))],
            Algorithm::Rsa { .. } => vec![
                whole(Mechanism::PssSha256(sys::CKM_SHA256_RSA_PKCS_PSS)),
                hashed(Mechanism::PssSha256(sys::CKM_RSA_PKCS_PSS), &SHA256),
            ],
            Algorithm::P521 => {
                return Err(TokenError::unsupported(format!(
                    "sign for TUF with {algorithm}"
                )));
            }
        };
        let place = |way: &Self| {
            let mut known = profile.iter();
            known.position(|known| known.number() == way.mechanism.kind())
        };
        ways.retain(|way| place(way).is_some());
        ways.sort_by_key(|way| (!offered.contains(&way.mechanism.kind()), place(way)));
        Ok(ways)
    }
}

/// A signature in the form that metadata contains; `None` when the token returned something else.
///
/// ECDSA signatures are `r` and `s`, each as long as the curve's order. Some modules return DER, or two shorter halves:
/// those are accepted when they verify.
pub(super) fn finished(
    raw: &[u8],
    public: &PublicKey,
    scheme: Scheme,
    message: &[u8],
) -> Option<Vec<u8>> {
    let half = match public.algorithm() {
        Algorithm::P256 => 32,
        Algorithm::P384 => 48,
        Algorithm::Ed25519 => return (raw.len() == 64).then(|| raw.to_vec()),
        Algorithm::Rsa { bits } => return (raw.len() == bits.div_ceil(8)).then(|| raw.to_vec()),
        Algorithm::P521 => return None,
    };
    let verifies = |signature: &[u8]| scheme.verifies(public, message, signature);
    if verifies(raw) {
        return Some(raw.to_vec());
    }
    let mut padded = vec![0; 2 * half];
    let missing = half
        .checked_sub(raw.len() / 2)
        .filter(|_| raw.len().is_multiple_of(2))?;
    let (r, s) = raw.split_at(raw.len() / 2);
    padded[missing..half].copy_from_slice(r);
    padded[half + missing..].copy_from_slice(s);
    let signature = ecdsa_der_from_raw(&padded)?;
    (missing == 0 || verifies(&signature)).then_some(signature)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    use super::*;

    const P256: Scheme = Scheme::EcdsaP256;

    fn pair() -> (EcdsaKeyPair, PublicKey) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = PublicKey::from_point(Algorithm::P256, pair.public_key().as_ref()).unwrap();
        (pair, public)
    }

    #[test]
    fn der_integers_are_minimal_and_positive() {
        let mut raw = vec![0; 64];
        raw[31] = 0x7f;
        raw[32] = 0x80;
        let mut expected = vec![0x30, 38, 2, 1, 0x7f, 2, 33, 0, 0x80];
        expected.resize(40, 0);
        let (_, public) = pair();
        assert_eq!(finished(&raw, &public, P256, b""), Some(expected));
    }

    #[test]
    fn another_length_is_not_a_signature() {
        let (_, public) = pair();
        for length in [0, 1, 62, 63, 66] {
            assert_eq!(finished(&vec![1; length], &public, P256, b""), None);
        }
        let pair = Ed25519KeyPair::generate().unwrap();
        let ed25519 = PublicKey::from_ed25519(pair.public_key().as_ref()).unwrap();
        assert_eq!(finished(&[1; 65], &ed25519, Scheme::Ed25519, b""), None);
    }

    #[test]
    fn every_form_that_verifies_is_accepted() {
        let (pair, public) = pair();
        let raw = pair.sign(&SystemRandom::new(), b"message").unwrap();
        let der = finished(raw.as_ref(), &public, P256, b"message").unwrap();
        assert!(P256.verifies(&public, b"message", &der));
        assert_eq!(finished(&der, &public, P256, b"message"), Some(der.clone()));
        assert_eq!(finished(&der, &public, P256, b"another"), None);
        // Shorter halves verify only if what they leave out is zero.
        let short = [&raw.as_ref()[1..32], &raw.as_ref()[33..]].concat();
        let verified = raw.as_ref()[0] == 0 && raw.as_ref()[32] == 0;
        assert_eq!(
            finished(&short, &public, P256, b"message").is_some(),
            verified
        );
    }

    #[test]
    fn what_the_token_offers_comes_first() {
        let first = |algorithm, scheme, offered: &[_]| {
            let known = &SignatureMechanism::ALL;
            let mut ways = Signing::ways(algorithm, scheme, b"message", known, offered).unwrap();
            let way = ways.swap_remove(0);
            (way.mechanism.kind(), way.input.len())
        };
        let rsa = Algorithm::Rsa { bits: 3072 };
        for (algorithm, scheme, offered, expected) in [
            (rsa, Scheme::RsaPssSha256, sys::CKM_SHA256_RSA_PKCS_PSS, 7),
            (rsa, Scheme::RsaPssSha256, sys::CKM_RSA_PKCS_PSS, 32),
            (Algorithm::P256, P256, sys::CKM_ECDSA, 32),
            (Algorithm::P256, P256, sys::CKM_ECDSA_SHA256, 7),
        ] {
            assert_eq!(first(algorithm, scheme, &[offered]), (offered, expected));
        }
    }
}
