//! A token in memory, which signs what it is given.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::metadata::KeyType;
use conclave::record::{KeyAttributes, TokenId};
use conclave::words::Digest;

/// A token that holds one key at most.
#[derive(Clone)]
pub(crate) struct SoftwareToken {
    number: u8,
    id: TokenId,
    pair: Option<Arc<Pair>>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair, Algorithm),
    Ed25519(Ed25519KeyPair),
    Rsa(&'static LazyLock<RsaKeyPair>),
}

/// Generating an RSA key is slow: one of each length serves every test.
static RSA_2048: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static RSA_3072: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa3072).unwrap());
static RSA_4096: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa4096).unwrap());

/// A key that is the same in every run: RFC 5915, with the scalar alone.
fn p256(number: u8) -> EcdsaKeyPair {
    let mut der = vec![0x30, 37, 2, 1, 1, 4, 32];
    der.extend_from_slice(Digest::of(&[number]).as_bytes());
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).unwrap()
}

impl SoftwareToken {
    /// What it says of its key: made inside, never to leave.
    pub(crate) const ATTRIBUTES: KeyAttributes = KeyAttributes {
        sensitive: Some(true),
        extractable: Some(false),
        always_sensitive: Some(true),
        never_extractable: Some(true),
        local: Some(true),
    };

    /// The same of a key that may leave it wrapped.
    pub(crate) const MAY_LEAVE: KeyAttributes = KeyAttributes {
        extractable: Some(true),
        never_extractable: Some(false),
        ..Self::ATTRIBUTES
    };

    /// A blank token. The number makes its serial number, and its keys on P-256 and of Ed25519.
    pub(crate) fn blank(number: u8) -> Self {
        Self {
            number,
            id: TokenId {
                profile: "softhsm2".to_owned(),
                manufacturer: "SoftHSM project".to_owned(),
                model: "SoftHSM v2".to_owned(),
                serial: format!("5f0000000000000{number}"),
                label: String::new(),
            },
            pair: None,
        }
    }

    /// A key file in place of a token.
    pub(crate) fn become_a_file(&mut self, serial: String) {
        "docker-key-file".clone_into(&mut self.id.profile);
        self.id.serial = serial;
        "root".clone_into(&mut self.id.label);
    }

    /// How it names itself.
    pub(crate) const fn id(&self) -> &TokenId {
        &self.id
    }

    /// Erases it, and gives it a label.
    pub(crate) fn initialize(&mut self, label: &str) {
        label.clone_into(&mut self.id.label);
        self.pair = None;
    }

    /// Takes in the key of another.
    pub(crate) fn take_in(&mut self, other: &Self) {
        self.pair.clone_from(&other.pair);
    }

    /// Destroys its key. The next one is another.
    pub(crate) fn destroy(&mut self) {
        self.pair = None;
        self.number += 100;
    }

    /// Makes a key.
    pub(crate) fn generate(&mut self, key_type: KeyType) {
        let pair = match key_type {
            KeyType::EcdsaP256 => Pair::Ecdsa(p256(self.number), Algorithm::P256),
            KeyType::EcdsaP384 => Pair::Ecdsa(
                EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap(),
                Algorithm::P384,
            ),
            KeyType::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[self.number; 32]).unwrap())
            }
            KeyType::RsaPss2048 => Pair::Rsa(&RSA_2048),
            KeyType::RsaPss3072 => Pair::Rsa(&RSA_3072),
            KeyType::RsaPss4096 => Pair::Rsa(&RSA_4096),
        };
        self.pair = Some(Arc::new(pair));
    }

    /// Its key, which was made.
    pub(crate) fn public_key(&self) -> PublicKey {
        match self.pair.as_deref().unwrap() {
            Pair::Ecdsa(pair, curve) => {
                PublicKey::from_point(*curve, pair.public_key().as_ref()).unwrap()
            }
            Pair::Ed25519(pair) => PublicKey::from_ed25519(pair.public_key().as_ref()).unwrap(),
            Pair::Rsa(pair) => {
                PublicKey::from_der(pair.public_key().as_der().unwrap().as_ref()).unwrap()
            }
        }
    }

    /// A signature as TUF has it, by the key that was made.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self.pair.as_deref().unwrap() {
            Pair::Ecdsa(pair, _) => {
                let signature = pair.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PSS_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .unwrap();
                signature
            }
        }
    }
}
