//! Backups of keys: proven recipients, share sets, and the parts of a superseded set.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ceremony::event::{BackedUp, OpenedBy};
use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::script::{KeyId, PersonId};

use super::intent::Intent;

/// The backup of one key.
#[derive(Debug, Clone, Default)]
pub struct KeyBackup {
    /// The ID of the set.
    intent: Intent<String>,
    made: Option<Box<BackedUp>>,
    is_non_extractable: bool,
    opened: BTreeMap<PersonId, OpenedBy>,
    /// IDs of the void sets of former keys.
    void: Vec<String>,
}

impl KeyBackup {
    pub fn made(&self) -> Option<&BackedUp> {
        self.made.as_deref()
    }

    pub const fn opened(&self) -> &BTreeMap<PersonId, OpenedBy> {
        &self.opened
    }

    pub fn void(&self) -> &[String] {
        &self.void
    }

    /// Whether the set was made, and the key is non-extractable.
    pub const fn is_complete(&self) -> bool {
        self.made.is_some() && self.is_non_extractable
    }

    pub(in crate::ceremony) const fn announced(&self) -> Option<&String> {
        self.intent.get()
    }

    pub(in crate::ceremony) fn has_been(&self, id: &str) -> bool {
        let mut known = self.intent.get().into_iter().chain(&self.void);
        known.any(|known| known == id)
    }

    pub(in crate::ceremony) fn announce(&mut self, id: &str) -> Applied {
        self.intent.announce(id.to_owned())
    }

    pub(in crate::ceremony) fn make(&mut self, made: &BackedUp, is_non_extractable: bool) {
        let opened = made.typed_back.iter().cloned();
        self.opened = opened.map(|person| (person, OpenedBy::Paper)).collect();
        self.made = Some(Box::new(made.clone()));
        self.is_non_extractable = is_non_extractable;
    }

    pub(in crate::ceremony) fn disable_extraction(&mut self) -> Applied {
        require(
            self.made.is_some() && !self.is_non_extractable,
            "the key is not backed up, or is already non-extractable",
        )?;
        self.is_non_extractable = true;
        Ok(())
    }

    pub(in crate::ceremony) fn open(&mut self, custodian: &PersonId, by: OpenedBy) -> Applied {
        let before = self.opened.insert(custodian.clone(), by);
        require(before.is_none(), "this share was already opened")
    }

    fn discard(&mut self) {
        let mut void = std::mem::take(&mut self.void);
        void.extend(self.intent.get().cloned());
        *self = Self {
            void,
            ..Self::default()
        };
    }
}

/// A part of an old share set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SupersededPart {
    /// The share of that custodian.
    Share(String),
    /// The wrapped key, with all its copies.
    WrappedKey,
}

impl SupersededPart {
    pub(in crate::ceremony) fn of(custodian: Option<&String>) -> Self {
        custodian.map_or(Self::WrappedKey, |custodian| Self::Share(custodian.clone()))
    }

    pub fn custodian(&self) -> Option<&str> {
        match self {
            Self::Share(custodian) => Some(custodian),
            Self::WrappedKey => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartDisposition {
    Destroyed,
    /// It stays on the list.
    Retained {
        reason: String,
    },
}

#[derive(Debug, Clone, Default)]
pub(in crate::ceremony) struct Backup {
    /// Of local keys, and of the key whose shares are reissued.
    keys: BTreeMap<KeyId, Arc<KeyBackup>>,
    /// Recipients that were seen to open, as age writes them; none for a passphrase.
    recipients: BTreeMap<PersonId, Vec<String>>,
    superseded_parts: BTreeMap<SupersededPart, PartDisposition>,
}

impl Backup {
    pub(super) fn new(keys: impl Iterator<Item = KeyId>) -> Self {
        Self {
            keys: keys.map(|id| (id, Arc::default())).collect(),
            ..Self::default()
        }
    }

    pub(in crate::ceremony) fn of(&self, key: &KeyId) -> Option<&KeyBackup> {
        self.keys.get(key).map(AsRef::as_ref)
    }

    pub(in crate::ceremony) fn iter(&self) -> impl Iterator<Item = (&KeyId, &KeyBackup)> {
        self.keys.iter().map(|(id, backup)| (id, backup.as_ref()))
    }

    pub(in crate::ceremony) fn recipients(&self, custodian: &PersonId) -> Option<&[String]> {
        self.recipients.get(custodian).map(Vec::as_slice)
    }

    pub(in crate::ceremony) const fn superseded_parts(
        &self,
    ) -> &BTreeMap<SupersededPart, PartDisposition> {
        &self.superseded_parts
    }

    /// # Errors
    /// When the key is not backed up here.
    pub(in crate::ceremony) fn change(
        &mut self,
        key: &KeyId,
    ) -> Result<&mut KeyBackup, ReplayError> {
        self.keys
            .get_mut(key)
            .map(Arc::make_mut)
            .ok_or_else(|| contradiction("this key is not backed up here"))
    }

    pub(in crate::ceremony) fn prove_recipient(
        &mut self,
        custodian: &PersonId,
        recipients: &[String],
    ) -> Applied {
        let before = self
            .recipients
            .insert(custodian.clone(), recipients.to_vec());
        require(
            before.is_none(),
            "this custodian already opened the test message",
        )
    }

    pub(in crate::ceremony) fn account_for(
        &mut self,
        part: SupersededPart,
        disposition: PartDisposition,
    ) {
        self.superseded_parts.insert(part, disposition);
    }

    /// The set of the key is void.
    pub(in crate::ceremony) fn discard(&mut self, key: &KeyId) {
        if let Some(backup) = self.keys.get_mut(key) {
            Arc::make_mut(backup).discard();
        }
    }

    /// Another process continues, which does not have the passphrases.
    pub(in crate::ceremony) fn resume(&mut self, has_passphrase: impl Fn(&PersonId) -> bool) {
        for backup in self.keys.values_mut() {
            Arc::make_mut(backup).intent.interrupt();
        }
        self.recipients
            .retain(|custodian, _| !has_passphrase(custodian));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Manifest;
    use crate::ceremony::event::{Randomness, SeenMedium, WrappedIn};

    fn key() -> KeyId {
        "key-1".parse().unwrap()
    }

    fn person(id: &str) -> PersonId {
        id.parse().unwrap()
    }

    fn backup() -> Backup {
        Backup::new([key()].into_iter())
    }

    /// A set whose share one person wrote by hand.
    fn made(typed_back: &str) -> BackedUp {
        let manifest = include_bytes!(
            "../../../ceremony-scripts/restore/key-1.0123456789abcdef.manifest.json"
        );
        let medium = |id: &str| SeenMedium {
            medium: id.parse().unwrap(),
            device: String::new(),
        };
        BackedUp {
            key: key(),
            manifest: Manifest::read(manifest).unwrap(),
            quorums: 1,
            randomness: Randomness::System,
            wrapped_in: WrappedIn::Token,
            shares_on: medium("stick-a"),
            wrapped_on: medium("stick-b"),
            typed_back: vec![person(typed_back)],
        }
    }

    #[test]
    fn a_set_is_announced_once_also_after_an_interruption() {
        let mut backup = backup();
        backup.change(&key()).unwrap().announce("01").unwrap();
        assert!(backup.change(&key()).unwrap().announce("02").is_err());
        backup.resume(|_| false);
        assert!(backup.change(&key()).unwrap().announce("02").is_err());
        assert_eq!(backup.of(&key()).unwrap().announced().unwrap(), "01");
    }

    #[test]
    fn a_backup_is_complete_once_it_is_made_and_the_key_is_confined() {
        let mut backup = KeyBackup::default();
        assert!(backup.disable_extraction().is_err());
        backup.make(&made("ada"), false);
        assert!(!backup.is_complete());
        backup.disable_extraction().unwrap();
        assert!(backup.is_complete());
        assert!(backup.disable_extraction().is_err());
    }

    #[test]
    fn a_share_is_opened_once_and_one_that_was_typed_back_is_open() {
        let mut backup = KeyBackup::default();
        backup.make(&made("ada"), true);
        assert_eq!(backup.opened()[&person("ada")], OpenedBy::Paper);
        assert!(backup.open(&person("ada"), OpenedBy::OwnDevice).is_err());
        backup.open(&person("bob"), OpenedBy::OwnDevice).unwrap();
        assert!(backup.open(&person("bob"), OpenedBy::OwnDevice).is_err());
    }

    #[test]
    fn the_sets_of_a_key_that_was_given_up_are_void_and_their_ids_stay_known() {
        let mut backup = backup();
        for id in ["01", "02"] {
            let state = backup.change(&key()).unwrap();
            assert!(!state.has_been(id));
            state.announce(id).unwrap();
            state.make(&made("ada"), true);
            backup.discard(&key());
        }
        let state = backup.of(&key()).unwrap();
        assert_eq!(state.void(), ["01", "02"]);
        assert!(state.has_been("01") && state.has_been("02"));
        assert!(state.made().is_none() && state.opened().is_empty());
    }

    #[test]
    fn a_recipient_is_proven_once() {
        let mut backup = backup();
        backup.prove_recipient(&person("ada"), &[]).unwrap();
        assert!(backup.prove_recipient(&person("ada"), &[]).is_err());
    }

    #[test]
    fn after_a_resume_only_passphrases_are_proven_again() {
        let mut backup = backup();
        backup.prove_recipient(&person("ada"), &[]).unwrap();
        backup.prove_recipient(&person("bob"), &[]).unwrap();
        backup.resume(|custodian| *custodian == person("ada"));
        backup.prove_recipient(&person("ada"), &[]).unwrap();
        assert!(backup.recipients(&person("bob")).is_some());
    }

    #[test]
    fn a_key_that_is_not_backed_up_here_does_not_change() {
        assert!(backup().change(&"key-2".parse().unwrap()).is_err());
    }
}
