//! A set of shares in clear, between the split and the moment when it is proven and forgotten.

use std::fmt;

use super::key_encryption::KeyEncryptionKey;
use super::label::ShareLabel;
use super::manifest::{Manifest, ShareEntry, WrappedKey, set_fingerprint};
use super::plan::{Custodian, SetPlan};
use super::share_text::{OpenedShare, answer, check_words_differ, commitment};
use super::slip39::{self, Share};
use super::{Check, Refusal};
use crate::words::Digest;

/// The shares of a key-encryption key, each with whose it is. Wiped when it is dropped.
pub struct BackupSet {
    plan: SetPlan,
    identifier: u16,
    commitment: Digest,
    set: Digest,
    shares: Vec<OpenedShare>,
}

/// Why no set came about.
#[derive(Debug, thiserror::Error)]
pub enum SplitFailure<E> {
    /// The source of randomness failed.
    #[error("there is no randomness: {0}")]
    Random(E),
    /// The source gives the same again and again: no number was found that no replaced set has.
    #[error("the source of randomness repeats itself")]
    Repeats,
}

/// How often another identifier is drawn when it is that of a replaced set.
const DRAWS: u8 = 64;

impl BackupSet {
    /// Splits a key-encryption key as planned. `random` fills buffers with bytes that nobody can guess.
    ///
    /// # Errors
    /// [`SplitFailure`].
    pub fn split<E>(
        key: &KeyEncryptionKey,
        plan: SetPlan,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, SplitFailure<E>> {
        for _ in 0..DRAWS {
            let shares = plan
                .split()
                .of(key.expose(), &mut random)
                .map_err(SplitFailure::Random)?;
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
        Err(SplitFailure::Repeats)
    }

    /// How it was made.
    pub const fn plan(&self) -> &SetPlan {
        &self.plan
    }

    /// The fingerprint of the set: what it is, and no secret.
    pub const fn fingerprint(&self) -> Digest {
        self.set
    }

    /// The shares, group by group.
    pub fn shares(&self) -> &[OpenedShare] {
        &self.shares
    }

    /// The share of a custodian.
    pub fn share_of(&self, custodian: &str) -> Option<&OpenedShare> {
        let mut shares = self.shares.iter();
        shares.find(|share| share.label().custodian == custodian)
    }

    /// Each custodian with the share, group by group.
    pub fn custodians(&self) -> impl Iterator<Item = (&Custodian, &OpenedShare)> {
        let groups = self.plan.facts().groups.iter();
        groups.flat_map(|group| &group.custodians).zip(&self.shares)
    }

    /// Whether what was read back and opened is the share that was made.
    ///
    /// # Errors
    /// When it is another custodian's, or something else.
    pub fn confirm(&self, custodian: &str, opened: &OpenedShare) -> Result<(), Refusal> {
        let made = self.made(custodian)?;
        if opened.label().set == self.set && opened.label().custodian != custodian {
            let text = format!(
                "the file of {} holds the share of {}",
                made.label().who(),
                opened.label().who()
            );
            return Err(Refusal::new(Check::ShareCustodian, text));
        }
        let (made_text, opened_text) = (made.text(), opened.text());
        aws_lc_rs::constant_time::verify_slices_are_equal(
            made_text.as_bytes(),
            opened_text.as_bytes(),
        )
        .map_err(|_| {
            let text = format!(
                "what the file of {} holds is not what was written",
                made.label().who()
            );
            Refusal::new(Check::ShareValue, text)
        })
    }

    /// Whether the check words that a custodian reads out are those inside the share.
    ///
    /// # Errors
    /// When they are not.
    pub fn confirm_check_words(&self, custodian: &str, read_out: &str) -> Result<(), Refusal> {
        let made = self.made(custodian)?;
        if answer(self.set, read_out) == answer(self.set, made.check_words()) {
            return Ok(());
        }
        Err(check_words_differ(&made.label().who()))
    }

    fn made(&self, custodian: &str) -> Result<&OpenedShare, Refusal> {
        self.share_of(custodian).ok_or_else(|| {
            let text = format!(
                "{} keeps no share of this set",
                crate::record::visible(custodian)
            );
            Refusal::new(Check::ShareCustodian, text)
        })
    }

    /// How many combinations [`Self::try_every_quorum`] tries.
    pub fn combinations(&self) -> u64 {
        let groups = self.plan.split().groups().iter();
        slip39::combinations(
            self.plan.split().groups_needed(),
            groups.map(|group| (group.threshold, group.count)),
        )
    }

    /// Tries every quorum, and that what they restore is the key-encryption key. `progress` hears how many
    /// combinations were tried.
    ///
    /// # Errors
    /// With the quorum that does not restore.
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
            return Err(Refusal::new(
                Check::RestoreCommitment,
                Check::RestoreCommitment.meaning(),
            ));
        }
        Ok(tried)
    }

    /// The manifest, when every file is there: `files` gives the digest of a custodian's file.
    ///
    /// # Errors
    /// When a file is lacking.
    pub fn manifest(
        &self,
        files: impl Fn(&str) -> Option<Digest>,
        wrapped: &[u8],
    ) -> Result<Manifest, Refusal> {
        let mut entries = Vec::with_capacity(self.shares.len());
        for (custodian, share) in self.custodians() {
            let file = match custodian.closing {
                None => None,
                Some(_) => Some(files(&custodian.id).ok_or_else(|| {
                    let text = format!("there is no file for {}", share.label().who());
                    Refusal::new(Check::ManifestForm, text)
                })?),
            };
            entries.push(ShareEntry {
                label: share.label().clone(),
                custodian: custodian.clone(),
                file,
                commitment: commitment(self.set, share.share()),
                answer: answer(self.set, share.check_words()),
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
