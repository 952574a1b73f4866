//! A process that takes over: people, clock and machine are asked again, and nothing is done twice unsaid.

use std::collections::BTreeSet;

use conclave::ceremony::{
    Answer, Ceremony, Check, Effect, Ending, Event, EventKind, ExceptionReport, Failure,
    FailureKind, Input, Mode, Next, Outcome, ReplayError, Request, RequestKind, RootEvent, Verdict,
    Whereabouts,
};
use conclave::metadata::KeyType;
use conclave::record::Finding;

use crate::support::ceremony_driver::{
    Room, approval_token, genesis, parse_with, with_approval_tokens,
};

fn room() -> Room {
    Room::open(genesis(&[KeyType::Ed25519; 2], 2), Mode::Rehearsal)
}

fn here(ceremony: &Ceremony) -> Option<String> {
    ceremony.current_step().map(|step| step.id.to_string())
}

/// Goes through what is asked again after a resumption.
fn settle_in(room: &mut Room) {
    for step in ["attendance", "attest-clock", "inspect-host"] {
        assert_eq!(here(&room.ceremony).as_deref(), Some(step));
        room.advance_until(|ceremony| here(ceremony).as_deref() != Some(step));
    }
}

#[test]
fn from_every_moment_the_ceremony_goes_on_where_it_was() {
    let mut room = room();
    let mut moments = 0;
    while !matches!(room.ceremony.next(), Next::Done(_)) {
        let mut resumed = room.clone();
        resumed.resume(3);
        assert!(resumed.ceremony.attendance().is_empty());
        assert_eq!(resumed.ceremony.clock_offset(), None);
        assert_eq!(resumed.ceremony.findings(), None);
        settle_in(&mut resumed);
        let at_start = ["attendance", "attest-clock", "inspect-host"].map(|id| Some(id.to_owned()));
        if !at_start.contains(&here(&room.ceremony)) {
            assert_eq!(here(&resumed.ceremony), here(&room.ceremony));
        }
        while resumed.advance() {}
        let agreed = Ending::Closed(Verdict::Agree);
        assert_eq!(resumed.ceremony.ending(), Some(&agreed));
        moments += 1;
        room.advance();
    }
    assert_eq!(moments, room.transcript.entries().len() - 1);
}

/// A course in which tokens fail, bags are read and the room pauses, with the room after each of its lines.
pub(crate) fn mishaps(owners: &[&str]) -> Vec<Room> {
    let text = with_approval_tokens(owners).text().to_owned();
    let medium =
        "[[medium]]\nid = \"stick-a\"\nholds = \"export\"\n\n[[step]]\nact = \"attendance\"";
    let text = text
        .replacen("[[step]]\nact = \"attendance\"", medium, 1)
        .replacen(
            "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
            "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"sealed\", bag = \"B1\" }",
            1,
        );
    let files: Vec<_> = owners
        .iter()
        .map(|owner| {
            let key = approval_token(&owner.parse().unwrap()).public_key();
            (format!("approval/{owner}.pub.pem"), key.to_pem())
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, pem)| (name.as_str(), pem.as_bytes()))
        .collect();
    let script = parse_with(&text, &files);
    let mut room = Room::open(script, Mode::Production);
    room.keep_moments();
    let at = |room: &mut Room, step: &str| {
        room.advance_until(|ceremony| here(ceremony).as_deref() == Some(step));
    };
    let ask = |room: &mut Room, kind: RequestKind, values: &[&str]| {
        let approvals = room.approved_by(&room.ceremony.usual_approvers());
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let request = Request { kind, values };
        room.give(Input::Request { request, approvals }).unwrap();
    };
    let fail = |room: &mut Room, kind: FailureKind| {
        let failure = Failure {
            kind,
            what: "it did not".to_owned(),
            hint: "look".to_owned(),
        };
        room.give(Input::Outcome(Outcome::Failed(failure))).unwrap();
    };
    at(&mut room, "inspect-host");
    let found = vec![Finding::new("host.swap", "swap is on")];
    room.give(Input::Outcome(Outcome::HostInspected(found)))
        .unwrap();
    at(&mut room, "note-1");
    let report = ExceptionReport {
        expected: "initials".to_owned(),
        happened: "the pen is dry".to_owned(),
        decided: "go on".to_owned(),
    };
    let approvals = room.approved_by(&room.ceremony.usual_approvers());
    room.give(Input::Exception {
        report,
        waives: Some(Check::NoteInitials),
        approvals,
    })
    .unwrap();
    ask(&mut room, RequestKind::AmendName, &["holder-1", "Ada"]);
    at(&mut room, "generate-key:key-1");
    room.advance();
    fail(&mut room, FailureKind::PinLocked);
    // It is unblocked, and what was opened for that is sealed anew.
    room.advance();
    room.advance();
    room.answer(Answer::Text("B2".to_owned())).unwrap();
    at(&mut room, "compose-root");
    ask(
        &mut room,
        RequestKind::Regenerate,
        &["key-1", "it was dropped"],
    );
    ask(&mut room, RequestKind::Pause, &["the fire alarm"]);
    at(&mut room, "compose-root");
    ask(
        &mut room,
        RequestKind::TakeSpare,
        &["key-2 spare-1", "it is lost"],
    );
    ask(&mut room, RequestKind::Orphan, &["key-2", "it is lost"]);
    at(&mut room, "verify-token:key-2");
    fail(&mut room, FailureKind::Device);
    ask(&mut room, RequestKind::Skip, &["key-2", "it broke"]);
    while room.advance() {}
    assert!(room.ceremony.ending().is_some());
    room.moments()
}

#[test]
fn the_power_may_go_at_any_line_of_a_bad_day() {
    let moments = mishaps(&["witness-1"]);
    let kinds: BTreeSet<&str> = moments
        .iter()
        .filter_map(|room| Some(room.transcript.entries().last()?.line.kind.name()))
        .collect();
    for kind in [
        "code-chosen",
        "approval-token-proven",
        "unblock-decided",
        "pin-unblocked",
        "envelope-sealed",
        "regeneration-decided",
        "key-destroyed",
        "spare-taken",
        "key-orphaned",
        "pause-begun",
        "tokens-removed",
        "new-bag-read",
        "sealed",
        "paused",
        "digest-compared",
        "bag-opened",
    ] {
        assert!(kinds.contains(kind), "the course has no {kind}");
    }
    for mut room in moments {
        if room.ceremony.ending().is_some() {
            continue;
        }
        let after = room.transcript.entries().last().unwrap().line.kind.name();
        // The process that takes over is cut off as well.
        room.resume(0);
        room.resume(0);
        while room.advance() {}
        assert!(
            matches!(room.ceremony.ending(), Some(Ending::Closed(_))),
            "after {after}"
        );
        let replayed = room.transcript.replay(&room.ceremony.script_arc());
        assert!(replayed.is_ok(), "after {after}");
        // Nothing is left on the table, whatever happened to it.
        for (plan, state) in room.ceremony.key_states() {
            if state.skipped().is_some() {
                continue;
            }
            let item = room.ceremony.token_name(&plan.id).parse().unwrap();
            let place = room.ceremony.whereabouts(&item);
            assert!(
                matches!(place, Some(Whereabouts::In(bag)) if bag.place.is_some()),
                "{item} after {after}: {place:?}"
            );
        }
    }
}

#[test]
fn an_interrupted_signing_is_a_repeat_over_the_same_bytes() {
    let mut room = room();
    room.advance_until(|ceremony| matches!(ceremony.next(), Next::Do(Effect::Sign { .. })));
    let effect = room.effect();
    // The power goes twice: the first process that took over did not come that far.
    room.resume(0);
    room.resume(0);
    settle_in(&mut room);
    assert!(
        matches!(room.ceremony.next(), Next::Ask(_)),
        "it is asked first"
    );

    // The signature that came after all was not announced by this process.
    let signed = |room: &mut Room| {
        let Effect::Sign { key, message, .. } = &effect else {
            panic!("a signature");
        };
        let key_id = room
            .ceremony
            .key(key)
            .unwrap()
            .generated()
            .unwrap()
            .key
            .id()
            .clone();
        Event {
            step: Some("sign-root".parse().unwrap()),
            people: Vec::new(),
            kind: EventKind::Root(RootEvent::Signed {
                key: key.clone(),
                key_id,
                signature: room.token(key).sign(message).into(),
            }),
        }
    };
    let event = signed(&mut room);
    assert!(matches!(
        room.ceremony.clone().apply(&event),
        Err(ReplayError::Contradiction(_))
    ));

    room.advance();
    let intent = &room.transcript.entries().last().unwrap().line.kind;
    assert!(matches!(
        intent,
        EventKind::Root(RootEvent::SignIntended { repeat: true, .. })
    ));
    assert_eq!(room.effect(), effect);
    assert!(room.ceremony.clone().apply(&event).is_ok());
    while room.advance() {}
    let repeats = room.transcript.entries().iter().filter(|entry| {
        matches!(
            entry.line.kind,
            EventKind::Root(RootEvent::SignIntended { repeat: true, .. })
        )
    });
    assert_eq!(repeats.count(), 1);
}

#[test]
fn a_repeat_is_said_exactly_when_it_is_one() {
    let mut room = room();
    room.advance_until(|ceremony| here(ceremony).as_deref() == Some("sign-root"));
    room.advance();
    let mut intent = room.transcript.entries().last().unwrap().line.event();
    let EventKind::Root(RootEvent::SignIntended { repeat, .. }) = &mut intent.kind else {
        panic!("an intent");
    };
    *repeat = true;
    assert!(room.ceremony.clone().apply(&intent).is_err());
    room.resume(0);
    settle_in(&mut room);
    assert!(room.ceremony.clone().apply(&intent).is_ok());
}

#[test]
fn what_was_intended_keeps_its_fresh_name() {
    for wanted in ["initialize", "generate"] {
        let mut room = room();
        room.advance_until(|ceremony| match ceremony.next() {
            Next::Do(Effect::InitializeToken { .. }) => wanted == "initialize",
            Next::Do(Effect::GenerateKey(_)) => wanted == "generate",
            _ => false,
        });
        let effect = room.effect();
        room.resume(0);
        settle_in(&mut room);
        assert_eq!(room.effect(), effect, "{wanted}");
    }
}

#[test]
fn after_the_end_nothing_is_taken_up() {
    let mut room = room();
    while room.advance() {}
    let input = conclave::ceremony::Input::Resume {
        conclave: String::new(),
        program: None,
        machine: String::new(),
        digest: room.transcript.head(),
        torn_bytes: 0,
    };
    assert!(room.give(input).is_err());
}
