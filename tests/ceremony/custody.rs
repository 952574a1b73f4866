//! Bags, seals and pauses: what they ask for, and that nothing goes on past them.

use conclave::ceremony::{
    Answer, Approval, Ask, Ceremony, Check, CustodyEvent, Effect, Event, EventKind, Input,
    KeyEvent, Mode, Next, Request, RequestKind, StepError, Strength, Whereabouts,
};

use super::check_of;
use crate::support::ceremony_driver::{Room, parse_with, with_bags};

fn room_at(step: &str) -> Room {
    let mut room = Room::open(with_bags(), Mode::Production);
    go_to(&mut room, step);
    room
}

/// Goes on to a step.
fn go_to(room: &mut Room, step: &str) {
    while !is_at(&room.ceremony, step) {
        assert!(room.advance(), "the ceremony ended before {step}");
    }
}

fn is_at(ceremony: &Ceremony, step: &str) -> bool {
    ceremony
        .current_step()
        .is_some_and(|current| current.id.as_str() == step)
}

fn text(text: &str) -> Answer {
    Answer::Text(text.to_owned())
}

fn reading(room: &Room) -> (String, String) {
    match room.ceremony.next() {
        Next::Ask(prompt) => match prompt.ask {
            Ask::Reading { label, usual } => (label, usual),
            other => panic!("not a reading: {other:?}"),
        },
        other => panic!("not asked: {other:?}"),
    }
}

/// The same event by other people.
fn by(people: &[&str], step: &str, kind: EventKind) -> Event {
    Event {
        step: Some(step.parse().unwrap()),
        people: people.iter().map(|id| id.parse().unwrap()).collect(),
        kind,
    }
}

fn coded(people: &[&str], strength: Strength) -> Vec<Approval> {
    let each = people
        .iter()
        .map(|id| Approval::new(id.parse().unwrap(), strength));
    each.collect()
}

#[test]
fn a_token_is_not_looked_for_before_its_bag_was_read_and_matched() {
    let mut room = room_at("identify-token:key-1");
    let (label, usual) = reading(&room);
    assert_eq!(
        (label.as_str(), usual.as_str()),
        ("Number on the bag", "A0012345")
    );
    for wrong in ["A0012346", "a0012345", "A0012345 9"] {
        let refused = room.answer(text(wrong)).unwrap_err();
        assert_eq!(check_of(&refused), Some(Check::CustodyBag), "{wrong}");
        assert!(refused.to_string().contains(wrong), "{refused}");
    }
    assert_eq!(room.answer(text(" ")), Err(StepError::Empty));
    // Neither the token nor another number gets past the fold.
    let key = "key-1".parse().unwrap();
    let token = room.token(&key).id().clone();
    let found = by(
        &["holder-1"],
        "identify-token:key-1",
        EventKind::Keys(KeyEvent::TokenFound {
            key: key.clone(),
            token,
            blank: true,
            at_factory_value: Vec::new(),
            interface: None,
        }),
    );
    let refusal = room.ceremony.clone().apply(&found).unwrap_err();
    assert!(
        refusal.to_string().contains("must be read first"),
        "{refusal}"
    );
    let opened = |bag: &str, people: &[&str]| {
        by(
            people,
            "identify-token:key-1",
            EventKind::Custody(CustodyEvent::BagOpened {
                item: "key-1".parse().unwrap(),
                bag: bag.to_owned(),
            }),
        )
    };
    for refused in [
        opened("A0012346", &["witness-1"]),
        opened("A0012345", &["administrator"]),
        opened("A0012345", &["holder-1"]),
        opened("A0012345", &[]),
    ] {
        assert!(
            room.ceremony.clone().apply(&refused).is_err(),
            "{refused:?}"
        );
    }
    room.answer(text("A0012345")).unwrap();
    assert!(matches!(room.effect(), Effect::FindToken { .. }));
    // The other token comes without a bag.
    go_to(&mut room, "identify-token:key-2");
    assert!(matches!(room.effect(), Effect::FindToken { .. }));
}

#[test]
fn a_new_bag_is_read_by_two_people_who_agree() {
    let mut room = room_at("seal:key-1");
    assert!(matches!(room.effect(), Effect::RemoveTokens { ref tokens } if tokens.len() == 2));
    assert!(room.advance());
    for (wrong, refusal) in [
        ("A0012345", "used before"),
        ("<b>", "not a valid bag number"),
        ("", "required"),
    ] {
        let error = room.answer(text(wrong)).unwrap_err();
        assert!(error.to_string().contains(refusal), "{wrong}: {error}");
    }
    room.answer(text("B1")).unwrap();
    // The same person cannot be both, the administrator neither, and ink is no approval.
    let safe = "Safe of the key holder";
    let sealed = |people: &[&str], strength, bag: &str, place: Option<&str>, receiver: &str| {
        by(
            people,
            "seal:key-1",
            EventKind::Custody(CustodyEvent::Sealed {
                item: "key-1".parse().unwrap(),
                bag: bag.to_owned(),
                receiver: receiver.parse().unwrap(),
                place: place.map(str::to_owned),
                approvals: coded(people, strength),
            }),
        )
    };
    let both = &["witness-2", "witness-1"][..];
    let code = Strength::Code;
    let good = sealed(both, code, "B1", Some(safe), "holder-1");
    assert!(room.ceremony.clone().apply(&good).is_ok());
    for refused in [
        sealed(&[], code, "B1", Some(safe), "holder-1"),
        sealed(&["witness-1"], code, "B1", Some(safe), "holder-1"),
        sealed(&["witness-2"], code, "B1", Some(safe), "holder-1"),
        sealed(
            &["witness-2", "witness-2"],
            code,
            "B1",
            Some(safe),
            "holder-1",
        ),
        sealed(
            &["witness-1", "administrator"],
            code,
            "B1",
            Some(safe),
            "holder-1",
        ),
        sealed(both, Strength::OnPaper, "B1", Some(safe), "holder-1"),
        sealed(both, Strength::Solo, "B1", Some(safe), "holder-1"),
        sealed(both, code, "B2", Some(safe), "holder-1"),
        sealed(both, code, "B1", Some("Safe 2"), "holder-1"),
        sealed(both, code, "B1", None, "holder-1"),
        sealed(both, code, "B1", Some(safe), "administrator"),
    ] {
        assert!(
            room.ceremony.clone().apply(&refused).is_err(),
            "{refused:?}"
        );
    }
    // A second reading that differs is on record, and both read again.
    room.answer(text("B7")).unwrap();
    assert!(matches!(
        room.transcript.entries().last().unwrap().line.kind,
        EventKind::Custody(CustodyEvent::BagReadingsDiffered { .. })
    ));
    assert_eq!(reading(&room).0, "Number of the new bag");
    room.answer(text("B7")).unwrap();
    room.answer(text("B7")).unwrap();
    assert!(is_at(&room.ceremony, "verify-token:key-2"));
    assert!(matches!(
        room.ceremony.whereabouts(&"key-1".parse().unwrap()),
        Some(Whereabouts::In(bag)) if bag.number == "B7" && bag.place.as_deref() == Some("Safe of the key holder")
    ));
    go_to(&mut room, "seal:key-2");
    assert!(matches!(room.effect(), Effect::RemoveTokens { .. }));
    assert!(room.advance());
    let error = room.answer(text("B7")).unwrap_err();
    assert_eq!(check_of(&error), Some(Check::CustodySealed));
    assert!(error.to_string().contains("was used before"), "{error}");
}

#[test]
fn a_token_that_was_used_is_not_sealed_before_it_is_put_away() {
    let room = room_at("seal:key-1");
    let first = by(
        &["witness-1"],
        "seal:key-1",
        EventKind::Custody(CustodyEvent::NewBagRead {
            item: "key-1".parse().unwrap(),
            bag: "B1".to_owned(),
        }),
    );
    assert!(room.ceremony.apply(&first).is_err());
}

#[test]
fn a_break_seals_every_token_and_lets_nothing_go_on() {
    let mut room = room_at("break-1");
    assert!(room.advance()); // begins
    let mut sealed = Vec::new();
    while !room.ceremony.is_paused() {
        let before = room.transcript.entries().len();
        // Nobody pauses with a token on the table.
        if sealed.len() < 2 {
            let pause = by(
                &["administrator"],
                "break-1",
                EventKind::Custody(CustodyEvent::Paused {
                    at: "2026-12-02T00:00:00Z".parse().unwrap(),
                }),
            );
            assert!(room.ceremony.clone().apply(&pause).is_err());
        }
        assert!(room.advance());
        let entry = &room.transcript.entries()[before];
        if let EventKind::Custody(CustodyEvent::Sealed { bag, place, .. }) = &entry.line.kind {
            assert_eq!(*place, None);
            sealed.push(bag.clone());
        }
    }
    assert_eq!(sealed.len(), 2);
    assert_eq!(room.ceremony.next(), Next::Rest);
    for input in [
        Input::Answer {
            answer: Answer::Enter,
            approvals: Vec::new(),
        },
        Input::Abort {
            reason: "no".to_owned(),
        },
    ] {
        assert!(room.give(input).is_err());
    }
    let head = room.transcript.head();
    room.resume(0);
    // Attendance, clock and machine come first; then the ink; then each bag; then the next step.
    assert!(is_at(&room.ceremony, "attendance"));
    go_to(&mut room, "compose-root");
    let compose = room.answer(Answer::Enter);
    assert_eq!(compose, Err(StepError::NotAnAnswer));
    assert_eq!(reading(&room).1, head.first_words(8));
    for wrong in ["", "aardvark", &head.first_words(7)] {
        assert!(room.answer(text(wrong)).is_err(), "{wrong}");
    }
    let another = conclave::words::Digest::of(b"another").first_words(8);
    let refused = room.answer(text(&another)).unwrap_err();
    assert_eq!(check_of(&refused), Some(Check::CustodyDigest));
    let of_another = EventKind::Custody(CustodyEvent::DigestCompared {
        words: conclave::words::Digest::of(b"another").first_words(8),
    });
    let of_another = by(&["witness-1"], "compose-root", of_another);
    assert!(room.ceremony.clone().apply(&of_another).is_err());
    // As people type: in capitals, with more spaces.
    room.answer(text(&head.first_words(8).to_uppercase().replace(' ', "  ")))
        .unwrap();
    for bag in &sealed {
        assert_eq!(reading(&room).1, *bag);
        let refused = room.answer(text("B999")).unwrap_err();
        assert_eq!(check_of(&refused), Some(Check::CustodyBag));
        room.answer(text(bag)).unwrap();
    }
    room.answer(Answer::Enter).unwrap();
    assert!(room.ceremony.frozen().is_some());
    while room.advance() {}
    assert!(room.ceremony.ending().is_some());
    assert!(room.transcript.replay(&with_bags()).is_ok());
}

#[test]
fn a_crash_on_the_way_into_a_pause_and_out_of_it_forgets_no_seal() {
    let mut room = room_at("break-1");
    room.advance_until(|ceremony| {
        matches!(
            ceremony.whereabouts(&"key-1".parse().unwrap()),
            Some(Whereabouts::In(_))
        )
    });
    room.resume(0);
    // One bag was sealed: it is opened again, without ink, for there was no pause. Then the break begins anew.
    go_to_bags(&mut room);
    assert_eq!(reading(&room).0, "Number on the bag");
    assert!(room.advance());
    assert!(is_at(&room.ceremony, "break-1"));
    while !room.ceremony.is_paused() {
        assert!(room.advance());
    }
    let head = room.transcript.head();
    room.resume(0);
    go_to_bags(&mut room);
    // The process dies before the ink was compared: it is asked for again, and for the same head.
    room.resume(0);
    go_to_bags(&mut room);
    assert_eq!(reading(&room).1, head.first_words(8));
    assert!(room.advance() && room.advance());
    room.resume(0);
    go_to_bags(&mut room);
    assert_eq!(reading(&room).0, "Number on the bag", "one is closed still");
    assert!(room.advance());
    assert!(
        matches!(room.ceremony.next(), Next::Ask(prompt) if matches!(prompt.ask, Ask::Enter { .. }))
    );
}

fn go_to_bags(room: &mut Room) {
    room.advance_until(|ceremony| {
        let step = ceremony.current_step().map(|step| step.act.name());
        !matches!(step, Some("attendance" | "attest-clock" | "inspect-host"))
    });
}

fn pause(room: &mut Room, people: &[&str], strength: Strength) -> Result<(), StepError> {
    room.give(Input::Request {
        request: Request {
            kind: RequestKind::Pause,
            values: vec!["the fire alarm".to_owned()],
        },
        approvals: coded(people, strength),
    })
}

#[test]
fn two_people_may_make_a_pause_anywhere_and_nobody_alone() {
    let two = &["witness-1", "holder-2"][..];
    for step in [
        "read-script",
        "identify-token:key-1",
        "set-pin:key-1",
        "generate-key:key-2",
        "sign-root",
        "seal:key-1",
        "sign-off",
    ] {
        let mut room = room_at(step);
        for (people, strength) in [
            (&[][..], Strength::Code),
            (&["witness-1"], Strength::Code),
            (&["witness-1", "witness-1"], Strength::Code),
            (&["witness-1", "administrator"], Strength::Code),
            (two, Strength::OnPaper),
            (two, Strength::Solo),
        ] {
            assert!(pause(&mut room, people, strength).is_err(), "{people:?}");
        }
        pause(&mut room, two, Strength::Code).unwrap();
        // One pause at a time.
        assert_eq!(
            pause(&mut room, two, Strength::Code),
            Err(StepError::NotOffered)
        );
        while !room.ceremony.is_paused() {
            assert!(room.advance());
        }
        assert!(room.ceremony.offers().is_empty());
        while room.advance() {}
        assert!(room.ceremony.ending().is_some(), "{step}");
        assert!(room.transcript.replay(&with_bags()).is_ok());
        let whereabouts = room.ceremony.whereabouts(&"key-1".parse().unwrap());
        assert!(matches!(whereabouts, Some(Whereabouts::In(bag)) if bag.place.is_some()));
    }
}

#[test]
fn nobody_pauses_before_the_room_is_settled() {
    for step in ["attest-clock", "inspect-host"] {
        let mut room = room_at(step);
        assert_eq!(
            pause(&mut room, &["witness-1", "witness-2"], Strength::Code),
            Err(StepError::NotOffered)
        );
    }
}

#[test]
fn after_a_pause_time_has_gone_on_and_people_choose_anew() {
    let mut room = room_at("sign-root");
    pause(&mut room, &["witness-1", "witness-2"], Strength::Code).unwrap();
    while !room.ceremony.is_paused() {
        assert!(room.advance());
    }
    let paused_at = room.moment().machine_time;
    room.resume(0);
    assert!(room.ceremony.attendance().is_empty());
    assert!(room.ceremony.approvers().is_empty());
    go_to(&mut room, "attest-clock");
    // A clock that is behind the pause is refused, whoever attests it.
    let earlier = jiff::Timestamp::from_second(paused_at.as_second() - 60).unwrap();
    room.set_clock(&earlier.to_string());
    for time in ["", "2027-12-01T00:00:00Z"] {
        let refused = room.answer(text(time)).unwrap_err();
        assert_eq!(check_of(&refused), Some(Check::ClockForward), "{time}");
    }
    let tomorrow = jiff::Timestamp::from_second(paused_at.as_second() + 86_400).unwrap();
    room.answer(text(&tomorrow.to_string())).unwrap();
    while room.advance() {}
    assert!(room.ceremony.ending().is_some());
}

#[test]
fn the_list_of_a_rehearsal_is_refused_in_a_production() {
    use conclave::record::{CustodyLine, CustodyList, Moved};
    let listed = |mode: &str| {
        let mut list = CustodyList::default();
        list.push(CustodyLine {
            bag: "A1".to_owned(),
            contents: "a token".to_owned(),
            fingerprint: None,
            holder: None,
            mode: mode.to_owned(),
            moved: Moved::Sealed,
            people: Vec::new(),
            place: None,
            repository: "example.com/updates".to_owned(),
            script: "00".repeat(32),
            seq: 0,
            time: "2026-11-01T09:00:00Z".parse().unwrap(),
            token: None,
        });
        let bytes = list.to_bytes();
        let digest = conclave::words::Digest::of(&bytes);
        let carried = format!(
            "repository = \"example.com/updates\"\ncustody_log = {{ file = \"previous/custody.jsonl\", sha256 = \"{digest}\" }}"
        );
        let text = with_bags().text().to_owned();
        let text = text.replacen("repository = \"example.com/updates\"", &carried, 1);
        parse_with(&text, &[("previous/custody.jsonl", &bytes)])
    };
    for (of, mode, is_taken) in [
        ("rehearsal", Mode::Production, false),
        ("rehearsal", Mode::Rehearsal, true),
        ("production", Mode::Production, true),
    ] {
        let room = Room::new(listed(of));
        let input = Input::Open(crate::support::ceremony_driver::opening(mode));
        let opened = room.ceremony.decide(input, &room.moment());
        assert_eq!(opened.is_ok(), is_taken, "{of} in {mode}");
    }
}
