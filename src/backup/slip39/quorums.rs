//! Every quorum tried: all shares of a set are there, and each choice of them that is enough must restore the same.

use zeroize::Zeroizing;

use super::combine::{CombineError, Encrypted, Members, grouped};
use super::share::Share;
use super::sharing;

/// A quorum that does not restore what the others do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// The shares are not those of one set, or not enough.
    #[error(transparent)]
    Combine(#[from] CombineError),
    /// Shares of one group do not give what the others of it give.
    #[error("the shares {members:?} of group {group} do not restore what the others do")]
    Members {
        /// The group, counted from 1.
        group: u8,
        /// The shares, counted from 1.
        members: Vec<u8>,
    },
    /// Groups do not give what others give.
    #[error("the groups {groups:?} do not restore what the others do")]
    Groups {
        /// The groups, counted from 1.
        groups: Vec<u8>,
    },
}

/// How many combinations [`every_quorum`] tries for groups of so many of so many.
pub fn combinations(groups_needed: u8, groups: impl ExactSizeIterator<Item = (u8, u8)>) -> u64 {
    let count = u8::try_from(groups.len()).unwrap_or(u8::MAX);
    let of_groups = if count > 1 {
        choose(count, groups_needed)
    } else {
        0
    };
    groups
        .map(|(threshold, count)| choose(count, threshold))
        .sum::<u64>()
        + of_groups
}

/// Tries them all: every quorum of each group must give the same part of the secret, and every choice of groups must
/// make the same of these parts. So each quorum of the whole set restores the secret, however many there are of them.
/// `progress` hears how many combinations were tried.
///
/// # Errors
/// The first quorum that does not.
pub fn every_quorum(
    shares: &[&Share],
    mut progress: impl FnMut(u64),
) -> Result<Encrypted, QuorumError> {
    let first = *shares.first().ok_or(CombineError::None)?;
    let mut tried = 0;
    let mut parts: Vec<(u8, Zeroizing<Vec<u8>>)> = Vec::new();
    for (group, members) in &grouped(first, shares)? {
        if !members.is_complete() {
            return Err(members.lacking(*group).into());
        }
        let part = every_part(*group, members, || {
            tried += 1;
            progress(tried);
        })?;
        parts.push((*group, part));
    }
    if parts.len() < usize::from(first.group_count) {
        return Err(CombineError::TooFewGroups {
            complete: parts.len(),
            needed: first.group_count,
        }
        .into());
    }
    let points: Vec<(u8, &[u8])> = parts
        .iter()
        .map(|(group, part)| (*group, part.as_slice()))
        .collect();
    let of_one_group = points.len() == 1;
    let value = same_for_all(first.group_threshold, &points, || {
        if !of_one_group {
            tried += 1;
            progress(tried);
        }
    })
    .map_err(|groups| QuorumError::Groups {
        groups: counted(&groups),
    })?;
    Ok(Encrypted::new(first, value))
}

fn every_part(
    group: u8,
    members: &Members<'_>,
    tried: impl FnMut(),
) -> Result<Zeroizing<Vec<u8>>, QuorumError> {
    same_for_all(members.threshold(), &members.points(), tried).map_err(|members| {
        QuorumError::Members {
            group: group + 1,
            members: counted(&members),
        }
    })
}

/// What every choice of `threshold` points gives; or the places of the first that gives something else.
fn same_for_all(
    threshold: u8,
    points: &[(u8, &[u8])],
    mut tried: impl FnMut(),
) -> Result<Zeroizing<Vec<u8>>, Vec<u8>> {
    let mut known: Option<Zeroizing<Vec<u8>>> = None;
    let mut choice: Vec<usize> = (0..usize::from(threshold)).collect();
    loop {
        let quorum: Vec<(u8, &[u8])> = choice.iter().map(|place| points[*place]).collect();
        let places = || -> Vec<u8> { quorum.iter().map(|(place, _)| *place).collect() };
        let value = sharing::restore(threshold, &quorum).map_err(|_| places())?;
        match &known {
            None => known = Some(value),
            Some(known) => {
                aws_lc_rs::constant_time::verify_slices_are_equal(known, &value)
                    .map_err(|_| places())?;
            }
        }
        tried();
        if !advance(&mut choice, points.len()) {
            return known.ok_or_else(Vec::new);
        }
    }
}

/// The next choice of so many out of `count`, in order; false after the last one.
fn advance(choice: &mut [usize], count: usize) -> bool {
    let length = choice.len();
    for place in (0..length).rev() {
        if choice[place] + length < count + place {
            choice[place] += 1;
            for after in place + 1..length {
                choice[after] = choice[after - 1] + 1;
            }
            return true;
        }
    }
    false
}

fn counted(places: &[u8]) -> Vec<u8> {
    places.iter().map(|place| place + 1).collect()
}

/// The binomial coefficient; of 16 at most.
fn choose(count: u8, of: u8) -> u64 {
    (0..u64::from(of)).fold(1, |product, k| product * (u64::from(count) - k) / (k + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_comes_once() {
        assert_eq!(choose(16, 6), 8008);
        assert_eq!(choose(16, 8), 12_870);
        assert_eq!(choose(5, 5), 1);
        for (count, of) in [(5, 3), (16, 6), (3, 1), (4, 4)] {
            let mut choice: Vec<usize> = (0..of).collect();
            let mut seen = std::collections::BTreeSet::from([choice.clone()]);
            while advance(&mut choice, count) {
                assert!(
                    choice.windows(2).all(|pair| pair[0] < pair[1]),
                    "{choice:?}"
                );
                assert!(choice[of - 1] < count);
                assert!(seen.insert(choice.clone()), "{choice:?}");
            }
            let (count, of) = (u8::try_from(count).unwrap(), u8::try_from(of).unwrap());
            assert_eq!(seen.len() as u64, choose(count, of));
        }
    }

    #[test]
    fn what_is_tried_is_counted_before() {
        let groups = [(2, 3), (3, 5)];
        assert_eq!(combinations(1, groups.into_iter()), 3 + 10 + 2);
        assert_eq!(combinations(1, [(6, 16)].into_iter()), 8008);
    }
}
