//! The twin of the root that a script changes: its keys, one for one, are held by twins.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};

use crate::ceremony::TwinRoot;
use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{KeyId as RootKeyId, KeyType, SignedRoot, TwinOfRoot};
use crate::script::{Place, Script};
use crate::token::{KeyRequest, Token};

use super::twins::{Twins, TwinsError};

impl Twins {
    /// Makes the twin of the root that a script changes, and signs it with the twins of its keys. None in a genesis.
    ///
    /// # Errors
    /// When a key cannot be made, or the twin cannot be signed.
    pub fn twin_root(&mut self, script: &Script) -> Result<Option<TwinRoot>, TwinsError> {
        let Some(previous) = script.previous() else {
            return Ok(None);
        };
        let mut keys = BTreeMap::new();
        let mut publics: BTreeMap<RootKeyId, PublicKey> = BTreeMap::new();
        for (id, change) in script.key_changes() {
            let Some(before) = change.before() else {
                continue;
            };
            let algorithm = before.key.public().map(PublicKey::algorithm);
            let algorithm = algorithm.ok_or_else(|| unlike("a root key cannot be read"))?;
            let public = match key_type(algorithm).filter(|_| self.signs(script, id)) {
                Some(key_type) => self.with_token(id, |token| make_key(token, key_type))?,
                None => throw_away(algorithm)?,
            };
            keys.insert(id.clone(), public.to_pem());
            publics.insert(before.id.clone(), public);
        }
        let twin = TwinOfRoot::of(previous.root.document(), &publics)
            .map_err(|error| unlike(error.to_string()))?;
        let mut signed = SignedRoot::new(twin.root.clone());
        for (id, change) in script.key_changes() {
            let ids = change
                .before()
                .and_then(|before| Some((publics.get(&before.id)?, twin.ids.get(&before.id)?)));
            let Some((public, twin_id)) = ids.filter(|_| self.signs(script, id)) else {
                continue;
            };
            let message = twin.root.signed_bytes();
            let signature = self.with_token(id, |token| sign(token, public, message))?;
            signed
                .attach(twin_id, &signature)
                .map_err(|error| unlike(error.to_string()))?;
        }
        if !signed.is_complete() {
            return Err(unlike("its own keys cannot sign it"));
        }
        let file = String::from_utf8(signed.to_file_bytes())
            .map_err(|_| unlike("it would not be text"))?;
        Ok(Some(TwinRoot { file, keys }))
    }

    /// Whether a key has a token in this rehearsal: here, or at a site that owes its signature.
    fn signs(&self, script: &Script, id: &crate::script::KeyId) -> bool {
        let mut distant = script.distant_keys().iter();
        distant.all(|key| key.id != *id || matches!(key.place, Place::Site(_)))
    }
}

fn unlike(why: impl Into<String>) -> TwinsError {
    TwinsError::Root { why: why.into() }
}

fn key_type(algorithm: Algorithm) -> Option<KeyType> {
    KeyType::ALL
        .into_iter()
        .find(|kind| kind.algorithm() == algorithm)
}

fn make_key(token: &mut dyn Token, key_type: KeyType) -> Result<PublicKey, TwinsError> {
    let request = KeyRequest {
        object_id: b"twin".to_vec(),
        label: "twin of a root key".to_owned(),
        key_type,
        extractable: false,
    };
    Ok(token.generate(&request)?.public)
}

fn sign(token: &mut dyn Token, public: &PublicKey, message: &[u8]) -> Result<Vec<u8>, TwinsError> {
    let held = token
        .keys()?
        .into_iter()
        .find(|held| held.public == *public);
    let held = held.ok_or_else(|| unlike("a twin has lost its key"))?;
    Ok(token.sign(&held.object_id, public, message)?)
}

/// A public key whose private half is forgotten at once: it stands in for a key that is lost or absent.
fn throw_away(algorithm: Algorithm) -> Result<PublicKey, TwinsError> {
    let failed = || unlike(format!("no key of the kind {algorithm} can be made"));
    let ecdsa = |signing: &'static EcdsaSigningAlgorithm| {
        let private = EcdsaKeyPair::generate_pkcs8(signing, &SystemRandom::new()).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(signing, private.as_ref()).ok()?;
        PublicKey::from_point(algorithm, pair.public_key().as_ref()).ok()
    };
    let made = match algorithm {
        Algorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::P521 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
        Algorithm::Ed25519 => Ed25519KeyPair::generate()
            .ok()
            .and_then(|pair| PublicKey::from_point(algorithm, pair.public_key().as_ref()).ok()),
        Algorithm::Rsa { bits } => rsa(bits),
    };
    made.ok_or_else(failed)
}

fn rsa(bits: usize) -> Option<PublicKey> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        _ => return None,
    };
    let pair = RsaKeyPair::generate(size).ok()?;
    let der = pair.public_key().as_der().ok()?;
    PublicKey::from_der(der.as_ref()).ok()
}
