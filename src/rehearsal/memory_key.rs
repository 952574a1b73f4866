//! Throw-away key pairs in memory or in a file of a rehearsal, of every kind that a root may have.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};

use crate::certificate::{Algorithm, PublicKey};

/// A key pair: its private half as PKCS#8, its public half.
pub(super) struct MemoryKey {
    pub(super) private: Vec<u8>,
    pub(super) public: PublicKey,
}

/// Makes a key pair; none of a kind that cannot be made.
pub(super) fn generate(algorithm: Algorithm) -> Option<MemoryKey> {
    let random = SystemRandom::new();
    let (private, public) = match algorithm {
        Algorithm::Ed25519 => {
            let private = Ed25519KeyPair::generate_pkcs8(&random).ok()?;
            let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).ok()?;
            let public = PublicKey::from_ed25519(pair.public_key().as_ref()).ok()?;
            (private.as_ref().to_vec(), public)
        }
        Algorithm::Rsa { bits } => {
            let pair = RsaKeyPair::generate(size(bits)?).ok()?;
            let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
            let public = pair.public_key().as_der().ok()?;
            let public = PublicKey::from_der(public.as_ref()).ok()?;
            (private.as_ref().to_vec(), public)
        }
        _ => {
            let signing = ecdsa(algorithm)?;
            let private = EcdsaKeyPair::generate_pkcs8(signing, &random).ok()?;
            let pair = EcdsaKeyPair::from_pkcs8(signing, private.as_ref()).ok()?;
            let public = PublicKey::from_point(algorithm, pair.public_key().as_ref()).ok()?;
            (private.as_ref().to_vec(), public)
        }
    };
    Some(MemoryKey { private, public })
}

/// A signature as TUF has it.
pub(super) fn sign(algorithm: Algorithm, private: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8(private).ok()?;
            Some(pair.sign(message).as_ref().to_vec())
        }
        Algorithm::Rsa { .. } => {
            let pair = RsaKeyPair::from_pkcs8(private).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                .ok()?;
            Some(signature)
        }
        _ => {
            let pair = EcdsaKeyPair::from_pkcs8(ecdsa(algorithm)?, private).ok()?;
            let signature = pair.sign(&random, message).ok()?;
            Some(signature.as_ref().to_vec())
        }
    }
}

const fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}

const fn size(bits: usize) -> Option<KeySize> {
    match bits {
        2048 => Some(KeySize::Rsa2048),
        3072 => Some(KeySize::Rsa3072),
        4096 => Some(KeySize::Rsa4096),
        8192 => Some(KeySize::Rsa8192),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Scheme;

    #[test]
    fn what_it_signs_verifies() {
        for algorithm in [
            Algorithm::P256,
            Algorithm::P384,
            Algorithm::Ed25519,
            Algorithm::Rsa { bits: 3072 },
        ] {
            let key = generate(algorithm).unwrap();
            assert_eq!(key.public.algorithm(), algorithm);
            let signature = sign(algorithm, &key.private, b"a root").unwrap();
            let scheme = Scheme::for_public_key(&key.public).unwrap();
            scheme.verify(&key.public, b"a root", &signature).unwrap();
        }
    }
}
