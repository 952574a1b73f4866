//! Collecting signatures over one payload, in any order and any number of times.

use super::check::{Check, Refusal};
use super::request::SigningRequest;
use super::signature::{DetachedSignature, read_hex};
use crate::certificate::{Algorithm, PublicKey};
use crate::metadata::{
    Attached, Key, KeyId, Progress, RoleKind, RootDocument, RootFile, SignatureEntry, SignedRoot,
};
use crate::words::Digest;

/// One payload with its verified signatures.
///
/// Adding signatures is commutative and idempotent: the same set of signatures results in the same bytes. Of two valid
/// signatures by one key, the one whose bytes sort first is kept.
#[derive(Debug, Clone)]
pub struct Merge {
    repository: Option<String>,
    root: SignedRoot,
}

/// A key and the result for its signature in a file.
pub type MergedSignature = (KeyId, Result<Attached, Refusal>);

/// A key that has not signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutstandingKey {
    /// Several if the ID of the key changes.
    pub key_ids: Vec<KeyId>,
    /// For people.
    pub description: String,
    /// Whether it is a root key of the previous version.
    pub in_previous: bool,
    /// Whether it is a root key of this version.
    pub in_own: bool,
}

impl Merge {
    /// # Errors
    /// Never, for a request that was read.
    pub fn of_request(request: &SigningRequest) -> Result<Self, Refusal> {
        Ok(Self {
            repository: Some(request.repository().to_owned()),
            root: request.unsigned()?,
        })
    }

    pub const fn new(root: SignedRoot, repository: Option<String>) -> Self {
        Self { repository, root }
    }

    pub const fn root(&self) -> &SignedRoot {
        &self.root
    }

    pub fn progress(&self) -> Progress {
        self.root.progress()
    }

    /// Adds a detached signature.
    ///
    /// # Errors
    /// The check that refuses the signature. Nothing changes then.
    pub fn add(&mut self, detached: &DetachedSignature) -> Result<Attached, Refusal> {
        if let Some(repository) = &self.repository
            && *repository != detached.repository
        {
            let found = &detached.repository;
            let text = format!("the signature is for {found:?}, not for {repository:?}");
            return Err(Refusal::new(Check::SignatureRepository, text));
        }
        self.check_payload("the signature", detached.version, detached.sha256)?;
        self.add_bytes(&detached.key_id, &detached.signature)
    }

    /// Adds a signature in hex, for example from another tool.
    ///
    /// # Errors
    /// The check that refuses the signature. Nothing changes then.
    pub fn add_hex(&mut self, key_id: &KeyId, signature: &str) -> Result<Attached, Refusal> {
        self.add_bytes(key_id, &read_hex(signature)?)
    }

    /// Adds the signatures of a root file with the same payload. Empty placeholders are skipped.
    ///
    /// # Errors
    /// If the file has a different version or payload.
    pub fn add_file(&mut self, file: &RootFile) -> Result<Vec<MergedSignature>, Refusal> {
        let document = file.document();
        self.check_payload("the file", document.version(), document.digest())?;
        let entries = file.signatures().iter();
        let entries = entries.filter(|entry| !entry.text().is_empty());
        // Other tools can write upper-case hex.
        let add = |entry: &SignatureEntry| {
            let id = entry.key_id();
            let added = self.add_hex(id, &entry.text().to_ascii_lowercase());
            (id.clone(), added)
        };
        Ok(entries.map(add).collect())
    }

    fn check_payload(&self, what: &str, version: u64, sha256: Digest) -> Result<(), Refusal> {
        let frozen = self.root.frozen();
        if version != frozen.version() {
            let text = format!(
                "{what} is for version {version}, not for version {}",
                frozen.version()
            );
            return Err(Refusal::new(Check::SignatureVersion, text));
        }
        if sha256 != frozen.digest() {
            let text = format!(
                "{what} is for the payload {}, not for {}",
                sha256.short_hex(),
                frozen.digest().short_hex()
            );
            return Err(Refusal::new(Check::SignaturePayload, text));
        }
        Ok(())
    }

    /// Adds a signature by a key that has not signed yet.
    ///
    /// # Errors
    /// The check that refuses the signature. Nothing changes then.
    pub fn add_first(&mut self, detached: &DetachedSignature) -> Result<(), Refusal> {
        let mut merged = self.clone();
        if merged.add(detached)? != Attached::New {
            let text = format!("key {} has already signed", detached.key_id.short());
            return Err(Refusal::new(Check::SignatureDuplicate, text));
        }
        *self = merged;
        Ok(())
    }

    fn add_bytes(&mut self, key_id: &KeyId, signature: &[u8]) -> Result<Attached, Refusal> {
        let public = self.verified_key(key_id, signature)?;
        let ids = self.root.ids_of(&public);
        let before = ids.iter().find_map(|id| self.root.signatures().get(id));
        let (added, signature) = match before.cloned() {
            None => (Attached::New, signature.to_vec()),
            Some(before) if signature < before.as_slice() => {
                (Attached::Replaced, signature.to_vec())
            }
            Some(before) => (Attached::Unchanged, before),
        };
        // If the ID of a key changes, its signature is listed under both IDs.
        for id in ids {
            self.root
                .attach(&id, &signature)
                .map_err(|error| Refusal::new(Check::SignatureInvalid, error.to_string()))?;
        }
        Ok(added)
    }

    /// The public key for an ID, if the signature verifies with it.
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
        // The most helpful reason first.
        if let Some((other, _)) = self.root.root_keys().find(|(_, key)| verifying(key)) {
            let text = format!(
                "the signature is by key {}, not by key {short}",
                other.short()
            );
            return Err(Refusal::new(Check::SignatureWrongId, text));
        }
        if named.is_empty() {
            let text = format!(
                "key {short} is not a root key of version {version} or of the previous version"
            );
            return Err(Refusal::new(Check::SignatureUnknownKey, text));
        }
        if named
            .iter()
            .filter_map(|key| key.public())
            .all(|public| is_truncated(public.algorithm(), signature))
        {
            let text = format!(
                "the signature has only {} bytes, fewer than a signature by key {short}",
                signature.len()
            );
            return Err(Refusal::new(Check::SignatureTruncated, text));
        }
        let text = format!("the signature over version {version} by key {short} does not verify");
        Err(Refusal::new(Check::SignatureInvalid, text))
    }

    /// The keys that have not signed. They can be more than the thresholds require.
    pub fn outstanding(&self) -> Vec<OutstandingKey> {
        let mut seen: Vec<&PublicKey> = Vec::new();
        let mut outstanding = Vec::new();
        let version = self.root.frozen().version();
        for (_, key) in self.root.root_keys() {
            let Some(public) = key.public().filter(|public| !seen.contains(public)) else {
                continue;
            };
            seen.push(public);
            let key_ids: Vec<KeyId> = self.root.ids_of(public).into_iter().collect();
            if key_ids
                .iter()
                .any(|id| self.root.signatures().contains_key(id))
            {
                continue;
            }
            let is_in = |document: &RootDocument| {
                let mut keys = document.role_keys(RoleKind::Root);
                keys.any(|(_, listed)| listed.key().public() == Some(public))
            };
            let mut authorities = self.root.authorities();
            outstanding.push(OutstandingKey {
                key_ids,
                description: key.describe_with_holder(),
                in_previous: authorities.any(|root| root.version() != version && is_in(root)),
                in_own: is_in(self.root.frozen()),
            });
        }
        outstanding
    }
}

/// Whether there are fewer bytes than in a signature by such a key.
fn is_truncated(algorithm: Algorithm, signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Ed25519 => signature.len() < 64,
        Algorithm::Rsa { bits } => signature.len() < bits.div_ceil(8),
        // DER: a sequence, its length, and that many bytes.
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
    fn signatures_are_counted_for_both_thresholds() {
        let mut merge = merge();
        assert_eq!(merge.outstanding().len(), 5);
        let counters = |merge: &Merge| {
            let progress = merge.progress();
            (progress.previous.unwrap().have, progress.own.have)
        };
        // Version 1: keys 0 to 3, threshold 2. Version 2: keys 2 to 4, threshold 2.
        for (signer, expected) in [(0, (1, 0)), (2, (2, 1)), (4, (2, 2))] {
            assert!(!merge.root().is_complete());
            assert_eq!(merge.add(&SCENE.detached(signer)), Ok(Attached::New));
            assert_eq!(counters(&merge), expected);
        }
        assert!(merge.root().is_complete());
        let outstanding = merge.outstanding();
        assert_eq!(outstanding.len(), 2);
        assert!(outstanding[0].in_previous && !outstanding[0].in_own);
        assert!(outstanding[1].in_previous && outstanding[1].in_own);
    }

    #[test]
    fn other_signatures_are_refused_by_their_check() {
        type Edit = fn(&mut DetachedSignature);
        let good = SCENE.detached(0);
        let refused = |signature: &DetachedSignature| merge().add(signature).unwrap_err().check;
        let edits: [(Edit, Check); 7] = [
            (
                |bad| bad.repository = "other".to_owned(),
                Check::SignatureRepository,
            ),
            (|bad| bad.version = 3, Check::SignatureVersion),
            (
                |bad| bad.sha256 = Digest::of(b"other"),
                Check::SignaturePayload,
            ),
            (|bad| bad.key_id = SCENE.id(1), Check::SignatureWrongId),
            (|bad| bad.key_id = KeyId::new("00"), Check::SignatureWrongId),
            (|bad| bad.signature[9] ^= 1, Check::SignatureInvalid),
            (
                |bad| {
                    bad.key_id = KeyId::new("00");
                    bad.signature[9] ^= 1;
                },
                Check::SignatureUnknownKey,
            ),
        ];
        for (edit, check) in edits {
            let mut bad = good.clone();
            edit(&mut bad);
            assert_eq!(refused(&bad), check);
        }
        for signer in 0..5 {
            let mut bad = SCENE.detached(signer);
            bad.signature.pop();
            assert_eq!(refused(&bad), Check::SignatureTruncated);
        }
        let stranger = SCENE.detached_by_stranger();
        assert_eq!(refused(&stranger), Check::SignatureUnknownKey);
        let mut merge = merge();
        assert_eq!(merge.add_first(&good), Ok(()));
        let duplicate = merge.add_first(&SCENE.detached(0)).unwrap_err();
        assert_eq!(duplicate.check, Check::SignatureDuplicate);
        assert_eq!(merge.root().signatures().len(), 1);
    }

    #[test]
    fn a_signature_is_listed_under_the_old_and_the_new_id() {
        let scene = Scene::with_old_id();
        let mut merge = Merge::of_request(&scene.request()).unwrap();
        let ids = merge.root().ids_of(scene.public(0));
        assert_eq!(ids.len(), 2);
        assert_eq!(merge.outstanding()[0].key_ids.len(), 2);
        assert_eq!(merge.add(&scene.detached(0)), Ok(Attached::New));
        assert_eq!(merge.root().signatures().len(), 2);
        assert_eq!(merge.progress().previous.unwrap().have, 1);
        assert_eq!(merge.progress().own.have, 1);
    }

    proptest! {
        /// This includes several signatures by one key.
        #[test]
        fn order_and_repetition_do_not_change_the_file(
            order in proptest::collection::vec(0usize..8, 0..16),
        ) {
            // Two signatures by each of four keys. Those by Ed25519 are the same.
            let all = &SCENE.many;
            let mut given = order.clone();
            let take = |order: &[usize]| {
                let mut merge = merge();
                for index in order {
                    merge.add(&all[*index]).unwrap();
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
            again.add_file(&RootFile::read(&file).unwrap()).unwrap();
            prop_assert_eq!(again.root().to_file_bytes(), file);
        }
    }
}
