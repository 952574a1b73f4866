//! What `conclave share status` makes of the records of ceremonies that back keys up, and of drills.

use conclave::audit::share_sets;
use conclave::backup::{Advice, set_statuses};
use conclave::ceremony::Mode;
use jiff::SignedDuration;

use crate::support::ceremony_driver::Room;
use crate::support::ceremony_driver::backup::with_backup;
use crate::support::ceremony_driver::restore::of_drills;

#[test]
fn a_closed_ceremony_leaves_every_share_proven_for_a_year() {
    let room = Room::closed(with_backup(), Mode::Production);
    // A record that is given twice is told once.
    let script = room.ceremony.script_arc();
    let record = (&*script, &room.transcript);
    let sets = share_sets([record, record].into_iter());
    assert_eq!(sets.len(), 1);
    let made = sets[0].manifest.facts().created_at;
    assert_eq!(sets[0].verified.len(), 3);
    let after = |days: i64| {
        let at = made + SignedDuration::from_hours(24 * days);
        set_statuses(sets.clone(), at).remove(0)
    };
    assert_eq!(after(1).advice(), Advice::Nothing);
    assert_eq!(after(1).history().quorums_left(), 3);
    assert_eq!(after(366).advice(), Advice::Drill);
}

#[test]
fn a_share_that_its_custodian_did_not_open_is_told() {
    let mut room = Room::open(with_backup(), Mode::Production);
    room.advance_until(|ceremony| {
        let backup = ceremony.backup_of(&"key-1".parse().unwrap()).unwrap();
        backup.opened().len() == 2
    });
    let script = room.ceremony.script_arc();
    let sets = share_sets(std::iter::once((&*script, &room.transcript)));
    let made = sets[0].manifest.facts().created_at;
    let told = set_statuses(sets, made).remove(0);
    assert_eq!(told.advice(), Advice::Drill);
    assert_eq!(told.to_string().matches("never opened").count(), 1);
}

#[test]
fn a_drill_proves_shares_and_key_and_tells_whose_share_is_lost() {
    let [passed, failed, combined] = of_drills();
    let script = passed.ceremony.script_arc();
    let told = share_sets(std::iter::once((&*script, &passed.transcript)));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].verified.len(), 3);
    assert!(told[0].lost.is_empty());
    assert!(told[0].combined.is_some() && told[0].restored.is_some());

    let script = failed.ceremony.script_arc();
    let told = share_sets(std::iter::once((&*script, &failed.transcript)));
    let lost: Vec<&String> = told[0].lost.keys().collect();
    assert_eq!(lost, ["custodian-1", "custodian-2"]);
    assert_eq!(told[0].verified.len(), 1);
    assert_eq!((told[0].combined, told[0].restored), (None, None));
    assert_eq!(told[0].quorums_left(), 0);
    let at = *told[0].lost.values().max().unwrap();
    assert_eq!(set_statuses(told, at).remove(0).advice(), Advice::Rotate);

    let script = combined.ceremony.script_arc();
    let told = share_sets(std::iter::once((&*script, &combined.transcript)));
    assert!(told[0].combined.is_some() && told[0].restored.is_none());
}
