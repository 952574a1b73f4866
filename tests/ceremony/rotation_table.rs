//! Every kind of change of a root in every situation, through the real core: signed in the room, waiting for
//! another site, or refused before anyone enters the room, with the order of smaller changes that works.
//!
//! The root has five keys, of which four must sign: one loss is survived, a second one is not.

use std::collections::BTreeMap;

use conclave::ceremony::{Ending, Verdict};
use conclave::metadata::{RootDiff, verify_chain};
use conclave::script::{ChangeBlueprint, KeyFate, OnlineFiles, RoleKind, embedded};

use crate::rotation::{World, script};

const CHANGES: [Change; 8] = [
    Change::Add,
    Change::Remove,
    Change::Replace,
    Change::ThresholdUp,
    Change::ThresholdDown,
    Change::OnlineKeys,
    Change::Renewal,
    Change::AllNewKeys,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
    Replace,
    ThresholdUp,
    ThresholdDown,
    OnlineKeys,
    Renewal,
    /// The same people, a whole set at once.
    AllNewKeys,
}

const SITUATIONS: [Situation; 4] = [
    Situation::AllPresent,
    Situation::OneRemote,
    Situation::OneLost,
    Situation::TwoLost,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    AllPresent,
    /// Key 4 is in Lisbon, and owes its signature.
    OneRemote,
    /// Key 5 is lost. It stays, unless the change takes it out.
    OneLost,
    /// Keys 4 and 5 are lost: fewer are left than must sign.
    TwoLost,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The room alone made it: counters of signatures.
    Signed(&'static str),
    /// The room was not enough; with the signature of Lisbon it was: counters before and after.
    Owed(&'static str, &'static str),
    /// Refused by the check of the script, with this way out.
    Refused(&'static str),
}

const STRANDED: Outcome = Outcome::Refused(
    "no change can be signed before 1 more of the keys of the root before can sign: \
     bring them here, or have their sites sign",
);

/// What must come of it.
#[expect(clippy::match_same_arms, reason = "a table is read line by line")]
const fn expected(change: Change, situation: Situation) -> Outcome {
    use Change::{
        Add, AllNewKeys, OnlineKeys, Remove, Renewal, Replace, ThresholdDown, ThresholdUp,
    };
    use Outcome::{Owed, Refused, Signed};
    use Situation::{AllPresent, OneLost, OneRemote, TwoLost};
    match (change, situation) {
        (_, TwoLost) => STRANDED,

        (Add, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 6/4"),
        (Remove, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 4/4"),
        (Replace, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),
        (ThresholdUp, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/5"),
        (ThresholdDown, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/3"),
        (OnlineKeys | Renewal, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),
        (AllNewKeys, AllPresent) => Signed("root 1 keys 5/4 · root 2 keys 5/4"),

        (Add, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        // The removed key signs under the old root only, so that the new one needs Lisbon.
        (Remove, OneRemote) => Owed(
            "root 1 keys 4/4 · root 2 keys 3/4",
            "root 1 keys 5/4 · root 2 keys 4/4",
        ),
        (Replace, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (ThresholdUp, OneRemote) => Owed(
            "root 1 keys 4/4 · root 2 keys 4/5",
            "root 1 keys 5/4 · root 2 keys 5/5",
        ),
        (ThresholdDown, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/3"),
        (OnlineKeys | Renewal, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (AllNewKeys, OneRemote) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),

        (Add, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        (Remove, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (Replace, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
        (ThresholdUp, OneLost) => {
            Refused("first add or bring 1 key that can sign; then raise the threshold from 4 to 5")
        }
        (ThresholdDown, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/3"),
        (OnlineKeys | Renewal, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 4/4"),
        (AllNewKeys, OneLost) => Signed("root 1 keys 4/4 · root 2 keys 5/4"),
    }
}

fn blueprint(world: &World, change: Change, situation: Situation) -> ChangeBlueprint {
    let template = match change {
        Change::Renewal => "renewal",
        _ => "rotation",
    };
    let mut blueprint = world.unchanged(template);
    match situation {
        Situation::AllPresent => {}
        Situation::OneRemote => blueprint.keys[3].1 = KeyFate::Site("Lisbon".to_owned()),
        Situation::OneLost => blueprint.keys[4].1 = KeyFate::Absent,
        Situation::TwoLost => {
            blueprint.keys[3].1 = KeyFate::Absent;
            blueprint.keys[4].1 = KeyFate::Absent;
        }
    }
    let remove = |fate: &mut KeyFate| {
        *fate = match fate {
            KeyFate::Absent => KeyFate::Lost,
            _ => KeyFate::Remove,
        };
    };
    match change {
        Change::Add => blueprint.added = 1,
        Change::Remove => remove(&mut blueprint.keys[4].1),
        Change::Replace => {
            remove(&mut blueprint.keys[4].1);
            blueprint.added = 1;
        }
        Change::ThresholdUp => blueprint.threshold = Some(5),
        Change::ThresholdDown => blueprint.threshold = Some(3),
        Change::OnlineKeys => blueprint.online = new_timestamp_key(),
        Change::Renewal => {}
        Change::AllNewKeys => {
            for (_, fate) in &mut blueprint.keys {
                if !matches!(fate, KeyFate::Site(_)) {
                    remove(fate);
                }
            }
            blueprint.added = 5;
            // The one in Lisbon stays this time, and is one of those that come to six.
            if situation == Situation::OneRemote {
                blueprint.threshold = Some(4);
            }
        }
    }
    blueprint
}

/// The targets role's sample key takes the place of the timestamp role's.
fn new_timestamp_key() -> OnlineFiles {
    let genesis = embedded()
        .iter()
        .find(|ready| ready.name == "genesis")
        .unwrap();
    let (_, bytes) = genesis
        .files
        .iter()
        .find(|(name, _)| name.contains("targets"))
        .unwrap();
    let file = ("online/timestamp.pub.pem".to_owned(), bytes.to_vec());
    BTreeMap::from([(RoleKind::Timestamp, vec![file])])
}

/// Plays it through the core.
fn outcome(world: &World, change: Change, situation: Situation) -> Outcome {
    let blueprint = blueprint(world, change, situation);
    let script = match script(&blueprint) {
        Ok(script) => script,
        Err(faults) => {
            let found = faults
                .iter()
                .find(|fault| fault.check == "script.reachability");
            let fault = found.unwrap_or_else(|| panic!("{change:?} {situation:?}: {faults}"));
            return Outcome::Refused(fault.hint.clone().leak());
        }
    };
    let mut room = world.open(script);
    let is_past_signing = |ceremony: &conclave::ceremony::Ceremony| {
        let step = ceremony.current_step().map(|step| step.id.as_str());
        matches!(step, Some("collect-signatures" | "verify-root"))
    };
    room.advance_until(|ceremony| {
        assert!(ceremony.failure().is_none(), "{:?}", ceremony.failure());
        is_past_signing(ceremony)
    });
    let in_room: &'static str = room.ceremony.counters().leak();
    let was_enough = room.ceremony.progress().is_complete();
    while room.advance() {}
    assert_eq!(
        room.ceremony.ending(),
        Some(&Ending::Closed(Verdict::Agree)),
        "{change:?} {situation:?}"
    );
    let signed = room.ceremony.signed().unwrap();
    let chain = [
        ("1.root.json".to_owned(), world.root.clone()),
        ("2.root.json".to_owned(), signed.to_file_bytes()),
    ];
    let report = verify_chain(chain.into_iter(), "2027-06-02T00:00:00Z".parse().unwrap());
    assert!(report.is_accepted(), "{:?}", report.reasons());
    changes_what_it_says(world, change, &room.ceremony);
    if was_enough {
        Outcome::Signed(in_room)
    } else {
        Outcome::Owed(in_room, room.ceremony.counters().leak())
    }
}

/// The new root differs from the old one in what was asked for, and in nothing else.
fn changes_what_it_says(world: &World, change: Change, ceremony: &conclave::ceremony::Ceremony) {
    let old = conclave::metadata::RootFile::read(&world.root).unwrap();
    let new = ceremony.frozen().unwrap().document();
    let diff = RootDiff::between(old.document(), new);
    let kinds: Vec<&str> = diff
        .changes()
        .iter()
        .map(conclave::metadata::Change::id)
        .collect();
    let wanted: &[&str] = match change {
        Change::Add => &["key-added"],
        Change::Remove => &["key-removed"],
        Change::ThresholdUp | Change::ThresholdDown => &["threshold"],
        Change::Replace | Change::OnlineKeys => &["key-removed", "key-added"],
        Change::Renewal => &[],
        Change::AllNewKeys => {
            assert!(kinds.iter().filter(|kind| **kind == "key-added").count() == 5);
            return;
        }
    };
    assert_eq!(kinds[..2], ["version", "expires"]);
    assert_eq!(&kinds[2..], wanted, "{change:?}");
}

#[test]
fn every_change_in_every_situation_has_the_outcome_that_is_expected() {
    let world = World::new(5, 4);
    for change in CHANGES {
        for situation in SITUATIONS {
            assert_eq!(
                outcome(&world, change, situation),
                expected(change, situation),
                "{change:?}, {situation:?}"
            );
        }
    }
}
