//! Testing all quorums of a complete set.

use zeroize::Zeroizing;

use super::combine::{CombineError, Encrypted, Members, grouped};
use super::share::Share;
use super::sharing;

/// Groups and members are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    #[error(transparent)]
    Combine(#[from] CombineError),
    #[error("the shares {members:?} of group {group} restore a different value than the others")]
    Members { group: u8, members: Vec<u8> },
    #[error("the groups {groups:?} restore a different value than the others")]
    Groups { groups: Vec<u8> },
}

/// The number of combinations that [`every_quorum`] tries. `groups` are thresholds and sizes.
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

/// Checks that every quorum of each group restores the same part of the secret, and that every quorum of groups restores
/// the same secret. So every quorum of the set restores the secret. `progress` gets the number of combinations so far.
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
            return Err(members.missing(*group).into());
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

/// The value that all choices of `threshold` points restore, or the x coordinates of the first that does not.
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

/// Moves to the next choice out of `count`; false after the last one.
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

/// The binomial coefficient for at most 16.
fn choose(count: u8, of: u8) -> u64 {
    (0..u64::from(of)).fold(1, |product, k| product * (u64::from(count) - k) / (k + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_appears_once() {
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
    fn combinations_are_counted() {
        let groups = [(2, 3), (3, 5)];
        assert_eq!(combinations(1, groups.into_iter()), 3 + 10 + 2);
        assert_eq!(combinations(1, [(6, 16)].into_iter()), 8008);
    }
}
