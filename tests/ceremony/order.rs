//! The blocks of key holders wait and change places; nothing else does, and nothing is passed over.

use std::sync::Arc;

use conclave::ceremony::{
    Answer, Ask, Ceremony, Ending, Event, EventKind, Input, KeyEvent, Mode, Next, ProgressEvent,
    Prompt, ReplayError, Request, RequestKind, RootEvent, StepError, Verdict,
};
use conclave::metadata::KeyType;
use conclave::script::{KeyId, Script};

use crate::support::ceremony_driver::{Room, genesis, parse};

fn script() -> Arc<Script> {
    genesis(&[KeyType::Ed25519; 3], 2)
}

fn key(id: &str) -> KeyId {
    id.parse().unwrap()
}

fn here(room: &Room) -> String {
    let step = room.ceremony.current_step();
    step.map_or_else(String::new, |step| step.id.to_string())
}

fn room_at(script: Arc<Script>, step: &str) -> Room {
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| is_at(ceremony, step));
    room
}

fn is_at(ceremony: &Ceremony, step: &str) -> bool {
    let current = ceremony.current_step();
    current.is_some_and(|current| current.id.as_str() == step)
}

/// Whether the room is asked whether this person is here.
fn asks_for(ceremony: &Ceremony, person: &str) -> bool {
    let Next::Ask(Prompt { who, .. }) = ceremony.next() else {
        return false;
    };
    who.first().is_some_and(|first| first.as_str() == person)
}

/// The answer that the person who is asked for comes later.
fn not_here(room: &Room) -> Answer {
    let Next::Ask(Prompt {
        ask: Ask::Choice { options, .. },
        ..
    }) = room.ceremony.next()
    else {
        panic!("attendance is a choice");
    };
    let index = options
        .iter()
        .position(|option| option.text == "not present yet");
    Answer::Choice {
        index: index.unwrap(),
        remark: String::new(),
    }
}

/// Asks for something that nobody has to approve.
fn ask(room: &mut Room, kind: RequestKind, values: &[&str]) -> Result<(), StepError> {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    room.give(Input::Request {
        request: Request { kind, values },
        approvals: Vec::new(),
    })
}

/// The blocks in the order in which they were begun.
fn begun(room: &Room) -> Vec<String> {
    let facts = room
        .transcript
        .entries()
        .iter()
        .map(|entry| &entry.line.kind);
    let found = facts.filter_map(|fact| match fact {
        EventKind::Keys(KeyEvent::TokenFound { key, .. }) => Some(key.to_string()),
        _ => None,
    });
    let mut order: Vec<String> = found.collect();
    order.dedup();
    order.truncate(3);
    order
}

fn finish(mut room: Room) -> Room {
    while room.advance() {}
    assert_eq!(
        room.ceremony.ending(),
        Some(&Ending::Closed(Verdict::Agree))
    );
    room
}

#[test]
fn a_block_that_is_put_off_comes_last() {
    let mut room = room_at(script(), "identify-token:key-1");
    ask(&mut room, RequestKind::Postpone, &["key-1"]).unwrap();
    assert_eq!(here(&room), "identify-token:key-2");
    assert_eq!(room.ceremony.postponed(), [&key("key-1")]);
    room.advance_until(|ceremony| is_at(ceremony, "identify-token:key-1"));
    assert!(room.ceremony.key(&key("key-3")).unwrap().is_proven());
    room.advance_until(|ceremony| is_at(ceremony, "compose-root"));
    assert!(room.ceremony.postponed().is_empty());
    assert_eq!(begun(&finish(room)), ["key-2", "key-3", "key-1"]);
}

#[test]
fn a_block_is_put_off_in_its_middle_and_goes_on_where_it_was() {
    let mut room = room_at(script(), "set-pin:key-1");
    ask(&mut room, RequestKind::Postpone, &["key-1"]).unwrap();
    assert_eq!(here(&room), "identify-token:key-2");
    room.advance_until(|ceremony| is_at(ceremony, "identify-token:key-3"));
    ask(&mut room, RequestKind::BringForward, &["key-1"]).unwrap();
    assert_eq!(here(&room), "set-pin:key-1");
    room.advance_until(|ceremony| ceremony.key(&key("key-1")).unwrap().is_proven());
    assert_eq!(here(&room), "identify-token:key-3");
    finish(room);
}

#[test]
fn blocks_are_taken_up_in_any_order() {
    let mut room = room_at(script(), "identify-token:key-1");
    ask(&mut room, RequestKind::BringForward, &["key-3"]).unwrap();
    assert_eq!(here(&room), "identify-token:key-3");
    room.advance_until(|ceremony| ceremony.key(&key("key-3")).unwrap().is_proven());
    assert_eq!(here(&room), "identify-token:key-1");
    assert_eq!(begun(&finish(room)), ["key-3", "key-1", "key-2"]);
}

#[test]
fn the_last_block_cannot_wait() {
    let mut room = room_at(script(), "identify-token:key-1");
    for put_off in ["key-1", "key-2"] {
        ask(&mut room, RequestKind::Postpone, &[put_off]).unwrap();
    }
    assert!(ask(&mut room, RequestKind::Postpone, &["key-3"]).is_err());
    assert!(ask(&mut room, RequestKind::Postpone, &["key-1"]).is_err());
    let forced = Event {
        step: None,
        people: Vec::new(),
        kind: EventKind::Progress(ProgressEvent::Postponed { key: key("key-3") }),
    };
    let refusal = room.ceremony.clone().apply(&forced).unwrap_err();
    assert!(matches!(refusal, ReplayError::Contradiction(_)));
    finish(room);
}

#[test]
fn no_root_is_composed_while_a_block_waits() {
    let mut room = room_at(script(), "identify-token:key-2");
    ask(&mut room, RequestKind::Postpone, &["key-2"]).unwrap();
    room.advance_until(|ceremony| ceremony.key(&key("key-3")).unwrap().is_proven());
    assert_eq!(here(&room), "identify-token:key-2");
    let composed = room_at(script(), "review-root");
    let event = composed.transcript.entries().last().unwrap().line.event();
    assert!(matches!(
        event.kind,
        EventKind::Root(RootEvent::RootComposed { .. })
    ));
    assert!(room.ceremony.clone().apply(&event).is_err());
}

#[test]
fn only_blocks_change_places() {
    // A note between the blocks is not passed over, and nothing that is no block is put off.
    let text = script().text().replacen(
        "[[step]]\nact = \"identify-token\"\nkey = \"key-3\"",
        "[[step]]\nact = \"note\"\ntext = \"Count the bags.\"\ninitials = [\"witness-1\"]\n\n[[step]]\nact = \"identify-token\"\nkey = \"key-3\"",
        1,
    );
    let mut room = room_at(parse(&text), "identify-token:key-1");
    assert!(ask(&mut room, RequestKind::BringForward, &["key-3"]).is_err());
    let forced = Event {
        step: None,
        people: Vec::new(),
        kind: EventKind::Progress(ProgressEvent::BroughtForward { key: key("key-3") }),
    };
    assert!(room.ceremony.clone().apply(&forced).is_err());
    ask(&mut room, RequestKind::BringForward, &["key-2"]).unwrap();
    room.advance_until(|ceremony| is_at(ceremony, "note-2"));
    assert!(room.ceremony.key(&key("key-1")).unwrap().is_proven());
    finish(room);

    // Nor before the blocks, nor after the root was composed.
    for step in ["read-script", "note-1", "compose-root", "sign-root"] {
        let mut room = room_at(script(), step);
        for kind in [RequestKind::Postpone, RequestKind::BringForward] {
            assert!(ask(&mut room, kind, &["key-2"]).is_err(), "{step}");
        }
    }
}

#[test]
fn the_block_of_a_holder_who_is_late_waits_by_itself() {
    let mut room = Room::open(script(), Mode::Production);
    room.advance_until(|ceremony| asks_for(ceremony, "holder-1"));
    room.answer(not_here(&room)).unwrap();
    room.advance_until(|ceremony| is_at(ceremony, "identify-token:key-2"));
    assert!(ask(&mut room, RequestKind::BringForward, &["key-1"]).is_err());
    room.advance_until(|ceremony| ceremony.key(&key("key-3")).unwrap().is_proven());
    // Nothing is left but to wait: the room is asked whether the holder has come.
    assert_eq!(here(&room), "identify-token:key-1");
    let found = Event {
        step: Some("identify-token:key-1".parse().unwrap()),
        people: Vec::new(),
        kind: EventKind::Keys(KeyEvent::TokenFound {
            key: key("key-1"),
            token: room.token(&key("key-1")).id().clone(),
            blank: true,
            at_factory_value: Vec::new(),
            interface: None,
        }),
    };
    assert!(room.ceremony.clone().apply(&found).is_err());
    room.advance_until(|ceremony| !ceremony.is_away(&"holder-1".parse().unwrap()));
    finish(room);
}

#[test]
fn what_was_put_off_stays_so_in_another_process() {
    let mut room = room_at(script(), "identify-token:key-1");
    ask(&mut room, RequestKind::Postpone, &["key-1"]).unwrap();
    ask(&mut room, RequestKind::BringForward, &["key-3"]).unwrap();
    room.resume(0);
    assert_eq!(here(&room), "attendance");
    room.advance_until(|ceremony| is_at(ceremony, "identify-token:key-3"));
    assert_eq!(begun(&finish(room)), ["key-3", "key-2", "key-1"]);
}
