//! Questions about backups.
use super::PartDisposition;
use super::{Ceremony, KeyBackup, SupersededPart};
use crate::backup::SupersededSet;
use crate::ceremony::event::OpenedBy;
use crate::record::Provenance;
use crate::script::{KeyId, Kind, Opens, PersonId, ShareKeeping};
use std::collections::BTreeMap;

impl Ceremony {
    /// The backup of a key.
    pub fn backup_of(&self, key: &KeyId) -> Option<&KeyBackup> {
        self.backup.of(key)
    }

    /// The backup of the key that gets other shares.
    pub fn reissued_backup(&self) -> Option<&KeyBackup> {
        self.backup.of(&self.reissued_key()?)
    }

    /// The disposition of the parts of a superseded set.
    pub fn superseded_parts(&self) -> &BTreeMap<SupersededPart, PartDisposition> {
        self.backup.superseded_parts()
    }

    /// The recipients by which a custodian opened a test message; none before. In a rehearsal, those of the simulated
    /// custodian.
    pub fn proven_recipients(&self, custodian: &PersonId) -> Option<&[String]> {
        self.backup.recipients(custodian)
    }

    /// Sets of a key that a new one replaces: the one that it was restored from, and those that that one replaced. The
    /// first set of a key replaces none.
    pub fn superseded_sets(&self, key: &KeyId) -> Vec<SupersededSet> {
        let old = self.set_at_hand();
        let old = old.filter(|_| self.reissued_key().as_ref() == Some(key));
        old.map_or_else(Vec::new, |old| {
            let mut sets = old.facts().supersedes.clone();
            sets.push(old.as_superseded());
            sets
        })
    }

    /// How a custodian decrypts their share, by the script.
    pub fn opening_of(&self, custodian: &PersonId) -> Option<OpenedBy> {
        let keeping = self.script.person(custodian)?.keeping.as_ref()?;
        Some(match keeping {
            ShareKeeping::Recipient {
                opens: Opens::OwnDevice,
                ..
            } => OpenedBy::OwnDevice,
            ShareKeeping::Recipient {
                opens: Opens::Here, ..
            } => OpenedBy::IdentityHere,
            ShareKeeping::Passphrase => OpenedBy::Passphrase,
            ShareKeeping::Paper => OpenedBy::Paper,
        })
    }

    /// The first custodian who has not opened a test message yet, and keeps a share in a file.
    pub(in crate::ceremony) fn next_unproven_recipient(&self) -> Option<&PersonId> {
        let mut custodians = self.script.backup()?.custodians();
        custodians.find(|person| {
            self.opening_of(person) != Some(OpenedBy::Paper)
                && self.backup.recipients(person).is_none()
        })
    }

    /// The first custodian who has not opened their share of the backup of a key.
    pub(in crate::ceremony) fn next_unopened_share(&self, key: &KeyId) -> Option<&PersonId> {
        let backup = self.backup_of(key)?;
        let mut custodians = self.script.backup()?.custodians();
        custodians.find(|person| !backup.opened().contains_key(*person))
    }

    /// The key that gets other shares from old ones; none elsewhere.
    pub fn reissued_key(&self) -> Option<KeyId> {
        let manifest = self.set_at_hand().filter(|_| self.script.reissues())?;
        manifest.facts().key.parse().ok()
    }

    /// Whether shares are reissued: by a backup ceremony for that, or in a drill after a share was lost.
    pub fn owes_reissue(&self) -> bool {
        self.script.reissues()
            && match self.script.kind() {
                Kind::Drill => !self.restore.lost().is_empty() && self.restore.failed().is_none(),
                _ => true,
            }
    }

    /// Whether the set at hand is superseded, and its parts are destroyed.
    pub(in crate::ceremony) fn is_set_replaced(&self) -> bool {
        let replaced = self.script.restore();
        replaced.is_some_and(|plan| plan.superseded_by.is_some()) || self.owes_reissue()
    }

    /// Whether the set that takes the place of the old one was seen to open.
    pub(in crate::ceremony) fn is_replacement_proven(&self) -> bool {
        if !self.script.reissues() {
            return self.is_set_replaced();
        }
        let key = self.reissued_key();
        key.is_some_and(|key| {
            self.backup_of(&key).is_some_and(KeyBackup::is_complete)
                && self.next_unopened_share(&key).is_none()
        })
    }

    /// The key of a step that backs one up: the step's, or the one in memory.
    pub(in crate::ceremony) fn key_of_backup(&self, key: Option<&KeyId>) -> Option<KeyId> {
        key.cloned().or_else(|| self.reissued_key())
    }

    /// Every backup of this ceremony, with the name of its key.
    pub fn backups(&self) -> impl Iterator<Item = (&KeyId, &KeyBackup)> {
        self.backup.iter()
    }

    /// Where the key of a backup comes from, as far as it is known.
    pub fn provenance_of_backed(&self, key: &KeyId) -> Option<Provenance> {
        match self.keys.get(key) {
            Some(state) => state.generated()?.provenance,
            None => Some(self.set_at_hand()?.facts().provenance),
        }
    }

    /// The next part of the old set of which nobody has said what became of it: whose share, or none for the wrapped
    /// key. What two people declared lost is retained without a question.
    pub(in crate::ceremony) fn next_superseded_part(&self) -> Option<SupersededPart> {
        if !self.is_set_replaced() {
            return None;
        }
        let shares = self.set_at_hand()?.shares().iter();
        let shares = shares.map(|share| share.label().custodian.as_str());
        let is_lost = |id: &str| {
            let mut lost = self.restore.lost().keys();
            lost.any(|person| person.as_str() == id)
        };
        let shares = shares.filter(|id| !is_lost(id));
        let shares = shares.map(|id| SupersededPart::Share(id.to_owned()));
        let mut parts = shares.chain([SupersededPart::WrappedKey]);
        parts.find(|part| !self.backup.superseded_parts().contains_key(part))
    }
}
