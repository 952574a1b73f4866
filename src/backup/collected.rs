//! Shares that come together one by one. One that is refused changes nothing: what was entered before stays.

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

/// The shares of a set that were entered so far. Wiped when it is dropped.
pub struct Collected {
    manifest: Manifest,
    /// By their place in the manifest.
    shares: Vec<Option<Share>>,
}

/// How far a group is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProgress {
    /// How many shares of it are there.
    pub there: u8,
    /// How many are needed.
    pub needed: u8,
    /// Whose were not entered: names with IDs.
    pub others: Vec<String>,
}

impl Collected {
    /// None yet, of the set of this manifest.
    pub fn new(manifest: Manifest) -> Self {
        let shares = manifest.shares().iter().map(|_| None).collect();
        Self { manifest, shares }
    }

    /// The manifest that they are held to.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Adds a share by its words. `expected` is the custodian whose turn it is, if it is anyone's.
    ///
    /// # Errors
    /// What is wrong with it, and whose it is.
    pub fn add_words(
        &mut self,
        words: &ShareWords,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal> {
        let share = read_words(words.expose(), &self.whose(expected))?;
        self.add(share, expected)
    }

    /// Adds a share from its file.
    ///
    /// # Errors
    /// What is wrong with it, and whose it is. Another custodian's file is refused before it is opened.
    pub fn add_file(
        &mut self,
        file: &[u8],
        with: &Opener,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal> {
        let opened = self.manifest.open(file, with, expected)?;
        self.add_opened(opened, expected)
    }

    /// Adds a share that was opened.
    ///
    /// # Errors
    /// What is wrong with it, and whose it is.
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
            let text = format!(
                "the share of {} was entered already",
                visible(&entry.label.who())
            );
            return Err(Refusal::new(Check::ShareTwice, text));
        }
        self.shares[index] = Some(share);
        Ok(entry)
    }

    fn whose(&self, expected: Option<&str>) -> String {
        let entry = expected.and_then(|id| self.manifest.share_of(id));
        entry.map_or_else(
            || "the words that were entered".to_owned(),
            |entry| format!("the share of {}", entry.label.who()),
        )
    }

    /// Takes one out again: its custodian leaves, or it was entered by mistake.
    pub fn remove(&mut self, custodian: &str) {
        for (entry, share) in self.manifest.shares.iter().zip(&mut self.shares) {
            if entry.label.custodian == custodian {
                *share = None;
            }
        }
    }

    /// The shares that are there.
    pub fn entered(&self) -> impl Iterator<Item = &ShareEntry> {
        let shares = self.manifest.shares.iter().zip(&self.shares);
        shares.filter_map(|(entry, share)| share.as_ref().map(|_| entry))
    }

    /// How far each group is.
    pub fn groups(&self) -> Vec<GroupProgress> {
        let groups = self.manifest.facts.groups.iter();
        let mut progress: Vec<GroupProgress> = groups
            .map(|group| GroupProgress {
                there: 0,
                needed: group.threshold,
                others: Vec::new(),
            })
            .collect();
        for (entry, share) in self.manifest.shares.iter().zip(&self.shares) {
            let group = &mut progress[usize::from(entry.label.place.group) - 1];
            match share {
                Some(_) => group.there += 1,
                None => group.others.push(entry.label.who()),
            }
        }
        progress
    }

    /// Whether there are enough.
    pub fn is_quorum(&self) -> bool {
        let complete = self
            .groups()
            .iter()
            .filter(|group| group.there >= group.needed)
            .count();
        complete >= usize::from(self.manifest.facts.groups_needed)
    }

    /// The key-encryption key, if the shares are enough, fit together, and give the key of this set.
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
                format!("{error}; still to come: {}", visible(&self.still_to_come())),
            ),
            _ => Refusal::new(Check::RestoreCombine, error.to_string()),
        })?;
        let key = KeyEncryptionKey::of(&secret).ok_or_else(|| {
            Refusal::new(
                Check::RestoreCombine,
                "they give a secret of another length",
            )
        })?;
        self.manifest.check_key(&key)?;
        Ok(key)
    }

    /// Who could make it enough.
    fn still_to_come(&self) -> String {
        let groups = self
            .groups()
            .into_iter()
            .filter(|group| group.there < group.needed);
        let lacking: Vec<String> = groups
            .map(|group| {
                let number = group.needed - group.there;
                format!("{number} of {}", group.others.join(", "))
            })
            .collect();
        lacking.join("; or ")
    }
}

impl Manifest {
    /// Opens the file of a share, and holds it to this manifest up to its words.
    ///
    /// # Errors
    /// When it is another custodian's, does not open, or is no share of this set.
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
            return Err(others(known, expected));
        }
        let who = known.or(expected_entry).map(|entry| entry.label.who());
        let of = who.map_or_else(String::new, |who| {
            format!("the file of {}: ", visible(&who))
        });
        let opened = open_share(file, with).map_err(|refused| match (refused.check, known) {
            (Check::ShareClosed, None) if expected.is_some() => Refusal::new(
                Check::ShareChanged,
                format!(
                    "{of}it is not the file that the manifest has, and {}",
                    refused.detail
                ),
            ),
            (check, _) => Refusal::new(check, format!("{of}{}", refused.detail)),
        })?;
        self.check_label(&opened)?;
        Ok(opened)
    }

    /// Whether a share that was opened is of this set, and is the one that was made for its custodian.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_share(&self, opened: &OpenedShare) -> Result<&ShareEntry, Refusal> {
        self.check_label(opened)?;
        let who = format!("the share of {}", opened.label().who());
        let index = self.place(opened.share(), &who, Some(&opened.label().custodian))?;
        Ok(&self.shares[index])
    }

    /// What stands on a share, held to this manifest.
    fn check_label(&self, opened: &OpenedShare) -> Result<(), Refusal> {
        let label = opened.label();
        let who = visible(&label.who());
        let facts = &self.facts;
        let fingerprint = facts.public_key.fingerprint();
        if label.repository != facts.repository || label.fingerprint != fingerprint {
            let text = format!(
                "the share of {who} is of the key {} of {}, not of {} of {}",
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
                format!("the share of {who} says of itself what the manifest does not"),
            )),
        }
    }

    fn other_set(&self, what: &str, is_it: impl Fn((Digest, u16)) -> bool) -> Refusal {
        let mut old = self.facts.supersedes.iter();
        match old.find(|old| is_it((old.set, old.identifier))) {
            Some(old) => Refusal::new(
                Check::ShareSuperseded,
                format!(
                    "{what} is of the set of {}, which was replaced: it is to be destroyed",
                    old.made_at
                ),
            ),
            None => Refusal::new(
                Check::ShareSet,
                format!("{what} is of another set, of this key or of another"),
            ),
        }
    }

    /// Which share of this manifest the words are.
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
            // Of the same place and number, and still another: of a set that happens to have the same number.
            let text = format!(
                "{whose} has the place of {} in this set, and is not the share that was made for it",
                visible(&entry.label.who())
            );
            return Err(Refusal::new(Check::ShareValue, text));
        }
        let expected = expected.and_then(|id| self.share_of(id));
        match expected {
            Some(expected) if expected.label.custodian != entry.label.custodian => {
                Err(others(entry, expected))
            }
            _ => Ok(index),
        }
    }
}

fn others(entry: &ShareEntry, expected: &ShareEntry) -> Refusal {
    let text = format!(
        "that is the share of {}, not of {}",
        visible(&entry.label.who()),
        visible(&expected.label.who())
    );
    Refusal::new(Check::ShareCustodian, text)
}

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there: Vec<&str> = self
            .entered()
            .map(|entry| entry.label.custodian.as_str())
            .collect();
        f.debug_struct("Collected")
            .field("there", &there)
            .finish_non_exhaustive()
    }
}
