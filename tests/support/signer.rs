//! Keys in memory that sign: for the tests of the library and for those beside it.

#![allow(dead_code, reason = "each crate that includes it uses its part")]

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::{Key, Scheme};

pub(crate) struct Signer {
    pair: Pair,
    public: PublicKey,
    scheme: Scheme,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(&'static RsaKeyPair, &'static dyn RsaEncoding),
}

/// Generating an RSA key is slow: one serves every test.
static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

impl Signer {
    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, curve: Algorithm, scheme: Scheme) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let public = PublicKey::from_point(curve, pair.public_key().as_ref()).unwrap();
        Self {
            pair: Pair::Ecdsa(pair),
            public,
            scheme,
        }
    }

    pub(crate) fn p256() -> Self {
        Self::ecdsa(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            Algorithm::P256,
            Scheme::EcdsaP256,
        )
    }

    pub(crate) fn p384() -> Self {
        Self::ecdsa(
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            Algorithm::P384,
            Scheme::EcdsaP384,
        )
    }

    pub(crate) fn p521() -> Self {
        Self::ecdsa(
            &ECDSA_P521_SHA512_ASN1_SIGNING,
            Algorithm::P521,
            Scheme::EcdsaP521,
        )
    }

    pub(crate) fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public = PublicKey::from_ed25519(pair.public_key().as_ref()).unwrap();
        Self {
            pair: Pair::Ed25519(pair),
            public,
            scheme: Scheme::Ed25519,
        }
    }

    pub(crate) fn rsa() -> Self {
        Self {
            pair: Pair::Rsa(&RSA, &RSA_PSS_SHA256),
            public: PublicKey::from_der(RSA.public_key().as_der().unwrap().as_ref()).unwrap(),
            scheme: Scheme::RsaPssSha256,
        }
    }

    pub(crate) fn rsa_pkcs1() -> Self {
        Self {
            pair: Pair::Rsa(&RSA, &RSA_PKCS1_SHA256),
            scheme: Scheme::RsaPkcs1Sha256,
            ..Self::rsa()
        }
    }

    /// One of each kind that Conclave writes.
    pub(crate) fn writable() -> Vec<Self> {
        vec![Self::p256(), Self::p384(), Self::ed25519(), Self::rsa()]
    }

    /// One of each kind that Conclave verifies.
    pub(crate) fn one_of_each() -> Vec<Self> {
        let mut all = Self::writable();
        all.extend([Self::p521(), Self::rsa_pkcs1()]);
        all
    }

    /// An RSA key that is too short; nobody needs its private part.
    pub(crate) fn weak_rsa_public() -> PublicKey {
        let mut modulus = [0xff; 128];
        modulus[0] = 0x80;
        PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap()
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn key(&self) -> Key {
        Key::from_public(&self.public).unwrap()
    }

    /// A signature in the encoding of TUF.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// The private key, which files must never bring in.
    pub(crate) fn pkcs8(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8().unwrap().as_ref().to_vec(),
            Pair::Rsa(pair, _) => {
                let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
                der.as_ref().to_vec()
            }
        }
    }
}

/// Encodings of the same r and s that are not DER.
pub(crate) fn ecdsa_signature_in_other_encodings(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let r_length = usize::from(der[3]);
    let (r, s) = (&der[4..4 + r_length], &der[6 + r_length..]);
    let fixed = |number: &[u8]| {
        let start = number.len().saturating_sub(32);
        let mut out = vec![0; 32 - (number.len() - start)];
        out.extend_from_slice(&number[start..]);
        out
    };
    let raw = [fixed(r), fixed(s)].concat();
    let sequence = |r: &[u8], s: &[u8]| {
        let mut out = vec![0x30, u8::try_from(4 + r.len() + s.len()).unwrap()];
        for number in [r, s] {
            out.extend([2, u8::try_from(number.len()).unwrap()]);
            out.extend_from_slice(number);
        }
        out
    };
    let mut long_length = vec![0x30, 0x81];
    long_length.extend_from_slice(&der[1..]);
    vec![
        ("raw r‖s", raw),
        ("r with a needless zero", sequence(&[&[0], r].concat(), s)),
        ("a long form length", long_length),
        ("a zero r", sequence(&[0], s)),
        ("a zero s", sequence(r, &[0])),
        ("a tail", [der, &[0]].concat()),
    ]
}
