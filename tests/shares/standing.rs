//! How share sets stand after a time, and what is to be done about them.

use conclave::backup::{Advice, SetHistory, SetStatus, set_statuses};
use jiff::{SignedDuration, Timestamp};

use crate::support::backup::Backup;

fn made() -> Timestamp {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn after(days: i64) -> Timestamp {
    made() + SignedDuration::from_hours(24 * days)
}

/// A set of which every custodian opened the own share when it was made.
fn proven(backup: &Backup) -> SetHistory {
    let mut history = SetHistory::new(backup.manifest.clone());
    for share in backup.manifest.shares() {
        history
            .verified
            .insert(share.label().custodian.clone(), made());
    }
    history
}

fn one(history: SetHistory, at: Timestamp) -> SetStatus {
    set_statuses(vec![history], at).remove(0)
}

#[test]
fn a_drill_is_due_after_a_year_and_for_every_share() {
    let backup = Backup::new(1, &[(2, 3)]);
    assert_eq!(one(proven(&backup), after(364)).advice(), Advice::Nothing);
    assert_eq!(one(proven(&backup), after(365)).advice(), Advice::Drill);
    let mut drilled = proven(&backup);
    drilled.restored = Some(after(300));
    drilled
        .verified
        .insert("custodian-1".to_owned(), after(300));
    drilled
        .verified
        .insert("custodian-2".to_owned(), after(300));
    // The third custodian did not come.
    assert_eq!(one(drilled.clone(), after(400)).advice(), Advice::Drill);
    drilled
        .verified
        .insert("custodian-3".to_owned(), after(300));
    let told = one(drilled, after(400));
    assert_eq!(told.advice(), Advice::Nothing);
    let text = told.to_string();
    assert!(
        text.contains("Custodian 3 (custodian-3): opened 100 days ago"),
        "{text}"
    );
    assert!(
        text.contains("key restored: 100 days ago; quorums left: 3"),
        "{text}"
    );
    let never = one(SetHistory::new(backup.manifest.clone()), after(1));
    assert_eq!(never.advice(), Advice::Drill);
    assert!(never.to_string().contains("never opened"), "{never}");
}

#[test]
fn a_lost_share_wants_a_new_set_and_too_many_want_another_key() {
    let backup = Backup::new(1, &[(2, 3)]);
    let mut history = proven(&backup);
    history.lost.insert("custodian-1".to_owned(), after(1));
    let told = one(history.clone(), after(2));
    assert_eq!(
        (told.advice(), told.history().quorums_left()),
        (Advice::Reissue, 1)
    );
    history.lost.insert("custodian-3".to_owned(), after(1));
    let told = one(history, after(2));
    assert_eq!(
        (told.advice(), told.history().quorums_left()),
        (Advice::Rotate, 0)
    );
    assert_eq!(told.to_json()["advice"], "rotate");
}

#[test]
fn quorums_are_counted_over_groups() {
    let backup = Backup::new(1, &[(2, 3), (3, 5)]);
    let none = |_: &str| false;
    assert_eq!(backup.manifest.quorums_without(none), 3 + 10);
    let backup = Backup::new(2, &[(2, 3), (3, 5), (1, 1)]);
    assert_eq!(backup.manifest.quorums_without(none), 3 * 10 + 3 + 10);
    // Without the only one of the third group, and one of the first.
    let lost = |id: &str| ["custodian-1", "custodian-9"].contains(&id);
    assert_eq!(backup.manifest.quorums_without(lost), 10);
}

#[test]
fn an_old_set_wants_another_key_while_nobody_saw_it_destroyed() {
    let old = Backup::new(1, &[(2, 3)]);
    let new = old.reissued(1, &[(2, 3)]);
    let told = set_statuses(vec![proven(&new), proven(&old)], after(1));
    let of = |set| {
        told.iter()
            .find(|status| status.history().manifest.set() == set)
            .unwrap()
    };
    let (old, new) = (of(old.manifest.set()), of(new.manifest.set()));
    assert!(old.is_superseded() && !new.is_superseded());
    assert_eq!(
        (old.advice(), new.advice()),
        (Advice::Rotate, Advice::Nothing)
    );
    assert!(
        old.to_string().contains("SUPERSEDED SET") && old.to_string().contains("ROTATE THE KEY")
    );
}
