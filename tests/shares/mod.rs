//! Shares after SLIP-0039: the official vectors, and what no share set may do; backups of whole keys; what other tools
//! make of them.

mod restore;
mod sheet;
mod standing;

use std::collections::BTreeSet;
use std::convert::Infallible;

use conclave::backup::slip39::{
    CombineError, Group, Share, ShareError, Split, SplitError, combine, encrypted,
};
use proptest::prelude::*;

/// The passphrase of the official vectors.
const VECTORS_PASSPHRASE: &[u8] = b"TREZOR";

// As the split asks for its randomness: it may fail.
#[allow(clippy::unnecessary_wraps)]
fn random(buffer: &mut [u8]) -> Result<(), Infallible> {
    aws_lc_rs::rand::fill(buffer).unwrap();
    Ok(())
}

fn split(groups_needed: u8, groups: &[(u8, u8)], secret: &[u8; 32]) -> Vec<Vec<Share>> {
    let groups = groups
        .iter()
        .map(|(threshold, count)| Group {
            threshold: *threshold,
            count: *count,
        })
        .collect();
    let Ok(shares) = Split::new(groups_needed, groups)
        .unwrap()
        .of(secret, random);
    shares
}

fn restored(shares: &[&Share]) -> Result<Vec<u8>, CombineError> {
    combine(shares, b"").map(|secret| secret.to_vec())
}

#[test]
fn the_official_vectors() {
    type Vector = (String, Vec<String>, String, String);
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("slip39-vectors.json")).unwrap();
    assert_eq!(vectors.len(), 45);
    for (description, words, secret, _) in vectors {
        let read: Result<Vec<Share>, ShareError> =
            words.iter().map(|words| Share::read(words)).collect();
        let outcome = read.map_err(|e| e.to_string()).and_then(|shares| {
            let shares: Vec<&Share> = shares.iter().collect();
            combine(&shares, VECTORS_PASSPHRASE).map_err(|e| e.to_string())
        });
        if secret.is_empty() {
            assert!(outcome.is_err(), "{description}");
        } else {
            assert_eq!(hex::encode(outcome.unwrap()), secret, "{description}");
        }
    }
}

#[test]
fn words_written_again_are_the_same() {
    type Vector = (String, Vec<String>, String, String);
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("slip39-vectors.json")).unwrap();
    let words = vectors.iter().flat_map(|(_, words, _, _)| words);
    let mut read = 0;
    for words in words {
        if let Ok(share) = Share::read(words) {
            assert_eq!(*share.words(), *words);
            read += 1;
        }
    }
    assert!(read > 50, "{read} shares were read");
}

#[test]
fn a_share_of_256_bits_has_33_words() {
    for share in split(1, &[(2, 3)], &[7; 32]).concat_shares() {
        assert_eq!(share.words().split(' ').count(), 33);
    }
}

trait ConcatShares {
    fn concat_shares(&self) -> Vec<&Share>;
}

impl ConcatShares for Vec<Vec<Share>> {
    fn concat_shares(&self) -> Vec<&Share> {
        self.iter().flatten().collect()
    }
}

#[test]
fn every_quorum_restores_and_fewer_do_not() {
    let secret = [0x5a; 32];
    let shares = split(1, &[(3, 5)], &secret);
    let shares = shares.concat_shares();
    for picked in 0_u32..1 << 5 {
        let subset: Vec<&Share> = (0..5)
            .filter(|place| picked >> place & 1 == 1)
            .map(|place| shares[place])
            .collect();
        match subset.len() {
            0 => assert_eq!(restored(&subset), Err(CombineError::None)),
            found @ 1..=2 => assert_eq!(
                restored(&subset),
                Err(CombineError::TooFew {
                    group: 1,
                    found,
                    needed: 3
                })
            ),
            _ => assert_eq!(restored(&subset).unwrap(), secret),
        }
    }
}

#[test]
fn two_of_three_officers_or_three_of_five_of_the_board() {
    let secret = [9; 32];
    let shares = split(1, &[(2, 3), (3, 5)], &secret);
    let (officers, board) = (&shares[0], &shares[1]);
    assert_eq!(restored(&[&officers[0], &officers[2]]).unwrap(), secret);
    assert_eq!(
        restored(&[&board[4], &board[0], &board[1]]).unwrap(),
        secret
    );
    let mixed = [&officers[0], &board[0], &board[1]];
    assert_eq!(
        restored(&mixed),
        Err(CombineError::TooFew {
            group: 1,
            found: 1,
            needed: 2
        })
    );
    let both = split(2, &[(2, 3), (3, 5)], &secret);
    assert_eq!(
        restored(&[&both[0][0], &both[0][1]]),
        Err(CombineError::TooFewGroups {
            complete: 1,
            needed: 2
        })
    );
    let all = [
        &both[0][0],
        &both[0][1],
        &both[1][0],
        &both[1][1],
        &both[1][2],
    ];
    assert_eq!(restored(&all).unwrap(), secret);
}

#[test]
fn the_share_at_fault_is_named() {
    let one = split(1, &[(2, 3)], &[1; 32]);
    let other = split(1, &[(2, 3)], &[1; 32]);
    let (one, other) = (&one[0], &other[0]);
    assert_eq!(
        restored(&[&one[0], &other[1]]),
        Err(CombineError::OtherSet { share: 1 })
    );
    assert_eq!(
        restored(&[&one[0], &one[1], &one[0]]),
        Err(CombineError::Duplicate { share: 2, first: 0 })
    );
}

#[test]
fn impossible_plans_are_refused() {
    let group = |threshold, count| Group { threshold, count };
    let plan = |needed, groups: &[Group]| Split::new(needed, groups.to_vec()).unwrap_err();
    assert_eq!(plan(1, &[]), SplitError::Groups);
    assert_eq!(plan(1, &[group(1, 1); 17]), SplitError::Groups);
    assert_eq!(
        plan(2, &[group(2, 3)]),
        SplitError::GroupsNeeded {
            count: 1,
            needed: 2
        }
    );
    assert_eq!(
        plan(1, &[group(2, 17)]),
        SplitError::Count {
            group: 1,
            count: 17
        }
    );
    assert_eq!(
        plan(1, &[group(4, 3)]),
        SplitError::Threshold {
            group: 1,
            count: 3,
            threshold: 4
        }
    );
    assert_eq!(
        plan(1, &[group(1, 3)]),
        SplitError::SameShares { group: 1, count: 3 }
    );
}

#[test]
fn all_quorums_of_six_of_sixteen() {
    let secret = [0xc3; 32];
    let shares = split(1, &[(6, 16)], &secret);
    let shares = shares.concat_shares();
    let reference = encrypted(&shares[..6]).unwrap();
    assert_eq!(*reference.decrypt(b""), secret);
    let mut tried = 0;
    for picked in (0_u32..1 << 16).filter(|picked| picked.count_ones() == 6) {
        let quorum: Vec<&Share> = (0..16)
            .filter(|place| picked >> place & 1 == 1)
            .map(|place| shares[place])
            .collect();
        assert!(
            encrypted(&quorum).unwrap().same_as(&reference),
            "{picked:b}"
        );
        tried += 1;
    }
    assert_eq!(tried, 8008);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_plan_gives_its_secret_back(
        secret: [u8; 32],
        groups in prop::collection::vec((1_u8..=6, 0_u8..=4), 1..=5),
        needed in 1_u8..=5,
        order: u64,
    ) {
        let groups: Vec<(u8, u8)> = groups
            .iter()
            .map(|(threshold, more)| {
                let more = if *threshold == 1 { 0 } else { *more };
                (*threshold, threshold + more)
            })
            .collect();
        let needed = needed.min(u8::try_from(groups.len()).unwrap());
        let shares = split(needed, &groups, &secret);
        let mut quorum: Vec<&Share> = Vec::new();
        for (group, (threshold, count)) in shares.iter().zip(&groups).take(usize::from(needed)) {
            let from = usize::try_from(order % u64::from(*count)).unwrap();
            let members = group.iter().cycle().skip(from).take(usize::from(*threshold));
            quorum.extend(members);
        }
        prop_assert_eq!(restored(&quorum).unwrap(), secret);
        quorum.pop();
        prop_assert!(restored(&quorum).is_err());
    }

    #[test]
    fn a_wrong_word_or_two_that_changed_places_are_found(
        place in 0_usize..33,
        other in 0_usize..33,
        word in 0_usize..1024,
    ) {
        let list: Vec<&str> = include_str!("../../src/backup/slip39/wordlist.txt")
            .split_whitespace()
            .collect();
        let shares = split(1, &[(2, 3)], &[0x11; 32]);
        let words = shares[0][0].words();
        let words: Vec<&str> = words.split(' ').collect();
        let mut wrong = words.clone();
        wrong[place] = list[word];
        let mut swapped = words.clone();
        swapped.swap(place, other);
        for changed in [wrong, swapped] {
            if changed != words {
                prop_assert_eq!(
                    Share::read(&changed.join(" ")).unwrap_err(),
                    ShareError::Checksum
                );
            }
        }
    }

    #[test]
    fn fewer_words_or_unknown_ones_are_told_by_their_place(place in 0_usize..33) {
        let shares = split(1, &[(2, 3)], &[0x22; 32]);
        let words = shares[0][0].words();
        let mut words: Vec<&str> = words.split(' ').collect();
        words[place] = "conclave";
        prop_assert_eq!(
            Share::read(&words.join(" ")).unwrap_err(),
            ShareError::Word { place: place + 1 }
        );
        words.remove(place);
        prop_assert!(Share::read(&words.join(" ")).is_err());
    }
}

#[test]
fn shares_differ_and_print_nothing_of_themselves() {
    let shares = split(1, &[(3, 16)], &[3; 32]);
    let shares = shares.concat_shares();
    let different: BTreeSet<String> = shares
        .iter()
        .map(|share| share.words().to_string())
        .collect();
    assert_eq!(different.len(), 16);
    let printed = format!("{:?}", shares[0]);
    // A single word may stand there by itself: "member" is one.
    let words = shares[0].words();
    let words: Vec<&str> = words.split(' ').collect();
    for pair in words[4..].windows(2) {
        let both = pair.iter().all(|word| printed.contains(word));
        assert!(!both, "{printed}");
    }
}
