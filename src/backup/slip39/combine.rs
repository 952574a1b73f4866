//! Restoring the secret from shares, or finding the wrong share.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::cipher::{self, Parameters};
use super::share::Share;
use super::sharing;

/// The restored secret before decryption.
pub struct Encrypted {
    parameters: Parameters,
    value: Zeroizing<Vec<u8>>,
}

/// `share` and `first` are indices of the given shares. Groups are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    #[error("there are no shares")]
    None,
    #[error("the share belongs to a different set")]
    OtherSet { share: usize },
    #[error("the share was given twice")]
    Duplicate { share: usize, first: usize },
    #[error("the share has a different threshold than another share of its group")]
    Contradiction { share: usize, first: usize },
    #[error("{complete} of {needed} required groups are complete")]
    TooFewGroups { complete: usize, needed: u8 },
    #[error("group {group} has {found} of {needed} required shares")]
    TooFew { group: u8, found: usize, needed: u8 },
    #[error("the shares of group {group} do not belong together")]
    Group { group: u8 },
    #[error("the groups do not belong together")]
    Groups,
    /// An additional share that is not consistent with the others.
    #[error("the share does not belong to the other shares")]
    Surplus { share: usize },
}

impl Encrypted {
    pub(super) const fn new(of: &Share, value: Zeroizing<Vec<u8>>) -> Self {
        Self {
            parameters: of.parameters,
            value,
        }
    }

    /// Decrypts the secret. Every passphrase, including the empty one, results in some secret.
    pub fn decrypt(&self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        cipher::decrypt(&self.value, passphrase, self.parameters)
    }

    /// Whether two quorums restore the same secret.
    pub fn same_as(&self, other: &Self) -> bool {
        self.parameters == other.parameters
            && aws_lc_rs::constant_time::verify_slices_are_equal(&self.value, &other.value).is_ok()
    }
}

/// Restores a secret of any length in the standard. A digest verifies it, except for the passphrase.
///
/// # Errors
/// The wrong share, or how many shares are missing.
pub fn combine(shares: &[&Share], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, CombineError> {
    Ok(encrypted(shares)?.decrypt(passphrase))
}

/// Restores the secret without the slow decryption. Additional shares must be consistent.
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
        return Err(missing(first, &groups, complete.len()));
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

/// The shares of a group with their indices.
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

    pub(super) fn points(&self) -> Vec<(u8, &[u8])> {
        self.0
            .iter()
            .map(|(_, share)| (share.member, share.value.as_slice()))
            .collect()
    }

    pub(super) fn missing(&self, group: u8) -> CombineError {
        CombineError::TooFew {
            group: group + 1,
            found: self.0.len(),
            needed: self.threshold(),
        }
    }

    /// The restored part of the group.
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
            return Err(CombineError::Duplicate {
                share: place,
                first: *same,
            });
        }
        members.0.push((place, share));
    }
    Ok(groups)
}

/// Missing shares of an incomplete group, or missing groups.
fn missing(first: &Share, groups: &BTreeMap<u8, Members<'_>>, complete: usize) -> CombineError {
    let begun = groups.iter().find(|(_, members)| !members.is_complete());
    if let Some((group, members)) = begun
        && groups.len() >= usize::from(first.group_threshold)
    {
        return members.missing(*group);
    }
    CombineError::TooFewGroups {
        complete,
        needed: first.group_threshold,
    }
}
