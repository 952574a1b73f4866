//! People: who is here, who approves, what two of them may amend; and that nobody gets round it.

use std::sync::Arc;

use conclave::ceremony::{
    Amendment, Answer, Approval, Ceremony, Check, Effect, Ending, Event, EventKind, Finality,
    HostEvent, Input, Mode, Next, Outcome, ParticipantEvent, ProgressEvent, ReplayError, Request,
    RequestKind, StepError, Strength, Verdict,
};
use conclave::metadata::KeyType;
use conclave::script::{PersonId, Script};

use super::resuming::mishaps;
use crate::support::ceremony_driver::{Room, genesis, on_paper, parse};

fn script() -> Arc<Script> {
    genesis(&[KeyType::Ed25519; 2], 1)
}

/// A script in which holder-1 has a substitute.
fn with_substitute() -> Arc<Script> {
    let text = script().text().replace(
        "name = \"Key holder 1\"",
        "name = \"Key holder 1\"\nsubstitute = \"Grace Hopper\"",
    );
    parse(&text)
}

fn id(person: &str) -> PersonId {
    person.parse().unwrap()
}

fn ids<const N: usize>(people: [&str; N]) -> Vec<PersonId> {
    people.map(id).to_vec()
}

/// A room where attendance was taken.
fn assembled() -> Room {
    assembled_for(script())
}

fn assembled_for(script: Arc<Script>) -> Room {
    let mut room = Room::open(script, Mode::Production);
    room.advance_until(|ceremony| !ceremony.offers().is_empty());
    room
}

fn by(person: &str, strength: Strength) -> Approval {
    Approval::new(id(person), strength)
}

fn by_codes<const N: usize>(people: [&str; N]) -> Vec<Approval> {
    people.map(|person| by(person, Strength::Code)).to_vec()
}

fn request(kind: RequestKind, values: &[&str]) -> Request {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    Request { kind, values }
}

fn ask(room: &mut Room, kind: RequestKind, values: &[&str]) -> Result<(), StepError> {
    let approvals = if kind.needs_approval() {
        room.approved_by(&room.ceremony.usual_approvers())
    } else {
        Vec::new()
    };
    let request = request(kind, values);
    room.give(Input::Request { request, approvals })
}

fn asks_for(ceremony: &Ceremony, person: &str) -> bool {
    match ceremony.next() {
        Next::Ask(prompt) => prompt.who.first().is_some_and(|id| id.as_str() == person),
        _ => false,
    }
}

fn choice(index: usize) -> Answer {
    Answer::Choice {
        index,
        remark: String::new(),
    }
}

/// Every set of approvals that are not those of two people, with a word of why.
fn not_two_people() -> Vec<(&'static str, Vec<Approval>)> {
    vec![
        ("nobody", Vec::new()),
        ("one", by_codes(["witness-1"])),
        ("one twice", by_codes(["witness-1", "witness-1"])),
        (
            "one and the administrator",
            by_codes(["witness-1", "administrator"]),
        ),
        (
            "two and the administrator",
            by_codes(["witness-1", "witness-2", "administrator"]),
        ),
        ("the operator's hand", on_paper(["witness-1", "witness-2"])),
        (
            "one, and the operator's hand",
            vec![
                by("witness-1", Strength::Code),
                by("witness-2", Strength::OnPaper),
            ],
        ),
        (
            "solo where the script is for two",
            vec![
                by("witness-1", Strength::Solo),
                by("witness-2", Strength::Solo),
            ],
        ),
        ("somebody unknown", by_codes(["witness-1", "stranger"])),
    ]
}

#[test]
fn whoever_is_here_and_not_the_administrator_chooses_a_code() {
    let mut room = Room::open(script(), Mode::Production);
    let mut chosen = Vec::new();
    while room.ceremony.offers().is_empty() {
        if let Next::Do(Effect::ChooseCode { person }) = room.ceremony.next() {
            assert!(room.ceremony.attendance().contains_key(&person));
            assert!(!room.ceremony.has_code(&person));
            chosen.push(person.to_string());
        }
        room.advance();
    }
    assert_eq!(chosen, ["witness-1", "witness-2", "holder-1", "holder-2"]);
    let code = |person: &str| Event {
        step: None,
        people: ids([person]),
        kind: EventKind::Participants(ParticipantEvent::CodeChosen),
    };
    for person in ["administrator", "witness-1"] {
        assert!(room.ceremony.clone().apply(&code(person)).is_err());
    }
}

#[test]
fn the_clock_is_attested_by_two_people_and_nobody_else() {
    let room = assembled();
    for (why, approvals) in not_two_people() {
        let mut room = room.clone();
        let answer = Answer::Text(String::new());
        let refusal = room.give(Input::Answer {
            answer,
            approvals: approvals.clone(),
        });
        assert!(
            matches!(refusal, Err(StepError::Rule(_))),
            "{why}: {refusal:?}"
        );
        assert_eq!(room.ceremony.clock_offset(), None, "{why}");
    }
    let mut room = room;
    let answer = Answer::Text(String::new());
    let approvals = by_codes(["holder-1", "witness-2"]);
    room.give(Input::Answer { answer, approvals }).unwrap();
    assert_eq!(room.ceremony.clock_offset(), Some(0));
}

#[test]
fn a_record_with_a_forged_approval_is_refused() {
    let script = script();
    let record = Room::closed(script.clone(), Mode::Production).transcript;
    let mut seen = 0;
    let mut ceremony = Ceremony::new(script);
    for entry in record.entries() {
        let event = entry.line.event();
        if let EventKind::Host(HostEvent::ClockAttested { approvals, .. }) = &event.kind {
            seen += 1;
            assert!(approvals.iter().all(|by| by.strength == Strength::Code));
            for (why, forged) in not_two_people() {
                let mut event = event.clone();
                event.people = forged.iter().map(|by| by.person.clone()).collect();
                if let EventKind::Host(HostEvent::ClockAttested { approvals, .. }) = &mut event.kind
                {
                    *approvals = forged;
                }
                assert!(ceremony.clone().apply(&event).is_err(), "{why}");
            }
            // Nor may the line name others than those who approve.
            let mut event = event.clone();
            event.people = ids(["witness-1", "holder-1"]);
            assert!(ceremony.clone().apply(&event).is_err());
        }
        ceremony = ceremony.apply(&event).unwrap();
    }
    assert_eq!(seen, 1);
}

#[test]
fn findings_are_acknowledged_by_two_people_and_nobody_else() {
    let mut room = assembled();
    room.advance_until(|ceremony| matches!(ceremony.next(), Next::Do(Effect::InspectHost)));
    let found = vec![conclave::record::Finding::new("host.swap", "there is swap")];
    room.give(Input::Outcome(Outcome::HostInspected(found)))
        .unwrap();
    for (why, approvals) in not_two_people() {
        let answer = Answer::Enter;
        let refusal = room.give(Input::Answer { answer, approvals });
        assert!(refusal.is_err(), "{why}");
    }
    assert!(room.advance());
    let step = room.ceremony.current_step().unwrap();
    assert_eq!(step.id.as_str(), "read-script");
}

#[test]
fn nothing_is_amended_but_by_two_people() {
    let room = assembled();
    for (why, approvals) in not_two_people() {
        let mut room = room.clone();
        let request = request(RequestKind::AmendName, &["holder-1", "Ada Lovelace"]);
        let refusal = room.give(Input::Request { request, approvals });
        assert!(refusal.is_err(), "{why}");
        assert_eq!(room.ceremony.name(&id("holder-1")), "Key holder 1", "{why}");
    }
}

#[test]
fn an_absent_person_approves_nothing() {
    let mut room = assembled();
    ask(&mut room, RequestKind::Leave, &["holder-1", "a train"]).unwrap();
    assert!(!room.ceremony.approvers().contains(&id("holder-1")));
    let request = request(RequestKind::AmendName, &["holder-2", "Ada"]);
    let approvals = by_codes(["witness-1", "holder-1"]);
    let refusal = room.give(Input::Request { request, approvals });
    assert!(refusal.is_err(), "{refusal:?}");

    // Who comes back has to choose a code before it counts again.
    let back = ["holder-1", "passport", "witness-2"];
    ask(&mut room, RequestKind::Arrive, &back).unwrap();
    assert!(!room.ceremony.approvers().contains(&id("holder-1")));
    assert!(room.advance());
    assert!(room.ceremony.approvers().contains(&id("holder-1")));
}

#[test]
fn a_process_that_takes_over_knows_no_code_any_more() {
    let mut room = assembled();
    room.resume(0);
    assert!(room.ceremony.approvers().is_empty());
    assert!(room.ceremony.offers().is_empty());
    let people = ids(["witness-1", "witness-2"]);
    for person in &people {
        assert!(!room.ceremony.has_code(person));
    }
    let event = Event {
        step: None,
        people,
        kind: EventKind::Progress(ProgressEvent::Amended {
            amendment: Amendment::Name {
                person: id("holder-1"),
                from: "Key holder 1".to_owned(),
                to: "Ada".to_owned(),
            },
            approvals: by_codes(["witness-1", "witness-2"]),
        }),
    };
    assert!(room.ceremony.clone().apply(&event).is_err());
}

#[test]
fn a_code_in_an_exception_is_one_that_was_chosen() {
    let mut room = Room::open(script(), Mode::Production);
    let report = conclave::ceremony::ExceptionReport {
        expected: "silence".to_owned(),
        happened: "noise".to_owned(),
        decided: "to wait".to_owned(),
    };
    let mut give = |approvals| {
        let report = report.clone();
        room.give(Input::Exception {
            report,
            waives: None,
            approvals,
        })
    };
    // Before attendance there are no codes: what the operator types is told for what it is.
    assert!(give(by_codes(["witness-1", "witness-2"])).is_err());
    give(on_paper(["witness-1", "witness-2"])).unwrap();
    let last = room.transcript.entries().last().unwrap().line.event();
    let told = last.narrate(room.ceremony.script(), room.ceremony.display_names());
    assert!(told.contains("on paper only"), "{told}");
}

#[test]
fn only_a_few_things_are_amended_and_the_script_stays() {
    let mut room = assembled_for(with_substitute());
    let script = room.ceremony.script().sha256();
    let note = room
        .ceremony
        .script()
        .steps()
        .iter()
        .find(|step| step.act.name() == "note")
        .map(|step| step.id.to_string())
        .unwrap();
    ask(&mut room, RequestKind::AmendName, &["holder-2", "Ada"]).unwrap();
    ask(
        &mut room,
        RequestKind::AmendNote,
        &[&note, "Lock the door."],
    )
    .unwrap();
    ask(&mut room, RequestKind::AmendMinutes, &["sign-root", "25"]).unwrap();
    ask(&mut room, RequestKind::AmendBag, &["key-1", "B7"]).unwrap();
    let ceremony = &room.ceremony;
    assert_eq!(ceremony.name(&id("holder-2")), "Ada");
    assert_eq!(
        ceremony.note(&note.parse().unwrap()),
        Some("Lock the door.")
    );
    assert_eq!(ceremony.minutes(&"sign-root".parse().unwrap()), Some(25));
    assert_eq!(ceremony.bag(&"key-1".parse().unwrap()), Some("B7"));
    assert_eq!(ceremony.amendments().len(), 4);
    let step = ceremony
        .script()
        .step(&"sign-root".parse().unwrap())
        .unwrap();
    assert_eq!(
        ceremony.amended(step),
        ["Amended: the minutes of sign-root, now \"25\"; the script says \"10\"."]
    );
    assert_eq!(ceremony.script().sha256(), script);
    room.advance_until(|ceremony| asks_for(ceremony, "witness-1") && ceremony.findings().is_some());
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the note asks");
    };
    assert_eq!(prompt.lines, ["Lock the door."]);
    while room.advance() {}
    let agreed = Ending::Closed(Verdict::Agree);
    assert_eq!(room.ceremony.ending(), Some(&agreed));
}

#[test]
fn an_amendment_that_is_none_is_refused_with_the_way_out() {
    let mut room = assembled_for(with_substitute());
    for (kind, values) in [
        (RequestKind::AmendName, ["holder-2", "Key holder 2"]),
        (RequestKind::AmendName, ["holder-2", "witness 1"]),
        (RequestKind::AmendName, ["holder-2", "A\u{202e}da"]),
        (RequestKind::AmendMinutes, ["sign-root", "0"]),
        (RequestKind::AmendMinutes, ["sign-root", "1441"]),
    ] {
        let error = ask(&mut room, kind, &values).unwrap_err();
        assert!(
            matches!(error, StepError::NotAmended(_)),
            "{values:?}: {error}"
        );
        assert!(
            error.hint().contains("write a new script"),
            "{}",
            error.hint()
        );
    }
    for (kind, values) in [
        (RequestKind::AmendName, vec!["stranger", "Ada"]),
        (RequestKind::AmendName, vec!["holder-2"]),
        (RequestKind::AmendMinutes, vec!["sign-root", "many"]),
        (RequestKind::AmendNote, vec!["sign-root", "text"]),
        (RequestKind::AmendBag, vec!["key-9", "B7"]),
        (RequestKind::Leave, vec!["administrator", "tired"]),
        (
            RequestKind::Arrive,
            vec!["holder-1", "passport", "witness-1"],
        ),
        (RequestKind::AmendSubstitute, vec!["holder-1"]),
    ] {
        assert!(ask(&mut room, kind, &values).is_err(), "{values:?}");
    }
    assert!(room.ceremony.amendments().is_empty());
}

#[test]
fn what_an_amendment_changes_is_what_held() {
    let room = assembled();
    let amended = |amendment| Event {
        step: None,
        people: ids(["witness-1", "witness-2"]),
        kind: EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals: by_codes(["witness-1", "witness-2"]),
        }),
    };
    let name = |from: &str| Amendment::Name {
        person: id("holder-1"),
        from: from.to_owned(),
        to: "Ada".to_owned(),
    };
    assert!(
        room.ceremony
            .clone()
            .apply(&amended(name("Key holder 1")))
            .is_ok()
    );
    assert!(
        room.ceremony
            .clone()
            .apply(&amended(name("Key holder 2")))
            .is_err()
    );
    let stranger = Amendment::Substitute {
        person: id("holder-1"),
        from: "Key holder 1".to_owned(),
        to: "Mallory".to_owned(),
    };
    assert!(room.ceremony.clone().apply(&amended(stranger)).is_err());
}

#[test]
fn each_document_is_checked_by_somebody_else_who_is_here() {
    let room = Room::closed(script(), Mode::Production);
    let checks: Vec<(String, String)> = room
        .ceremony
        .attendance()
        .iter()
        .map(|(person, here)| {
            let checker = here.checked_by.as_ref().unwrap();
            (person.to_string(), checker.to_string())
        })
        .collect();
    assert_eq!(checks.len(), 5);
    for (person, checker) in &checks {
        let expected = if person == "witness-1" {
            "witness-2"
        } else {
            "witness-1"
        };
        assert_eq!(checker, expected, "{person}");
    }
    let room = Room::open(script(), Mode::Production);
    for checked_by in [None, Some(id("administrator")), Some(id("stranger"))] {
        let event = Event {
            step: None,
            people: ids(["administrator"]),
            kind: EventKind::Participants(ParticipantEvent::Attended {
                document: "passport".to_owned(),
                checked_by,
            }),
        };
        assert!(room.ceremony.clone().apply(&event).is_err());
    }
}

#[test]
fn a_key_holder_comes_late_and_is_asked_for_when_needed() {
    let mut room = Room::open(script(), Mode::Production);
    room.advance_until(|ceremony| asks_for(ceremony, "holder-2"));
    room.answer(choice(5)).unwrap();
    assert!(room.ceremony.is_away(&id("holder-2")));
    room.advance_until(|ceremony| asks_for(ceremony, "holder-2"));
    let step = room.ceremony.current_step().unwrap().id.clone();
    assert_eq!(step.as_str(), "identify-token:key-2");
    room.answer(choice(1)).unwrap();
    let here = &room.ceremony.attendance()[&id("holder-2")];
    assert_eq!(here.document, "passport");
    assert_eq!(here.checked_by, Some(id("witness-1")));
    assert_eq!(
        room.effect(),
        Effect::ChooseCode {
            person: id("holder-2")
        }
    );
    while room.advance() {}
    let agreed = Ending::Closed(Verdict::Agree);
    assert_eq!(room.ceremony.ending(), Some(&agreed));
}

#[test]
fn neither_the_administrator_nor_a_witness_comes_late() {
    let room = Room::open(script(), Mode::Production);
    for person in ["administrator", "witness-1", "witness-2"] {
        let event = Event {
            step: None,
            people: ids([person]),
            kind: EventKind::Participants(ParticipantEvent::Awaited),
        };
        assert!(room.ceremony.clone().apply(&event).is_err(), "{person}");
    }
}

#[test]
fn a_substitute_is_one_whom_the_script_lists() {
    let mut room = Room::open(with_substitute(), Mode::Production);
    room.advance_until(|ceremony| asks_for(ceremony, "holder-1"));
    let instead = |name: &str| Event {
        step: None,
        people: ids(["holder-1"]),
        kind: EventKind::Participants(ParticipantEvent::Substituted {
            name: name.to_owned(),
        }),
    };
    assert!(room.ceremony.clone().apply(&instead("Mallory")).is_err());
    room.answer(choice(6)).unwrap();
    assert_eq!(room.ceremony.name(&id("holder-1")), "Grace Hopper");
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the attendance of the substitute is asked for");
    };
    assert_eq!(prompt.who[0], id("holder-1"));
    room.advance();
    let last = room.transcript.entries().last().unwrap().line.event();
    let told = last.narrate(room.ceremony.script(), room.ceremony.display_names());
    assert!(
        told.starts_with("Grace Hopper is present. Identification: "),
        "{told}"
    );
    // Once somebody is here, nobody takes the place unseen.
    assert!(
        room.ceremony
            .clone()
            .apply(&instead("Key holder 1"))
            .is_err()
    );
}

#[test]
fn after_attendance_a_substitute_is_an_amendment() {
    let mut room = assembled_for(with_substitute());
    ask(&mut room, RequestKind::Leave, &["holder-1", "a train"]).unwrap();
    let alone = Event {
        step: None,
        people: ids(["holder-1"]),
        kind: EventKind::Participants(ParticipantEvent::Substituted {
            name: "Grace Hopper".to_owned(),
        }),
    };
    assert!(room.ceremony.clone().apply(&alone).is_err());
    ask(&mut room, RequestKind::AmendSubstitute, &["holder-1"]).unwrap();
    assert_eq!(room.ceremony.name(&id("holder-1")), "Grace Hopper");
    room.advance_until(|ceremony| asks_for(ceremony, "holder-1"));
    while room.advance() {}
    assert!(room.ceremony.ending().is_some());
}

#[test]
fn enough_people_stay_to_approve() {
    let mut room = assembled();
    ask(&mut room, RequestKind::Leave, &["holder-1", "a train"]).unwrap();
    ask(&mut room, RequestKind::Leave, &["holder-2", "a train"]).unwrap();
    let refusal = ask(&mut room, RequestKind::Leave, &["witness-1", "a train"]);
    assert!(refusal.is_err(), "{refusal:?}");
}

#[test]
fn who_does_not_sign_off_is_a_reservation() {
    let mut room = assembled();
    let at_end = |ceremony: &Ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "sign-off")
    };
    room.advance_until(at_end);
    ask(&mut room, RequestKind::Leave, &["holder-1", "a train"]).unwrap();
    while room.advance() {}
    let reserved = Ending::Closed(Verdict::WithReservation);
    assert_eq!(room.ceremony.ending(), Some(&reserved));
    assert!(!room.ceremony.sign_offs().contains_key(&id("holder-1")));
}

/// A script for one person, who is everybody.
fn solo() -> Arc<Script> {
    let text = genesis(&[KeyType::Ed25519; 2], 1).text().replace(
        "repository = \"example.com/updates\"",
        "repository = \"example.com/updates\"\nassurance = \"solo\"",
    );
    parse(&text)
}

#[test]
fn a_script_for_one_person_says_so_in_the_record() {
    let mut room = Room::open(solo(), Mode::Production);
    let mut approved = 0;
    while room.advance() {
        let last = room.transcript.entries().last().unwrap().line.event();
        assert_ne!(
            last.kind,
            EventKind::Participants(ParticipantEvent::CodeChosen)
        );
        if let EventKind::Host(HostEvent::ClockAttested { approvals, .. }) = &last.kind {
            assert_eq!(approvals.len(), 1);
            assert_eq!(approvals[0].strength, Strength::Solo);
            let told = last.narrate(room.ceremony.script(), room.ceremony.display_names());
            assert!(told.contains("solo, unwitnessed"), "{told}");
            approved += 1;
        }
    }
    assert_eq!(approved, 1);
    assert!(room.ceremony.script().is_solo());
}

/// How a production opens for which no rehearsal was shown.
fn unrehearsed() -> Room {
    let mut room = Room::new(script());
    let mut opening = crate::support::ceremony_driver::opening(Mode::Production);
    opening.rehearsal = None;
    room.give(Input::Open(opening)).unwrap();
    room
}

fn report() -> conclave::ceremony::ExceptionReport {
    conclave::ceremony::ExceptionReport {
        expected: "this".to_owned(),
        happened: "that".to_owned(),
        decided: "to go on".to_owned(),
    }
}

fn excuse(room: &mut Room, check: Check, approvals: Vec<Approval>) -> Result<(), StepError> {
    room.give(Input::Exception {
        report: report(),
        waives: Some(check),
        approvals,
    })
}

fn is_at(ceremony: &Ceremony, step: &str) -> bool {
    let current = ceremony.current_step();
    current.is_some_and(|current| current.id.as_str() == step)
}

#[test]
fn a_production_without_a_rehearsal_goes_no_further_than_two_people_let_it() {
    let mut room = unrehearsed();
    room.advance_until(|ceremony| is_at(ceremony, "attest-clock"));
    assert_eq!(room.ceremony.waivable(), [Check::RehearsalShown]);
    let decided = Answer::Text("the auditor is here today only".to_owned());
    for (why, approvals) in not_two_people() {
        let answer = decided.clone();
        let refusal = room.give(Input::Answer { answer, approvals });
        assert!(refusal.is_err(), "{why}");
    }
    let clock = Event {
        step: Some("attest-clock".parse().unwrap()),
        people: ids(["witness-1", "witness-2"]),
        kind: EventKind::Host(HostEvent::ClockAttested {
            machine: "2026-12-01T09:00:00Z".parse().unwrap(),
            attested: "2026-12-01T09:00:00Z".parse().unwrap(),
            offset: 0,
            approvals: by_codes(["witness-1", "witness-2"]),
        }),
    };
    let refusal = room.ceremony.clone().apply(&clock).unwrap_err();
    assert!(
        matches!(&refusal, ReplayError::Check { check, .. } if *check == Check::RehearsalShown),
        "{refusal}"
    );
    room.answer(decided).unwrap();
    assert_eq!(room.ceremony.waived(), [Check::RehearsalShown]);
    assert_eq!(room.ceremony.exceptions().len(), 1);
    room.ceremony.clone().apply(&clock).unwrap();
    // Whoever takes over is not asked again.
    room.resume(0);
    while room.advance() {}
    assert_eq!(room.ceremony.exceptions().len(), 1);
    assert!(room.ceremony.ending().is_some());
}

#[test]
fn a_key_of_the_rehearsal_comes_into_no_production() {
    let played = Room::closed(script(), Mode::Rehearsal);
    let keys = played
        .ceremony
        .key_states()
        .map(|(_, state)| state.generated().unwrap().public_key.fingerprint())
        .collect();
    let mut opening = crate::support::ceremony_driver::opening(Mode::Production);
    opening.rehearsal = Some(played.transcript.head());
    opening.rehearsal_keys = keys;
    let mut room = Room::new(script());
    room.give(Input::Open(opening)).unwrap();
    // The tokens of this driver make the same keys each time.
    room.advance_until(|ceremony| ceremony.failure().is_some());
    let failure = room.ceremony.failure().unwrap();
    assert!(
        failure.what.contains("generated in the rehearsal"),
        "{failure:?}"
    );
    let first = "key-1".parse().unwrap();
    assert!(room.ceremony.key(&first).unwrap().generated().is_none());
}

#[test]
fn a_key_of_a_rehearsal_says_so_in_its_token() {
    for (mode, expected) in [
        (Mode::Rehearsal, "REHEARSAL example.com/updates key-1"),
        (Mode::Production, "example.com/updates key-1"),
    ] {
        let mut room = Room::open(script(), mode);
        let is_effect =
            |ceremony: &Ceremony| matches!(ceremony.next(), Next::Do(Effect::GenerateKey(_)));
        room.advance_until(is_effect);
        let Effect::GenerateKey(new) = room.effect() else {
            panic!("a key is generated");
        };
        assert_eq!(new.label, expected);
    }
}

#[test]
fn a_final_check_is_never_waived() {
    let mut room = assembled();
    loop {
        for check in Check::ALL {
            if check.is_waivable() && room.ceremony.waivable().contains(check) {
                continue;
            }
            let approvals = by_codes(["witness-1", "witness-2"]);
            let refusal = excuse(&mut room.clone(), *check, approvals);
            assert!(refusal.is_err(), "{check}");
        }
        if !room.advance() {
            break;
        }
    }
    let finals = Check::ALL.iter().filter(|check| !check.is_waivable());
    assert_eq!(finals.count(), 29);
}

#[test]
fn an_excusable_check_is_waived_where_it_stands_by_two_people_alone() {
    for (step, check) in [
        ("inspect-host", Check::HostFindings),
        ("note-1", Check::NoteInitials),
        ("verify-token:key-2", Check::TokenVerified),
    ] {
        let mut room = assembled();
        room.advance_until(|ceremony| is_at(ceremony, step));
        if check == Check::HostFindings {
            let found = vec![conclave::record::Finding::new("host.swap", "there is swap")];
            room.give(Input::Outcome(Outcome::HostInspected(found)))
                .unwrap();
        }
        assert_eq!(room.ceremony.waivable(), [check]);
        for (why, approvals) in not_two_people() {
            assert!(
                excuse(&mut room, check, approvals).is_err(),
                "{check}: {why}"
            );
        }
        excuse(&mut room, check, by_codes(["witness-2", "holder-1"])).unwrap();
        assert!(!is_at(&room.ceremony, step), "{check}");
        while room.advance() {}
        let agreed = Ending::Closed(Verdict::Agree);
        assert_eq!(room.ceremony.ending(), Some(&agreed));
        assert_eq!(room.ceremony.waived(), [check]);
    }
}

#[test]
fn a_sheet_that_only_notes_lets_nothing_pass() {
    let mut room = assembled();
    room.advance_until(|ceremony| is_at(ceremony, "verify-token:key-1"));
    room.give(Input::Exception {
        report: report(),
        waives: None,
        approvals: by_codes(["witness-1", "witness-2"]),
    })
    .unwrap();
    assert!(is_at(&room.ceremony, "verify-token:key-1"));
    assert!(room.ceremony.waived().is_empty());
}

#[test]
fn the_specification_names_every_check() {
    let specification = include_str!("../../docs/formats/transcript.md");
    for check in Check::ALL {
        let finality = match check.finality() {
            Finality::Final => "final",
            Finality::Waivable => "waivable",
        };
        let row = format!("| `{check}` | {finality} | {} |", check.meaning());
        assert!(specification.contains(&row), "no row: {row}");
    }
}

/// Whatever two people decide in the course of a bad day, nobody decides alone: each such event, with approvals that
/// are not those of two people, is refused where it stands.
#[test]
fn nothing_that_two_people_decide_is_decided_otherwise() {
    let moments = mishaps(&[]);
    let mut decided = std::collections::BTreeSet::new();
    for pair in moments.windows(2) {
        let event = pair[1].transcript.entries().last().unwrap().line.event();
        let fact = serde_json::to_value(&event.kind).unwrap();
        let given = fact["data"]["approvals"].as_array();
        if given.is_none_or(Vec::is_empty) {
            continue;
        }
        pair[0].ceremony.clone().apply(&event).unwrap();
        decided.insert(event.kind.name());
        for (why, approvals) in not_two_people() {
            let mut forged = fact.clone();
            forged["data"]["approvals"] = serde_json::to_value(&approvals).unwrap();
            let people = approvals.iter().map(|approval| approval.person.clone());
            let forged = Event {
                step: event.step.clone(),
                people: people.collect(),
                kind: serde_json::from_value(forged).unwrap(),
            };
            let refused = pair[0].ceremony.clone().apply(&forged);
            assert!(refused.is_err(), "{} by {why}", event.kind.name());
        }
    }
    let all = [
        "amended",
        "clock-attested",
        "envelope-sealed",
        "exception-recorded",
        "findings-acknowledged",
        "key-orphaned",
        "key-skipped",
        "pause-begun",
        "regeneration-decided",
        "sealed",
        "spare-taken",
    ];
    assert!(decided.iter().eq(all.iter()), "{decided:?}");
}
