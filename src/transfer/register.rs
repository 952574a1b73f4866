//! The register of payloads: every payload that was ever signed, per repository and version. It is what keeps
//! people from signing two different versions N.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{Check, Refusal};
use super::form::{FORMAT, Kind, write};
use crate::words::Digest;

pub use entry::{Abandoned, PayloadEntry, SignedBy, Threshold};

/// The longest file that is read.
const LIMIT: usize = 16 << 20;

const KIND: Kind = Kind {
    name: "payload-register",
    limit: LIMIT,
    size: Check::RegisterSize,
    form: Check::RegisterForm,
    format: Check::RegisterFormat,
};

/// The repository, the version, and the payload of an entry.
type Place = (String, u64, Digest);

/// Every payload that is known to have been signed. Two registers join to one, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PayloadRegister {
    /// The heads of the records that it was made from.
    records: BTreeSet<Digest>,
    /// Whether a rehearsal is among these.
    is_rehearsed: bool,
    entries: BTreeMap<Place, PayloadEntry>,
    /// Root keys that were destroyed, by the SHA-256 of their public key.
    destroyed: BTreeMap<Digest, DestroyedKey>,
}

/// A root key that was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestroyedKey {
    pub at: Timestamp,
    /// Whether Conclave saw that the key was gone; otherwise people attested it.
    pub is_proven: bool,
}

/// What the register says to a payload that is about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgment {
    /// Nothing of that version was signed before.
    First,
    /// This very payload was signed before: signing it again changes nothing.
    Again,
}

impl PayloadRegister {
    /// A register in which nothing stands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut members = KIND.open(bytes)?;
        let records = members.texts("records")?;
        let entries = members.objects("payloads", PayloadEntry::read)?;
        let is_rehearsed = members.mark("rehearsal")?;
        let destroyed = if members.has("destroyed_keys") {
            members.objects("destroyed_keys", |members| {
                let (at, is_proven) = (members.time("at")?, members.boolean("proven")?);
                Ok((
                    members.digest("fingerprint")?,
                    DestroyedKey { at, is_proven },
                ))
            })?
        } else {
            Vec::new()
        };
        members.end()?;
        let mut register = Self::new();
        register.is_rehearsed = is_rehearsed;
        for record in records {
            let head = Digest::from_hex(&record)
                .map_err(|error| members.refuse(format!("has a faulty record: {error}")))?;
            if !register.records.insert(head) {
                return Err(members.refuse("has one record twice"));
            }
        }
        for entry in entries {
            let place = (entry.repository.clone(), entry.version, entry.sha256);
            if register.entries.insert(place, entry).is_some() {
                return Err(members.refuse("has one payload twice"));
            }
        }
        for (fingerprint, key) in destroyed {
            if register.destroyed.insert(fingerprint, key).is_some() {
                return Err(members.refuse("has one destroyed key twice"));
            }
        }
        Ok(register)
    }

    /// The file. For the same register its bytes are always the same.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let payloads: Vec<Value> = self.entries.values().map(PayloadEntry::to_json).collect();
        let mut file = json!({
            "conclave": KIND.name,
            "format": FORMAT,
            "records": self.records,
            "payloads": payloads,
        });
        if self.is_rehearsed {
            file["rehearsal"] = true.into();
        }
        if !self.destroyed.is_empty() {
            let keys = self.destroyed.iter().map(|(fingerprint, key)| {
                json!({ "fingerprint": fingerprint, "at": key.at, "proven": key.is_proven })
            });
            file["destroyed_keys"] = keys.collect();
        }
        write(&file)
    }

    /// Names a record that it was made from, by its head.
    pub fn add_record(&mut self, head: Digest) {
        self.records.insert(head);
    }

    /// Says that a rehearsal went into it: it is nothing to go by in a production.
    pub const fn add_rehearsal(&mut self) {
        self.is_rehearsed = true;
    }

    /// Whether a rehearsal went into it.
    pub const fn is_rehearsed(&self) -> bool {
        self.is_rehearsed
    }

    /// Whether a record went into it.
    pub fn has_record(&self, head: &Digest) -> bool {
        self.records.contains(head)
    }

    /// Adds a key that was destroyed to what is known already.
    pub fn add_destroyed(&mut self, fingerprint: Digest, key: DestroyedKey) {
        let known = self.destroyed.entry(fingerprint).or_insert(key);
        known.at = known.at.min(key.at);
        known.is_proven |= key.is_proven;
    }

    /// The keys that were destroyed, by the SHA-256 of their public key.
    pub const fn destroyed(&self) -> &BTreeMap<Digest, DestroyedKey> {
        &self.destroyed
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.records.is_empty() && self.destroyed.is_empty()
    }

    /// The entries, by repository and version.
    pub fn entries(&self) -> impl Iterator<Item = &PayloadEntry> {
        self.entries.values()
    }

    /// Adds what is known of one payload to what is known already.
    pub fn add(&mut self, entry: PayloadEntry) {
        let place = (entry.repository.clone(), entry.version, entry.sha256);
        match self.entries.entry(place) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(entry);
            }
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(entry),
        }
    }

    /// Adds all that another register knows.
    pub fn join(&mut self, other: Self) {
        self.records.extend(other.records);
        self.is_rehearsed |= other.is_rehearsed;
        for entry in other.entries.into_values() {
            self.add(entry);
        }
        for (fingerprint, key) in other.destroyed {
            self.add_destroyed(fingerprint, key);
        }
    }

    /// The payloads of one version.
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
    /// When another payload of that repository and version was signed and not given up in time.
    pub fn judge(
        &self,
        repository: &str,
        version: u64,
        sha256: Digest,
    ) -> Result<Judgment, Refusal> {
        let (same, others): (Vec<_>, Vec<_>) = self
            .of_version(repository, version)
            .partition(|entry| entry.sha256 == sha256);
        let standing: Vec<_> = others
            .into_iter()
            .filter(|entry| entry.holds_its_version())
            .map(PayloadEntry::describe)
            .collect();
        if !standing.is_empty() {
            return Err(Refusal::new(Check::Equivocation, standing.join("; ")));
        }
        Ok(if same.iter().any(|entry| entry.is_begun()) {
            Judgment::Again
        } else {
            Judgment::First
        })
    }

    /// The newest version of a repository that clients accept, as far as signatures go.
    pub fn newest_reached(&self, repository: &str) -> Option<u64> {
        self.entries()
            .filter(|entry| entry.repository == repository && entry.is_reached())
            .map(|entry| entry.version)
            .max()
    }

    /// Gives a payload up, so that another may take its version.
    ///
    /// # Errors
    /// When clients accept it, or may come to accept it with the signatures that are owed.
    pub fn abandon(
        &mut self,
        repository: &str,
        version: u64,
        sha256: Digest,
        abandoned: Abandoned,
    ) -> Result<(), Refusal> {
        let place = (repository.to_owned(), version, sha256);
        let Some(entry) = self.entries.get_mut(&place) else {
            return Ok(());
        };
        if entry.may_be_reached() {
            let text = format!("it cannot be given up: {}", entry.describe());
            return Err(Refusal::new(Check::AbandonReached, text));
        }
        entry.abandoned = match entry.abandoned.take() {
            Some(before) => Some(before.min(abandoned)),
            None => Some(abandoned),
        };
        Ok(())
    }

    /// Payloads that were given up and can be accepted all the same, until the version after theirs is trusted.
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
        PayloadEntry {
            repository: REPOSITORY.to_owned(),
            version: 8,
            sha256: Digest::of(payload),
            needs: vec![
                Threshold {
                    count: 2,
                    key_ids: (0..4).map(id).collect(),
                },
                Threshold {
                    count: 2,
                    key_ids: (2..5).map(id).collect(),
                },
            ],
            signed: signed
                .iter()
                .map(|number| SignedBy {
                    key_id: id(*number),
                    at: at("2026-12-01T09:41:00Z"),
                })
                .collect(),
            owed: BTreeSet::new(),
            abandoned: None,
        }
    }

    fn given_up() -> Abandoned {
        Abandoned {
            at: at("2026-12-02T10:00:00Z"),
            why: "a wrong expiry".to_owned(),
        }
    }

    #[test]
    fn a_destroyed_key_is_read_as_it_was_written_and_once_proven_stays_so() {
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
        register.join(other);
        let known = destroyed("2026-12-02T10:00:00Z", true);
        assert_eq!(register.destroyed()[&key], known);
        assert_eq!(
            PayloadRegister::read(&register.to_file_bytes()).unwrap(),
            register
        );
    }

    #[test]
    fn a_second_payload_of_a_version_is_refused_with_what_exists_and_when() {
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
            "below its threshold",
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
    fn only_what_cannot_reach_its_thresholds_is_given_up() {
        let give_up = |entry: PayloadEntry| {
            let mut register = PayloadRegister::new();
            let sha256 = entry.sha256;
            register.add(entry);
            register
                .abandon(REPOSITORY, 8, sha256, given_up())
                .map(|()| register)
        };
        let register = give_up(entry(b"a", &[2])).unwrap();
        assert_eq!(
            register.judge(REPOSITORY, 8, Digest::of(b"b")),
            Ok(Judgment::First)
        );
        assert!(register.to_file_bytes().len() > 100);
        let reached = give_up(entry(b"a", &[2, 3])).unwrap_err();
        assert_eq!(reached.check, Check::AbandonReached);
        let mut owed = entry(b"a", &[2]);
        owed.owed.insert(id(3));
        assert!(!owed.is_reached() && owed.may_be_reached());
        assert_eq!(give_up(owed).unwrap_err().check, Check::AbandonReached);
    }

    #[test]
    fn what_was_given_up_and_signed_all_the_same_is_live_until_the_version_after_it() {
        let mut register = PayloadRegister::new();
        register.add(entry(b"a", &[2]));
        register
            .abandon(REPOSITORY, 8, Digest::of(b"a"), given_up())
            .unwrap();
        assert_eq!(register.live(REPOSITORY, 7).count(), 0);
        // A signature comes back that nobody knew to be owed.
        register.add(entry(b"a", &[3]));
        for (trusted, live) in [(7, 1), (8, 1), (9, 0)] {
            assert_eq!(
                register.live(REPOSITORY, trusted).count(),
                live,
                "{trusted}"
            );
        }
        let refusal = register.judge(REPOSITORY, 8, Digest::of(b"b")).unwrap_err();
        assert!(
            refusal
                .detail
                .contains("was given up, but clients accept it")
        );
        assert_eq!(register.newest_reached(REPOSITORY), Some(8));
    }

    #[test]
    fn an_entry_of_a_root_has_both_thresholds() {
        let scene = Scene::new();
        let root = scene.request().unsigned().unwrap();
        let mut entry = PayloadEntry::of(REPOSITORY, &root);
        assert_eq!(entry.needs.len(), 2);
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
    fn a_faulty_register_is_refused() {
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
            ("\"owed\": []", "\"owed\": [\"01\", \"01\"]"),
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
            owed in proptest::collection::btree_set(0u8..6, 0..3),
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
            entry.owed = owed.into_iter().map(id).collect();
            entry.abandoned = abandoned.map(|second| Abandoned {
                at: Timestamp::from_second(second).unwrap(),
                why: "so".to_owned(),
            });
            entry
        }
    }

    proptest! {
        #[test]
        fn registers_join_in_any_order_and_any_number_of_times(
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
            let mut joined = right.clone();
            joined.join(left.clone());
            joined.join(right);
            joined.join(left);
            prop_assert_eq!(&joined, &whole);
            let read = PayloadRegister::read(&whole.to_file_bytes());
            prop_assert_eq!(read, Ok(whole));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = PayloadRegister::read(&bytes);
        }
    }
}
