//! A frozen root with its verified signatures.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value, json};

use super::chain::{Count, TrustedRoot};
use super::document::RootDocument;
use super::format::RootFormat;
use super::frozen::FrozenRoot;
use super::key::Key;
use super::key_id::KeyId;
use super::notary;
use super::role::RoleKind;
use crate::certificate::PublicKey;

/// A root that is being signed. The result does not depend on the order of signing.
#[derive(Debug, Clone)]
pub struct SignedRoot {
    frozen: FrozenRoot,
    previous: Option<TrustedRoot>,
    signatures: BTreeMap<KeyId, Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("key {key} is not a root key of version {version} or of the previous version")]
    UnknownKey { key: KeyId, version: u64 },
    #[error("the signature by key {key} over version {version} does not verify")]
    Mismatch { key: KeyId, version: u64 },
    #[error("version {version} does not follow version {previous}")]
    NotNext { version: u64, previous: u64 },
}

/// The effect of adding a valid signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The first signature by this key.
    New,
    /// The key had a different valid signature.
    Replaced,
    /// The same signature was already there.
    Unchanged,
}

/// Signatures counted for both root roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// For the root role of the previous version; `None` in a genesis.
    pub previous: Option<Count>,
    /// For the root role of this version.
    pub own: Count,
}

impl Progress {
    /// Whether both thresholds are reached.
    pub fn is_complete(self) -> bool {
        self.own.is_reached() && self.previous.is_none_or(Count::is_reached)
    }
}

impl SignedRoot {
    /// An unsigned initial root, or a root for which only its own keys are counted.
    pub const fn new(frozen: FrozenRoot) -> Self {
        Self {
            frozen,
            previous: None,
            signatures: BTreeMap::new(),
        }
    }

    /// An unsigned successor of a trusted root, whose keys must sign too.
    ///
    /// # Errors
    /// If it is not the next version.
    pub fn after(frozen: FrozenRoot, previous: TrustedRoot) -> Result<Self, SignatureError> {
        if frozen.version() != previous.version() + 1 {
            return Err(SignatureError::NotNext {
                version: frozen.version(),
                previous: previous.version(),
            });
        }
        Ok(Self {
            previous: Some(previous),
            ..Self::new(frozen)
        })
    }

    /// Adds a signature in TUF's encoding. It replaces an earlier signature by the same key.
    ///
    /// # Errors
    /// If the key is not a root key, or the signature does not verify.
    pub fn attach(&mut self, key: &KeyId, signature: &[u8]) -> Result<Attached, SignatureError> {
        let version = self.frozen.version();
        let keys: Vec<&Key> = self
            .authorities()
            .filter_map(|authority| authority.root_key(key))
            .collect();
        if keys.is_empty() {
            let key = key.clone();
            return Err(SignatureError::UnknownKey { key, version });
        }
        let message = self.frozen.signed_bytes();
        if !keys.iter().any(|key| key.verifies(message, signature)) {
            let key = key.clone();
            return Err(SignatureError::Mismatch { key, version });
        }
        let before = self.signatures.insert(key.clone(), signature.to_vec());
        Ok(match before {
            None => Attached::New,
            Some(before) if before == signature => Attached::Unchanged,
            Some(_) => Attached::Replaced,
        })
    }

    pub const fn frozen(&self) -> &FrozenRoot {
        &self.frozen
    }

    /// The IDs of a public key in both root roles. There are several if its ID changes. One signature serves all.
    pub fn ids_of(&self, public: &PublicKey) -> BTreeSet<KeyId> {
        self.root_keys()
            .filter(|(_, key)| key.public() == Some(public))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The root keys of both root roles, with their IDs. A key in both roles appears twice.
    pub fn root_keys(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.authorities()
            .flat_map(|authority| authority.role_keys(RoleKind::Root))
            .map(|(id, listed)| (id, listed.key()))
    }

    pub const fn signatures(&self) -> &BTreeMap<KeyId, Vec<u8>> {
        &self.signatures
    }

    /// A public key counts once, even if it has several IDs.
    pub fn progress(&self) -> Progress {
        Progress {
            previous: self.previous.as_deref().map(|root| self.count(root)),
            own: self.count(&self.frozen),
        }
    }

    /// Whether all thresholds are reached.
    pub fn is_complete(&self) -> bool {
        self.progress().is_complete()
    }

    /// The root file, whose bytes depend only on the set of signatures.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let document = self.frozen.document();
        if document.format() == RootFormat::Notary {
            let entries = self.signatures.iter().filter_map(|(id, signature)| {
                let mut keys = self.root_keys();
                let (_, key) = keys.find(|(known, _)| *known == id)?;
                Some((id.as_str(), key.scheme()?, signature.as_slice()))
            });
            return notary::to_file_bytes(document.signed_bytes(), entries);
        }
        let signatures: Vec<Value> = self
            .signatures
            .iter()
            .map(|(key, signature)| json!({"keyid": key, "sig": hex::encode(signature)}))
            .collect();
        let file = json!({
            "signatures": signatures,
            "signed": self.frozen.document().tree(),
        });
        let mut bytes = format!("{file:#}").into_bytes();
        bytes.push(b'\n');
        bytes
    }

    /// The roots whose keys may sign: the previous version, if any, and this version.
    pub fn authorities(&self) -> impl Iterator<Item = &RootDocument> {
        let previous = self.previous.as_deref();
        previous.into_iter().chain([self.frozen.document()])
    }

    fn count(&self, authority: &RootDocument) -> Count {
        let message = self.frozen.signed_bytes();
        let signers: HashSet<_> = self
            .signatures
            .iter()
            .filter_map(|(id, signature)| {
                let key = authority.root_key(id)?;
                // The two versions can list different keys under one ID.
                key.public().filter(|_| key.verifies(message, signature))
            })
            .collect();
        Count {
            have: signers.len() as u64,
            need: authority.role(RoleKind::Root).threshold(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::draft::RootDraft;
    use crate::metadata::root_file::RootFile;
    use crate::metadata::testing::{Signer, signed_genesis, signers, trusted};

    fn genesis(root: &[&Signer], online: &Signer) -> FrozenRoot {
        let file = signed_genesis(root, online, |_| {});
        let document = RootFile::read(&file).unwrap().into_document();
        FrozenRoot::from_signed_bytes(document.signed_bytes()).unwrap()
    }

    #[test]
    fn order_and_repetition_do_not_change_the_file() {
        let signers = [Signer::ed25519(), Signer::rsa(), Signer::p384()];
        let root: Vec<_> = signers.iter().collect();
        let frozen = genesis(&root, &Signer::p256());
        let signatures: Vec<_> = signers
            .iter()
            .map(|signer| {
                (
                    signer.key().id().clone(),
                    signer.sign(frozen.signed_bytes()),
                )
            })
            .collect();
        let attach = |order: &[usize]| {
            let mut signed = SignedRoot::new(frozen.clone());
            for index in order {
                let (id, signature) = &signatures[*index];
                signed.attach(id, signature).unwrap();
            }
            signed.to_file_bytes()
        };
        let file = attach(&[0, 1, 2]);
        for order in [&[2, 1, 0][..], &[1, 0, 2, 1, 0, 2], &[0, 0, 2, 1]] {
            assert_eq!(attach(order), file);
        }
        trusted([file]);
    }

    #[test]
    fn a_second_signature_of_a_key_replaces_the_first() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let frozen = genesis(&[&a, &b], &online);
        let mut signed = SignedRoot::new(frozen.clone());
        let id = a.key().id().clone();
        let first = a.sign(frozen.signed_bytes());
        let second = a.sign(frozen.signed_bytes());
        assert_eq!(signed.attach(&id, &first), Ok(Attached::New));
        assert_eq!(signed.attach(&id, &first), Ok(Attached::Unchanged));
        assert_eq!(signed.attach(&id, &second), Ok(Attached::Replaced));
        assert_eq!(signed.progress().own, Count { have: 1, need: 2 });
        assert_eq!(signed.signatures()[&id], second);
        assert!(!signed.is_complete());
    }

    #[test]
    fn invalid_signatures_are_refused() {
        let (a, b, online) = (Signer::p256(), Signer::p256(), Signer::ed25519());
        let frozen = genesis(&[&a, &b], &online);
        let mut signed = SignedRoot::new(frozen.clone());
        let other = b.sign(frozen.signed_bytes());
        assert!(matches!(
            signed.attach(a.key().id(), &other),
            Err(SignatureError::Mismatch { version: 1, .. })
        ));
        let by_online = online.sign(frozen.signed_bytes());
        assert!(matches!(
            signed.attach(online.key().id(), &by_online),
            Err(SignatureError::UnknownKey { .. })
        ));
        assert!(signed.signatures().is_empty());
    }

    #[test]
    fn a_rotation_has_two_counters() {
        let [a, b, c, d, online] = signers(["p256", "p256", "p256", "p256", "ed25519"]);
        let first = signed_genesis(&[&a, &b], &online, |_| {});
        let root = trusted([first.clone()]);
        let mut draft = RootDraft::after(&root).unwrap();
        draft.set_role(RoleKind::Root, 2, [b.key(), c.key(), d.key()]);
        let frozen = draft.freeze().unwrap();
        let mut signed = SignedRoot::after(frozen.clone(), root.clone()).unwrap();
        let counters = |signed: &SignedRoot| {
            let progress = signed.progress();
            (progress.previous.unwrap().have, progress.own.have)
        };
        for (signer, expected) in [(&a, (1, 0)), (&b, (2, 1)), (&c, (2, 2))] {
            assert!(!signed.is_complete());
            let signature = signer.sign(frozen.signed_bytes());
            signed.attach(signer.key().id(), &signature).unwrap();
            assert_eq!(counters(&signed), expected);
        }
        assert!(signed.is_complete());
        assert_eq!(trusted([first, signed.to_file_bytes()]).version(), 2);
        let same = FrozenRoot::from_signed_bytes(root.signed_bytes()).unwrap();
        let refused = SignedRoot::after(same, root).unwrap_err();
        assert_eq!(refused.to_string(), "version 1 does not follow version 1");
    }
}
