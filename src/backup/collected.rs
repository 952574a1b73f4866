//! Collecting shares one by one. A refused share does not affect the shares that were entered before.

use std::fmt;

use super::check::{Check, Refusal};
use super::key_encryption::KeyEncryptionKey;
use super::manifest::{Manifest, ShareEntry};
use super::opening::Opener;
use super::share_text::{OpenedShare, commitment, open_share, place_of, read_words};
use super::slip39::{CombineError, Share, combine};
use crate::record::visible;
use crate::secret::ShareWords;
use crate::words::Digest;

/// The shares that were entered so far. Wiped when dropped.
pub struct Collected {
    manifest: Manifest,
    /// In the order of the manifest.
    shares: Vec<Option<Share>>,
}

/// The progress of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProgress {
    pub entered: u8,
    pub needed: u8,
    /// The custodians whose shares were not entered: names with IDs.
    pub others: Vec<String>,
}

impl Collected {
    pub fn new(manifest: Manifest) -> Self {
        let shares = manifest.shares().iter().map(|_| None).collect();
        Self { manifest, shares }
    }

    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Adds a share by its words. `expected` is the custodian whose turn it is, if any.
    ///
    /// # Errors
    /// Why the share is refused, and whose share it is.
    pub fn add_words(
        &mut self,
        words: &ShareWords,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal> {
        let share = read_words(words.expose(), &self.whose(expected))?;
        self.add(share, expected)
    }

    /// Adds a decrypted share.
    ///
    /// # Errors
    /// Why the share is refused, and whose share it is.
    pub fn add_opened(
        &mut self,
        opened: OpenedShare,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal> {
        self.manifest.check_label(&opened)?;
        self.add(opened.into_share(), expected)
    }

    fn add(&mut self, share: Share, expected: Option<&str>) -> Result<&ShareEntry, Refusal> {
        let index = self
            .manifest
            .place(&share, &self.whose(expected), expected)?;
        let entry = &self.manifest.shares[index];
        if self.shares[index].is_some() {
            let who = visible(&entry.label.who());
            let text = format!("the share of {who} was already entered");
            return Err(Refusal::new(Check::ShareDuplicate, text));
        }
        self.shares[index] = Some(share);
        Ok(entry)
    }

    fn whose(&self, expected: Option<&str>) -> String {
        let entry = expected.and_then(|id| self.manifest.share_of(id));
        entry.map_or_else(
            || "the entered words".to_owned(),
            |entry| format!("the share of {}", entry.label.who()),
        )
    }

    /// Removes a share, for example because its custodian leaves.
    pub fn remove(&mut self, custodian: &str) {
        for (entry, share) in self.manifest.shares.iter().zip(&mut self.shares) {
            if entry.label.custodian == custodian {
                *share = None;
            }
        }
    }

    pub fn entered(&self) -> impl Iterator<Item = &ShareEntry> {
        let shares = self.manifest.shares.iter().zip(&self.shares);
        shares.filter_map(|(entry, share)| share.as_ref().map(|_| entry))
    }

    pub fn groups(&self) -> Vec<GroupProgress> {
        let groups = self.manifest.facts.groups.iter();
        let mut progress: Vec<GroupProgress> = groups
            .map(|group| GroupProgress {
                entered: 0,
                needed: group.threshold,
                others: Vec::new(),
            })
            .collect();
        for (entry, share) in self.manifest.shares.iter().zip(&self.shares) {
            let group = &mut progress[usize::from(entry.label.place.group) - 1];
            match share {
                Some(_) => group.entered += 1,
                None => group.others.push(entry.label.who()),
            }
        }
        progress
    }

    pub fn is_quorum(&self) -> bool {
        let groups = self.groups();
        let complete = groups.iter().filter(|group| group.entered >= group.needed);
        complete.count() >= usize::from(self.manifest.facts.groups_needed)
    }

    /// Restores the key-encryption key.
    ///
    /// # Errors
    /// [`Check::RestoreTooFew`], [`Check::RestoreCombine`] or [`Check::RestoreCommitment`].
    pub fn key(&self) -> Result<KeyEncryptionKey, Refusal> {
        let shares: Vec<&Share> = self.shares.iter().flatten().collect();
        let secret = combine(&shares, b"").map_err(|error| match error {
            CombineError::None
            | CombineError::TooFew { .. }
            | CombineError::TooFewGroups { .. } => Refusal::new(
                Check::RestoreTooFew,
                format!("{error}; still missing: {}", visible(&self.missing())),
            ),
            _ => Refusal::new(Check::RestoreCombine, error.to_string()),
        })?;
        let key = KeyEncryptionKey::of(&secret).ok_or_else(|| {
            let text = "the restored secret does not have 256 bits";
            Refusal::new(Check::RestoreCombine, text)
        })?;
        self.manifest.check_key(&key)?;
        Ok(key)
    }

    /// The custodians whose shares would complete a quorum.
    fn missing(&self) -> String {
        let groups = self.groups().into_iter();
        let groups = groups.filter(|group| group.entered < group.needed);
        let missing: Vec<String> = groups
            .map(|group| {
                let number = group.needed - group.entered;
                format!("{number} of {}", group.others.join(", "))
            })
            .collect();
        missing.join("; or ")
    }
}

impl Manifest {
    /// Decrypts a share file and compares its label with this manifest.
    ///
    /// # Errors
    /// If it is the file of a different custodian, cannot be decrypted, or is not a share of this set.
    pub fn open(
        &self,
        file: &[u8],
        with: &Opener,
        expected: Option<&str>,
    ) -> Result<OpenedShare, Refusal> {
        let known = self.share_in(file);
        let expected_entry = expected.and_then(|id| self.share_of(id));
        if let (Some(known), Some(expected)) = (known, expected_entry)
            && known != expected
        {
            return Err(wrong_custodian(known, expected));
        }
        let who = known.or(expected_entry).map(|entry| entry.label.who());
        let of = who.map_or_else(String::new, |who| {
            format!("the file of {}: ", visible(&who))
        });
        let opened = open_share(file, with).map_err(|refused| match (refused.check, known) {
            (Check::ShareDecryption, None) if expected.is_some() => Refusal::new(
                Check::ShareChanged,
                format!(
                    "{of}the file is not the one in the manifest, and {}",
                    refused.detail
                ),
            ),
            (check, _) => Refusal::new(check, format!("{of}{}", refused.detail)),
        })?;
        self.check_label(&opened)?;
        Ok(opened)
    }

    /// Checks that a decrypted share is the original share of its custodian.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_share(&self, opened: &OpenedShare) -> Result<&ShareEntry, Refusal> {
        self.check_label(opened)?;
        let who = format!("the share of {}", opened.label().who());
        let index = self.place(opened.share(), &who, Some(&opened.label().custodian))?;
        Ok(&self.shares[index])
    }

    fn check_label(&self, opened: &OpenedShare) -> Result<(), Refusal> {
        let label = opened.label();
        let who = visible(&label.who());
        let facts = &self.facts;
        let fingerprint = facts.public_key.fingerprint();
        if label.repository != facts.repository || label.fingerprint != fingerprint {
            let text = format!(
                "the share of {who} is for the key {} of {}, not for {} of {}",
                visible(&label.key),
                visible(&label.repository),
                visible(&facts.key),
                visible(&facts.repository)
            );
            return Err(Refusal::new(Check::ShareKey, text));
        }
        if label.set != self.set {
            return Err(self.other_set(&format!("the share of {who}"), |old| old.0 == label.set));
        }
        match self.share_of(&label.custodian) {
            Some(entry) if entry.label == *label => Ok(()),
            _ => Err(Refusal::new(
                Check::ShareForm,
                format!("the label of the share of {who} differs from the manifest"),
            )),
        }
    }

    fn other_set(&self, what: &str, is_it: impl Fn((Digest, u16)) -> bool) -> Refusal {
        let mut old = self.facts.supersedes.iter();
        match old.find(|old| is_it((old.set, old.identifier))) {
            Some(old) => Refusal::new(
                Check::ShareSuperseded,
                format!(
                    "{what} belongs to the superseded set of {}, which must be destroyed",
                    old.created_at
                ),
            ),
            None => Refusal::new(
                Check::ShareSet,
                format!("{what} belongs to a different set"),
            ),
        }
    }

    /// The index of the share with these words.
    fn place(&self, share: &Share, whose: &str, expected: Option<&str>) -> Result<usize, Refusal> {
        let whose = visible(whose);
        if share.identifier() != self.identifier {
            return Err(self.other_set(&whose, |old| old.1 == share.identifier()));
        }
        let place = place_of(share);
        let found = self.shares.iter().position(|entry| {
            let members = entry.label.place.members;
            super::label::Place { members, ..place } == entry.label.place
        });
        let Some(index) = found else {
            return Err(self.other_set(&whose, |_| false));
        };
        let entry = &self.shares[index];
        if commitment(self.set, share) != entry.commitment {
            // The share of a set that happens to have the same identifier.
            let text = format!(
                "{whose} has the same position as the share of {}, but a different value",
                visible(&entry.label.who())
            );
            return Err(Refusal::new(Check::ShareValue, text));
        }
        let expected = expected.and_then(|id| self.share_of(id));
        match expected {
            Some(expected) if expected.label.custodian != entry.label.custodian => {
                Err(wrong_custodian(entry, expected))
            }
            _ => Ok(index),
        }
    }
}

fn wrong_custodian(entry: &ShareEntry, expected: &ShareEntry) -> Refusal {
    let text = format!(
        "this is the share of {}, not of {}",
        visible(&entry.label.who()),
        visible(&expected.label.who())
    );
    Refusal::new(Check::ShareCustodian, text)
}

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entered = self.entered().map(|entry| &entry.label.custodian);
        f.debug_list().entries(entered).finish()
    }
}
