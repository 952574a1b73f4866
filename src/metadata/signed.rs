//! A frozen root and the signatures over it, each verified before it was kept.

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

/// A root that is being signed. The order of signing leaves no trace in it.
#[derive(Debug, Clone)]
pub struct SignedRoot {
    frozen: FrozenRoot,
    previous: Option<TrustedRoot>,
    signatures: BTreeMap<KeyId, Vec<u8>>,
}

/// Why a signature was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The key is no root key of this version, nor of the one before it.
    #[error("{key} is no root key of version {version} or of the one before it")]
    UnknownKey { key: KeyId, version: u64 },
    #[error("the signature of key {key} over version {version} does not verify")]
    Mismatch { key: KeyId, version: u64 },
    /// The root before this one is of another version than the one before.
    #[error("version {version} does not follow version {previous}")]
    NotNext { version: u64, previous: u64 },
}

/// What a signature that verifies has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The key had not signed before.
    New,
    /// The key had signed before, with another signature that was valid too.
    Replaced,
    /// This very signature was there.
    Unchanged,
}

/// The two counters of a signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Under the root role of the version before it; `None` in a genesis.
    pub previous: Option<Count>,
    /// Under its own root role.
    pub own: Count,
}

impl Progress {
    /// Whether clients will accept the root.
    pub fn is_complete(self) -> bool {
        self.own.is_reached() && self.previous.is_none_or(Count::is_reached)
    }
}

impl SignedRoot {
    /// A first version, or one for which only its own keys count: nobody has signed yet.
    pub const fn new(frozen: FrozenRoot) -> Self {
        Self {
            frozen,
            previous: None,
            signatures: BTreeMap::new(),
        }
    }

    /// The version after a trusted one, whose root keys must sign as well.
    ///
    /// # Errors
    /// When it is not the version that follows.
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

    /// Keeps a signature in the encoding of TUF, if it verifies. A signature of the
    /// same key that was there before gives way.
    ///
    /// # Errors
    /// When the key may not sign, or the signature does not verify.
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

    /// The IDs under which its own root role or the one before lists a public key: more than one while a key
    /// moves from an old ID to another. One signature serves them all.
    pub fn ids_of(&self, public: &PublicKey) -> BTreeSet<KeyId> {
        self.root_keys()
            .filter(|(_, key)| key.public() == Some(public))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Every root key of its own root role and of the one before, by its ID there; one that is in both stands twice.
    pub fn root_keys(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.authorities()
            .flat_map(|authority| authority.role_keys(RoleKind::Root))
            .map(|(id, listed)| (id, listed.key()))
    }

    /// The signatures by the IDs of their keys.
    pub const fn signatures(&self) -> &BTreeMap<KeyId, Vec<u8>> {
        &self.signatures
    }

    /// How many of each root role have signed. One public key counts once, whatever its IDs.
    pub fn progress(&self) -> Progress {
        Progress {
            previous: self
                .previous
                .as_ref()
                .map(|previous| self.count(previous.document())),
            own: self.count(self.frozen.document()),
        }
    }

    /// Whether clients will accept it: every threshold is reached.
    pub fn is_complete(&self) -> bool {
        self.progress().is_complete()
    }

    /// The root file. For a given set of signatures its bytes are always the same.
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

    /// The roots whose keys may sign: the one before, if there is one, and its own.
    pub fn authorities(&self) -> impl Iterator<Item = &RootDocument> {
        let previous = self.previous.as_ref().map(TrustedRoot::document);
        previous.into_iter().chain([self.frozen.document()])
    }

    fn count(&self, authority: &RootDocument) -> Count {
        let message = self.frozen.signed_bytes();
        let signers: HashSet<_> = self
            .signatures
            .iter()
            .filter_map(|(id, signature)| {
                let key = authority.root_key(id)?;
                // The two versions may list different keys under one ID.
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
    fn order_and_repetition_leave_no_trace() {
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
    fn what_does_not_verify_is_not_kept() {
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
        assert!(matches!(
            SignedRoot::after(root_frozen(&root), root),
            Err(SignatureError::NotNext {
                version: 1,
                previous: 1
            })
        ));
    }

    fn root_frozen(root: &TrustedRoot) -> FrozenRoot {
        FrozenRoot::from_signed_bytes(root.document().signed_bytes()).unwrap()
    }
}
