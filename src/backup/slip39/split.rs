//! Splitting a secret into shares.

use zeroize::Zeroizing;

use super::cipher::{self, Parameters};
use super::share::Share;
use super::sharing;

/// The maximum number of groups, and of shares in a group.
const MOST: u8 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The number of required shares.
    pub threshold: u8,
    /// The total number of shares.
    pub count: u8,
}

/// How to split a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    groups_needed: u8,
    groups: Vec<Group>,
}

/// Groups are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("a share set must have 1 to 16 groups")]
    Groups,
    #[error("{needed} groups are required, but there are {count}")]
    GroupsNeeded { count: usize, needed: u8 },
    #[error("group {group} has {count} shares; a group must have 1 to 16")]
    Count { group: usize, count: u8 },
    #[error("group {group} requires {threshold} shares, but has {count}")]
    Threshold {
        group: usize,
        count: u8,
        threshold: u8,
    },
    /// The standard forbids this.
    #[error(
        "the {count} shares of group {group} would be the same; use one share, or require at least two"
    )]
    SameShares { group: usize, count: u8 },
}

impl Split {
    /// # Errors
    /// The first violation of the standard.
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

    pub const fn groups_needed(&self) -> u8 {
        self.groups_needed
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Splits a secret of 256 bits, without a passphrase, into the shares of each group. `random` fills buffers with
    /// unpredictable bytes. The shares are extendable: their identifier only distinguishes sets.
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
