use std::collections::{BTreeSet, HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn key(name: &str, before: bool, after: bool, signer: Signer) -> Participant {
    Participant {
        name: name.to_owned(),
        before,
        after,
        signer,
    }
}

fn change(before: u64, after: u64, participants: Vec<Participant>) -> RootChange {
    RootChange {
        participants,
        threshold_before: Some(before),
        threshold_after: after,
    }
}

#[test]
fn a_lost_key_is_replaced_at_once_while_the_others_reach_both_thresholds() {
    use Signer::{Here, Never};
    let replace = change(
        2,
        2,
        vec![
            key("a", true, true, Here),
            key("b", true, true, Here),
            key("lost", true, false, Never),
            key("new", false, true, Here),
        ],
    );
    assert_eq!(replace.way(), Way::Direct);
    assert_eq!(replace.losses_survived(), 1);
}

#[test]
fn the_order_of_smaller_changes_is_told_in_words() {
    use Signer::{Here, Never, Owed};
    let raise = change(
        2,
        4,
        vec![
            key("a", true, true, Here),
            key("b", true, true, Owed),
            key("lost", true, false, Never),
            key("kept-lost", true, true, Never),
            key("new", false, true, Here),
        ],
    );
    assert_eq!(
        raise.way().to_string(),
        "first take lost out, add new; then add or bring 1 key that can sign; \
         then raise the threshold from 2 to 4"
    );
    let shrink = change(
        2,
        2,
        vec![
            key("a", true, true, Here),
            key("b", true, false, Here),
            key("c", true, true, Never),
        ],
    );
    assert_eq!(
        shrink.way().to_string(),
        "first add or bring 1 key that can sign; then take b out"
    );
    let stranded = change(
        2,
        1,
        vec![key("a", true, true, Here), key("b", true, false, Never)],
    );
    assert_eq!(stranded.way(), Way::Stranded { missing: 1 });
    let genesis = RootChange {
        threshold_before: None,
        ..change(
            0,
            3,
            vec![key("a", false, true, Here), key("b", false, true, Owed)],
        )
    };
    assert_eq!(
        genesis.way().to_string(),
        "first add or bring 1 key that can sign; then add a, add b"
    );
}

/// A root role as the search below has it: which participants are in it, and its threshold.
type State = (BTreeSet<usize>, u64);

fn can_follow(change: &RootChange, from: &State, to: &State) -> bool {
    let signers = |state: &State| {
        let keys = state.0.iter();
        keys.filter(|index| change.participants[**index].signer != Signer::Never)
            .count() as u64
    };
    signers(from) >= from.1 && signers(to) >= to.1 && to.1 >= 1
}

fn ends(change: &RootChange) -> (State, State) {
    let those = |stands: fn(&Participant) -> bool| -> BTreeSet<usize> {
        let keys = change.participants.iter().enumerate();
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
fn after(change: &RootChange, parts: &[Part]) -> State {
    let (mut state, _) = ends(change);
    let index = |name: &String| {
        let mut keys = change.participants.iter();
        keys.position(|key| key.name == *name).unwrap()
    };
    for part in parts {
        match part {
            Part::Add(name) => assert!(state.0.insert(index(name))),
            Part::Remove(name) => assert!(state.0.remove(&index(name))),
            Part::Threshold { from, to } => {
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
    let keys = change.participants.len();
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
    let signer = prop_oneof![Just(Signer::Here), Just(Signer::Owed), Just(Signer::Never)];
    let fate = prop_oneof![Just((true, true)), Just((true, false)), Just((false, true))];
    let keys = prop::collection::vec((fate, signer), 1..=most);
    (keys, 1_u64..=5, 1_u64..=5).prop_map(|(keys, from, to)| {
        let keys = keys.into_iter().enumerate();
        let participants = keys.map(|(index, ((before, after), signer))| {
            // A key that is made today is here.
            let signer = if before { signer } else { Signer::Here };
            key(&format!("key-{index}"), before, after, signer)
        });
        change(from, to, participants.collect())
    })
}

proptest! {
    #[test]
    fn what_can_be_signed_at_once_is_what_both_thresholds_allow(change in changes(7)) {
        let (start, end) = ends(&change);
        prop_assert_eq!(change.way() == Way::Direct, can_follow(&change, &start, &end));
    }

    #[test]
    fn the_first_step_can_be_signed_and_nothing_can_be_added_to_it(change in changes(7)) {
        if let Way::Steps { first, then, more } = change.way() {
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
    fn the_rest_can_be_signed_once_that_many_keys_have_joined(change in changes(7)) {
        if let Way::Steps { first, then, more } = change.way() {
            let mut grown = change.clone();
            let step = after(&change, &first);
            let (_, mut target) = ends(&change);
            let whole = [first, then].concat();
            prop_assert_eq!(&after(&change, &whole), &target);
            let mut joined = step.clone();
            for n in 0..more {
                let index = grown.participants.len();
                grown.participants.push(key(&format!("more-{n}"), false, true, Signer::Here));
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
    fn no_detour_leads_to_what_cannot_be_signed_at_once(change in changes(4)) {
        prop_assert_eq!(reachable_in_steps(&change), change.way() == Way::Direct);
    }
}
