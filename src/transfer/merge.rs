//! Gathers signatures from everywhere over one payload: in any order, any number of times.

use super::check::{Check, Refusal};
use super::request::SigningRequest;
use super::signature::{DetachedSignature, read_hex};
use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{Key, KeyId, Progress, RootFile, SignedRoot};

/// One payload, and the signatures over it so far. Each was verified before it was kept.
///
/// Taking signatures is commutative and idempotent: the same set of signatures leads to the same bytes,
/// whatever the order and however often. Of two valid signatures of one key the one whose bytes sort first stays.
#[derive(Debug, Clone)]
pub struct Merge {
    repository: Option<String>,
    root: SignedRoot,
}

/// A key, and what became of its signature in a file.
pub type Judged = (KeyId, Result<Kept, Refusal>);

/// What became of a signature that verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The key had not signed before.
    New,
    /// It took the place of another valid signature of the same key.
    Replaced,
    /// The key had signed before, and nothing has changed.
    Unchanged,
}

/// A key that may sign, and has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Its IDs: more than one while a key moves from an old ID to another.
    pub key_ids: Vec<KeyId>,
    /// A few words for people.
    pub description: String,
    /// Whether the version before lists it.
    pub in_previous: bool,
    /// Whether this version lists it.
    pub in_own: bool,
}

impl Merge {
    /// Signatures over what a request asks for.
    ///
    /// # Errors
    /// Never, for a request that was read.
    pub fn of_request(request: &SigningRequest) -> Result<Self, Refusal> {
        Ok(Self {
            repository: Some(request.repository().to_owned()),
            root: request.unsigned()?,
        })
    }

    /// Signatures over a root whose repository is known, or is not.
    pub const fn new(root: SignedRoot, repository: Option<String>) -> Self {
        Self { repository, root }
    }

    /// The payload with its signatures.
    pub const fn root(&self) -> &SignedRoot {
        &self.root
    }

    /// The two counters.
    pub fn progress(&self) -> Progress {
        self.root.progress()
    }

    /// Takes a detached signature.
    ///
    /// # Errors
    /// With the check that refuses it; nothing has changed then.
    pub fn take(&mut self, detached: &DetachedSignature) -> Result<Kept, Refusal> {
        if let Some(repository) = &self.repository
            && *repository != detached.repository
        {
            let text = format!(
                "it is for {:?}, and not for {repository:?}",
                detached.repository
            );
            return Err(Refusal::new(Check::SignatureRepository, text));
        }
        let frozen = self.root.frozen();
        if detached.version != frozen.version() {
            let text = format!(
                "it is for version {}, and not for version {}",
                detached.version,
                frozen.version()
            );
            return Err(Refusal::new(Check::SignatureVersion, text));
        }
        if detached.sha256 != frozen.digest() {
            let text = format!(
                "it is for the payload {}, and not for {}",
                detached.sha256.short_hex(),
                frozen.digest().short_hex()
            );
            return Err(Refusal::new(Check::SignaturePayload, text));
        }
        self.take_bytes(&detached.key_id, &detached.signature)
    }

    /// Takes a signature that another tool made, as people and files write it.
    ///
    /// # Errors
    /// With the check that refuses it; nothing has changed then.
    pub fn take_hex(&mut self, key_id: &KeyId, signature: &str) -> Result<Kept, Refusal> {
        self.take_bytes(key_id, &read_hex(signature)?)
    }

    /// Takes what stands in a root file of the same payload, entry by entry. Place-holders, which say that a key
    /// has not signed, are passed over.
    ///
    /// # Errors
    /// When the file is of another version or payload. What becomes of each signature is told beside its key.
    pub fn take_file(&mut self, file: &RootFile) -> Result<Vec<Judged>, Refusal> {
        let (ours, theirs) = (self.root.frozen(), file.document());
        if theirs.version() != ours.version() {
            let text = format!(
                "the file is version {}, and not version {}",
                theirs.version(),
                ours.version()
            );
            return Err(Refusal::new(Check::SignatureVersion, text));
        }
        if theirs.digest() != ours.digest() {
            let text = format!(
                "the file has the payload {}, and not {}",
                theirs.digest().short_hex(),
                ours.digest().short_hex()
            );
            return Err(Refusal::new(Check::SignaturePayload, text));
        }
        Ok(file
            .signatures()
            .iter()
            .filter(|entry| !entry.text().is_empty())
            .map(|entry| {
                let id = entry.key_id().clone();
                // Other tools may write upper case.
                let taken = self.take_hex(&id, &entry.text().to_ascii_lowercase());
                (id, taken)
            })
            .collect())
    }

    /// Takes a signature of a key that must not have signed yet.
    ///
    /// # Errors
    /// With the check that refuses it; nothing has changed then.
    pub fn take_first(&mut self, detached: &DetachedSignature) -> Result<(), Refusal> {
        let mut merged = self.clone();
        match merged.take(detached)? {
            Kept::New => {
                *self = merged;
                Ok(())
            }
            Kept::Replaced | Kept::Unchanged => Err(Refusal::new(
                Check::SignatureTwice,
                format!("key {} has signed already", detached.key_id.short()),
            )),
        }
    }

    fn take_bytes(&mut self, key_id: &KeyId, signature: &[u8]) -> Result<Kept, Refusal> {
        let public = self.verified_key(key_id, signature)?;
        let ids = self.root.ids_of(&public);
        let before = ids.iter().find_map(|id| self.root.signatures().get(id));
        let kept = match before {
            None => Kept::New,
            Some(before) if signature < before.as_slice() => Kept::Replaced,
            Some(_) => Kept::Unchanged,
        };
        // A key that moves from an old ID to another signs under both.
        let signature = match before {
            Some(before) if kept == Kept::Unchanged => before.clone(),
            _ => signature.to_vec(),
        };
        for id in ids {
            self.root
                .attach(&id, &signature)
                .map_err(|error| Refusal::new(Check::SignatureInvalid, error.to_string()))?;
        }
        Ok(kept)
    }

    /// The public key behind an ID, if the signature verifies with it.
    fn verified_key(&self, key_id: &KeyId, signature: &[u8]) -> Result<PublicKey, Refusal> {
        let message = self.root.frozen().signed_bytes();
        let version = self.root.frozen().version();
        let short = key_id.short();
        let verifying = |key: &&Key| key.verifies(message, signature);
        let named: Vec<&Key> = self
            .root
            .root_keys()
            .filter(|(id, _)| *id == key_id)
            .map(|(_, key)| key)
            .collect();
        if let Some(public) = named.iter().copied().find(verifying).and_then(Key::public) {
            return Ok(public.clone());
        }
        // What is wrong with it, in the order of what helps most.
        if let Some((other, _)) = self.root.root_keys().find(|(_, key)| verifying(key)) {
            let text = format!(
                "it verifies with key {}, and is said to be of key {short}",
                other.short()
            );
            return Err(Refusal::new(Check::SignatureWrongId, text));
        }
        if named.is_empty() {
            let text =
                format!("key {short} is no root key of version {version} or of the one before it");
            return Err(Refusal::new(Check::SignatureUnknownKey, text));
        }
        if named
            .iter()
            .filter_map(|key| key.public())
            .all(|public| is_truncated(public.algorithm(), signature))
        {
            let text = format!(
                "it has {} bytes: less than a signature of key {short}",
                signature.len()
            );
            return Err(Refusal::new(Check::SignatureTruncated, text));
        }
        let text = format!("it does not verify with key {short} over version {version}");
        Err(Refusal::new(Check::SignatureInvalid, text))
    }

    /// The keys that may still sign. More of them may sign than must.
    pub fn owed(&self) -> Vec<Owed> {
        let mut owed: Vec<(PublicKey, Owed)> = Vec::new();
        let own = self.root.frozen().document();
        for (id, key) in self.root.root_keys() {
            let Some(public) = key.public() else {
                continue;
            };
            if self
                .root
                .ids_of(public)
                .iter()
                .any(|id| self.root.signatures().contains_key(id))
            {
                continue;
            }
            let index = owed
                .iter()
                .position(|(other, _)| other == public)
                .unwrap_or_else(|| {
                    let description = match key.holder() {
                        Some(holder) => format!("{holder}: {}", key.describe()),
                        None => key.describe(),
                    };
                    owed.push((
                        public.clone(),
                        Owed {
                            key_ids: Vec::new(),
                            description,
                            in_previous: false,
                            in_own: false,
                        },
                    ));
                    owed.len() - 1
                });
            let entry = &mut owed[index].1;
            if !entry.key_ids.contains(id) {
                entry.key_ids.push(id.clone());
            }
            let listed = |document: &crate::metadata::RootDocument| {
                document
                    .role_keys(crate::metadata::RoleKind::Root)
                    .any(|(_, listed)| listed.key().public() == Some(public))
            };
            entry.in_own = listed(own);
            entry.in_previous = self
                .root
                .authorities()
                .any(|authority| authority.version() != own.version() && listed(authority));
        }
        owed.into_iter().map(|(_, owed)| owed).collect()
    }
}

/// Whether bytes are fewer than a signature of that kind of key has.
fn is_truncated(algorithm: Algorithm, signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Ed25519 => signature.len() < 64,
        Algorithm::Rsa { bits } => signature.len() < bits.div_ceil(8),
        // DER says how long it is: a sequence, its length, and that many bytes.
        _ => match signature {
            [0x30, 0x81, length, rest @ ..] => rest.len() < usize::from(*length),
            [0x30, length, rest @ ..] if *length < 0x80 => rest.len() < usize::from(*length),
            [0x30] | [0x30, ..] | [] => true,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::testing::Scene;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

    fn merge() -> Merge {
        Merge::of_request(&SCENE.request()).unwrap()
    }

    #[test]
    fn two_counters_go_up_until_nobody_must_sign_any_more() {
        let mut merge = merge();
        assert_eq!(merge.owed().len(), 5);
        let counters = |merge: &Merge| {
            let progress = merge.progress();
            (progress.previous.unwrap().have, progress.own.have)
        };
        // Version 1: keys 0 to 3, threshold 2. Version 2: keys 2 to 4, threshold 2.
        for (signer, expected) in [(0, (1, 0)), (2, (2, 1)), (4, (2, 2))] {
            assert!(!merge.root().is_complete());
            assert_eq!(merge.take(&SCENE.detached(signer)), Ok(Kept::New));
            assert_eq!(counters(&merge), expected);
        }
        assert!(merge.root().is_complete());
        let owed = merge.owed();
        assert_eq!(owed.len(), 2);
        assert!(owed[0].in_previous && !owed[0].in_own);
        assert!(owed[1].in_previous && owed[1].in_own);
    }

    #[test]
    fn what_is_not_a_signature_over_this_is_refused_with_its_reason() {
        let good = SCENE.detached(0);
        let with = |edit: &dyn Fn(&mut DetachedSignature)| {
            let mut bad = good.clone();
            edit(&mut bad);
            merge().take(&bad).unwrap_err().check
        };
        assert_eq!(
            with(&|bad| bad.repository = "other".to_owned()),
            Check::SignatureRepository
        );
        assert_eq!(with(&|bad| bad.version = 3), Check::SignatureVersion);
        assert_eq!(
            with(&|bad| bad.sha256 = crate::words::Digest::of(b"other")),
            Check::SignaturePayload
        );
        assert_eq!(
            with(&|bad| bad.key_id = SCENE.id(1)),
            Check::SignatureWrongId
        );
        assert_eq!(
            with(&|bad| bad.key_id = KeyId::new("00")),
            Check::SignatureWrongId
        );
        assert_eq!(
            with(&|bad| {
                bad.key_id = KeyId::new("00");
                bad.signature[9] ^= 1;
            }),
            Check::SignatureUnknownKey
        );
        assert_eq!(with(&|bad| bad.signature[9] ^= 1), Check::SignatureInvalid);
        for (signer, scene) in (0..5).map(|signer| (signer, &*SCENE)) {
            let mut bad = scene.detached(signer);
            bad.signature.pop();
            assert_eq!(
                merge().take(&bad).unwrap_err().check,
                Check::SignatureTruncated
            );
        }
        let stranger = SCENE.detached_by_stranger();
        assert_eq!(
            merge().take(&stranger).unwrap_err().check,
            Check::SignatureUnknownKey
        );
        let mut merge = merge();
        assert_eq!(merge.take_first(&good), Ok(()));
        assert_eq!(
            merge.take_first(&SCENE.detached(0)).unwrap_err().check,
            Check::SignatureTwice
        );
        assert_eq!(merge.root().signatures().len(), 1);
    }

    #[test]
    fn a_key_that_moves_to_another_id_signs_under_both() {
        let scene = Scene::with_old_id();
        let mut merge = Merge::of_request(&scene.request()).unwrap();
        let ids = merge.root().ids_of(scene.public(0));
        assert_eq!(ids.len(), 2);
        assert_eq!(merge.owed()[0].key_ids.len(), 2);
        assert_eq!(merge.take(&scene.detached(0)), Ok(Kept::New));
        assert_eq!(merge.root().signatures().len(), 2);
        assert_eq!(merge.progress().previous.unwrap().have, 1);
        assert_eq!(merge.progress().own.have, 1);
    }

    proptest! {
        /// Any order, any repetition, and several signatures of one key lead to the same bytes.
        #[test]
        fn order_and_repetition_leave_no_trace(
            order in proptest::collection::vec(0usize..8, 0..16),
        ) {
            // Two signatures of each of four keys: of Ed25519 they are the same.
            let all = &SCENE.many;
            let mut given = order.clone();
            let take = |order: &[usize]| {
                let mut merge = merge();
                for index in order {
                    merge.take(&all[*index]).unwrap();
                }
                merge.root().to_file_bytes()
            };
            let file = take(&given);
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(&take(&given), &file);
            given.reverse();
            prop_assert_eq!(&take(&given), &file);
            let mut again = merge();
            again.take_file(&RootFile::read(&file).unwrap()).unwrap();
            prop_assert_eq!(again.root().to_file_bytes(), file);
        }
    }
}
