//! How a secret becomes shares.

use zeroize::Zeroizing;

use super::cipher::{self, Parameters};
use super::share::Share;
use super::sharing;

/// The most groups, and the most shares of a group.
const MOST: u8 = 16;

/// A group of custodians, and how many of them are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many of its shares are needed.
    pub threshold: u8,
    /// How many shares it has.
    pub count: u8,
}

/// How a secret is to be split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    groups_needed: u8,
    groups: Vec<Group>,
}

/// Why nothing can be split so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Not 1 to 16 groups.
    #[error("shares are for 1 to 16 groups")]
    Groups,
    /// More groups are needed than there are, or none.
    #[error("of {count} groups, {needed} cannot be needed")]
    GroupsNeeded {
        /// How many there are.
        count: usize,
        /// How many should be needed.
        needed: u8,
    },
    /// A group does not have 1 to 16 shares.
    #[error("group {group} has {count} shares; a group has 1 to 16")]
    Count {
        /// Counted from 1.
        group: usize,
        /// How many it should have.
        count: u8,
    },
    /// More shares of a group are needed than there are, or none.
    #[error("group {group} has {count} shares, of which {threshold} cannot be needed")]
    Threshold {
        /// Counted from 1.
        group: usize,
        /// How many there are.
        count: u8,
        /// How many should be needed.
        threshold: u8,
    },
    /// Several shares of which one is enough: each would be the same. The standard forbids it.
    #[error(
        "group {group} gives {count} people the same share: let it have one share, or need two"
    )]
    SameShares {
        /// Counted from 1.
        group: usize,
        /// How many there are.
        count: u8,
    },
}

impl Split {
    /// A plan, if the standard allows it.
    ///
    /// # Errors
    /// The first thing that it does not allow.
    pub fn new(groups_needed: u8, groups: Vec<Group>) -> Result<Self, SplitError> {
        if groups.is_empty() || groups.len() > usize::from(MOST) {
            return Err(SplitError::Groups);
        }
        if groups_needed == 0 || usize::from(groups_needed) > groups.len() {
            return Err(SplitError::GroupsNeeded {
                count: groups.len(),
                needed: groups_needed,
            });
        }
        for (place, Group { threshold, count }) in groups.iter().copied().enumerate() {
            let group = place + 1;
            if count == 0 || count > MOST {
                return Err(SplitError::Count { group, count });
            }
            if threshold == 0 || threshold > count {
                return Err(SplitError::Threshold {
                    group,
                    count,
                    threshold,
                });
            }
            if threshold == 1 && count > 1 {
                return Err(SplitError::SameShares { group, count });
            }
        }
        Ok(Self {
            groups_needed,
            groups,
        })
    }

    /// How many groups are needed.
    pub const fn groups_needed(&self) -> u8 {
        self.groups_needed
    }

    /// The groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Splits a secret of 256 bits, without a passphrase, into the shares of each group. `random` fills buffers with
    /// bytes that nobody can guess. The shares are extendable: their identifier tells sets apart and nothing else.
    ///
    /// # Errors
    /// Those of `random`.
    pub fn of<E>(
        &self,
        secret: &[u8; 32],
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Vec<Vec<Share>>, E> {
        let mut identifier = [0; 2];
        random(&mut identifier)?;
        let parameters = Parameters {
            identifier: u16::from_be_bytes(identifier) & 0x7fff,
            extendable: true,
            exponent: 1,
        };
        let encrypted = cipher::encrypt(secret, b"", parameters);
        let group_count = u8::try_from(self.groups.len()).unwrap_or(MOST);
        let parts = sharing::split(&encrypted, self.groups_needed, group_count, &mut random)?;
        let mut shares = Vec::with_capacity(parts.len());
        for (part, group) in parts.iter().zip(&self.groups) {
            let members = sharing::split(&part.bytes, group.threshold, group.count, &mut random)?;
            let share = |member: sharing::Point| Share {
                parameters,
                group: part.at,
                group_threshold: self.groups_needed,
                group_count,
                member: member.at,
                member_threshold: group.threshold,
                value: Zeroizing::new(member.bytes.to_vec()),
            };
            shares.push(members.into_iter().map(share).collect());
        }
        Ok(shares)
    }
}
