//! Keys that are backed up: whom the fold believes what.

use conclave::ceremony::{
    BackedUp, BackupEvent, Check, Event, EventKind, Input, Mode, OpenedBy, Outcome, ReplayError,
};
use conclave::script::KeyId;

use crate::support::ceremony_driver::backup::{backed_up, backup_text, with_backup};
use crate::support::ceremony_driver::{Room, parse};

fn key() -> KeyId {
    "key-1".parse().unwrap()
}

fn names(room: &Room) -> Vec<String> {
    let entries = room.transcript.entries().iter();
    entries
        .map(|entry| entry.line.kind.name().to_owned())
        .collect()
}

/// A room whose next effect is to back the key up.
fn before_the_set(mode: Mode) -> Room {
    let mut room = Room::open(with_backup(), mode);
    room.advance_until(|ceremony| {
        let backup = ceremony.backup_of(&key()).unwrap();
        backup.made().is_none()
            && ceremony
                .proven_recipients(&"custodian-3".parse().unwrap())
                .is_some()
    });
    assert!(room.advance(), "the intent");
    room
}

#[test]
fn a_key_is_backed_up_confined_and_every_share_opened_before_it_ends() {
    let room = Room::closed(with_backup(), Mode::Production);
    let names = names(&room);
    let of_backup: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| {
            [
                "recipient-proven",
                "backup-intended",
                "backed-up",
                "extraction-disabled",
                "share-opened",
                "root-composed",
            ]
            .contains(name)
        })
        .collect();
    assert_eq!(
        of_backup,
        [
            "recipient-proven",
            "recipient-proven",
            "recipient-proven",
            "backup-intended",
            "backed-up",
            "extraction-disabled",
            "share-opened",
            "share-opened",
            "share-opened",
            "root-composed",
        ]
    );
    let backup = room.ceremony.backup_of(&key()).unwrap();
    assert!(backup.is_complete());
    assert_eq!(backup.made().unwrap().quorums, 3);
    assert_eq!(
        backup.opened().values().copied().collect::<Vec<_>>(),
        [
            OpenedBy::OwnDevice,
            OpenedBy::OwnDevice,
            OpenedBy::Passphrase
        ]
    );
}

#[test]
fn a_replay_comes_to_the_same() {
    let room = Room::closed(with_backup(), Mode::Production);
    let script = with_backup();
    let replayed = room.transcript.replay(&script).unwrap();
    let made = replayed.backup_of(&key()).unwrap().made().unwrap();
    let before = room.ceremony.backup_of(&key()).unwrap().made().unwrap();
    assert_eq!(made, before);
}

/// What the fold says of a set that is changed.
fn refused(change: impl FnOnce(&mut BackedUp)) -> ReplayError {
    let mut room = before_the_set(Mode::Production);
    let effect = room.effect();
    let Outcome::BackedUp(mut made) = room.perform(&effect) else {
        panic!("not a backup: {effect:?}");
    };
    change(&mut made);
    let step = room.ceremony.current_step().unwrap().id.clone();
    let event = Event {
        step: Some(step),
        people: Vec::new(),
        kind: EventKind::Backup(BackupEvent::BackedUp(made)),
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
fn a_wrapped_key_and_its_shares_on_one_medium_are_refused() {
    let error = refused(|made| made.wrapped_on.device = made.shares_on.device.clone());
    assert_eq!(check_of(&error), Some(Check::BackupSeparateMedia));
    let error = refused(|made| made.wrapped_on.medium = made.shares_on.medium.clone());
    assert_eq!(check_of(&error), Some(Check::BackupSeparateMedia));
}

#[test]
fn quorums_that_were_not_tried_are_refused() {
    let error = refused(|made| made.quorums -= 1);
    assert_eq!(check_of(&error), Some(Check::BackupQuorums));
}

#[test]
fn a_share_on_paper_that_nobody_typed_back_is_refused() {
    let error = refused(|made| made.typed_back.push("custodian-1".parse().unwrap()));
    assert_eq!(check_of(&error), Some(Check::BackupOpened));
}

#[test]
fn a_manifest_of_another_set_or_key_is_refused() {
    // Of a rehearsal, of another key, with another ID.
    let rehearsed = before_the_set(Mode::Rehearsal);
    let state = rehearsed.ceremony.key(&key()).unwrap();
    let public = state.generated().unwrap().public_key.clone();
    let foreign = backed_up(&rehearsed.ceremony, &key(), "0123456789abcdef", &public);
    let error = refused(|made| made.manifest = foreign.manifest);
    let told = error.to_string();
    assert!(told.contains("not the announced one"), "{told}");
}

#[test]
fn a_share_that_somebody_else_opened_or_that_is_of_another_set_is_refused() {
    let mut room = Room::open(with_backup(), Mode::Production);
    room.advance_until(|ceremony| {
        let act = ceremony.current_step().map(|step| step.act.name());
        act == Some("verify-backup")
    });
    let custodian = |n: u8| format!("custodian-{n}").parse().unwrap();
    let given = |by, n| {
        Input::Outcome(Outcome::ShareOpened {
            custodian: custodian(n),
            by,
        })
    };
    // Custodian 1 opens on an own device, and the script says so.
    assert!(room.give(given(OpenedBy::Passphrase, 1)).is_err());
    assert!(room.give(given(OpenedBy::Paper, 1)).is_err());
    room.give(given(OpenedBy::OwnDevice, 1)).unwrap();
    assert!(room.give(given(OpenedBy::OwnDevice, 1)).is_err(), "twice");
    let set = room.ceremony.backup_of(&key()).unwrap().made().unwrap();
    let event = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![custodian(2)],
        kind: EventKind::Backup(BackupEvent::ShareOpened {
            key: key(),
            set: conclave::words::Digest::of(set.manifest.set().to_string().as_bytes()),
            custodian: custodian(2),
            by: OpenedBy::OwnDevice,
        }),
    };
    let error = room.ceremony.clone().apply(&event).unwrap_err();
    assert_eq!(check_of(&error), Some(Check::BackupOpened));
}

#[test]
fn no_key_that_could_leave_its_token_is_left_so() {
    let mut room = before_the_set(Mode::Production);
    assert!(room.advance(), "the set");
    let still = Input::Outcome(Outcome::ExtractionDisabled(
        crate::support::ceremony_driver::SoftwareToken::MAY_LEAVE,
    ));
    // What the token says is false in it is a failure of the token, and on record.
    room.give(still).unwrap();
    assert!(
        room.ceremony
            .failure()
            .unwrap()
            .what
            .contains("still be read or exported")
    );
    assert!(!room.ceremony.backup_of(&key()).unwrap().is_complete());
}

#[test]
fn after_a_power_cut_a_passphrase_is_proven_anew_and_an_intent_stands() {
    let mut room = before_the_set(Mode::Production);
    room.resume(0);
    let proven = |room: &Room, n: u8| {
        let custodian = format!("custodian-{n}").parse().unwrap();
        room.ceremony.proven_recipients(&custodian).is_some()
    };
    assert!(proven(&room, 1) && proven(&room, 2));
    assert!(!proven(&room, 3), "a passphrase was in memory alone");
    while room.advance() {}
    assert!(room.ceremony.backup_of(&key()).unwrap().is_complete());
    assert_eq!(
        names(&room)
            .iter()
            .filter(|name| *name == "backup-intended")
            .count(),
        1
    );
}

#[test]
fn a_key_made_in_memory_whose_wrapping_is_gone_is_made_anew() {
    let text = backup_text().replacen("act = \"generate-key\"", "act = \"import-key\"", 1);
    let text = text.replacen("profile = \"softhsm2\"", "profile = \"yubikey-piv\"", 1);
    let text = text.replacen("type = \"so-pin\"", "type = \"puk\"", 1);
    let mut room = Room::open(parse(&text), Mode::Rehearsal);
    room.advance_until(|ceremony| ceremony.key(&key()).unwrap().is_proven());
    room.resume(0);
    let state = room.ceremony.key(&key()).unwrap();
    assert!(state.generated().is_none());
    assert_eq!(state.former().len(), 1);
    while room.advance() {}
    let names = names(&room);
    let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    assert_eq!((count("key-generated"), count("key-destroyed")), (3, 1));
    assert!(room.ceremony.backup_of(&key()).unwrap().is_complete());
}
