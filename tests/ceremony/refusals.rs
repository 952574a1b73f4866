//! What is refused: wrong answers, events out of their place, untrue tokens.

use conclave::ceremony::{
    Answer, Ask, Ceremony, Check, Event, EventKind, ExceptionReport, Failure, FailureKind, Input,
    Mode, Next, Outcome, ProgressEvent, ReplayError, StepError,
};
use conclave::metadata::KeyType;
use conclave::record::{Finding, KeyAttributes};

use super::check_of;
use crate::support::ceremony_driver::{Room, VERSION, genesis, on_paper, opening, said};

fn room() -> Room {
    Room::open(genesis(&[KeyType::Ed25519; 2], 2), Mode::Rehearsal)
}

/// A room where this step is the next one.
fn room_at(step: &str) -> Room {
    let mut room = room();
    room.advance_until(|ceremony| is_at(ceremony, step));
    room
}

fn is_at(ceremony: &Ceremony, step: &str) -> bool {
    ceremony
        .current_step()
        .is_some_and(|current| current.id.as_str() == step)
}

fn report(text: &str) -> ExceptionReport {
    ExceptionReport {
        expected: text.to_owned(),
        happened: text.to_owned(),
        decided: text.to_owned(),
    }
}

/// Inputs of every kind, sensible in some state or in none.
fn inputs(room: &mut Room) -> Vec<Input> {
    let text = |text: &str| said(Answer::Text(text.to_owned()));
    let key = "key-1".parse().unwrap();
    let token = room.token(&key).id().clone();
    room.token(&key).generate(KeyType::Ed25519);
    let public_key = room.token(&key).public_key();
    vec![
        Input::Open(opening(Mode::Rehearsal)),
        Input::Open(opening(Mode::Production)),
        Input::Resume {
            conclave: VERSION.to_owned(),
            program: None,
            machine: String::new(),
            digest: conclave::transcript::NO_LINE,
            torn_bytes: u64::MAX,
        },
        said(Answer::Enter),
        text(""),
        text(" "),
        text("SIGN ROOT 1"),
        text("sign root 1"),
        text("9999-12-30T00:00:00Z"),
        text("-009999-01-02T00:00:00Z"),
        text("a\u{1b}b"),
        said(Answer::Choice {
            index: 0,
            remark: String::new(),
        }),
        said(Answer::Choice {
            index: 2,
            remark: "no".to_owned(),
        }),
        said(Answer::Choice {
            index: usize::MAX,
            remark: "no".to_owned(),
        }),
        Input::Outcome(Outcome::HostInspected(vec![])),
        Input::Outcome(Outcome::HostInspected(vec![Finding::new("x.y", "z")])),
        Input::Outcome(Outcome::TokenFound {
            token: token.clone(),
            blank: true,
            at_factory_value: Vec::new(),
            interface: None,
        }),
        Input::Outcome(Outcome::TokenInitialized {
            token: token.clone(),
        }),
        Input::Outcome(Outcome::PinSet),
        Input::Outcome(Outcome::KeyGenerated {
            token,
            public_key,
            attributes: KeyAttributes::default(),
            attestation: Vec::new(),
        }),
        Input::Outcome(Outcome::Answered {
            challenge: [0; 32],
            signature: Vec::new(),
        }),
        Input::Outcome(Outcome::Signed(vec![0; 64])),
        Input::Outcome(Outcome::Exported),
        Input::Outcome(Outcome::Failed(Failure {
            kind: FailureKind::Device,
            what: "it broke".to_owned(),
            hint: "wait".to_owned(),
        })),
        Input::Exception {
            report: report("that"),
            waives: None,
            approvals: on_paper(["witness-1", "witness-2"]),
        },
        Input::Exception {
            report: report("that"),
            waives: None,
            approvals: on_paper(["witness-1", "stranger"]),
        },
        Input::Abort {
            reason: "enough".to_owned(),
        },
        Input::Abort {
            reason: String::new(),
        },
    ]
}

#[test]
fn every_input_in_every_state_is_applied_or_refused_with_a_hint() {
    let mut room = Room::new(genesis(&[KeyType::Ed25519; 2], 2));
    let inputs = inputs(&mut room);
    loop {
        for input in &inputs {
            match room.ceremony.decide(input.clone(), &room.moment()) {
                Ok(decided) => {
                    let ceremony = room.ceremony.apply(&decided.event).unwrap();
                    assert_eq!(ceremony.next(), decided.next.next());
                    assert!(
                        !decided
                            .event
                            .narrate(ceremony.script(), ceremony.display_names())
                            .is_empty()
                    );
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    assert!(!error.hint().is_empty());
                }
            }
        }
        if room.ceremony.opening().is_none() {
            room.give(Input::Open(opening(Mode::Rehearsal))).unwrap();
        } else if !room.advance() {
            break;
        }
    }
}

#[test]
fn an_event_of_another_step_is_refused_in_every_state() {
    let script = genesis(&[KeyType::Ed25519; 2], 2);
    let record = Room::closed(script.clone(), Mode::Rehearsal).transcript;
    let events: Vec<Event> = record.entries().iter().map(|e| e.line.event()).collect();
    let mut ceremony = Ceremony::new(script);
    for (index, event) in events.iter().enumerate() {
        for (other_index, other) in events.iter().enumerate() {
            let here = ceremony.current_step().map(|step| &step.id);
            let refusal = ceremony.clone().apply(other).err();
            if index == 0 || other_index == 0 {
                let opens = index == 0 && other_index == 0;
                assert_eq!(refusal.is_none(), opens, "{index} {other_index}");
            } else if other.step.is_some() && other.step.as_ref() != here {
                assert!(
                    matches!(refusal, Some(ReplayError::Step { .. })),
                    "{index} {other_index}: {refusal:?}"
                );
            } else if other_index < index {
                assert!(refusal.is_some(), "{index}: {other_index} happened already");
            }
        }
        ceremony = ceremony.apply(event).unwrap();
    }
    for event in &events {
        assert_eq!(
            ceremony.clone().apply(event).unwrap_err(),
            ReplayError::Over
        );
    }
}

#[test]
fn a_production_has_no_simulated_and_a_rehearsal_has() {
    let ceremony = Room::new(genesis(&[KeyType::Ed25519], 1)).ceremony;
    let moment = room().moment();
    for mode in [Mode::Production, Mode::Rehearsal] {
        let mut swapped = opening(mode);
        swapped.simulated_tokens = swapped
            .simulated_tokens
            .is_none()
            .then(|| "tokens".to_owned());
        assert!(ceremony.decide(Input::Open(swapped), &moment).is_err());
        assert!(ceremony.decide(Input::Open(opening(mode)), &moment).is_ok());
    }
    let mut shifted = opening(Mode::Production);
    shifted.simulated_clock_offset = 1;
    assert!(ceremony.decide(Input::Open(shifted), &moment).is_err());
}

#[test]
fn only_the_exact_word_goes_on() {
    let mut room = room_at("review-root");
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the review asks");
    };
    assert_eq!(
        prompt.ask,
        Ask::Word {
            word: "SIGN ROOT 1".to_owned()
        }
    );
    for wrong in [
        "",
        "SIGN ROOT",
        "sign root 1",
        "SIGN ROOT 11",
        "SIGN  ROOT 1",
    ] {
        let error = room.answer(Answer::Text(wrong.to_owned())).unwrap_err();
        assert!(matches!(error, StepError::NotTheWord { .. }), "{wrong:?}");
    }
    assert_eq!(room.answer(Answer::Enter), Err(StepError::NotAnAnswer));
    room.answer(Answer::Text(" SIGN ROOT 1 ".to_owned()))
        .unwrap();
    assert!(is_at(&room.ceremony, "sign-root"));
}

#[test]
fn the_clock_may_not_be_earlier_than_the_script() {
    let mut room = room_at("attest-clock");
    room.set_clock("2026-11-30T00:00:00Z");
    for text in ["", "2026-12-01T08:59:59Z", "2026-11-30T00:00:30Z"] {
        let error = room.answer(Answer::Text(text.to_owned())).unwrap_err();
        assert_eq!(check_of(&error), Some(Check::ClockNotBefore), "{text:?}");
    }
    let error = room.answer(Answer::Text("nine".to_owned())).unwrap_err();
    assert_eq!(error, StepError::NotATime("nine".to_owned()));
    room.answer(Answer::Text("2026-12-01T09:00:00Z".to_owned()))
        .unwrap();
    assert_eq!(room.ceremony.clock_offset(), Some(33 * 3600));
    let machine = "2026-11-30T00:01:00Z".parse().unwrap();
    assert_eq!(
        room.ceremony.time(machine).to_string(),
        "2026-12-01T09:01:00Z"
    );
}

#[test]
fn an_exception_is_decided_by_two_other_than_the_administrator() {
    let mut room = room();
    for few in [
        on_paper([]),
        on_paper(["witness-1"]),
        on_paper(["witness-1", "witness-1"]),
        on_paper(["witness-1", "administrator"]),
    ] {
        let input = Input::Exception {
            report: report("that"),
            waives: None,
            approvals: few.clone(),
        };
        let refused = room.give(input).unwrap_err();
        assert_eq!(check_of(&refused), Some(Check::TwoPeople));
        let event = Event {
            step: None,
            people: few.iter().map(|by| by.person.clone()).collect(),
            kind: EventKind::Progress(ProgressEvent::ExceptionRecorded {
                report: report("that"),
                waives: None,
                approvals: few,
            }),
        };
        let refusal = room.ceremony.clone().apply(&event).unwrap_err();
        assert_eq!(check_of(&refusal.into()), Some(Check::TwoPeople));
    }
    let approvals = on_paper(["witness-1", "holder-2"]);
    let blank = Input::Exception {
        report: report(" "),
        waives: None,
        approvals: approvals.clone(),
    };
    assert_eq!(room.give(blank), Err(StepError::Empty));
    let report = report("that");
    room.give(Input::Exception {
        report,
        waives: None,
        approvals,
    })
    .unwrap();
    assert_eq!(room.ceremony.exceptions().len(), 1);
}

#[test]
fn nobody_speaks_twice() {
    for (step, kind) in [("attendance", "attended"), ("sign-off", "signed-off")] {
        let mut room = room_at(step);
        room.advance();
        let last = room.transcript.entries().last().unwrap().line.event();
        assert_eq!(last.kind.name(), kind);
        let refusal = room.ceremony.clone().apply(&last).unwrap_err();
        assert!(matches!(refusal, ReplayError::Contradiction(_)), "{kind}");
    }
}

#[test]
fn control_characters_never_get_into_the_record() {
    let mut room = room();
    for text in ["a\nb", "\u{1b}[2J", "\0", "\u{9b}"] {
        let text = text.to_owned();
        for input in [
            said(Answer::Text(text.clone())),
            said(Answer::Choice {
                index: 0,
                remark: text.clone(),
            }),
            Input::Abort {
                reason: text.clone(),
            },
            Input::Exception {
                report: report(&text),
                waives: None,
                approvals: on_paper(["witness-1", "witness-2"]),
            },
        ] {
            assert_eq!(room.give(input), Err(StepError::Control));
        }
    }
}

/// Gives an outcome that is not true; it is recorded as a failure of the token, and the usual course is free again.
fn assert_untrue(mut room: Room, untrue: Outcome) {
    let effect = room.effect();
    room.give(Input::Outcome(untrue)).unwrap();
    let failure = room.ceremony.failure().unwrap();
    assert_eq!(failure.kind, FailureKind::InvalidAnswer, "{}", failure.what);
    assert!(room.advance());
    assert_eq!(room.ceremony.failure(), None);
    assert_eq!(room.effect(), effect);
    while room.advance() {}
}

#[test]
fn what_a_token_gives_back_untruly_is_not_kept() {
    let [first, second] = ["key-1", "key-2"].map(|key| key.parse().unwrap());

    // A proof by another key, or of another challenge.
    let mut room = room_at("generate-key:key-2");
    room.advance_until(|ceremony| ceremony.key(&second).unwrap().generated().is_some());
    let Outcome::Answered {
        challenge,
        signature,
    } = room.perform(&room.effect())
    else {
        panic!("a proof");
    };
    let by_other = room.token(&first).sign(b"whatever");
    for (challenge, signature) in [
        (challenge, by_other),
        ([9; 32], signature),
        (challenge, Vec::new()),
    ] {
        let untrue = Outcome::Answered {
            challenge,
            signature,
        };
        assert_untrue(room.clone(), untrue);
    }

    // A key of another type; the key of another token; one that can be taken out.
    let mut room = room_at("generate-key:key-2");
    room.advance();
    let Outcome::KeyGenerated {
        token, attributes, ..
    } = room.perform(&room.effect())
    else {
        panic!("a key");
    };
    let own = room.token(&second).public_key();
    let of_other = room.token(&first).public_key();
    room.token(&second).generate(KeyType::EcdsaP256);
    let of_other_type = room.token(&second).public_key();
    let loose = KeyAttributes {
        extractable: Some(true),
        ..attributes
    };
    for (public_key, attributes) in [
        (of_other_type, attributes),
        (of_other, attributes),
        (own, loose),
    ] {
        let untrue = Outcome::KeyGenerated {
            token: token.clone(),
            public_key,
            attributes,
            attestation: Vec::new(),
        };
        assert_untrue(room.clone(), untrue);
    }

    // The token of another key.
    let mut room = room_at("identify-token:key-2");
    let untrue = Outcome::TokenFound {
        token: room.token(&first).id().clone(),
        blank: false,
        at_factory_value: Vec::new(),
        interface: None,
    };
    assert_untrue(room, untrue);

    // A signature by another key.
    let mut room = room_at("sign-root");
    room.advance();
    let message = room.ceremony.frozen().unwrap().signed_bytes().to_vec();
    let untrue = Outcome::Signed(room.token(&second).sign(&message));
    assert_untrue(room, untrue);
}

#[test]
fn a_failure_costs_nothing() {
    let mut room = room();
    let mut failures = 0;
    loop {
        if matches!(room.ceremony.next(), Next::Do(_)) {
            let before = room.ceremony.clone();
            room.give(Input::Outcome(Outcome::Failed(Failure {
                kind: FailureKind::TokenAbsent,
                what: "the token was pulled".to_owned(),
                hint: "put it in again".to_owned(),
            })))
            .unwrap();
            assert!(matches!(room.ceremony.next(), Next::Ask(_)));
            room.answer(Answer::Enter).unwrap();
            assert_eq!(format!("{:?}", room.ceremony), format!("{before:?}"));
            failures += 1;
        }
        if !room.advance() {
            break;
        }
    }
    assert_eq!(failures, 4 + 1 + 2 * 5 + 2 + 1 + 2 * 2);
}
