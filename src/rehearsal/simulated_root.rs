//! The simulated root that a rehearsal changes, and simulated enrolled keys: each key is replaced by a simulated key.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::backup::{public_half, sign_with};
use crate::ceremony::SimulatedRoot;
use crate::certificate::{Algorithm, PublicKey};
use crate::executor::MemoryKey;
use crate::metadata::{
    Key, KeyId as RootKeyId, KeyType, RootSimulation, Scheme, SignedRoot, TrustedRoot,
};
use crate::script::{KeyId, Place, Script};
use crate::secret::PrivateKey;
use crate::storage::{Links, Mode, read, replace};
use crate::token::Token;

use super::simulated_tokens::{SimulatedTokens, SimulationError, make_key};

/// Longer than any private key.
const MAX_KEY: u64 = 64 << 10;

/// A simulated key, by its location.
#[derive(Clone)]
enum SimulatedKey {
    /// In a simulated token.
    Token(PublicKey),
    /// In a file of the store, for a key at another site.
    Site(PublicKey),
    /// Discarded, for a key that is lost or absent.
    Gone(PublicKey),
}

impl SimulatedKey {
    const fn public(&self) -> &PublicKey {
        match self {
            Self::Token(public) | Self::Site(public) | Self::Gone(public) => public,
        }
    }
}

impl SimulatedTokens {
    /// Makes the simulated root for a script that changes a root, and signs it with simulated keys. `None` in a genesis.
    pub fn simulated_root(
        &mut self,
        script: &Script,
    ) -> Result<Option<SimulatedRoot>, SimulationError> {
        let Some(previous) = script.previous() else {
            return Ok(None);
        };
        let mut simulated_tokens: BTreeMap<&KeyId, (RootKeyId, SimulatedKey)> = BTreeMap::new();
        for (id, change) in script.key_changes() {
            if let Some(before) = change.before() {
                let algorithm = before.key.public().map(PublicKey::algorithm);
                let algorithm = algorithm.ok_or_else(|| failed("cannot read a root key"))?;
                let simulated = self.simulated_key(script, id, algorithm)?;
                simulated_tokens.insert(id, (before.id.clone(), simulated));
            }
        }
        self.sign_simulated(&previous.root, &simulated_tokens)
            .map(Some)
    }

    /// Makes the simulated roots of further repositories, with the simulated keys of the first repository.
    pub fn simulated_further_roots(
        &mut self,
        script: &Script,
        own: &SimulatedRoot,
    ) -> Result<BTreeMap<String, SimulatedRoot>, SimulationError> {
        let mut roots = BTreeMap::new();
        for repository in script.further() {
            let mut simulated_tokens = BTreeMap::new();
            for (id, before) in script.keys_within(repository) {
                let public = own.keys.get(&id).cloned();
                let public = public.ok_or_else(|| failed(format!("{id} has no simulated key")))?;
                simulated_tokens.insert(id, (before.id, SimulatedKey::Token(public)));
            }
            let simulated_tokens = simulated_tokens
                .iter()
                .map(|(id, simulated)| (id, simulated.clone()))
                .collect();
            let made = self.sign_simulated(&repository.previous.root, &simulated_tokens)?;
            roots.insert(repository.name.clone(), made);
        }
        Ok(roots)
    }

    /// Makes a simulated root with these keys, and signs it.
    fn sign_simulated(
        &mut self,
        root: &TrustedRoot,
        simulated_tokens: &BTreeMap<&KeyId, (RootKeyId, SimulatedKey)>,
    ) -> Result<SimulatedRoot, SimulationError> {
        let publics = simulated_tokens.values();
        let publics = publics.map(|(id, simulated)| (id.clone(), simulated.public().clone()));
        let made = RootSimulation::of(root.document(), &publics.collect())
            .map_err(|error| failed(error.to_string()))?;
        let message = made.root.signed_bytes();
        let mut signed = SignedRoot::new(made.root.clone());
        for (id, (root_id, simulated)) in simulated_tokens {
            let key = made.ids.get(root_id);
            let key = key.and_then(|id| made.root.document().root_key(id));
            let scheme = key.and_then(Key::scheme);
            let signature = match simulated {
                SimulatedKey::Token(public) => {
                    self.with_token(id.as_str(), |token, _| sign(token, public, scheme, message))?
                }
                SimulatedKey::Site(_) => self
                    .site_signature(id, message)
                    .map_err(|error| failed(error.to_string()))?,
                SimulatedKey::Gone(_) => continue,
            };
            if let Some(simulated_id) = made.ids.get(root_id) {
                signed
                    .attach(simulated_id, &signature)
                    .map_err(|error| failed(error.to_string()))?;
            }
        }
        if !signed.is_complete() {
            return Err(failed("its simulated keys are too few to sign it"));
        }
        let file = String::from_utf8(signed.to_file_bytes())
            .map_err(|_| failed("it is not UTF-8 text"))?;
        let keys = simulated_tokens.iter();
        let keys = keys.map(|(id, (_, simulated))| ((*id).clone(), simulated.public().clone()));
        Ok(SimulatedRoot {
            file,
            keys: keys.collect(),
        })
    }

    /// Makes a simulated key for each existing key that a script enrolls or backs up, and returns the public keys.
    pub fn simulated_keys(
        &mut self,
        script: &Script,
    ) -> Result<BTreeMap<KeyId, PublicKey>, SimulationError> {
        let mut simulated_tokens = BTreeMap::new();
        for (id, enrolled) in script.enrolled() {
            let algorithm = enrolled.enrollment.claims().public_key.algorithm();
            let simulated = self.simulated_key(script, id, algorithm)?;
            simulated_tokens.insert(id.clone(), simulated.public().clone());
        }
        for (plan, key) in script.known_keys() {
            let algorithm = key.public().map(PublicKey::algorithm);
            let algorithm = algorithm.ok_or_else(|| failed("cannot read a key"))?;
            let simulated = self.simulated_key(script, &plan.id, algorithm)?;
            simulated_tokens.insert(plan.id.clone(), simulated.public().clone());
        }
        Ok(simulated_tokens)
    }

    fn simulated_key(
        &mut self,
        script: &Script,
        id: &KeyId,
        algorithm: Algorithm,
    ) -> Result<SimulatedKey, SimulationError> {
        let mut distant = script.distant_keys().iter();
        let place = distant.find(|key| key.id == *id).map(|key| &key.place);
        let Some(place) = place else {
            let key_type = key_type(algorithm)
                .ok_or_else(|| failed(format!("no token supports keys of type {algorithm}")))?;
            let public = self.with_token(id.as_str(), |token, slot| {
                make_key(token, slot, key_type, script.backs_up(id))
            })?;
            return Ok(SimulatedKey::Token(public));
        };
        let key = MemoryKey::generate(algorithm)
            .ok_or_else(|| failed(format!("cannot generate a key of type {algorithm}")))?;
        if !matches!(place, Place::Site(_)) {
            return Ok(SimulatedKey::Gone(key.public));
        }
        let path = site_key(&self.store, id);
        replace(&path, key.private.expose(), Mode::Private).map_err(|error| {
            SimulationError::Store {
                path,
                source: error.into(),
            }
        })?;
        Ok(SimulatedKey::Site(key.public))
    }

    /// The signature of a simulated key at another site.
    pub(super) fn site_signature(&self, id: &KeyId, message: &[u8]) -> io::Result<Vec<u8>> {
        let bytes = read(&site_key(&self.store, id), Links::Refuse, MAX_KEY)?;
        let private = PrivateKey::new(Zeroizing::new(bytes));
        [
            Algorithm::P256,
            Algorithm::P384,
            Algorithm::P521,
            Algorithm::Ed25519,
            Algorithm::Rsa { bits: 0 },
        ]
        .into_iter()
        .find_map(|algorithm| {
            let public = public_half(&private, algorithm)?;
            sign_with(&private, &public, message)
        })
        .ok_or_else(|| io::Error::other("the file of the simulated key contains no key"))
    }
}

fn failed(why: impl Into<String>) -> SimulationError {
    SimulationError::Root { why: why.into() }
}

fn key_type(algorithm: Algorithm) -> Option<KeyType> {
    KeyType::ALL
        .into_iter()
        .find(|kind| kind.algorithm() == algorithm)
}

fn sign(
    token: &mut dyn Token,
    public: &PublicKey,
    scheme: Option<Scheme>,
    message: &[u8],
) -> Result<Vec<u8>, SimulationError> {
    let held = token
        .keys()?
        .into_iter()
        .find(|held| held.public == *public);
    let held = held.ok_or_else(|| failed("a simulated token no longer has its key"))?;
    Ok(match scheme {
        Some(scheme) => token.sign_by(&held.object_id, public, scheme, message)?,
        None => token.sign(&held.object_id, public, message)?,
    })
}

/// The file of a simulated key at another site.
fn site_key(store: &Path, id: &KeyId) -> PathBuf {
    store.join(format!("site-{id}.pk8"))
}
