//! Media go into bags like tokens, and so do tokens that were given up for a spare.

use std::sync::Arc;

use conclave::audit::documents;
use conclave::ceremony::{
    Answer, Approval, Ask, Ceremony, Check, CustodyEvent, Event, EventKind, ExceptionReport, Input,
    Mode, Next, Request, RequestKind, Whereabouts,
};
use conclave::script::{ItemId, Script};

use crate::support::ceremony_driver::{Room, on_paper, parse, with_bags};

/// A genesis with a break, two media and a spare; the export is sealed at the end.
fn script() -> Arc<Script> {
    let text = with_bags().text().to_owned();
    let media = "[[medium]]\nid = \"stick-a\"\nserial = \"4C530001\"\nholds = \"export\"\n\n\
                 [[medium]]\nid = \"stick-b\"\nholds = \"mirror\"\n\n[[step]]\nact = \"attendance\"";
    let seal = "[[step]]\nact = \"seal\"\nmedium = \"stick-a\"\nplace = \"Safe of the office\"\n\
                receiver = \"witness-2\"\n\n[[step]]\nact = \"sign-off\"";
    let text = text.replacen("[[step]]\nact = \"attendance\"", media, 1);
    parse(&text.replacen("[[step]]\nact = \"sign-off\"", seal, 1))
}

fn room() -> Room {
    Room::open(script(), Mode::Production)
}

fn is_at(step: &str) -> impl Fn(&Ceremony) -> bool {
    move |ceremony| {
        let current = ceremony.current_step();
        current.is_some_and(|current| current.id.as_str() == step)
    }
}

fn item(id: &str) -> ItemId {
    id.parse().unwrap()
}

/// What was sealed, with where it is kept, in its order.
fn sealed(room: &Room) -> Vec<(String, Option<String>)> {
    let entries = room.transcript.entries().iter();
    entries
        .filter_map(|entry| match &entry.line.kind {
            EventKind::Custody(CustodyEvent::Sealed { item, place, .. }) => {
                Some((item.to_string(), place.clone()))
            }
            _ => None,
        })
        .collect()
}

fn asks_for_a_new_bag(ceremony: &Ceremony, thing: &str) -> bool {
    match ceremony.next() {
        Next::Ask(prompt) => {
            matches!(&prompt.ask, Ask::Reading { label, .. } if label == "Number of the new bag")
                && prompt.lines[0].to_lowercase().contains(thing)
        }
        _ => false,
    }
}

#[test]
fn a_pause_bags_the_media_and_each_bag_is_opened_after_it() {
    let mut room = room();
    room.advance_until(Ceremony::is_paused);
    let names: Vec<String> = sealed(&room).into_iter().map(|(item, _)| item).collect();
    assert_eq!(names, ["key-1", "key-2", "stick-a", "stick-b"]);
    while room.advance() {}
    let opened = room.transcript.entries().iter().filter(|entry| {
        matches!(&entry.line.kind, EventKind::Custody(CustodyEvent::BagOpened { item, .. }) if item.as_str().starts_with("stick"))
    });
    assert_eq!(opened.count(), 2);
    let kept = sealed(&room).pop().unwrap();
    assert_eq!(
        kept,
        ("stick-a".to_owned(), Some("Safe of the office".to_owned()))
    );
    assert!(matches!(
        room.ceremony.whereabouts(&item("stick-a")),
        Some(Whereabouts::In(bag)) if bag.receiver.as_str() == "witness-2"
    ));
    assert!(room.transcript.replay(&script()).is_ok());
}

#[test]
fn the_custody_list_and_the_labels_know_the_media() {
    let mut room = room();
    while room.advance() {}
    let documents = documents(&room.ceremony, &room.transcript);
    let text = |name: &str| {
        let (_, bytes) = documents.iter().find(|(path, _)| path == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let list = text("keys/custody.jsonl");
    let line = list.lines().last().unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        line["contents"],
        "the medium stick-a with the export, serial 4C530001"
    );
    assert_eq!(line["token"], serde_json::Value::Null);
    assert_eq!(line["holder"], "Witness 2");
    let cards = text("cards.txt");
    assert!(cards.contains("Bag label: medium stick-a"), "{cards}");
    assert!(cards.contains("4C530001"), "{cards}");
}

#[test]
fn a_token_that_was_given_up_for_a_spare_goes_into_a_bag_as_well() {
    let mut room = room();
    room.advance_until(is_at("generate-key:key-2"));
    let request = Request {
        kind: RequestKind::TakeSpare,
        values: vec!["key-2 spare-1".to_owned(), "it broke".to_owned()],
    };
    let approvals = room.approved_by(&room.ceremony.usual_approvers());
    room.give(Input::Request { request, approvals }).unwrap();
    room.advance_until(Ceremony::is_paused);
    let names: Vec<String> = sealed(&room).into_iter().map(|(item, _)| item).collect();
    assert_eq!(names, ["key-1", "key-2", "spare-1", "stick-a", "stick-b"]);
    while room.advance() {}
    let kept: Vec<String> = sealed(&room)
        .into_iter()
        .filter_map(|(item, place)| place.map(|_| item))
        .collect();
    assert_eq!(kept, ["key-1", "key-2", "spare-1", "stick-a"]);
    let documents = documents(&room.ceremony, &room.transcript);
    let (_, list) = documents
        .iter()
        .find(|(path, _)| path == "keys/custody.jsonl")
        .unwrap();
    let list = String::from_utf8(list.clone()).unwrap();
    assert!(list.contains("(replaced)"), "{list}");
}

#[test]
fn two_people_may_leave_something_without_a_bag_and_nobody_alone() {
    let mut room = room();
    room.advance_until(is_at("seal:stick-a"));
    room.advance_until(|ceremony| asks_for_a_new_bag(ceremony, "stick-a"));
    assert_eq!(room.ceremony.waivable(), [Check::CustodySealed]);
    let report = |approvals: Vec<Approval>| Input::Exception {
        report: ExceptionReport {
            expected: "a bag".to_owned(),
            happened: "no bag is left".to_owned(),
            decided: "it goes into the safe as it is".to_owned(),
        },
        waives: Some(Check::CustodySealed),
        approvals,
    };
    let one = room.approved_by(&["witness-1".parse().unwrap()]);
    let with_administrator =
        room.approved_by(&["witness-1", "administrator"].map(|person| person.parse().unwrap()));
    for approvals in [
        Vec::new(),
        one,
        with_administrator,
        on_paper(["witness-1", "witness-2"]),
    ] {
        let refused = room.give(report(approvals.clone()));
        assert!(refused.is_err(), "{approvals:?}");
    }
    // The operator alone cannot say that it is in a bag either.
    let alone = Event {
        step: Some("seal:stick-a".parse().unwrap()),
        people: vec!["administrator".parse().unwrap()],
        kind: EventKind::Custody(CustodyEvent::NewBagRead {
            item: item("stick-a"),
            bag: "B0000009".to_owned(),
        }),
    };
    assert!(room.ceremony.clone().apply(&alone).is_err());
    let approvals = room.approved_by(&room.ceremony.usual_approvers());
    room.give(report(approvals)).unwrap();
    assert!(is_at("sign-off")(&room.ceremony));
    room.answer(Answer::Choice {
        index: 0,
        remark: String::new(),
    })
    .unwrap();
}
