//! What `conclave share status` makes of the record of a ceremony that backed a key up.

use conclave::audit::share_sets;
use conclave::backup::{Advice, standing};
use conclave::ceremony::Mode;
use jiff::SignedDuration;

use crate::ceremony_driver::Room;
use crate::ceremony_driver::backup::with_backup;

#[test]
fn a_closed_ceremony_leaves_every_share_proven_for_a_year() {
    let room = Room::closed(with_backup(), Mode::Production);
    // A record that is given twice is told once.
    let sets = share_sets([&room.transcript, &room.transcript].into_iter());
    assert_eq!(sets.len(), 1);
    let made = sets[0].manifest.facts().made_at;
    assert_eq!(sets[0].proven.len(), 3);
    let after = |days: i64| {
        let at = made + SignedDuration::from_hours(24 * days);
        standing(sets.clone(), at).remove(0)
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
    let sets = share_sets(std::iter::once(&room.transcript));
    let made = sets[0].manifest.facts().made_at;
    let told = standing(sets, made).remove(0);
    assert_eq!(told.advice(), Advice::Drill);
    assert_eq!(told.to_string().matches("never opened").count(), 1);
}
