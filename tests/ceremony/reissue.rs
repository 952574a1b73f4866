//! Keys that get other shares: what is made of the key in memory, what is destroyed, and what stays on the list.

use conclave::audit::share_sets;
use conclave::backup::{Advice, Manifest, SetStatus, set_statuses};
use conclave::ceremony::{
    BackupEvent, Check, DrillResult, Ending, Event, EventKind, Next, ReplayError, Verdict,
    WrappedIn,
};
use conclave::script::KeyId;
use conclave::words::Digest;
use jiff::SignedDuration;

use crate::support::ceremony_driver::Room;
use crate::support::ceremony_driver::reissue::{drill_room, end_room, leave_part, room};
use crate::support::ceremony_driver::restore::{at_share, declare_share_lost};

const OF_REISSUE: [&str; 11] = [
    "share-entered",
    "share-declared-lost",
    "key-restored",
    "restored-key-proven",
    "recipient-proven",
    "backup-intended",
    "backed-up",
    "share-opened",
    "restored-key-destroyed",
    "superseded-part-destroyed",
    "superseded-part-retained",
];

fn names(room: &Room) -> Vec<String> {
    let entries = room.transcript.entries().iter();
    let names = entries.map(|entry| entry.line.kind.name());
    names
        .filter(|name| OF_REISSUE.contains(name))
        .map(str::to_owned)
        .collect()
}

fn key() -> KeyId {
    "key-1".parse().unwrap()
}

fn made(room: &Room) -> &Manifest {
    let backup = room.ceremony.backup_of(&key()).unwrap();
    &backup.made().unwrap().manifest
}

fn at(room: &mut Room, act: &str) {
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.act.name() == act)
    });
}

/// How all sets stand a day after these records.
fn told(rooms: &[&Room]) -> Vec<SetStatus> {
    let scripts: Vec<_> = rooms
        .iter()
        .map(|room| room.ceremony.script_arc())
        .collect();
    let records = scripts.iter().zip(rooms);
    let sets = share_sets(records.map(|(script, room)| (&**script, &room.transcript)));
    let newest = sets.iter().map(|set| set.manifest.facts().created_at).max();
    set_statuses(sets, newest.unwrap() + SignedDuration::from_hours(25))
}

#[test]
fn new_shares_are_made_of_the_key_in_memory_and_the_old_ones_destroyed() {
    let mut room = room();
    while room.advance() {}
    assert_eq!(
        names(&room),
        [
            "share-entered",
            "share-entered",
            "share-entered",
            "key-restored",
            "restored-key-proven",
            // Who keeps a share on paper opens no test message.
            "recipient-proven",
            "recipient-proven",
            "backup-intended",
            "backed-up",
            "share-opened",
            "share-opened",
            "restored-key-destroyed",
            "superseded-part-destroyed",
            "superseded-part-destroyed",
            "superseded-part-destroyed",
            "superseded-part-destroyed",
        ]
    );
    let old = room.ceremony.set_at_hand().unwrap();
    let new = made(&room);
    assert_eq!(new.facts().public_key, old.facts().public_key);
    assert_eq!(new.facts().supersedes, [old.as_superseded()]);
    assert_eq!(new.facts().provenance, old.facts().provenance);
    let ids: Vec<&str> = new
        .shares()
        .iter()
        .map(|share| share.label().custodian.as_str())
        .collect();
    // Somebody new has an ID that nobody had in the old set.
    assert_eq!(ids, ["custodian-1", "custodian-4", "custodian-5"]);

    let script = room.ceremony.script_arc();
    let replayed = room.transcript.replay(&script).unwrap();
    assert_eq!(replayed.ending(), Some(&Ending::Closed(Verdict::Agree)));
    let told = told(&[&room]);
    let advice: Vec<_> = told
        .iter()
        .map(|set| (set.is_superseded(), set.advice()))
        .collect();
    assert_eq!(advice, [(true, Advice::Nothing), (false, Advice::Nothing)]);
}

#[test]
fn while_a_quorum_of_old_shares_is_on_the_list_the_key_is_to_be_rotated() {
    let mut first = room();
    at(&mut first, "destroy-shares");
    // Custodians 1 and 2, who are a quorum; then the third, and the wrapped key.
    leave_part(&mut first, "it lies in the bank");
    leave_part(&mut first, "nobody finds it");
    while first.advance() {}
    let old = first.ceremony.set_at_hand().unwrap().clone();
    let new = made(&first).clone();
    let sets = told(&[&first]);
    assert_eq!(sets[0].advice(), Advice::Rotate);
    assert_eq!(sets[0].history().quorums_not_destroyed(), 1);
    let text = sets[0].to_string();
    assert!(
        text.contains("Custodian 1 (custodian-1): not destroyed"),
        "{text}"
    );
    assert!(
        text.contains("Custodian 3 (custodian-3): destroyed 1 day ago"),
        "{text}"
    );
    assert!(text.contains("ROTATE THE KEY"), "{text}");
    assert_eq!(sets[0].to_json()["quorums_not_destroyed"], 1);

    // A month later one of the two turns up: no quorum is left, and the other is still to be destroyed.
    let mut second = end_room(&old, &new);
    at(&mut second, "destroy-shares");
    second.advance();
    leave_part(&mut second, "nobody finds it");
    while second.advance() {}
    let sets = told(&[&first, &second]);
    assert_eq!(sets.len(), 2);
    assert_eq!(sets[0].advice(), Advice::Destroy);
    assert_eq!(sets[1].advice(), Advice::Nothing);
    assert_eq!(sets[1].to_json()["supersedes"][0]["known"], true);

    let mut third = end_room(&old, &new);
    while third.advance() {}
    assert_eq!(
        told(&[&first, &second, &third])[0].advice(),
        Advice::Nothing
    );
    assert!(
        names(&third)
            .iter()
            .all(|name| name == "superseded-part-destroyed")
    );
}

#[test]
fn a_set_that_another_replaced_of_which_no_record_is_given_is_told() {
    let mut first = room();
    while first.advance() {}
    let mut alone = told(&[&first]);
    let text = alone.remove(1).to_string();
    assert!(!text.contains("no transcript was given"), "{text}");
    // The new set alone, from a drill of it.
    let sets = vec![conclave::backup::SetHistory::new(made(&first).clone())];
    let at = made(&first).facts().created_at;
    let text = set_statuses(sets, at).remove(0).to_string();
    assert!(text.contains("no transcript was given"), "{text}");
}

fn refused(room: &Room, kind: EventKind) -> ReplayError {
    let event = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: Vec::new(),
        kind,
    };
    room.ceremony.clone().apply(&event).unwrap_err()
}

fn check_of(error: &ReplayError) -> Option<Check> {
    match error {
        ReplayError::Check { check, .. } => Some(*check),
        _ => None,
    }
}

#[test]
fn nothing_of_another_set_is_destroyed_and_nothing_by_one_person() {
    let mut room = room();
    at(&mut room, "destroy-shares");
    let set = room.ceremony.set_at_hand().unwrap().set();
    let fact = |set| {
        EventKind::Backup(BackupEvent::SupersededPartDestroyed {
            set,
            custodian: Some("custodian-1".to_owned()),
            approvals: Vec::new(),
        })
    };
    let other = refused(&room, fact(Digest::of(b"another set")));
    assert_eq!(check_of(&other), Some(Check::BackupReplaced));
    let new = refused(&room, fact(made(&room).set()));
    assert_eq!(check_of(&new), Some(Check::BackupReplaced));
    assert_eq!(check_of(&refused(&room, fact(set))), Some(Check::TwoPeople));
    let approvals = room.approved_by(&["witness-1"].map(|id| id.parse().unwrap()));
    let answer = conclave::ceremony::Answer::Choice {
        index: 0,
        remark: String::new(),
    };
    let one = room.give(conclave::ceremony::Input::Answer { answer, approvals });
    assert!(one.is_err(), "one person");
}

#[test]
fn a_new_set_names_the_old_one_and_is_of_the_same_key_in_memory() {
    let mut room = room();
    room.advance_until(|ceremony| {
        matches!(
            ceremony.next(),
            Next::Do(conclave::ceremony::Effect::BackUpKey { .. })
        )
    });
    let effect = room.effect();
    let conclave::ceremony::Effect::BackUpKey { token: None, .. } = &effect else {
        panic!("{effect:?}");
    };
    let conclave::ceremony::Outcome::BackedUp(made) = room.perform(&effect) else {
        panic!("no set");
    };
    let mut in_token = made.clone();
    in_token.wrapped_in = WrappedIn::Token;
    let told = refused(&room, EventKind::Backup(BackupEvent::BackedUp(in_token)));
    assert!(
        told.to_string()
            .contains("in memory was wrapped in a token"),
        "{told}"
    );
    // The old set itself, which names no set that it replaces.
    let mut old = made;
    old.manifest = room.ceremony.set_at_hand().unwrap().clone();
    let told = refused(&room, EventKind::Backup(BackupEvent::BackedUp(old)));
    assert!(told.to_string().contains("not the announced one"), "{told}");
}

#[test]
fn after_a_power_cut_at_any_line_the_key_comes_back_and_one_set_is_made() {
    let mut room = room();
    let mut moments = 0;
    while !matches!(room.ceremony.next(), Next::Done(_)) {
        let mut resumed = room.clone();
        resumed.resume(3);
        let is_made = resumed.ceremony.backup_of(&key()).unwrap().made().is_some();
        if is_made {
            // What the key was in memory for is done: nobody enters a share again.
            let before = names(&resumed)
                .iter()
                .filter(|name| *name == "share-entered")
                .count();
            while resumed.advance() {}
            let after = names(&resumed)
                .iter()
                .filter(|name| *name == "share-entered")
                .count();
            assert_eq!(before, after);
        }
        while resumed.advance() {}
        assert_eq!(
            resumed.ceremony.ending(),
            Some(&Ending::Closed(Verdict::Agree))
        );
        let of = |wanted: &str| {
            names(&resumed)
                .iter()
                .filter(|name| *name == wanted)
                .count()
        };
        assert_eq!((of("backed-up"), of("superseded-part-destroyed")), (1, 4));
        assert_eq!(of("restored-key-destroyed"), 1);
        assert!(resumed.ceremony.restore().is_destroyed());
        let intents = of("backup-intended");
        assert_eq!(intents, 1, "the same set is made again, under its name");
        moments += 1;
        room.advance();
    }
    assert!(moments > 30, "{moments}");
}

#[test]
fn a_drill_without_a_loss_passes_over_new_shares() {
    let mut room = drill_room();
    while room.advance() {}
    assert_eq!(room.ceremony.drill_result(), Some(DrillResult::Passed));
    assert!(room.ceremony.backup_of(&key()).unwrap().made().is_none());
    assert_eq!(
        names(&room)[3..],
        [
            "key-restored",
            "restored-key-proven",
            "restored-key-destroyed"
        ]
    );
}

#[test]
fn a_drill_with_a_loss_goes_on_to_new_shares_and_the_lost_one_stays_on_the_list() {
    let mut room = drill_room();
    at_share(&mut room, 2);
    declare_share_lost(&mut room);
    while room.advance() {}
    let result = room.ceremony.drill_result();
    assert!(
        matches!(result, Some(DrillResult::PassedWithLosses { .. })),
        "{result:?}"
    );
    assert_eq!(
        names(&room)[3..],
        [
            "key-restored",
            "restored-key-proven",
            "recipient-proven",
            "recipient-proven",
            "backup-intended",
            "backed-up",
            "share-opened",
            "share-opened",
            "restored-key-destroyed",
            // The share that is lost is not asked for: nobody can destroy it.
            "superseded-part-destroyed",
            "superseded-part-destroyed",
            "superseded-part-destroyed",
        ]
    );
    let new = made(&room).set();
    let documents = conclave::audit::documents(&room.ceremony, &room.transcript);
    let of = |name: &str| {
        let mut files = documents.iter();
        let (_, bytes) = files.find(|(path, _)| path == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let certificate: serde_json::Value = serde_json::from_str(&of("certificate.json")).unwrap();
    assert_eq!(certificate["replaced_by"], new.to_string());
    assert!(
        of("certificate.txt").contains("New share set"),
        "{certificate}"
    );
    assert!(of("report.html").contains("reissued shares"));
    let sets = told(&[&room]);
    // One share of two of three is no quorum, and still somebody may find it.
    assert_eq!(
        (sets[0].is_superseded(), sets[0].advice()),
        (true, Advice::Destroy)
    );
    assert_eq!(sets[1].advice(), Advice::Nothing);
}
