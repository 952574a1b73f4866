//! Every kind of change of a root in every situation, through the real core: signed in the room, waiting for
//! another site, or refused before anyone enters the room, with the order of smaller changes that works.

use conclave::ceremony::{Ending, Verdict};
use conclave::metadata::{RootDiff, verify_chain};

use crate::support::changes::{
    CHANGES, Change, Outcome, SITUATIONS, Situation, World, expected, script, template,
};

/// Plays it through the core.
fn outcome(world: &World, change: Change, situation: Situation) -> Outcome {
    let template = template(world, change, situation);
    let script = match script(&template) {
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
    let kinds: Vec<&str> = diff.changes.iter().map(Into::into).collect();
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
