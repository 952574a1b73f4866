//! How shares become the secret again, or which of them is at fault.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::cipher::{self, Parameters};
use super::share::Share;
use super::sharing;

/// What the shares hold together, before it is decrypted.
pub struct Encrypted {
    parameters: Parameters,
    value: Zeroizing<Vec<u8>>,
}

/// Why shares do not restore a secret. A share is named by its place in what was given, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// There is no share.
    #[error("there is no share")]
    None,
    /// A share is of another set than the first one.
    #[error("the share is of another set")]
    OtherSet {
        /// Which.
        share: usize,
    },
    /// A share is there twice.
    #[error("the share is there twice")]
    Twice {
        /// The second one.
        share: usize,
        /// The first one.
        first: usize,
    },
    /// A share says that its group needs another number of shares than the first one of its group says.
    #[error("the share contradicts another one of its group")]
    Contradiction {
        /// Which.
        share: usize,
        /// The first one of its group.
        first: usize,
    },
    /// Groups are complete, but not enough.
    #[error("{complete} of {needed} groups are complete")]
    TooFewGroups {
        /// How many are.
        complete: usize,
        /// How many are needed.
        needed: u8,
    },
    /// A group that was begun has too few shares, and no other makes up for it.
    #[error("{found} of {needed} shares of group {group} are there")]
    TooFew {
        /// Counted from 1.
        group: u8,
        /// How many are there.
        found: usize,
        /// How many are needed.
        needed: u8,
    },
    /// The shares of a group do not belong together, though each is whole.
    #[error("the shares of group {group} do not belong together")]
    Group {
        /// Counted from 1.
        group: u8,
    },
    /// The groups do not belong together.
    #[error("the groups do not belong together")]
    Groups,
    /// A share beyond those that are needed is not on the line of the others.
    #[error("the share does not fit the others")]
    Surplus {
        /// Which.
        share: usize,
    },
}

impl Encrypted {
    pub(super) const fn new(of: &Share, value: Zeroizing<Vec<u8>>) -> Self {
        Self {
            parameters: of.parameters,
            value,
        }
    }

    /// The secret, under a passphrase; empty for none. Every passphrase gives some secret.
    pub fn decrypt(&self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        cipher::decrypt(&self.value, passphrase, self.parameters)
    }

    /// Whether two quorums give the same: then they restore the same secret.
    pub fn same_as(&self, other: &Self) -> bool {
        self.parameters == other.parameters
            && aws_lc_rs::constant_time::verify_slices_are_equal(&self.value, &other.value).is_ok()
    }
}

/// Restores the secret, of any length that the standard has.
///
/// # Errors
/// The share that is at fault, or how many are lacking. Never a wrong secret: the passphrase apart, a digest proves it.
pub fn combine(shares: &[&Share], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, CombineError> {
    Ok(encrypted(shares)?.decrypt(passphrase))
}

/// Restores what the shares hold, without the slow decryption. More than are needed may be given: each must fit.
///
/// # Errors
/// As for [`combine`].
pub fn encrypted(shares: &[&Share]) -> Result<Encrypted, CombineError> {
    let first = *shares.first().ok_or(CombineError::None)?;
    let groups = grouped(first, shares)?;
    let complete: Vec<(u8, &Members<'_>)> = groups
        .iter()
        .filter(|(_, members)| members.is_complete())
        .map(|(group, members)| (*group, members))
        .collect();
    let needed = usize::from(first.group_threshold);
    if complete.len() < needed {
        return Err(lacking(first, &groups, complete.len()));
    }
    let mut parts = Vec::with_capacity(complete.len());
    for (group, members) in &complete {
        parts.push((*group, members.part(*group)?));
    }
    let points: Vec<(u8, &[u8])> = parts
        .iter()
        .map(|(group, part)| (*group, part.as_slice()))
        .collect();
    let (quorum, surplus) = points.split_at(needed);
    let value =
        sharing::restore(first.group_threshold, quorum).map_err(|_| CombineError::Groups)?;
    for (group, part) in surplus {
        let expected = if needed == 1 {
            value.clone()
        } else {
            sharing::value_at(*group, quorum)
        };
        if aws_lc_rs::constant_time::verify_slices_are_equal(&expected, part).is_err() {
            return Err(CombineError::Groups);
        }
    }
    Ok(Encrypted::new(first, value))
}

/// The shares of a group, each with its place in what was given.
pub(super) struct Members<'s>(Vec<(usize, &'s Share)>);

impl Members<'_> {
    pub(super) fn threshold(&self) -> u8 {
        self.0
            .first()
            .map_or(u8::MAX, |(_, share)| share.member_threshold)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.0.len() >= usize::from(self.threshold())
    }

    /// Each with its place on the polynomials.
    pub(super) fn points(&self) -> Vec<(u8, &[u8])> {
        self.0
            .iter()
            .map(|(_, share)| (share.member, share.value.as_slice()))
            .collect()
    }

    /// That there are too few.
    pub(super) fn lacking(&self, group: u8) -> CombineError {
        CombineError::TooFew {
            group: group + 1,
            found: self.0.len(),
            needed: self.threshold(),
        }
    }

    /// What the group holds.
    fn part(&self, group: u8) -> Result<Zeroizing<Vec<u8>>, CombineError> {
        let points = self.points();
        let (quorum, surplus) = points.split_at(usize::from(self.threshold()));
        let part = sharing::restore(self.threshold(), quorum)
            .map_err(|_| CombineError::Group { group: group + 1 })?;
        for (place, (member, value)) in surplus.iter().enumerate() {
            let expected = if self.threshold() == 1 {
                part.clone()
            } else {
                sharing::value_at(*member, quorum)
            };
            if aws_lc_rs::constant_time::verify_slices_are_equal(&expected, value).is_err() {
                let (share, _) = self.0[quorum.len() + place];
                return Err(CombineError::Surplus { share });
            }
        }
        Ok(part)
    }
}

pub(super) fn grouped<'s>(
    first: &Share,
    shares: &[&'s Share],
) -> Result<BTreeMap<u8, Members<'s>>, CombineError> {
    let mut groups: BTreeMap<u8, Members<'s>> = BTreeMap::new();
    for (place, share) in shares.iter().enumerate() {
        let of_one_set = share.parameters == first.parameters
            && share.group_threshold == first.group_threshold
            && share.group_count == first.group_count
            && share.value.len() == first.value.len();
        if !of_one_set {
            return Err(CombineError::OtherSet { share: place });
        }
        let members = groups
            .entry(share.group)
            .or_insert_with(|| Members(Vec::new()));
        if let Some((first, known)) = members.0.first()
            && known.member_threshold != share.member_threshold
        {
            return Err(CombineError::Contradiction {
                share: place,
                first: *first,
            });
        }
        if let Some((same, _)) = members
            .0
            .iter()
            .find(|(_, known)| known.member == share.member)
        {
            return Err(CombineError::Twice {
                share: place,
                first: *same,
            });
        }
        members.0.push((place, share));
    }
    Ok(groups)
}

/// What is lacking: more shares of a group that was begun, or whole groups.
fn lacking(first: &Share, groups: &BTreeMap<u8, Members<'_>>, complete: usize) -> CombineError {
    let begun = groups.iter().find(|(_, members)| !members.is_complete());
    if let Some((group, members)) = begun
        && groups.len() >= usize::from(first.group_threshold)
    {
        return members.lacking(*group);
    }
    CombineError::TooFewGroups {
        complete,
        needed: first.group_threshold,
    }
}
