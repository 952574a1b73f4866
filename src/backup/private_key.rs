//! The public key of a restored private key, and signatures by it.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};

use crate::certificate::{Algorithm, PublicKey};
use crate::secret::PrivateKey;

/// The public key, computed from the private key; `None` if the algorithm is wrong.
pub fn public_half(private: &PrivateKey, algorithm: Algorithm) -> Option<PublicKey> {
    let pkcs8 = private.expose();
    let signing = match algorithm {
        Algorithm::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        Algorithm::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        Algorithm::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
            return PublicKey::from_ed25519(pair.public_key().as_ref()).ok();
        }
        Algorithm::Rsa { .. } => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            let public = pair.public_key().as_der().ok()?;
            return PublicKey::from_der(public.as_ref()).ok();
        }
    };
    let pair = EcdsaKeyPair::from_private_key_der(signing, pkcs8).ok()?;
    PublicKey::from_point(algorithm, pair.public_key().as_ref()).ok()
}

/// A signature in TUF's encoding; `None` if the private key does not have the algorithm of `public`.
pub fn sign_with(private: &PrivateKey, public: &PublicKey, message: &[u8]) -> Option<Vec<u8>> {
    let (pkcs8, random) = (private.expose(), SystemRandom::new());
    let signing = match public.algorithm() {
        Algorithm::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        Algorithm::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        Algorithm::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
            return Some(pair.sign(message).as_ref().to_vec());
        }
        Algorithm::Rsa { .. } => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                .ok()?;
            return Some(signature);
        }
    };
    let pair = EcdsaKeyPair::from_private_key_der(signing, pkcs8).ok()?;
    let signature = pair.sign(&random, message).ok()?;
    Some(signature.as_ref().to_vec())
}
