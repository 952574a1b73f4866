//! Approval by approval tokens: what they sign counts once, in its place, and nobody signs for another.

use conclave::ceremony::{
    Answer, Approval, Ceremony, CustodyEvent, Effect, Event, EventKind, HostEvent, Input, Mode,
    Next, Outcome, ParticipantEvent, ReplayError, Request, RequestKind, StepError, Strength,
};
use conclave::script::PersonId;
use conclave::transcript::Transcript;

use crate::support::ceremony_driver::{Room, approval_token, with_approval_tokens};

fn id(person: &str) -> PersonId {
    person.parse().unwrap()
}

/// A production in which both witnesses approve by approval tokens, when something is approved for the first time.
fn at_the_clock() -> Room {
    let script = with_approval_tokens(&["witness-1", "witness-2"]);
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.id.as_str() == "attest-clock")
    });
    room
}

/// The event in which the clock is attested, as both approval tokens signed it.
fn attested(room: &Room) -> Event {
    let mut after = room.clone();
    after.advance();
    after.transcript.entries().last().unwrap().line.event()
}

fn approvals_of(event: &mut Event) -> &mut Vec<Approval> {
    match &mut event.kind {
        EventKind::Host(HostEvent::ClockAttested { approvals, .. })
        | EventKind::Custody(CustodyEvent::PauseBegun { approvals, .. }) => approvals,
        other => panic!("no approvals: {other:?}"),
    }
}

fn pause(reason: &str) -> Request {
    Request {
        kind: RequestKind::Pause,
        values: vec![reason.to_owned()],
    }
}

fn refused(ceremony: &Ceremony, event: &Event) -> String {
    ceremony.clone().apply(event).unwrap_err().to_string()
}

#[test]
fn each_approval_is_a_signature_that_the_record_keeps() {
    let script = with_approval_tokens(&["witness-1"]);
    let room = Room::closed(script.clone(), Mode::Production);
    let mut by_token = 0;
    for entry in room.transcript.entries() {
        if let EventKind::Host(HostEvent::ClockAttested { approvals, .. })
        | EventKind::Custody(CustodyEvent::Sealed { approvals, .. }) = &entry.line.kind
        {
            assert_eq!(approvals.len(), 2);
            for approval in approvals {
                let is_own = approval.person == id("witness-1");
                let strength = if is_own {
                    Strength::Token
                } else {
                    Strength::Code
                };
                assert_eq!(approval.strength, strength);
                assert_eq!(approval.signature.is_some(), is_own);
            }
            by_token += 1;
        }
    }
    assert_eq!(by_token, 3);
    let (read, torn) = Transcript::parse(&room.transcript_bytes()).unwrap();
    assert_eq!(torn, 0);
    assert!(read.replay(&script).unwrap().ending().is_some());
}

#[test]
fn nothing_but_the_own_signature_over_this_event_is_an_approval() {
    let room = at_the_clock();
    let good = attested(&room);
    room.ceremony.clone().apply(&good).unwrap();
    let message = room.ceremony.approval_message(&id("witness-1"), &good);
    let mut other_clock = good.clone();
    if let EventKind::Host(HostEvent::ClockAttested { attested, .. }) = &mut other_clock.kind {
        *attested += jiff::SignedDuration::from_secs(1);
    }
    let over_another = room
        .ceremony
        .approval_message(&id("witness-1"), &other_clock);
    let first = |approval: Approval| {
        let mut event = good.clone();
        approvals_of(&mut event)[0] = approval;
        event
    };
    let signed = |by: &str, message: &[u8]| {
        Approval::by_token(id("witness-1"), &approval_token(&id(by)).sign(message))
    };
    let no_hex = Approval {
        signature: Some(b"no signature".to_vec().into()),
        ..Approval::new(id("witness-1"), Strength::Token)
    };
    let signed_code = Approval {
        strength: Strength::Code,
        ..signed("witness-1", &message)
    };
    let rows = [
        (
            Approval::new(id("witness-1"), Strength::Token),
            "did not sign this",
        ),
        (no_hex, "did not sign this"),
        (signed("witness-2", &message), "did not sign this"),
        (signed("witness-1", &over_another), "did not sign this"),
        (signed("witness-1", b"anything"), "did not sign this"),
        (
            Approval::new(id("witness-1"), Strength::Code),
            "has no approval code",
        ),
        (signed_code, "only an approval token signs"),
        (Approval::on_paper(id("witness-1")), "not on paper"),
    ];
    for (approval, why) in rows {
        let said = refused(&room.ceremony, &first(approval.clone()));
        assert!(said.contains(why), "{approval:?}: {said}");
    }
    // What both signed does not carry another fact.
    let mut exchanged = other_clock;
    approvals_of(&mut exchanged).clone_from(approvals_of(&mut good.clone()));
    if let EventKind::Host(HostEvent::ClockAttested { offset, .. }) = &mut exchanged.kind {
        *offset += 1;
    }
    assert!(refused(&room.ceremony, &exchanged).contains("did not sign this"));
}

#[test]
fn an_approval_counts_once() {
    let mut room = at_the_clock();
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.id.as_str() == "identify-token:key-1")
    });
    let propose = |room: &Room| {
        let request = Input::Request {
            request: pause("lunch"),
            approvals: room.approved_by(&room.ceremony.usual_approvers()),
        };
        room.ceremony.propose(request, &room.moment()).unwrap()
    };
    let mut event = propose(&room);
    for approval in approvals_of(&mut event) {
        let (person, token) = (approval.person.clone(), approval_token(&approval.person));
        let message = room.ceremony.approval_message(&person, &propose(&room));
        *approval = Approval::by_token(person, &token.sign(&message));
    }
    room.ceremony.clone().apply(&event).unwrap();
    // Something else happens, and it stands there no more: not even if the same is asked for.
    let mut later = room.clone();
    later.advance();
    event.step.clone_from(&propose(&later).step);
    assert!(refused(&later.ceremony, &event).contains("did not sign this"));
}

#[test]
fn a_trial_without_signatures_is_recorded_by_nobody() {
    let room = at_the_clock();
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the clock is not asked for");
    };
    let unsigned = Input::Answer {
        answer: Answer::Text(String::new()),
        approvals: room.approved_by(&prompt.who),
    };
    let event = room
        .ceremony
        .propose(unsigned.clone(), &room.moment())
        .unwrap();
    assert!(refused(&room.ceremony, &event).contains("did not sign this"));
    let decided = room.ceremony.decide(unsigned, &room.moment());
    assert!(matches!(
        decided,
        Err(StepError::Rule(ReplayError::Check { .. }))
    ));
}

#[test]
fn an_own_token_proves_itself_before_it_approves() {
    let script = with_approval_tokens(&["witness-1"]);
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| {
        matches!(ceremony.next(), Next::Do(Effect::ProveApprovalToken { .. }))
    });
    let outcome = |by: &str, person: &str, message: &[u8]| {
        Input::Outcome(Outcome::ApprovalTokenAnswered {
            person: id(person),
            challenge: [7; 32],
            signature: approval_token(&id(by)).sign(message),
        })
    };
    let script = room.ceremony.script().sha256();
    let message = conclave::ceremony::approval_token_message(&script, &id("witness-1"), &[7; 32]);
    // A wrong answer is the token's failure, and the question comes again.
    for (by, message) in [("witness-2", message.as_slice()), ("witness-1", b"other")] {
        let mut tried = room.clone();
        tried.give(outcome(by, "witness-1", message)).unwrap();
        assert!(tried.ceremony.failure().is_some());
        assert!(!tried.ceremony.approves_by_token(&id("witness-1")));
    }
    // Who has no approval token shows none, and who has one chooses no code.
    let mut tried = room.clone();
    tried
        .give(outcome("witness-2", "witness-2", &message))
        .unwrap();
    assert!(!tried.ceremony.approves_by_token(&id("witness-2")));
    let code = Event {
        step: room.ceremony.current_step().map(|step| step.id.clone()),
        people: vec![id("witness-1")],
        kind: EventKind::Participants(ParticipantEvent::CodeChosen),
    };
    assert!(refused(&room.ceremony, &code).contains("approves with an approval token"));
    room.give(outcome("witness-1", "witness-1", &message))
        .unwrap();
    assert!(room.ceremony.approves_by_token(&id("witness-1")));
}

#[test]
fn whose_own_token_is_missing_takes_a_code_and_the_record_says_so() {
    let script = with_approval_tokens(&["witness-1"]);
    let mut room = Room::open(script, Mode::Production);
    let request = |person: &str| Input::Request {
        request: Request {
            kind: RequestKind::CodeInstead,
            values: vec![person.to_owned(), "left at home".to_owned()],
        },
        approvals: Vec::new(),
    };
    room.advance_until(|ceremony| {
        matches!(ceremony.next(), Next::Do(Effect::ProveApprovalToken { .. }))
    });
    assert!(room.give(request("witness-2")).is_err());
    assert!(room.give(request("administrator")).is_err());
    room.give(request("witness-1")).unwrap();
    assert!(matches!(
        room.ceremony.next(),
        Next::Do(Effect::ChooseCode { .. })
    ));
    room.advance();
    assert!(room.ceremony.has_code(&id("witness-1")));
    assert!(room.give(request("witness-1")).is_err());
    while room.advance() {}
    // Another day, another look for the token.
    let mut resumed = at_the_clock();
    resumed.resume(0);
    assert!(!resumed.ceremony.approves_by_token(&id("witness-1")));
}

#[test]
fn in_a_rehearsal_a_simulated_answers_and_the_real_token_does_not() {
    let script = with_approval_tokens(&["witness-1"]);
    let mut room = Room::new(script);
    let mut opening = crate::support::ceremony_driver::opening(Mode::Rehearsal);
    let missing = room.give(Input::Open(opening.clone())).unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("a simulated token for each approval token")
    );
    let simulated = approval_token(&id("a-twin")).public_key();
    opening
        .simulated_approvals
        .insert(id("witness-1"), simulated.clone());
    room.give(Input::Open(opening.clone())).unwrap();
    assert_eq!(
        room.ceremony.approval_key(&id("witness-1")),
        Some(simulated)
    );
    let production = conclave::ceremony::Opening {
        mode: Mode::Production,
        simulated_tokens: None,
        ..opening
    };
    let mut room = Room::new(with_approval_tokens(&["witness-1"]));
    assert!(room.give(Input::Open(production)).is_err());
}
