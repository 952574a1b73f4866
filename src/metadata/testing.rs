//! Keys in memory that sign, for the tests of this room.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use serde_json::{Value, json};

use super::canonical_json::canonical;
use super::chain::{TrustedRoot, verify_chain};
use super::draft::RootDraft;
use super::key::Key;
use super::role::RoleKind;
use super::scheme::Scheme;
use crate::certificate::{Algorithm, PublicKey};

pub(super) struct Signer {
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

    pub(super) fn p256() -> Self {
        Self::ecdsa(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            Algorithm::P256,
            Scheme::EcdsaP256,
        )
    }

    pub(super) fn p384() -> Self {
        Self::ecdsa(
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            Algorithm::P384,
            Scheme::EcdsaP384,
        )
    }

    pub(super) fn p521() -> Self {
        Self::ecdsa(
            &ECDSA_P521_SHA512_ASN1_SIGNING,
            Algorithm::P521,
            Scheme::EcdsaP521,
        )
    }

    pub(super) fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public = PublicKey::from_ed25519(pair.public_key().as_ref()).unwrap();
        Self {
            pair: Pair::Ed25519(pair),
            public,
            scheme: Scheme::Ed25519,
        }
    }

    pub(super) fn rsa() -> Self {
        Self {
            pair: Pair::Rsa(&RSA, &RSA_PSS_SHA256),
            public: PublicKey::from_der(RSA.public_key().as_der().unwrap().as_ref()).unwrap(),
            scheme: Scheme::RsaPssSha256,
        }
    }

    pub(super) fn rsa_pkcs1() -> Self {
        Self {
            pair: Pair::Rsa(&RSA, &RSA_PKCS1_SHA256),
            scheme: Scheme::RsaPkcs1Sha256,
            ..Self::rsa()
        }
    }

    /// One of each kind that Conclave writes.
    pub(super) fn writable() -> Vec<Self> {
        vec![Self::p256(), Self::p384(), Self::ed25519(), Self::rsa()]
    }

    /// One of each kind that Conclave verifies.
    pub(super) fn one_of_each() -> Vec<Self> {
        let mut all = Self::writable();
        all.extend([Self::p521(), Self::rsa_pkcs1()]);
        all
    }

    /// An RSA key that is too short; nobody needs its private part.
    pub(super) fn weak_rsa_public() -> PublicKey {
        let mut modulus = [0xff; 128];
        modulus[0] = 0x80;
        PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap()
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn key(&self) -> Key {
        Key::from_public(&self.public).unwrap()
    }

    /// A signature in the encoding of TUF.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
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
    pub(super) fn pkcs8(&self) -> Vec<u8> {
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
pub(super) fn ecdsa_signature_in_other_encodings(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
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

/// A version 1 with a root threshold of 2, edited, then signed by its root keys, under the IDs that it lists.
pub(super) fn signed_genesis(
    root: &[&Signer],
    online: &Signer,
    edit: impl FnOnce(&mut Value),
) -> Vec<u8> {
    let mut draft = RootDraft::genesis("2031-01-01T00:00:00Z".parse().unwrap(), true);
    draft.set_role(RoleKind::Root, 2, root.iter().map(|signer| signer.key()));
    for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
        draft.set_role(kind, 1, [online.key()]);
    }
    let mut signed = Value::Object(draft.freeze().unwrap().document().tree().clone());
    edit(&mut signed);
    sign_tree(&signed, root)
}

/// Signs a tree by the signers whose public keys are its root keys, in that order.
pub(super) fn sign_tree(tree: &Value, signers: &[&Signer]) -> Vec<u8> {
    let bytes = canonical(tree).unwrap();
    let signatures: Vec<Value> = tree["roles"]["root"]["keyids"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|id| {
            let key = Key::from_object(&tree["keys"][id.as_str()?]).ok()?;
            let signer = signers
                .iter()
                .find(|signer| Some(signer.public()) == key.public())?;
            Some(json!({"keyid": id, "sig": hex::encode(signer.sign(&bytes))}))
        })
        .collect();
    serde_json::to_vec_pretty(&json!({"signatures": signatures, "signed": tree})).unwrap()
}

/// The newest root of a chain that must verify.
pub(super) fn trusted(files: impl IntoIterator<Item = Vec<u8>>) -> TrustedRoot {
    let files: Vec<_> = files
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| (format!("{}.root.json", index + 1), bytes))
        .collect();
    let report = verify_chain(files.into_iter(), "2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(report.reasons(), []);
    report.trusted().unwrap().clone()
}
