//! The payload register: every payload that was ever signed, by repository and version. It prevents signing two different
//! payloads with the same version.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::check::{Check, Refusal};
use super::form::{self, Kind};
use crate::words::Digest;

pub use entry::{Abandoned, PayloadEntry, SignedBy, Threshold};

const KIND: Kind = Kind {
    name: "payload-register",
    limit: 16 << 20,
    size: Check::RegisterSize,
    form: Check::RegisterForm,
    format: Check::RegisterFormat,
};

/// Repository, version and payload of an entry.
type Id = (String, u64, Digest);

/// All payloads that are known to have been signed. Registers can be merged in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PayloadRegister {
    /// The digests of the transcripts that are included.
    transcripts: BTreeSet<Digest>,
    is_rehearsal: bool,
    entries: BTreeMap<Id, PayloadEntry>,
    /// By the fingerprint of the public key.
    destroyed: BTreeMap<Digest, DestroyedKey>,
}

/// A root key that was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestroyedKey {
    #[serde(deserialize_with = "form::time")]
    pub at: Timestamp,
    /// Whether Conclave verified that the key was gone. Otherwise people attested it.
    #[serde(rename = "proven")]
    pub is_proven: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    transcripts: BTreeSet<Digest>,
    rehearsal: bool,
    payloads: Vec<PayloadEntry>,
    destroyed_keys: BTreeMap<Digest, DestroyedKey>,
}

/// Why a payload may be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgment {
    /// This version was not signed before.
    First,
    /// The same payload was signed before, so signing it again does not change anything.
    Again,
}

impl PayloadRegister {
    pub fn new() -> Self {
        Self::default()
    }

    /// # Errors
    /// The first check that refuses the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let file: File = KIND.read(bytes)?;
        let mut register = Self {
            transcripts: file.transcripts,
            is_rehearsal: file.rehearsal,
            entries: BTreeMap::new(),
            destroyed: file.destroyed_keys,
        };
        for entry in file.payloads {
            entry.check().map_err(|text| KIND.refuse(&text))?;
            if register.entries.insert(entry.id(), entry).is_some() {
                return Err(KIND.refuse("a payload is listed twice"));
            }
        }
        Ok(register)
    }

    pub fn to_file_bytes(&self) -> Vec<u8> {
        KIND.write(&File {
            transcripts: self.transcripts.clone(),
            rehearsal: self.is_rehearsal,
            payloads: self.entries().cloned().collect(),
            destroyed_keys: self.destroyed.clone(),
        })
    }

    /// Notes that a transcript is included, by its digest.
    pub fn add_transcript(&mut self, digest: Digest) {
        self.transcripts.insert(digest);
    }

    /// Notes that a rehearsal is included. Productions refuse such a register.
    pub const fn add_rehearsal(&mut self) {
        self.is_rehearsal = true;
    }

    pub const fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    pub fn has_transcript(&self, digest: &Digest) -> bool {
        self.transcripts.contains(digest)
    }

    /// Adds a destroyed key, or merges it with what is known.
    pub fn add_destroyed(&mut self, fingerprint: Digest, key: DestroyedKey) {
        let known = self.destroyed.entry(fingerprint).or_insert(key);
        known.at = known.at.min(key.at);
        known.is_proven |= key.is_proven;
    }

    /// The destroyed keys by the fingerprint of their public key.
    pub const fn destroyed(&self) -> &BTreeMap<Digest, DestroyedKey> {
        &self.destroyed
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.transcripts.is_empty() && self.destroyed.is_empty()
    }

    /// The entries, ordered by repository and version.
    pub fn entries(&self) -> impl Iterator<Item = &PayloadEntry> {
        self.entries.values()
    }

    /// Adds an entry, or merges it with the entry for the same payload.
    pub fn add(&mut self, entry: PayloadEntry) {
        match self.entries.get_mut(&entry.id()) {
            Some(known) => known.merge(entry),
            None => drop(self.entries.insert(entry.id(), entry)),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.transcripts.extend(other.transcripts);
        self.is_rehearsal |= other.is_rehearsal;
        for entry in other.entries.into_values() {
            self.add(entry);
        }
        for (fingerprint, key) in other.destroyed {
            self.add_destroyed(fingerprint, key);
        }
    }

    pub fn of_version(
        &self,
        repository: &str,
        version: u64,
    ) -> impl Iterator<Item = &PayloadEntry> {
        self.entries()
            .filter(move |entry| entry.repository == repository && entry.version == version)
    }

    /// Whether a payload may be signed.
    ///
    /// # Errors
    /// If a different payload for this repository and version was signed and not abandoned in time.
    pub fn judge(
        &self,
        repository: &str,
        version: u64,
        sha256: Digest,
    ) -> Result<Judgment, Refusal> {
        let (same, others): (Vec<_>, Vec<_>) = self
            .of_version(repository, version)
            .partition(|entry| entry.sha256 == sha256);
        let conflicting: Vec<_> = others
            .into_iter()
            .filter(|entry| entry.blocks_its_version())
            .map(PayloadEntry::describe)
            .collect();
        if !conflicting.is_empty() {
            return Err(Refusal::new(Check::Equivocation, conflicting.join("; ")));
        }
        Ok(if same.iter().any(|entry| entry.is_begun()) {
            Judgment::Again
        } else {
            Judgment::First
        })
    }

    /// The newest version of a repository with enough signatures.
    pub fn newest_reached(&self, repository: &str) -> Option<u64> {
        self.entries()
            .filter(|entry| entry.repository == repository && entry.is_reached())
            .map(|entry| entry.version)
            .max()
    }

    /// Abandons a payload, so that its version can be used again.
    ///
    /// # Errors
    /// If the payload has enough signatures, or can get them with the outstanding ones.
    pub fn abandon(
        &mut self,
        repository: &str,
        version: u64,
        sha256: Digest,
        abandoned: Abandoned,
    ) -> Result<(), Refusal> {
        let id = (repository.to_owned(), version, sha256);
        let Some(entry) = self.entries.get_mut(&id) else {
            return Ok(());
        };
        if entry.may_be_reached() {
            let text = format!("the payload cannot be abandoned: {}", entry.describe());
            return Err(Refusal::new(Check::ThresholdReached, text));
        }
        entry.abandoned = match entry.abandoned.take() {
            Some(before) => Some(before.min(abandoned)),
            None => Some(abandoned),
        };
        Ok(())
    }

    /// Abandoned payloads that clients still accept.
    pub fn live(
        &self,
        repository: &str,
        trusted_version: u64,
    ) -> impl Iterator<Item = &PayloadEntry> {
        self.entries()
            .filter(move |entry| entry.repository == repository && entry.is_live(trusted_version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::KeyId;
    use crate::transfer::testing::{REPOSITORY, Scene};
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(number: u8) -> KeyId {
        KeyId::new(format!("{number:02x}"))
    }

    /// Two of the keys 0 to 3 and two of the keys 2 to 4 must sign.
    fn entry(payload: &[u8], signed: &[u8]) -> PayloadEntry {
        let threshold = |keys: std::ops::Range<u8>| Threshold {
            threshold: 2,
            key_ids: keys.map(id).collect(),
        };
        let signed = signed.iter().map(|number| SignedBy {
            key_id: id(*number),
            at: at("2026-12-01T09:41:00Z"),
        });
        PayloadEntry {
            repository: REPOSITORY.to_owned(),
            version: 8,
            sha256: Digest::of(payload),
            thresholds: vec![threshold(0..4), threshold(2..5)],
            signed: signed.collect(),
            outstanding: BTreeSet::new(),
            abandoned: None,
        }
    }

    fn abandoned() -> Abandoned {
        Abandoned {
            at: at("2026-12-02T10:00:00Z"),
            reason: "a wrong expiry".to_owned(),
        }
    }

    #[test]
    fn a_destroyed_key_stays_proven() {
        let key = Digest::of(b"key");
        let destroyed = |time, is_proven| DestroyedKey {
            at: at(time),
            is_proven,
        };
        let mut register = PayloadRegister::new();
        register.add_destroyed(key, destroyed("2026-12-02T10:00:00Z", false));
        assert_eq!(
            PayloadRegister::read(&register.to_file_bytes()).unwrap(),
            register
        );
        let mut other = PayloadRegister::new();
        other.add_destroyed(key, destroyed("2026-12-03T10:00:00Z", true));
        register.merge(other);
        let known = destroyed("2026-12-02T10:00:00Z", true);
        assert_eq!(register.destroyed()[&key], known);
        assert_eq!(
            PayloadRegister::read(&register.to_file_bytes()).unwrap(),
            register
        );
    }

    #[test]
    fn a_conflicting_payload_is_refused_with_what_was_signed_and_when() {
        let mut register = PayloadRegister::new();
        let judge = |register: &PayloadRegister, payload: &[u8]| {
            register.judge(REPOSITORY, 8, Digest::of(payload))
        };
        assert_eq!(judge(&register, b"a"), Ok(Judgment::First));
        register.add(entry(b"a", &[]));
        assert_eq!(
            judge(&register, b"b"),
            Ok(Judgment::First),
            "nobody has signed"
        );
        register.add(entry(b"a", &[2]));
        assert_eq!(judge(&register, b"a"), Ok(Judgment::Again));
        let refusal = judge(&register, b"b").unwrap_err();
        assert_eq!(refusal.check, Check::Equivocation);
        for part in [
            "version 8",
            "2026-12-01T09:41:00Z",
            "by 02",
            "below the threshold",
        ] {
            assert!(refusal.detail.contains(part), "{refusal} lacks {part}");
        }
        assert_eq!(
            register.judge("other", 8, Digest::of(b"b")),
            Ok(Judgment::First)
        );
        assert_eq!(
            register.judge(REPOSITORY, 9, Digest::of(b"b")),
            Ok(Judgment::First)
        );
    }

    #[test]
    fn only_payloads_below_their_thresholds_can_be_abandoned() {
        let abandon = |entry: PayloadEntry| {
            let mut register = PayloadRegister::new();
            let sha256 = entry.sha256;
            register.add(entry);
            register
                .abandon(REPOSITORY, 8, sha256, abandoned())
                .map(|()| register)
        };
        let register = abandon(entry(b"a", &[2])).unwrap();
        assert_eq!(
            register.judge(REPOSITORY, 8, Digest::of(b"b")),
            Ok(Judgment::First)
        );
        assert!(register.to_file_bytes().len() > 100);
        let mut outstanding = entry(b"a", &[2]);
        outstanding.outstanding.insert(id(3));
        assert!(!outstanding.is_reached() && outstanding.may_be_reached());
        for entry in [entry(b"a", &[2, 3]), outstanding] {
            let refusal = abandon(entry).unwrap_err();
            assert_eq!(refusal.check, Check::ThresholdReached);
        }
    }

    #[test]
    fn an_abandoned_payload_with_enough_signatures_is_live_until_the_next_version() {
        let mut register = PayloadRegister::new();
        register.add(entry(b"a", &[2]));
        register
            .abandon(REPOSITORY, 8, Digest::of(b"a"), abandoned())
            .unwrap();
        assert_eq!(register.live(REPOSITORY, 7).count(), 0);
        // An unexpected signature is returned.
        register.add(entry(b"a", &[3]));
        for (trusted, live) in [(7, 1), (8, 1), (9, 0)] {
            assert_eq!(
                register.live(REPOSITORY, trusted).count(),
                live,
                "{trusted}"
            );
        }
        let refusal = register.judge(REPOSITORY, 8, Digest::of(b"b")).unwrap_err();
        assert!(refusal.detail.contains("abandoned, but clients accept it"));
        assert_eq!(register.newest_reached(REPOSITORY), Some(8));
    }

    #[test]
    fn an_entry_has_both_thresholds() {
        let scene = Scene::new();
        let root = scene.request().unsigned().unwrap();
        let mut entry = PayloadEntry::of(REPOSITORY, &root);
        assert_eq!(entry.thresholds.len(), 2);
        for (signer, reached) in [(0, false), (2, false), (3, true)] {
            let key_id = scene.id(signer);
            entry.signed.insert(SignedBy {
                key_id,
                at: at("2026-12-01T09:41:00Z"),
            });
            assert_eq!(entry.is_reached(), reached, "{signer}");
        }
    }

    #[test]
    fn a_malformed_register_is_refused() {
        let mut register = PayloadRegister::new();
        register.add(entry(b"a", &[1, 2]));
        let good = String::from_utf8(register.to_file_bytes()).unwrap();
        for (from, to) in [
            ("\"threshold\": 2", "\"threshold\": 0"),
            ("\"keyid\": \"01\"", "\"keyid\": \"02\""),
            ("2026-12-01T09:41:00Z", "2026-12-01T10:41:00+01:00"),
            ("2026-12-01T09:41:00Z", "2026-12-01T09:41:00.5Z"),
            ("\"abandoned\": null", "\"abandoned\": true"),
            ("\"abandoned\": null", "\"abandoned\": null, \"more\": 1"),
            ("\"outstanding\": []", "\"outstanding\": [\"01\", \"01\"]"),
            ("\"version\": 8", "\"version\": 0"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            let refusal = PayloadRegister::read(bad.as_bytes()).unwrap_err();
            assert_eq!(refusal.check, Check::RegisterForm, "{to}: {refusal}");
        }
    }

    prop_compose! {
        fn any_entry()(
            payload in 0u8..3,
            version in 1u64..3,
            signed in proptest::collection::btree_map(0u8..6, 0i64..4, 0..5),
            outstanding in proptest::collection::btree_set(0u8..6, 0..3),
            abandoned in proptest::option::of(0i64..4),
        ) -> PayloadEntry {
            let mut entry = entry(&[payload], &[]);
            entry.version = version;
            entry.signed = signed
                .into_iter()
                .map(|(number, second)| SignedBy {
                    key_id: id(number),
                    at: Timestamp::from_second(second).unwrap(),
                })
                .collect();
            entry.outstanding = outstanding.into_iter().map(id).collect();
            entry.abandoned = abandoned.map(|second| Abandoned {
                at: Timestamp::from_second(second).unwrap(),
                reason: "so".to_owned(),
            });
            entry
        }
    }

    proptest! {
        #[test]
        fn registers_are_merged_in_any_order_and_any_number_of_times(
            entries in proptest::collection::vec(any_entry(), 0..8),
            split in 0usize..8,
        ) {
            let register = |entries: &[PayloadEntry]| {
                let mut register = PayloadRegister::new();
                for entry in entries {
                    register.add(entry.clone());
                }
                register
            };
            let whole = register(&entries);
            let (left, right) = entries.split_at(split.min(entries.len()));
            let (left, right) = (register(left), register(right));
            let mut merged = right.clone();
            merged.merge(left.clone());
            merged.merge(right);
            merged.merge(left);
            prop_assert_eq!(&merged, &whole);
            let read = PayloadRegister::read(&whole.to_file_bytes());
            prop_assert_eq!(read, Ok(whole));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = PayloadRegister::read(&bytes);
        }
    }
}
