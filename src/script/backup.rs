//! Backups: who gets shares, and how each custodian keeps one.

use super::PersonId;
use super::spelling::spelling;

/// The custodians of every key that is backed up by shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlan {
    /// How many groups are needed.
    pub group_threshold: u8,
    /// In the order of the script.
    pub groups: Vec<ShareGroup>,
}

/// Custodians, and how many of them are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareGroup {
    pub threshold: u8,
    /// Each once, and in no other group.
    pub custodians: Vec<PersonId>,
}

impl BackupPlan {
    /// Each quorum is tested, so their number is limited.
    pub(super) const MOST_QUORUMS: u64 = 200_000;

    /// Group by group.
    pub fn custodians(&self) -> impl Iterator<Item = &PersonId> {
        self.groups.iter().flat_map(|group| &group.custodians)
    }

    /// How many minimal sets of shares restore the key.
    pub fn quorums(&self) -> u64 {
        let of_group = |group: &ShareGroup| {
            let count = u64::try_from(group.custodians.len()).unwrap_or(u64::MAX);
            choose(count, u64::from(group.threshold))
        };
        // ways[n]: the quorums of exactly n of the groups so far.
        let mut ways = vec![1_u64];
        for group in &self.groups {
            let quorums = of_group(group);
            ways.push(0);
            for served in (1..ways.len()).rev() {
                let more = ways[served - 1].saturating_mul(quorums);
                ways[served] = ways[served].saturating_add(more);
            }
        }
        let needed = usize::from(self.group_threshold);
        ways.get(needed).copied().unwrap_or_default()
    }
}

fn choose(count: u64, wanted: u64) -> u64 {
    (0..wanted).fold(1, |ways: u64, at| {
        ways.saturating_mul(count.saturating_sub(at)) / (at + 1)
    })
}

/// How a custodian keeps a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareKeeping {
    /// In a file that is encrypted to a recipient.
    Recipient {
        /// As age writes it, or a public SSH key.
        recipient: String,
        /// Another one, whose identity is kept sealed elsewhere: it opens the same file.
        second: Option<String>,
        opens: Opens,
    },
    /// In a file that is encrypted under a passphrase, which the custodian types here.
    Passphrase,
    /// On paper, written by hand from the screen.
    Paper,
}

/// Where a custodian opens their share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Opens {
    /// On their own device, reading out the words: the identity is never on this machine.
    #[default]
    OwnDevice,
    /// On this machine, with a hardware identity.
    Here,
}

spelling!(Opens {
    OwnDevice = "own-device",
    Here = "here",
});

impl ShareKeeping {
    /// In scripts, in place of a recipient.
    pub(super) const PASSPHRASE: &'static str = "passphrase";
    pub(super) const PAPER: &'static str = "paper";

    /// For the run sheet: "on paper, by hand".
    pub fn title(&self) -> &str {
        match self {
            Self::Recipient { recipient, .. } => recipient,
            Self::Passphrase => "under a passphrase",
            Self::Paper => "on paper, by hand",
        }
    }

    pub const fn is_file(&self) -> bool {
        !matches!(self, Self::Paper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(group_threshold: u8, groups: &[(u8, usize)]) -> BackupPlan {
        let person = |number: usize| format!("custodian-{number}").parse().unwrap();
        let group = |&(threshold, count): &(u8, usize)| ShareGroup {
            threshold,
            custodians: (0..count).map(person).collect(),
        };
        BackupPlan {
            group_threshold,
            groups: groups.iter().map(group).collect(),
        }
    }

    #[test]
    fn quorums_are_counted_over_groups() {
        assert_eq!(plan(1, &[(2, 3)]).quorums(), 3);
        assert_eq!(plan(1, &[(6, 16)]).quorums(), 8008);
        assert_eq!(plan(1, &[(16, 16)]).quorums(), 1);
        // Two of three officers, or three of five board members.
        assert_eq!(plan(1, &[(2, 3), (3, 5)]).quorums(), 13);
        assert_eq!(plan(2, &[(2, 3), (3, 5)]).quorums(), 30);
        assert_eq!(plan(2, &[(1, 1), (2, 3), (3, 5)]).quorums(), 3 + 10 + 30);
    }
}
