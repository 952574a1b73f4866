//! How a key is backed up: among whom its shares go, and how each custodian keeps one.

use super::PersonId;

/// Among whom the shares of every key go that is backed up by shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlan {
    /// How many groups are needed.
    pub group_threshold: u8,
    /// The groups, in the order of the script.
    pub groups: Vec<ShareGroup>,
}

/// People who have a share each, and how many of them are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareGroup {
    /// How many of them are needed.
    pub threshold: u8,
    /// Each once, and in no other group.
    pub custodians: Vec<PersonId>,
}

impl BackupPlan {
    /// The most quorums that a backup may have: each is tried.
    pub(super) const MOST_QUORUMS: u64 = 200_000;

    /// Everybody who has a share, group by group.
    pub fn custodians(&self) -> impl Iterator<Item = &PersonId> {
        self.groups.iter().flat_map(|group| &group.custodians)
    }

    /// How many different sets of shares, none larger than it must be, restore the key.
    pub fn quorums(&self) -> u64 {
        let of_group = |group: &ShareGroup| {
            let count = u64::try_from(group.custodians.len()).unwrap_or(u64::MAX);
            choose(count, u64::from(group.threshold))
        };
        // ways[n]: by how many quorums n groups are served, of those that were looked at.
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
        /// Another one, whose identity lies sealed somewhere: it opens the same file.
        second: Option<String>,
        /// Where the file is opened.
        opens: Opens,
    },
    /// In a file that is encrypted under a passphrase, which the custodian types here.
    Passphrase,
    /// On paper, written by hand from the screen.
    Paper,
}

/// Where a custodian opens the own share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Opens {
    /// On a device of the custodian's own, who reads out what stands inside: no private key comes near this machine.
    #[default]
    OwnDevice,
    /// On this machine, with a hardware identity.
    Here,
}

impl Opens {
    /// As scripts spell it.
    pub(super) const SPELLINGS: &'static [(&'static str, Self)] =
        &[("own-device", Self::OwnDevice), ("here", Self::Here)];
}

impl ShareKeeping {
    /// What stands in a script in place of a recipient: a passphrase.
    pub(super) const PASSPHRASE: &'static str = "passphrase";
    /// The same for paper.
    pub(super) const PAPER: &'static str = "paper";

    /// In a word or two, for the run sheet: "on paper".
    pub fn title(&self) -> &str {
        match self {
            Self::Recipient { recipient, .. } => recipient,
            Self::Passphrase => "under a passphrase",
            Self::Paper => "on paper, by hand",
        }
    }

    /// Whether there is a file at all.
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
