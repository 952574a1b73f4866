//! Keys that come back from their shares: whom the fold believes what.

use conclave::ceremony::{
    Check, DrillResult, Effect, EnteredBy, Event, EventKind, Input, Mode, Outcome, ReplayError,
    RequestKind, RestoreEvent,
};
use conclave::record::Provenance;
use conclave::script::{DrillLevel, Entering, KeyId, Kind, PersonId};
use conclave::words::Digest;

use crate::support::ceremony_driver::Room;
use crate::support::ceremony_driver::restore::{
    at_share, declare_share_lost, fail_drill, lost_key, manifest, room, script,
};

fn key() -> KeyId {
    "key-1".parse().unwrap()
}

fn custodian(n: u8) -> PersonId {
    format!("custodian-{n}").parse().unwrap()
}

fn names(room: &Room) -> Vec<String> {
    let entries = room.transcript.entries().iter();
    let names = entries.map(|entry| entry.line.kind.name());
    let of_restore = |name: &&str| {
        [
            "share-entered",
            "share-declared-lost",
            "shares-combined",
            "key-restored",
            "generate-intended",
            "key-generated",
            "restored-key-proven",
            "restored-key-destroyed",
            "possession-proven",
            "drill-failed",
        ]
        .contains(name)
    };
    names.filter(of_restore).map(str::to_owned).collect()
}

fn closed(kind: Kind, level: DrillLevel, onto: bool) -> Room {
    let mut room = room(kind, level, onto, Mode::Production);
    while room.advance() {}
    room
}

#[test]
fn a_custody_drill_has_each_share_opened_and_none_combined() {
    let room = closed(Kind::Drill, DrillLevel::Custody, false);
    assert_eq!(names(&room), ["share-entered"; 3]);
    assert_eq!(room.ceremony.drill_result(), Some(DrillResult::Passed));
    assert!(room.ceremony.restore().combined().is_empty());
}

#[test]
fn a_quorum_drill_combines_and_unwraps_nothing() {
    let room = closed(Kind::Drill, DrillLevel::Quorum, false);
    assert_eq!(
        names(&room),
        [
            "share-entered",
            "share-entered",
            "share-entered",
            "shares-combined"
        ]
    );
    assert_eq!(room.ceremony.drill_result(), Some(DrillResult::Passed));
    assert!(!room.ceremony.restore().is_restored());
}

#[test]
fn a_full_drill_restores_into_memory_signs_and_destroys() {
    let room = closed(Kind::Drill, DrillLevel::Full, false);
    assert_eq!(
        names(&room)[3..],
        [
            "key-restored",
            "restored-key-proven",
            "restored-key-destroyed"
        ]
    );
    assert_eq!(room.ceremony.drill_result(), Some(DrillResult::Passed));
    assert!(room.ceremony.restore().is_destroyed());
}

#[test]
fn a_full_drill_restores_onto_a_blank_token_and_destroys_the_key_there() {
    let room = closed(Kind::Drill, DrillLevel::Full, true);
    assert_eq!(
        names(&room)[3..],
        [
            "generate-intended",
            "key-generated",
            "restored-key-proven",
            "restored-key-destroyed"
        ]
    );
    assert_eq!(room.ceremony.drill_result(), Some(DrillResult::Passed));
}

#[test]
fn a_recovery_keeps_the_key_and_says_for_ever_that_it_was_restored() {
    let room = closed(Kind::Recovery, DrillLevel::Full, true);
    assert_eq!(
        names(&room)[3..],
        [
            "generate-intended",
            "key-generated",
            "restored-key-proven",
            "possession-proven"
        ]
    );
    assert_eq!(room.ceremony.drill_result(), None, "no drill");
    let state = room.ceremony.key(&key()).unwrap();
    let generated = state.generated().unwrap();
    assert_eq!(generated.provenance, Some(Provenance::Restored));
}

#[test]
fn a_replay_comes_to_the_same() {
    for (kind, level, onto) in [
        (Kind::Drill, DrillLevel::Full, false),
        (Kind::Drill, DrillLevel::Full, true),
        (Kind::Recovery, DrillLevel::Full, true),
    ] {
        let room = closed(kind, level, onto);
        let script = room.ceremony.script_arc();
        let replayed = room.transcript.replay(&script).unwrap();
        assert_eq!(replayed.ending(), room.ceremony.ending());
        assert_eq!(replayed.drill_result(), room.ceremony.drill_result());
    }
}

#[test]
fn a_lost_share_is_a_loss_with_its_name_the_quorums_left_and_a_day() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    at_share(&mut room, 2);
    declare_share_lost(&mut room);
    while room.advance() {}
    let Some(DrillResult::PassedWithLosses {
        quorums_left,
        reissue_by,
    }) = room.ceremony.drill_result()
    else {
        panic!("{:?}", room.ceremony.drill_result());
    };
    assert_eq!(quorums_left, 1);
    assert_eq!(reissue_by.to_string()[..10], *"2027-12-31");
    let lost = room.ceremony.restore().lost();
    assert_eq!(lost.keys().collect::<Vec<_>>(), [&custodian(2)]);
    assert_eq!(
        room.ceremony.restore().combined(),
        [custodian(1), custodian(3)]
    );
}

#[test]
fn a_drill_without_a_quorum_fails_by_two_people_and_by_nothing_else() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    at_share(&mut room, 1);
    declare_share_lost(&mut room);
    at_share(&mut room, 2);
    declare_share_lost(&mut room);
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.act.name() == "restore-key")
    });
    let refused = room.give(Input::Outcome(Outcome::Restored)).unwrap_err();
    assert!(refused.to_string().contains("not a quorum"), "{refused}");
    assert!(fail_drill(&mut room, &["witness-1"]).is_err(), "one person");
    fail_drill(&mut room, &["witness-1", "witness-2"]).unwrap();
    while room.advance() {}
    assert_eq!(
        room.ceremony.drill_result(),
        Some(DrillResult::Failed {
            reason: "too few shares".to_owned()
        })
    );
}

#[test]
fn a_drill_that_works_cannot_be_called_failed() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.act.name() == "restore-key")
    });
    let offers = room.ceremony.offers();
    assert!(
        offers
            .iter()
            .all(|offer| offer.kind != RequestKind::FailDrill)
    );
}

fn check_of(error: &ReplayError) -> Option<Check> {
    match error {
        ReplayError::Check { check, .. } => Some(*check),
        _ => None,
    }
}

fn refused(room: &Room, people: Vec<PersonId>, kind: EventKind) -> Option<Check> {
    let event = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people,
        kind,
    };
    check_of(&room.ceremony.clone().apply(&event).unwrap_err())
}

#[test]
fn a_share_of_another_set_or_entered_in_another_way_is_refused() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    at_share(&mut room, 1);
    let set = room.ceremony.set_at_hand().unwrap().set();
    let fact = |set, by| {
        EventKind::Restore(RestoreEvent::ShareEntered {
            set,
            custodian: custodian(1),
            by,
        })
    };
    let other = Digest::of(b"another set");
    let told = refused(&room, vec![custodian(1)], fact(other, EnteredBy::Words));
    assert_eq!(told, Some(Check::RestoreShare));
    // Check words show a share, and restore nothing.
    let told = refused(&room, vec![custodian(1)], fact(set, EnteredBy::CheckWords));
    assert_eq!(told, Some(Check::RestoreShare));
    assert_eq!(
        refused(&room, Vec::new(), fact(set, EnteredBy::Words)),
        None
    );
}

#[test]
fn another_key_is_never_taken_for_the_restored_one() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.act.name() == "restore-key")
    });
    let set = room.ceremony.set_at_hand().unwrap().set();
    let fact = EventKind::Restore(RestoreEvent::KeyRestored {
        set,
        fingerprint: Digest::of(b"another key"),
    });
    assert_eq!(refused(&room, Vec::new(), fact), Some(Check::RestoreKey));
    assert!(room.advance());
    let false_signature = EventKind::Restore(RestoreEvent::RestoredKeyProven {
        challenge: [1; 32],
        signature: vec![0].into(),
    });
    let told = refused(&room, Vec::new(), false_signature);
    assert_eq!(told, Some(Check::RestoreProven));
    assert!(room.advance());
    let other = EventKind::Restore(RestoreEvent::RestoredKeyDestroyed {
        fingerprint: Digest::of(b"another key"),
    });
    let told = refused(&room, Vec::new(), other);
    assert_eq!(told, Some(Check::RestoreDestroyed));
}

#[test]
fn another_key_on_the_token_is_a_failure_of_the_token() {
    let mut room = room(Kind::Recovery, DrillLevel::Full, true, Mode::Production);
    room.advance_until(|ceremony| {
        let generate = |ceremony: &conclave::ceremony::Ceremony| ceremony.next();
        matches!(
            generate(ceremony),
            conclave::ceremony::Next::Do(Effect::RestoreOntoToken { .. })
        )
    });
    let effect = room.effect();
    let Outcome::KeyGenerated {
        token,
        attributes,
        attestation,
        ..
    } = room.perform(&effect)
    else {
        panic!("not a key");
    };
    let mut other = crate::support::ceremony_driver::SoftwareToken::blank(91);
    other.generate(conclave::metadata::KeyType::EcdsaP256);
    room.give(Input::Outcome(Outcome::KeyGenerated {
        token,
        public_key: other.public_key(),
        attributes,
        attestation,
    }))
    .unwrap();
    let failure = room.ceremony.failure().unwrap();
    assert!(
        failure.what.contains("not the key of the manifest"),
        "{failure:?}"
    );
    assert!(room.ceremony.key(&key()).unwrap().generated().is_none());
}

#[test]
fn a_set_of_a_rehearsal_restores_nothing_in_a_production() {
    let key = lost_key();
    let script = script(
        &manifest(&key, Mode::Rehearsal),
        Kind::Drill,
        DrillLevel::Full,
        false,
    );
    let mut room = Room::new(script);
    let opening = crate::support::ceremony_driver::opening(Mode::Production);
    let refused = room.give(Input::Open(opening)).unwrap_err();
    assert!(
        refused.to_string().contains("made in a rehearsal"),
        "{refused}"
    );
}

#[test]
fn after_a_power_cut_shares_come_in_anew_and_nothing_else_is_lost() {
    let mut room = room(Kind::Drill, DrillLevel::Full, false, Mode::Production);
    at_share(&mut room, 2);
    declare_share_lost(&mut room);
    room.advance_until(|ceremony| ceremony.restore().is_restored());
    room.resume(0);
    assert!(!room.ceremony.restore().is_restored(), "it was in memory");
    while room.advance() {}
    let names = names(&room);
    let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    assert_eq!(
        (
            count("share-entered"),
            count("share-declared-lost"),
            count("key-restored")
        ),
        (4, 1, 2)
    );
    let result = room.ceremony.drill_result();
    assert!(
        matches!(result, Some(DrillResult::PassedWithLosses { .. })),
        "{result:?}"
    );
}

#[test]
fn a_power_cut_at_any_line_of_a_restore_is_survived() {
    for (kind, onto) in [
        (Kind::Drill, false),
        (Kind::Drill, true),
        (Kind::Recovery, true),
    ] {
        let mut whole = room(kind, DrillLevel::Full, onto, Mode::Production);
        whole.keep_moments();
        while whole.advance() {}
        for mut moment in whole.moments() {
            if moment.ceremony.ending().is_some() {
                continue;
            }
            moment.resume(0);
            while moment.advance() {}
            assert!(moment.ceremony.ending().is_some());
            let script = moment.ceremony.script_arc();
            moment.transcript.replay(&script).unwrap();
            if kind == Kind::Drill {
                assert_eq!(moment.ceremony.drill_result(), Some(DrillResult::Passed));
                assert!(moment.ceremony.restore().is_destroyed());
            }
        }
    }
}

#[test]
fn how_a_share_comes_in_follows_from_the_manifest_and_the_level() {
    let key = lost_key();
    let manifest = manifest(&key, Mode::Production);
    let ways = |level| {
        let script = script(&manifest, Kind::Drill, level, false);
        let plan = script.restore().unwrap().clone();
        let people = ["custodian-1", "custodian-3"].map(|id| id.parse::<PersonId>().unwrap());
        people.map(|id| plan.entering(script.person(&id).unwrap()))
    };
    assert_eq!(
        ways(DrillLevel::Custody),
        [Some(Entering::CheckWords), Some(Entering::Passphrase)]
    );
    assert_eq!(
        ways(DrillLevel::Full),
        [Some(Entering::Words), Some(Entering::Passphrase)]
    );
}
