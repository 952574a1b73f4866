//! What a drill or a recovery restores: the set of shares by its manifest, and how far it goes.

use super::people::Person;
use crate::backup::{Closing, Manifest};
use crate::script::backup::{BackupPlan, Opens, ShareGroup};
use crate::script::{PersonId, PinnedFile};

/// How much a drill shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DrillLevel {
    /// Shares open, and are of the set. None comes together with another.
    Custody,
    /// A quorum of shares restores the key-encryption key. Nothing is unwrapped.
    Quorum,
    /// The key itself is restored, signs what is no root, and is destroyed.
    Full,
}

impl DrillLevel {
    /// As scripts spell it.
    pub const SPELLINGS: &[(&'static str, Self)] = &[
        ("custody", Self::Custody),
        ("quorum", Self::Quorum),
        ("full", Self::Full),
    ];

    /// As scripts spell it: `full`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::Quorum => "quorum",
            Self::Full => "full",
        }
    }
}

/// What is restored, and by whom.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// The manifest's file, as it was carried in.
    pub file: PinnedFile,
    /// The set.
    pub manifest: Manifest,
    /// How far it goes. A recovery goes all the way, and so does a backup that re-issues shares.
    pub level: DrillLevel,
    /// The set that has taken its place: then nothing is restored, and what is left of the old one is destroyed.
    pub superseded_by: Option<Manifest>,
    /// After how many days at the latest a share that was lost is to be made good by a new set.
    pub reissue_within_days: u16,
}

/// How a custodian's share comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entering {
    /// The custodian opens it on an own device and reads out its check words: the share itself stays there.
    CheckWords,
    /// Its words are typed, from paper or from a device of the custodian's own.
    Words,
    /// Its file is opened on this machine, with an identity of the custodian's.
    Identity,
    /// Its file is opened on this machine, with the custodian's passphrase.
    Passphrase,
}

impl RestorePlan {
    /// In how many days a lost share is to be made good, where the script does not say.
    pub(in crate::script) const USUAL_DAYS: u16 = 30;

    /// How the share of a person comes in; none of one who has no share of the set.
    pub fn entering(&self, person: &Person) -> Option<Entering> {
        let share = self.manifest.share_of(person.id.as_str())?;
        Some(match (&share.custodian().closing, person.opens) {
            (Some(Closing::Passphrase), _) => Entering::Passphrase,
            (Some(Closing::Recipients(_)), Opens::Here) => Entering::Identity,
            (Some(Closing::Recipients(_)), Opens::OwnDevice)
                if self.level == DrillLevel::Custody =>
            {
                Entering::CheckWords
            }
            (None, _) | (Some(Closing::Recipients(_)), Opens::OwnDevice) => Entering::Words,
        })
    }

    /// How many quorums a set has of which some shares are lost.
    pub fn quorums_without(manifest: &Manifest, is_lost: impl Fn(&str) -> bool) -> u64 {
        let facts = manifest.facts();
        let groups = facts.groups.iter().map(|group| {
            let there = group.custodians.iter();
            let there = there.filter(|custodian| !is_lost(&custodian.id));
            ShareGroup {
                threshold: group.threshold,
                custodians: there
                    .filter_map(|custodian| custodian.id.parse().ok())
                    .collect(),
            }
        });
        let plan = BackupPlan {
            group_threshold: facts.groups_needed,
            groups: groups.collect(),
        };
        plan.quorums()
    }

    /// Whether these custodians can restore the key.
    pub(in crate::script) fn is_quorum(manifest: &Manifest, there: &[&PersonId]) -> bool {
        let is_lost = |custodian: &str| !there.iter().any(|person| person.as_str() == custodian);
        Self::quorums_without(manifest, is_lost) > 0
    }
}
