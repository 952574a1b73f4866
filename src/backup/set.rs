//! The unencrypted shares of a set, from the split until they are verified and wiped.

use std::fmt;

use super::check::{Check, Refusal, by_meaning};
use super::key_encryption::KeyEncryptionKey;
use super::label::ShareLabel;
use super::manifest::{Manifest, ShareEntry, WrappedKey, set_fingerprint};
use super::plan::{Custodian, SetPlan};
use super::share_text::{OpenedShare, check_words_commitment, commitment};
use super::slip39::{self, Share};
use crate::words::Digest;

/// The shares of a key-encryption key. Wiped when dropped.
pub struct BackupSet {
    plan: SetPlan,
    identifier: u16,
    commitment: Digest,
    set: Digest,
    shares: Vec<OpenedShare>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetError<E> {
    #[error("the random number generator failed: {0}")]
    Random(E),
    /// All identifiers were those of replaced sets.
    #[error("the random number generator returned only set IDs that are already used")]
    Repeats,
}

/// The number of attempts to find an identifier that no replaced set has.
const DRAWS: u8 = 64;

impl BackupSet {
    /// Splits a key-encryption key. `random` fills buffers with unpredictable bytes.
    ///
    /// # Errors
    /// [`SetError`].
    pub fn split<E>(
        key: &KeyEncryptionKey,
        plan: SetPlan,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, SetError<E>> {
        for _ in 0..DRAWS {
            let shares = plan
                .split()
                .of(key.expose(), &mut random)
                .map_err(SetError::Random)?;
            let identifier = shares.iter().flatten().next().map_or(0, Share::identifier);
            let replaced = &plan.facts().supersedes;
            if replaced.iter().any(|old| old.identifier == identifier) {
                continue;
            }
            let commitment = key.commitment();
            let set = set_fingerprint(plan.facts(), identifier, commitment);
            let mut labeled = Vec::new();
            for (group, members) in shares.into_iter().enumerate() {
                for (member, share) in members.into_iter().enumerate() {
                    if let Some(label) = ShareLabel::of(plan.facts(), set, group, member) {
                        labeled.push(OpenedShare::new(label, share));
                    }
                }
            }
            return Ok(Self {
                plan,
                identifier,
                commitment,
                set,
                shares: labeled,
            });
        }
        Err(SetError::Repeats)
    }

    pub const fn plan(&self) -> &SetPlan {
        &self.plan
    }

    /// The fingerprint of the set, which is not secret.
    pub const fn fingerprint(&self) -> Digest {
        self.set
    }

    /// The shares in the order of the groups.
    pub fn shares(&self) -> &[OpenedShare] {
        &self.shares
    }

    pub fn share_of(&self, custodian: &str) -> Option<&OpenedShare> {
        let mut shares = self.shares.iter();
        shares.find(|share| share.label().custodian == custodian)
    }

    /// The custodians and their shares, in the order of the groups.
    pub fn custodians(&self) -> impl Iterator<Item = (&Custodian, &OpenedShare)> {
        let groups = self.plan.facts().groups.iter();
        groups.flat_map(|group| &group.custodians).zip(&self.shares)
    }

    /// Checks that a share that was read back is the original.
    ///
    /// # Errors
    /// If it is not the same share.
    pub fn confirm(&self, custodian: &str, opened: &OpenedShare) -> Result<(), Refusal> {
        let original = self.share_of(custodian).ok_or_else(|| {
            let custodian = crate::record::visible(custodian);
            let text = format!("{custodian} does not have a share of this set");
            Refusal::new(Check::ShareCustodian, text)
        })?;
        let who = original.label().who();
        if opened.label().set == self.set && opened.label().custodian != custodian {
            let other = opened.label().who();
            let text = format!("the file of {who} contains the share of {other}");
            return Err(Refusal::new(Check::ShareCustodian, text));
        }
        let (original, opened) = (original.text(), opened.text());
        aws_lc_rs::constant_time::verify_slices_are_equal(original.as_bytes(), opened.as_bytes())
            .map_err(|_| {
                let text = format!("the file of {who} does not contain the share that was written");
                Refusal::new(Check::ShareValue, text)
            })
    }

    /// The number of combinations that [`Self::try_every_quorum`] tries.
    pub fn combinations(&self) -> u64 {
        let groups = self.plan.split().groups().iter();
        slip39::combinations(
            self.plan.split().groups_needed(),
            groups.map(|group| (group.threshold, group.count)),
        )
    }

    /// Checks that every quorum restores the key-encryption key. `progress` gets the number of combinations so far.
    ///
    /// # Errors
    /// The first quorum that does not.
    pub fn try_every_quorum(&self, progress: impl FnMut(u64)) -> Result<u64, Refusal> {
        let shares: Vec<&Share> = self.shares.iter().map(OpenedShare::share).collect();
        let mut tried = 0;
        let mut progress = progress;
        let restored = slip39::every_quorum(&shares, |count| {
            tried = count;
            progress(count);
        })
        .map_err(|error| Refusal::new(Check::RestoreCombine, error.to_string()))?;
        let key = KeyEncryptionKey::of(&restored.decrypt(b""));
        if key.is_none_or(|key| key.commitment() != self.commitment) {
            return Err(by_meaning(Check::RestoreCommitment));
        }
        Ok(tried)
    }

    /// `files` returns the digest of a custodian's file.
    ///
    /// # Errors
    /// If a file is missing.
    pub fn manifest(
        &self,
        files: impl Fn(&str) -> Option<Digest>,
        wrapped: &[u8],
    ) -> Result<Manifest, Refusal> {
        let mut entries = Vec::with_capacity(self.shares.len());
        for (custodian, share) in self.custodians() {
            let file = match custodian.protection {
                None => None,
                Some(_) => Some(files(&custodian.id).ok_or_else(|| {
                    let text = format!("the share file of {} is missing", share.label().who());
                    Refusal::new(Check::ManifestForm, text)
                })?),
            };
            entries.push(ShareEntry {
                label: share.label().clone(),
                custodian: custodian.clone(),
                file,
                commitment: commitment(self.set, share.share()),
                check_words: check_words_commitment(self.set, share.check_words()),
            });
        }
        Ok(Manifest {
            facts: self.plan.facts().clone(),
            identifier: self.identifier,
            commitment: self.commitment,
            set: self.set,
            shares: entries,
            wrapped: WrappedKey {
                sha256: Digest::of(wrapped),
                bytes: wrapped.len() as u64,
            },
        })
    }
}

impl fmt::Debug for BackupSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupSet({}, …)", self.set)
    }
}
