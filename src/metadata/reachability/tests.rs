use std::collections::{BTreeSet, HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn key(name: &str, before: bool, after: bool, availability: Availability) -> ChangedKey {
    ChangedKey {
        name: name.to_owned(),
        before,
        after,
        availability,
    }
}

fn change(before: u64, after: u64, participants: Vec<ChangedKey>) -> RootChange {
    RootChange {
        keys: participants,
        threshold_before: Some(before),
        threshold_after: after,
    }
}

#[test]
fn a_lost_key_is_replaced_at_once_while_the_others_reach_both_thresholds() {
    use Availability::{Present, Unavailable};
    let replace = change(
        2,
        2,
        vec![
            key("a", true, true, Present),
            key("b", true, true, Present),
            key("lost", true, false, Unavailable),
            key("new", false, true, Present),
        ],
    );
    assert_eq!(replace.plan(), ChangePlan::Direct);
    assert_eq!(replace.tolerated_losses(), 1);
}

#[test]
fn the_order_of_steps_is_described() {
    use Availability::{Present, Remote, Unavailable};
    let raise = change(
        2,
        4,
        vec![
            key("a", true, true, Present),
            key("b", true, true, Remote),
            key("lost", true, false, Unavailable),
            key("kept-lost", true, true, Unavailable),
            key("new", false, true, Present),
        ],
    );
    assert_eq!(
        raise.plan().to_string(),
        "first remove lost, add new; then add or make available 1 more key that can sign; \
         then raise the threshold from 2 to 4"
    );
    let shrink = change(
        2,
        2,
        vec![
            key("a", true, true, Present),
            key("b", true, false, Present),
            key("c", true, true, Unavailable),
        ],
    );
    assert_eq!(
        shrink.plan().to_string(),
        "first add or make available 1 more key that can sign; then remove b"
    );
    let stranded = change(
        2,
        1,
        vec![
            key("a", true, true, Present),
            key("b", true, false, Unavailable),
        ],
    );
    assert_eq!(stranded.plan(), ChangePlan::Blocked { missing: 1 });
    let genesis = RootChange {
        threshold_before: None,
        ..change(
            0,
            3,
            vec![
                key("a", false, true, Present),
                key("b", false, true, Remote),
            ],
        )
    };
    assert_eq!(
        genesis.plan().to_string(),
        "first add or make available 1 more key that can sign; then add a, add b"
    );
}

/// A root role as the search below has it: which participants are in it, and its threshold.
type State = (BTreeSet<usize>, u64);

fn can_follow(change: &RootChange, from: &State, to: &State) -> bool {
    let signers = |state: &State| {
        let keys = state.0.iter();
        keys.filter(|index| change.keys[**index].availability != Availability::Unavailable)
            .count() as u64
    };
    signers(from) >= from.1 && signers(to) >= to.1 && to.1 >= 1
}

fn ends(change: &RootChange) -> (State, State) {
    let those = |stands: fn(&ChangedKey) -> bool| -> BTreeSet<usize> {
        let keys = change.keys.iter().enumerate();
        keys.filter(|(_, key)| stands(key))
            .map(|(i, _)| i)
            .collect()
    };
    (
        (those(|key| key.before), change.threshold_before.unwrap()),
        (those(|key| key.after), change.threshold_after),
    )
}

/// The state after some parts of a change were made.
fn after(change: &RootChange, parts: &[ChangeStep]) -> State {
    let (mut state, _) = ends(change);
    let index = |name: &String| {
        let mut keys = change.keys.iter();
        keys.position(|key| key.name == *name).unwrap()
    };
    for part in parts {
        match part {
            ChangeStep::Add(name) => assert!(state.0.insert(index(name))),
            ChangeStep::Remove(name) => assert!(state.0.remove(&index(name))),
            ChangeStep::Threshold { from, to } => {
                assert_eq!(state.1, *from);
                state.1 = *to;
            }
        }
    }
    state
}

/// Whether any sequence of roots, over all sets of these keys and all thresholds, leads to the end.
fn reachable_in_steps(change: &RootChange) -> bool {
    let (start, end) = ends(change);
    let keys = change.keys.len();
    let mut seen = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([start]);
    while let Some(state) = queue.pop_front() {
        if can_follow(change, &state, &end) {
            return true;
        }
        for bits in 1_u32..1 << keys {
            let set: BTreeSet<usize> = (0..keys).filter(|i| bits >> i & 1 == 1).collect();
            for threshold in 1..=set.len() as u64 {
                let next = (set.clone(), threshold);
                if can_follow(change, &state, &next) && seen.insert(next.clone()) {
                    queue.push_back(next);
                }
            }
        }
    }
    false
}

fn changes(most: usize) -> impl Strategy<Value = RootChange> {
    let signer = prop_oneof![
        Just(Availability::Present),
        Just(Availability::Remote),
        Just(Availability::Unavailable)
    ];
    let fate = prop_oneof![Just((true, true)), Just((true, false)), Just((false, true))];
    let keys = prop::collection::vec((fate, signer), 1..=most);
    (keys, 1_u64..=5, 1_u64..=5).prop_map(|(keys, from, to)| {
        let keys = keys.into_iter().enumerate();
        let participants = keys.map(|(index, ((before, after), signer))| {
            // A key that is made today is here.
            let signer = if before {
                signer
            } else {
                Availability::Present
            };
            key(&format!("key-{index}"), before, after, signer)
        });
        change(from, to, participants.collect())
    })
}

proptest! {
    #[test]
    fn a_change_is_direct_if_both_thresholds_allow_it(change in changes(7)) {
        let (start, end) = ends(&change);
        prop_assert_eq!(change.plan() == ChangePlan::Direct, can_follow(&change, &start, &end));
    }

    #[test]
    fn the_first_step_is_the_largest_that_can_be_signed(change in changes(7)) {
        if let ChangePlan::Staged { first, then, more } = change.plan() {
            let (start, _) = ends(&change);
            let step = after(&change, &first);
            prop_assert!(can_follow(&change, &start, &step));
            prop_assert!(!then.is_empty() && more > 0);
            for part in &then {
                let larger = [first.as_slice(), std::slice::from_ref(part)].concat();
                let larger = after(&change, &larger);
                prop_assert!(!can_follow(&change, &start, &larger), "{part}");
            }
        }
    }

    #[test]
    fn the_rest_can_be_signed_with_that_many_more_keys(change in changes(7)) {
        if let ChangePlan::Staged { first, then, more } = change.plan() {
            let mut grown = change.clone();
            let step = after(&change, &first);
            let (_, mut target) = ends(&change);
            let whole = [first, then].concat();
            prop_assert_eq!(&after(&change, &whole), &target);
            let mut joined = step.clone();
            for n in 0..more {
                let index = grown.keys.len();
                grown.keys.push(key(&format!("more-{n}"), false, true, Availability::Present));
                joined.0.insert(index);
                target.0.insert(index);
                let is_last = n + 1 == more;
                prop_assert_eq!(can_follow(&grown, &joined, &target), is_last);
            }
            prop_assert!(can_follow(&grown, &step, &joined));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn steps_do_not_help_a_change_that_is_not_direct(change in changes(4)) {
        prop_assert_eq!(reachable_in_steps(&change), change.plan() == ChangePlan::Direct);
    }
}
