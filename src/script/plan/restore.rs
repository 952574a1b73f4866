//! What a ceremony restores: the share set, and to which level.

use super::people::Person;
use crate::backup::{Manifest, Protection};
use crate::script::backup::{BackupPlan, Opens, ShareGroup};
use crate::script::spelling::spelling;
use crate::script::{PersonId, PinnedFile};

/// How far a drill goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DrillLevel {
    /// Shares open and belong to the set. They are not combined.
    Custody,
    /// A quorum of shares restores the key-encryption key. Nothing is unwrapped.
    Quorum,
    /// The key is restored, signs a message that cannot be a root, and is destroyed.
    Full,
}

spelling!(DrillLevel {
    Custody = "custody",
    Quorum = "quorum",
    Full = "full",
});

#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// The manifest as a pinned file.
    pub file: PinnedFile,
    pub manifest: Manifest,
    /// A recovery and a reissue are always `Full`.
    pub level: DrillLevel,
    /// The set that has superseded it: then nothing is restored, and the rest of the old set is destroyed.
    pub superseded_by: Option<Manifest>,
    /// Within how many days a lost share must be replaced by a new set.
    pub reissue_within_days: u16,
}

/// How a custodian enters a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entering {
    /// The custodian opens it on their own device and reads out its check words: the share itself stays there.
    CheckWords,
    /// Its words are typed, from paper or from the custodian's own device.
    Words,
    /// Its file is opened on this machine, with the custodian's hardware identity.
    Identity,
    /// Its file is opened on this machine, with the custodian's passphrase.
    Passphrase,
}

impl RestorePlan {
    pub(in crate::script) const USUAL_DAYS: u16 = 30;

    /// How a person enters their share; `None` without a share of the set.
    pub fn entering(&self, person: &Person) -> Option<Entering> {
        let share = self.manifest.share_of(person.id.as_str())?;
        Some(match (&share.custodian().protection, person.opens) {
            (Some(Protection::Passphrase), _) => Entering::Passphrase,
            (Some(Protection::Recipients(_)), Opens::Here) => Entering::Identity,
            (Some(Protection::Recipients(_)), Opens::OwnDevice)
                if self.level == DrillLevel::Custody =>
            {
                Entering::CheckWords
            }
            (None, _) | (Some(Protection::Recipients(_)), Opens::OwnDevice) => Entering::Words,
        })
    }

    /// How many quorums remain in a set without the lost shares.
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
