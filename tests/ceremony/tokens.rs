//! Tokens that fail: keys made anew, spares, locked PINs, sealed secrets, keys done without. And that nobody gets
//! round two people.

use std::sync::Arc;

use conclave::ceremony::{
    Answer, Approval, Ask, Ceremony, Effect, Ending, Event, EventKind, Failure, FailureKind,
    FormerDisposition, HostEvent, Input, KeyEvent, Mode, Next, Outcome, Prompt, Request,
    RequestKind, StepError, Strength, Verdict,
};
use conclave::metadata::KeyType;
use conclave::record::Tries;
use conclave::script::{KeyId, PersonId, Script, TokenSecret};

use crate::support::ceremony_driver::{Room, genesis, parse};

const WHY: &str = "the token blinks red";

fn script() -> Arc<Script> {
    genesis(&[KeyType::Ed25519; 3], 2)
}

/// A script in which the secrets of key-1 are sealed, and the SO PIN of key-2 is random.
fn sealing() -> Arc<Script> {
    let text = script()
        .text()
        .replacen(
            "{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
            "{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"sealed\", bag = \"B1\" }",
            1,
        )
        .replacen(
            "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
            "{ type = \"so-pin\", set_by = \"witness-1\", disposition = \"sealed\", bag = \"B2\" }",
            1,
        )
        .replacen(
            "{ type = \"so-pin\", set_by = \"holder-2\", disposition = \"memorized\" }",
            "{ type = \"so-pin\", disposition = \"discarded\" }",
            1,
        );
    parse(&text)
}

fn key(id: &str) -> KeyId {
    id.parse().unwrap()
}

fn id(person: &str) -> PersonId {
    person.parse().unwrap()
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

fn here(room: &Room) -> String {
    let step = room.ceremony.current_step();
    step.map_or_else(String::new, |step| step.id.to_string())
}

fn codes<const N: usize>(people: [&str; N]) -> Vec<Approval> {
    let by = |person| Approval::new(id(person), Strength::Code);
    people.map(by).to_vec()
}

fn two() -> Vec<Approval> {
    codes(["witness-1", "witness-2"])
}

fn request(kind: RequestKind, values: &[&str], approvals: Vec<Approval>) -> Input {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    Input::Request {
        request: Request { kind, values },
        approvals,
    }
}

fn fail(room: &mut Room, kind: FailureKind) {
    room.give(Input::Outcome(Outcome::Failed(Failure {
        kind,
        what: "it did not".to_owned(),
        hint: "look".to_owned(),
    })))
    .unwrap();
}

fn prompt(room: &Room) -> Prompt {
    match room.ceremony.next() {
        Next::Ask(prompt) => prompt,
        other => panic!("no question: {other:?}"),
    }
}

fn finish(room: &mut Room) {
    while room.advance() {}
    assert_eq!(
        room.ceremony.ending(),
        Some(&Ending::Closed(Verdict::Agree))
    );
}

/// Approvals by which nothing that two people decide may happen.
fn not_two() -> Vec<Vec<Approval>> {
    let ink = |person| Approval::on_paper(id(person));
    vec![
        Vec::new(),
        codes(["witness-1"]),
        codes(["witness-1", "witness-1"]),
        codes(["witness-1", "administrator"]),
        vec![ink("witness-1"), ink("witness-2")],
        vec![codes(["witness-1"])[0].clone(), ink("witness-2")],
    ]
}

/// Nobody but two people gets it done, and they say why.
fn assert_takes_two(room: &Room, kind: RequestKind, subject: &str) {
    for approvals in not_two() {
        let mut room = room.clone();
        let before = format!("{:?}", room.ceremony);
        let refused = room.give(request(kind, &[subject, WHY], approvals));
        assert!(refused.is_err(), "{kind:?}");
        assert_eq!(format!("{:?}", room.ceremony), before);
    }
    let silent = room.clone().give(request(kind, &[subject, " "], two()));
    assert_eq!(silent, Err(StepError::Empty));
}

#[test]
fn a_key_made_anew_is_another_key_and_the_old_one_is_gone() {
    let mut room = room_at(script(), "identify-token:key-2");
    let old = room.token(&key("key-1")).public_key();
    assert_takes_two(&room, RequestKind::Regenerate, "key-1");
    room.give(request(RequestKind::Regenerate, &["key-1", WHY], two()))
        .unwrap();
    assert_eq!(here(&room), "generate-key:key-1");

    // First the old one goes; until then nothing is made.
    let effect = room.effect();
    let Effect::DestroyKey {
        key: of,
        public_key,
        spare,
        ..
    } = &effect
    else {
        panic!("{effect:?}");
    };
    assert_eq!((of, public_key, spare), (&key("key-1"), &old, &None));
    let intent = Event {
        step: Some("generate-key:key-1".parse().unwrap()),
        people: vec![id("holder-1")],
        kind: EventKind::Keys(KeyEvent::GenerateIntended {
            key: key("key-1"),
            object_id: vec![1, 2],
            label: "x".to_owned(),
        }),
    };
    assert!(room.ceremony.clone().apply(&intent).is_err());
    room.advance();
    let state = room.ceremony.key(&key("key-1")).unwrap();
    assert_eq!(state.former()[0].disposition, FormerDisposition::Destroyed);

    // The destroyed key is never taken for the new one.
    let mut same = room.clone();
    same.advance();
    let effect = same.effect();
    let Outcome::KeyGenerated {
        token, attributes, ..
    } = same.perform(&effect)
    else {
        panic!("a key");
    };
    same.give(Input::Outcome(Outcome::KeyGenerated {
        token,
        public_key: old.clone(),
        attributes,
        attestation: Vec::new(),
    }))
    .unwrap();
    assert_eq!(
        same.ceremony.failure().unwrap().kind,
        FailureKind::InvalidAnswer
    );

    finish(&mut room);
    let generated = room
        .ceremony
        .key(&key("key-1"))
        .unwrap()
        .generated()
        .unwrap();
    assert_ne!(generated.public_key, old);
    let frozen = room.ceremony.frozen().unwrap();
    let listed = String::from_utf8(frozen.signed_bytes().to_vec()).unwrap();
    assert!(listed.contains(generated.key.id().as_str()));
}

#[test]
fn an_old_key_that_cannot_be_destroyed_is_an_orphan_by_two_people() {
    let mut room = room_at(script(), "identify-token:key-2");
    let fingerprint = room.token(&key("key-1")).public_key().fingerprint();
    room.give(request(RequestKind::Regenerate, &["key-1", WHY], two()))
        .unwrap();
    fail(&mut room, FailureKind::Device);
    assert_takes_two(&room, RequestKind::Orphan, "key-1");
    // Another fingerprint is nobody's.
    let false_one = Event {
        step: Some("generate-key:key-1".parse().unwrap()),
        people: vec![id("witness-1"), id("witness-2")],
        kind: EventKind::Keys(KeyEvent::KeyOrphaned {
            key: key("key-1"),
            fingerprint: conclave::words::Digest::of(b"x"),
            reason: WHY.to_owned(),
            approvals: two(),
        }),
    };
    assert!(room.ceremony.clone().apply(&false_one).is_err());
    room.give(request(RequestKind::Orphan, &["key-1", WHY], two()))
        .unwrap();
    let former = room.ceremony.key(&key("key-1")).unwrap().former();
    assert_eq!(former[0].public_key.fingerprint(), fingerprint);
    assert!(
        matches!(&former[0].disposition, FormerDisposition::Orphan { reason } if reason == WHY)
    );
    room.token(&key("key-1")).destroy();
    finish(&mut room);
    let told = room.transcript.entries().iter().any(|entry| {
        let event = entry.line.event();
        let said = event.narrate(room.ceremony.script(), room.ceremony.display_names());
        said.contains("orphan") && said.contains(&fingerprint.short_hex())
    });
    assert!(told);
}

#[test]
fn no_key_is_made_anew_and_no_spare_taken_once_the_root_is_composed() {
    let mut room = room_at(script(), "review-root");
    let offered: Vec<RequestKind> = room.ceremony.offers().iter().map(|o| o.kind).collect();
    for (kind, subject) in [
        (RequestKind::Regenerate, "key-1"),
        (RequestKind::TakeSpare, "key-1 spare-1"),
    ] {
        assert!(!offered.contains(&kind));
        let input = request(kind, &[subject, WHY], two());
        assert!(room.give(input).is_err());
    }
    for fact in [
        EventKind::Keys(KeyEvent::RegenerationDecided {
            key: key("key-1"),
            reason: WHY.to_owned(),
            approvals: two(),
        }),
        EventKind::Keys(KeyEvent::SpareTaken {
            key: key("key-1"),
            spare: "spare-1".parse().unwrap(),
            reason: WHY.to_owned(),
            approvals: two(),
        }),
    ] {
        let event = Event {
            step: None,
            people: vec![id("witness-1"), id("witness-2")],
            kind: fact,
        };
        assert!(room.ceremony.clone().apply(&event).is_err());
    }
}

#[test]
fn a_spare_takes_a_tokens_place_and_its_steps_begin_anew() {
    let mut room = room_at(script(), "set-pin:key-2");
    let old = room.token(&key("key-2")).id().clone();
    assert_takes_two(&room, RequestKind::TakeSpare, "key-2 spare-1");
    room.give(request(
        RequestKind::TakeSpare,
        &["key-2 spare-1", WHY],
        two(),
    ))
    .unwrap();
    assert_eq!(here(&room), "identify-token:key-2");
    assert_eq!(room.ceremony.token_name(&key("key-2")), "spare-1");
    assert_eq!(room.ceremony.token_label(&key("key-2")), "conclave-spare-1");
    assert_eq!(
        room.ceremony.key(&key("key-2")).unwrap().set_aside(),
        std::slice::from_ref(&old)
    );

    // The token that was given up does not come back, for this key or another.
    let back = Event {
        step: Some("identify-token:key-2".parse().unwrap()),
        people: vec![id("holder-2")],
        kind: EventKind::Keys(KeyEvent::TokenFound {
            key: key("key-2"),
            token: old,
            blank: false,
            at_factory_value: Vec::new(),
            interface: None,
        }),
    };
    assert!(room.ceremony.clone().apply(&back).is_err());
    // One spare stands in once.
    room.advance_until(|ceremony| is_at(ceremony, "set-pin:key-3"));
    let again = request(RequestKind::TakeSpare, &["key-3 spare-1", WHY], two());
    assert!(room.give(again).is_err());
    finish(&mut room);
    let token = room.ceremony.key(&key("key-2")).unwrap().token().unwrap();
    assert_eq!(token.label, "conclave-spare-1");
}

#[test]
fn a_spare_in_place_of_a_token_with_a_key_wants_that_key_gone_first() {
    let mut room = room_at(script(), "compose-root");
    let old = room.token(&key("key-1")).public_key();
    room.give(request(
        RequestKind::TakeSpare,
        &["key-1 spare-1", WHY],
        two(),
    ))
    .unwrap();
    assert!(matches!(
        room.effect(),
        Effect::DestroyKey { spare: None, .. }
    ));
    // The old token is lost: two people list its key.
    fail(&mut room, FailureKind::PinLocked);
    assert!(
        matches!(prompt(&room).ask, Ask::Enter { .. }),
        "the old token is not unblocked"
    );
    room.give(request(RequestKind::Orphan, &["key-1", WHY], two()))
        .unwrap();
    finish(&mut room);
    let state = room.ceremony.key(&key("key-1")).unwrap();
    assert_ne!(state.generated().unwrap().public_key, old);
    assert_eq!(state.former().len(), 1);
}

#[test]
fn a_spare_that_the_script_keeps_for_others_is_not_taken() {
    let text = script()
        .text()
        .replace("id = \"spare-1\"", "id = \"spare-1\"\nkeys = [\"key-2\"]");
    let mut room = room_at(parse(&text), "set-pin:key-1");
    let input = request(RequestKind::TakeSpare, &["key-1 spare-1", WHY], two());
    assert!(room.give(input).is_err());
    let forced = Event {
        step: None,
        people: vec![id("witness-1"), id("witness-2")],
        kind: EventKind::Keys(KeyEvent::SpareTaken {
            key: key("key-1"),
            spare: "spare-1".parse().unwrap(),
            reason: WHY.to_owned(),
            approvals: two(),
        }),
    };
    assert!(room.ceremony.clone().apply(&forced).is_err());
}

#[test]
fn a_locked_pin_is_unblocked_by_who_has_the_means() {
    let mut room = room_at(script(), "generate-key:key-1");
    room.advance();
    // A PIN that is not locked is not unblocked.
    let unblock = |room: &Room| Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![id("holder-1")],
        kind: EventKind::Keys(KeyEvent::UnblockDecided {
            key: key("key-1"),
            bag: None,
        }),
    };
    assert!(room.ceremony.clone().apply(&unblock(&room)).is_err());
    fail(&mut room, FailureKind::PinLocked);
    let asked = prompt(&room);
    let Ask::Choice { options, .. } = &asked.ask else {
        panic!("{asked:?}");
    };
    assert_eq!(options[0].text, "unblock the PIN");
    let by_another = Event {
        people: vec![id("witness-1")],
        ..unblock(&room)
    };
    assert!(room.ceremony.clone().apply(&by_another).is_err());
    room.answer(Answer::Choice {
        index: 0,
        remark: String::new(),
    })
    .unwrap();
    assert!(matches!(room.effect(), Effect::UnblockPin { .. }));
    room.advance();
    assert!(!room.ceremony.key(&key("key-1")).unwrap().is_locked());
    assert!(matches!(room.effect(), Effect::GenerateKey(_)));
    // Once, and not again.
    let twice = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![id("holder-1")],
        kind: EventKind::Keys(KeyEvent::PinUnblocked { key: key("key-1") }),
    };
    assert!(room.ceremony.clone().apply(&twice).is_err());
    finish(&mut room);
}

#[test]
fn in_a_rehearsal_the_third_wrong_pin_locks_and_the_record_says_that_it_is_said() {
    let mut room = Room::open(script(), Mode::Rehearsal);
    room.advance_until(|ceremony| is_at(ceremony, "generate-key:key-1"));
    room.advance();
    let wrong = FailureKind::WrongPin {
        tries: Tries::Unknown,
    };
    for left in [2, 1] {
        fail(&mut room, wrong);
        let tries = Tries::Exactly(left);
        assert_eq!(
            room.ceremony.failure().unwrap().kind,
            FailureKind::WrongPin { tries }
        );
        assert_eq!(room.ceremony.simulated_tries(&key("key-1")), Some(tries));
        room.answer(Answer::Enter).unwrap();
    }
    fail(&mut room, wrong);
    let failure = room.ceremony.failure().unwrap();
    assert_eq!(failure.kind, FailureKind::PinLocked);
    assert!(failure.what.contains("rehearsal"), "{}", failure.what);
    room.advance_until(|ceremony| ceremony.failure().is_none());
    finish(&mut room);

    // A right PIN between makes it start anew; a production believes the token alone.
    let mut room = room_at(script(), "generate-key:key-1");
    room.advance();
    for _ in 0..5 {
        fail(&mut room, wrong);
        assert_eq!(room.ceremony.failure().unwrap().kind, wrong);
        room.answer(Answer::Enter).unwrap();
    }
    assert_eq!(room.ceremony.simulated_tries(&key("key-1")), None);
}

#[test]
fn secrets_are_sealed_into_the_bags_of_the_script_before_two_people() {
    let mut room = room_at(sealing(), "set-pin:key-1");
    room.advance();
    for (secret, bag) in [(TokenSecret::UserPin, "B1"), (TokenSecret::SoPin, "B2")] {
        let asked = prompt(&room);
        assert!(asked.approval);
        assert!(matches!(&asked.ask, Ask::Reading { usual, .. } if usual == bag));
        for answer in ["", "B3", "b1"] {
            let answer = Answer::Text(answer.to_owned());
            assert!(room.answer(answer).is_err());
        }
        for approvals in not_two() {
            let answer = Answer::Text(bag.to_owned());
            assert!(room.give(Input::Answer { answer, approvals }).is_err());
        }
        let sealed = |bag: &str, secret| Event {
            step: Some("set-pin:key-1".parse().unwrap()),
            people: vec![id("witness-1"), id("witness-2")],
            kind: EventKind::Keys(KeyEvent::EnvelopeSealed {
                key: key("key-1"),
                secret,
                bag: bag.to_owned(),
                approvals: two(),
            }),
        };
        assert!(room.ceremony.clone().apply(&sealed("B9", secret)).is_err());
        assert!(
            room.ceremony
                .clone()
                .apply(&sealed(bag, TokenSecret::Puk))
                .is_err()
        );
        room.answer(Answer::Text(bag.to_owned())).unwrap();
        let envelopes = room.ceremony.key(&key("key-1")).unwrap().envelopes();
        assert_eq!(envelopes[&secret], bag);
    }
    assert_eq!(here(&room), "generate-key:key-1");
    finish(&mut room);
}

#[test]
fn another_bag_is_an_amendment() {
    let mut room = room_at(sealing(), "set-pin:key-1");
    room.advance();
    let subject = ["key-1 user-pin", "B7"];
    for approvals in not_two() {
        assert!(
            room.give(request(RequestKind::AmendEnvelope, &subject, approvals))
                .is_err()
        );
    }
    // The number of another bag is none.
    let taken = request(RequestKind::AmendEnvelope, &["key-1 user-pin", "B2"], two());
    assert!(matches!(room.give(taken), Err(StepError::NotAmended(_))));
    room.give(request(RequestKind::AmendEnvelope, &subject, two()))
        .unwrap();
    assert!(matches!(prompt(&room).ask, Ask::Reading { usual, .. } if usual == "B7"));
    finish(&mut room);
}

#[test]
fn what_unblocked_a_pin_is_sealed_into_a_new_bag() {
    let mut room = room_at(sealing(), "generate-key:key-1");
    room.advance();
    fail(&mut room, FailureKind::PinLocked);
    assert!(
        prompt(&room)
            .lines
            .iter()
            .any(|line| line.contains("bag B2"))
    );
    // The bag that is opened is the one that was sealed.
    let other = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![id("witness-1"), id("holder-1")],
        kind: EventKind::Keys(KeyEvent::UnblockDecided {
            key: key("key-1"),
            bag: Some("B1".to_owned()),
        }),
    };
    assert!(room.ceremony.clone().apply(&other).is_err());
    room.advance();
    room.advance();
    for (used, new) in [("B1", "B11"), ("B2", "B12")] {
        let asked = prompt(&room);
        assert!(asked.approval && matches!(asked.ask, Ask::Reading { .. }));
        assert!(room.answer(Answer::Text(used.to_owned())).is_err());
        room.answer(Answer::Text(new.to_owned())).unwrap();
    }
    finish(&mut room);
    let sealed = room.ceremony.key(&key("key-1")).unwrap().envelopes();
    let bags: Vec<&str> = sealed.values().map(String::as_str).collect();
    assert_eq!(bags, ["B11", "B12"]);
}

#[test]
fn what_was_discarded_unblocks_nothing() {
    let mut room = room_at(sealing(), "generate-key:key-2");
    room.advance();
    fail(&mut room, FailureKind::PinLocked);
    assert!(matches!(prompt(&room).ask, Ask::Enter { .. }));
    let forced = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![id("holder-2")],
        kind: EventKind::Keys(KeyEvent::UnblockDecided {
            key: key("key-2"),
            bag: None,
        }),
    };
    assert!(room.ceremony.clone().apply(&forced).is_err());
    room.give(request(
        RequestKind::TakeSpare,
        &["key-2 spare-1", WHY],
        two(),
    ))
    .unwrap();
    finish(&mut room);
}

#[test]
fn the_root_is_signed_without_a_key_only_by_two_people_and_above_the_threshold() {
    let mut room = room_at(script(), "sign-root");
    // Nothing is in the way of key-1 yet.
    assert!(
        room.give(request(RequestKind::Skip, &["key-1", WHY], two()))
            .is_err()
    );
    room.advance();
    fail(&mut room, FailureKind::Device);
    assert_takes_two(&room, RequestKind::Skip, "key-1");
    room.give(request(RequestKind::Skip, &["key-1", WHY], two()))
        .unwrap();
    // Two of three are left, and two are needed: no other is done without.
    room.advance();
    fail(&mut room, FailureKind::Device);
    assert!(
        room.give(request(RequestKind::Skip, &["key-2", WHY], two()))
            .is_err()
    );
    let forced = Event {
        step: Some("sign-root".parse().unwrap()),
        people: vec![id("witness-1"), id("witness-2")],
        kind: EventKind::Keys(KeyEvent::KeySkipped {
            key: key("key-2"),
            reason: WHY.to_owned(),
            approvals: two(),
        }),
    };
    assert!(room.ceremony.clone().apply(&forced).is_err());
    finish(&mut room);
    assert_eq!(room.ceremony.signatures().have, 2);
    let state = room.ceremony.key(&key("key-1")).unwrap();
    assert_eq!(state.skipped(), Some(WHY));
    assert!(!room.ceremony.has_signed(&key("key-1")) && !state.is_reinserted());
}

#[test]
fn who_leaves_with_a_key_leaves_it_in_the_root() {
    let mut room = room_at(script(), "compose-root");
    room.give(request(
        RequestKind::Leave,
        &["holder-2", "a train"],
        Vec::new(),
    ))
    .unwrap();
    room.advance_until(|ceremony| is_at(ceremony, "sign-root"));
    room.advance_until(|ceremony| ceremony.key_at_hand() == Some(&key("key-2")));
    room.give(request(
        RequestKind::Skip,
        &["key-2", "its holder left"],
        two(),
    ))
    .unwrap();
    while room.advance() {}
    let signed = room.ceremony.signatures();
    assert_eq!((signed.have, signed.need), (2, 2));
    let signed_bytes = room.ceremony.frozen().unwrap().signed_bytes().to_vec();
    let listed = String::from_utf8(signed_bytes).unwrap();
    let of_absent = room
        .ceremony
        .key(&key("key-2"))
        .unwrap()
        .generated()
        .unwrap();
    assert!(listed.contains(of_absent.key.id().as_str()));
    // Who is not there at the end has not agreed.
    assert_eq!(
        room.ceremony.ending(),
        Some(&Ending::Closed(Verdict::WithReservation))
    );
}

#[test]
fn letters_in_pins_want_the_test_line() {
    let mut room = room_at(script(), "identify-token:key-1");
    assert!(!room.ceremony.is_keyboard_tested());
    let offer = room.ceremony.offers().into_iter();
    let mut offer = offer.filter(|offer| offer.kind == RequestKind::TestKeyboard);
    let fields = offer.next().unwrap().fields;
    let line = fields[1].label.strip_prefix("type ").unwrap().to_owned();
    let swapped = line.replace('z', "y");
    let wrong = request(
        RequestKind::TestKeyboard,
        &["witness-1", &swapped],
        Vec::new(),
    );
    assert!(matches!(room.give(wrong), Err(StepError::Keyboard { .. })));
    let forced = Event {
        step: None,
        people: vec![id("witness-1")],
        kind: EventKind::Host(HostEvent::KeyboardTested { typed: swapped }),
    };
    assert!(room.ceremony.clone().apply(&forced).is_err());
    room.give(request(
        RequestKind::TestKeyboard,
        &["witness-1", &line],
        Vec::new(),
    ))
    .unwrap();
    assert!(room.ceremony.is_keyboard_tested());
    // The next machine has another keyboard.
    room.resume(0);
    assert!(!room.ceremony.is_keyboard_tested());
}

#[test]
fn a_process_that_takes_over_goes_on_with_what_was_decided() {
    let mut room = room_at(script(), "identify-token:key-2");
    room.give(request(RequestKind::Regenerate, &["key-1", WHY], two()))
        .unwrap();
    let destroy = room.effect();
    room.resume(0);
    room.advance_until(|ceremony| is_at(ceremony, "generate-key:key-1"));
    assert_eq!(room.effect(), destroy);
    room.advance();
    room.give(request(
        RequestKind::TakeSpare,
        &["key-1 spare-1", WHY],
        two(),
    ))
    .unwrap();
    room.resume(0);
    room.advance_until(|ceremony| is_at(ceremony, "identify-token:key-1"));
    assert_eq!(room.ceremony.token_name(&key("key-1")), "spare-1");
    finish(&mut room);

    // A PIN that is to be unblocked is still to be unblocked.
    let mut room = room_at(script(), "generate-key:key-1");
    room.advance();
    fail(&mut room, FailureKind::PinLocked);
    room.advance();
    let unblock = room.effect();
    room.resume(0);
    room.advance_until(|ceremony| is_at(ceremony, "generate-key:key-1"));
    assert_eq!(room.effect(), unblock);
    finish(&mut room);
}
