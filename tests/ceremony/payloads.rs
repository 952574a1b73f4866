//! Another payload of the same version was signed before: it stands in the way until two people give it up, and
//! nobody gives up what clients may come to accept.

use conclave::audit::payload_register;
use conclave::ceremony::{EventKind, Input, Next, Request, RequestKind, RootEvent};
use conclave::script::{ChangeTemplate, KeyDisposition};
use conclave::transfer::{Abandoned, PayloadRegister};

use crate::support::ceremony_driver::Room;
use crate::support::changes::{World, script};

/// A renewal that was broken off when one of three keys had signed; two must.
fn broken_off(world: &World, signatures: u64) -> PayloadRegister {
    let mut room = world.open(script(&world.unchanged("renewal")).unwrap());
    room.advance_until(|ceremony| ceremony.signatures().have >= signatures);
    room.give(Input::Abort {
        reason: "the expiry is wrong".to_owned(),
    })
    .unwrap();
    payload_register(&room.ceremony, &room.transcript)
}

/// Another renewal of the same version, which carries that register.
fn another(world: &World, register: &PayloadRegister) -> ChangeTemplate {
    let mut change = world.unchanged("renewal");
    change.expires = "2028-09-01T00:00:00Z".parse().unwrap();
    change.register = Some((
        "previous/payloads.json".to_owned(),
        register.to_file_bytes(),
    ));
    change
}

fn at_review(room: &mut Room) {
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "review-root")
    });
}

/// The usual answer to the review.
fn review(room: &mut Room) -> Result<(), conclave::ceremony::StepError> {
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the root is not asked about");
    };
    let usual = room.usual(&prompt);
    room.give(usual)
}

fn request(room: &Room) -> Option<Request> {
    let offers = room.ceremony.offers();
    let offer = offers
        .iter()
        .find(|offer| offer.kind == RequestKind::AbandonPayload)?;
    let payload = offer.fields[0].choices[0].value.clone();
    Some(offer.with(vec![payload, "it was never sent to anybody".to_owned()]))
}

#[test]
fn two_people_give_up_a_payload_below_its_threshold() {
    let world = World::new(3, 2);
    let register = broken_off(&world, 1);
    let mut room = world.open(script(&another(&world, &register)).unwrap());
    at_review(&mut room);
    let refusal = review(&mut room).unwrap_err().to_string();
    assert!(refusal.contains("below the threshold"), "{refusal}");

    let request = request(&room).unwrap();
    let read = room.ceremony.read_aloud(&request).unwrap();
    assert!(
        read[1].starts_with("Its signatures become void: "),
        "{read:#?}"
    );
    let people = room.ceremony.approvers();
    for too_few in [&people[..0], &people[..1]] {
        let approvals = room.approved_by(too_few);
        let request = request.clone();
        assert!(room.give(Input::Request { request, approvals }).is_err());
    }
    let approvals = room.approved_by(&people[..2]);
    room.give(Input::Request { request, approvals }).unwrap();
    while room.advance() {}

    assert_eq!(room.ceremony.signed().unwrap().frozen().version(), 2);
    let facts = room.transcript.entries().iter();
    let given_up = facts.filter(|entry| {
        matches!(
            entry.line.kind,
            EventKind::Root(RootEvent::PayloadAbandoned { .. })
        )
    });
    assert_eq!(given_up.count(), 1);
    let after = payload_register(&room.ceremony, &room.transcript);
    let after = PayloadRegister::read(&after.to_file_bytes()).unwrap();
    let entries: Vec<_> = after.entries().collect();
    let abandoned = entries.iter().filter(|entry| entry.abandoned.is_some());
    assert_eq!((entries.len(), abandoned.count()), (2, 1));
}

#[test]
fn what_clients_accept_or_may_come_to_accept_is_not_given_up() {
    let world = World::new(3, 2);
    let reached = broken_off(&world, 2);
    // One signature was made, and a site owes the second: it counts as made.
    let mut owing = world.unchanged("renewal");
    for key in &mut owing.keys[1..] {
        key.1 = KeyDisposition::Site("Lisbon".to_owned());
    }
    let mut room = world.open(script(&owing).unwrap());
    room.advance_until(|ceremony| ceremony.signatures().have == 1);
    let owed = payload_register(&room.ceremony, &room.transcript);
    for register in [reached, owed] {
        let mut room = world.open(script(&another(&world, &register)).unwrap());
        at_review(&mut room);
        assert!(review(&mut room).is_err());
        assert_eq!(request(&room), None);
        let entry = register.entries().next().unwrap();
        let request = Request {
            kind: RequestKind::AbandonPayload,
            values: vec![entry.sha256.to_string(), "we want to".to_owned()],
        };
        let approvals = room.approved_by(&room.ceremony.approvers()[..2]);
        assert!(room.give(Input::Request { request, approvals }).is_err());
    }
}

/// A payload was given up, and then signatures turned up that nobody knew of: it is shown until version N+2.
#[test]
fn a_payload_that_lives_although_it_was_given_up_is_shown() {
    let world = World::new(3, 2);
    let mut register = broken_off(&world, 1);
    let entry = register.entries().next().unwrap().clone();
    let abandoned = Abandoned {
        at: "2027-06-02T09:00:00Z".parse().unwrap(),
        reason: "the expiry was wrong".to_owned(),
    };
    register
        .abandon(&entry.repository, entry.version, entry.sha256, abandoned)
        .unwrap();
    // The ceremony for version 2 was closed all the same, by the register of others.
    let mut room = world.open(script(&another(&world, &register)).unwrap());
    while room.advance() {}
    let mut register = payload_register(&room.ceremony, &room.transcript);
    register.merge(broken_off(&world, 2));
    let next = World::after(&room);
    let mut change = next.unchanged("renewal");
    change
        .chain
        .insert(0, ("previous/1.root.json".to_owned(), world.root.clone()));
    change.chain[1].0 = "previous/2.root.json".to_owned();
    change.register = Some((
        "previous/payloads.json".to_owned(),
        register.to_file_bytes(),
    ));
    let mut room = next.open(script(&change).unwrap());
    at_review(&mut room);
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("the root is not asked about");
    };
    let alarm = prompt.lines.iter().find(|line| line.starts_with("ALARM"));
    assert!(
        alarm.is_some_and(|line| line.contains("until they trust version 3")),
        "{:#?}",
        prompt.lines
    );
}
