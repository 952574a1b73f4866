//! Keys that were made elsewhere: a ceremony that was broken off leaves them, and another takes them in.

use std::collections::BTreeMap;
use std::sync::Arc;

use conclave::ceremony::{
    Ceremony, Check, Effect, EventKind, Input, KeyEvent, Mode, Next, Outcome, ReplayError,
    RootEvent, StepError,
};
use conclave::metadata::{KeyType, RoleKind};
use conclave::script::{EnrolledKey, KeyDisposition, Script, enroll};
use conclave::transfer::{Enrollment, Occasion};
use conclave::words::Digest;

use crate::support::ceremony_driver::{
    Room, SoftwareToken, far_away, genesis, on_paper, opening, parse_with, said,
};
use crate::support::changes::World;

type Tokens = BTreeMap<String, SoftwareToken>;

fn is_at(step: &str) -> impl Fn(&Ceremony) -> bool {
    move |ceremony| {
        let current = ceremony.current_step();
        current.is_some_and(|current| current.id.as_str() == step)
    }
}

/// A genesis that was broken off after its second key, the files that it left, and its tokens.
fn broken_off(mode: Mode) -> (Vec<EnrolledKey>, Tokens) {
    let mut room = Room::open(genesis(&[KeyType::Ed25519; 3], 2), mode);
    room.advance_until(is_at("generate-key:key-3"));
    room.give(Input::Abort {
        reason: "a name is wrong".to_owned(),
    })
    .unwrap();
    let documents = conclave::audit::documents(&room.ceremony, &room.transcript);
    let files = documents.into_iter().filter_map(|(path, bytes)| {
        let name = path.strip_prefix("keys/")?;
        name.ends_with(".enrollment.json")
            .then(|| file(name, bytes, None))
    });
    (files.collect(), room.tokens().clone())
}

fn file(name: &str, bytes: Vec<u8>, site: Option<&str>) -> EnrolledKey {
    EnrolledKey {
        enrollment: Enrollment::read(&bytes).unwrap(),
        files: vec![(format!("enrollments/{name}"), bytes)],
        site: site.map(str::to_owned),
    }
}

/// The script of a genesis with three keys of its own, which takes these in.
fn taking_in(files: &[EnrolledKey]) -> Arc<Script> {
    let text = genesis(&[KeyType::Ed25519; 3], 2).text().to_owned();
    let text = enroll(&text, files, None).unwrap();
    let carried: Vec<(&str, &[u8])> = files
        .iter()
        .flat_map(|key| &key.files)
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    parse_with(&text, &carried)
}

fn public_keys(room: &Room) -> Vec<Digest> {
    let frozen = room.ceremony.frozen().unwrap();
    let keys = frozen.document().role_keys(RoleKind::Root);
    keys.map(|(_, key)| key.key().public().unwrap().fingerprint())
        .collect()
}

#[test]
fn keys_of_a_broken_off_ceremony_are_adopted_after_a_fresh_proof() {
    let (files, tokens) = broken_off(Mode::Production);
    assert_eq!(files.len(), 2);
    let script = taking_in(&files);
    let mut room = Room::open_with(Arc::clone(&script), Mode::Production, &tokens);
    // The token is found by the key that it must hold, before any PIN.
    room.advance_until(is_at("enroll-key:key-1"));
    let Effect::ProvePossession { occasion, .. } = room.effect() else {
        panic!("{:?}", room.effect());
    };
    assert_eq!(occasion, Occasion::Adoption);
    assert!(!room.ceremony.is_enrolled(&"key-1".parse().unwrap()));
    while room.advance() {}
    let keys = public_keys(&room);
    for file in &files {
        let claims = file.enrollment.claims();
        assert!(keys.contains(&claims.public_key.fingerprint()));
    }
    assert!(room.ceremony.verified().is_some());
    let replayed = room.transcript.replay(&script).unwrap();
    assert_eq!(replayed.verified(), room.ceremony.verified());
    // It leaves files of its own, with the fresh proofs.
    let left = room.ceremony.enrollments();
    assert_eq!(left.len(), 3);
    let (_, first) = &left[0];
    assert_eq!(first.proof().unwrap().script, script.sha256());
    assert_eq!(first.proof().unwrap().occasion, Occasion::Adoption);
}

#[test]
fn a_token_with_another_key_proves_nothing() {
    let (files, mut tokens) = broken_off(Mode::Production);
    let other = tokens["key-2"].clone();
    tokens.insert("key-1".to_owned(), other);
    let mut room = Room::open_with(taking_in(&files), Mode::Production, &tokens);
    room.advance_until(is_at("enroll-key:key-1"));
    let effect = room.effect();
    let outcome = room.perform(&effect);
    room.give(Input::Outcome(outcome)).unwrap();
    let failure = room.ceremony.failure().unwrap();
    assert!(failure.what.contains("does not verify"), "{failure:?}");
    assert!(!room.ceremony.is_enrolled(&"key-1".parse().unwrap()));
}

/// An old proof is none for this ceremony: the answer must be over a message that names its script.
#[test]
fn the_proof_of_the_ceremony_before_is_not_taken_again() {
    let (files, tokens) = broken_off(Mode::Production);
    let mut room = Room::open_with(taking_in(&files), Mode::Production, &tokens);
    room.advance_until(is_at("enroll-key:key-1"));
    let proof = files[0].enrollment.proof().unwrap().clone();
    room.give(Input::Outcome(Outcome::Answered {
        challenge: proof.challenge,
        signature: proof.signature,
    }))
    .unwrap();
    assert!(room.ceremony.failure().is_some());
    assert!(!room.ceremony.is_enrolled(&"key-1".parse().unwrap()));
}

#[test]
fn no_root_is_composed_with_a_key_that_did_not_answer() {
    let (files, tokens) = broken_off(Mode::Production);
    let mut room = Room::open_with(taking_in(&files), Mode::Production, &tokens);
    room.advance_until(is_at("compose-root"));
    let composed = room.ceremony.decide(
        match room.ceremony.next() {
            Next::Ask(prompt) => room.usual(&prompt),
            other => panic!("{other:?}"),
        },
        &room.moment(),
    );
    let event = composed.unwrap().event;
    assert!(matches!(
        event.kind,
        EventKind::Root(RootEvent::RootComposed { .. })
    ));
    let mut early = Room::open_with(taking_in(&files), Mode::Production, &tokens);
    early.advance_until(is_at("enroll-key:key-1"));
    assert!(early.ceremony.clone().apply(&event).is_err());
}

#[test]
fn a_production_takes_no_key_of_a_rehearsal() {
    let (files, _) = broken_off(Mode::Rehearsal);
    assert!(files[0].enrollment.claims().is_rehearsal);
    let script = taking_in(&files);
    let mut room = Room::new(Arc::clone(&script));
    let refused = room.give(Input::Open(opening(Mode::Production)));
    let Err(StepError::Rule(ReplayError::Check { check, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(check, Check::KeyRehearsal);
    // A file that lacks the word is refused as well: the proof was made with it.
    let mut value: serde_json::Value = serde_json::from_slice(&files[0].files[0].1).unwrap();
    value["rehearsal"] = false.into();
    assert!(Enrollment::read(value.to_string().as_bytes()).is_err());
    // By its fingerprint a key is known too, whatever its file says.
    let (real, _) = broken_off(Mode::Production);
    let mut room = Room::new(taking_in(&real));
    let mut known = opening(Mode::Production);
    known.rehearsal_keys = vec![real[0].enrollment.claims().public_key.fingerprint()];
    assert!(room.give(Input::Open(known)).is_err());
}

#[test]
fn a_rehearsal_has_simulated_of_enrolled_keys_and_never_the_keys() {
    let (files, tokens) = broken_off(Mode::Production);
    let script = taking_in(&files);
    let refused = Room::new(Arc::clone(&script)).give(Input::Open(opening(Mode::Rehearsal)));
    assert!(refused.is_err(), "without simulated keys");
    let mut simulated_tokens = Tokens::new();
    let mut with_simulated = opening(Mode::Rehearsal);
    for (name, number) in [("key-1", 71), ("key-2", 72)] {
        let mut token = SoftwareToken::blank(number);
        token.initialize(&format!("conclave-{name}"));
        token.generate(KeyType::Ed25519);
        with_simulated
            .simulated_keys
            .insert(name.parse().unwrap(), token.public_key());
        simulated_tokens.insert(name.to_owned(), token);
    }
    let mut real = opening(Mode::Rehearsal);
    real.simulated_keys
        .clone_from(&with_simulated.simulated_keys);
    let key_1 = tokens["key-1"].public_key();
    real.simulated_keys.insert("key-1".parse().unwrap(), key_1);
    assert!(
        Room::new(Arc::clone(&script))
            .give(Input::Open(real))
            .is_err(),
        "the key itself"
    );
    let mut room = Room::new_with(script, &simulated_tokens);
    room.give(Input::Open(with_simulated)).unwrap();
    while room.advance() {}
    let keys = public_keys(&room);
    for file in &files {
        let claims = file.enrollment.claims();
        assert!(!keys.contains(&claims.public_key.fingerprint()));
    }
    assert!(room.ceremony.verified().is_some());
}

/// A first root with a key whose token stays at its site.
fn with_a_site() -> (Room, EnrolledKey) {
    let (mut files, _) = broken_off(Mode::Production);
    let mut remote = files.remove(0);
    remote.site = Some("Lisbon".to_owned());
    let script = taking_in(std::slice::from_ref(&remote));
    assert_eq!(script.distant_keys().len(), 1);
    // Its token would be here, were it not for the numbers that the driver gives.
    let tokens: Tokens = (1..=3)
        .map(|number| (format!("key-{number}"), SoftwareToken::blank(number + 50)))
        .collect();
    (Room::open_with(script, Mode::Production, &tokens), remote)
}

#[test]
fn two_people_compare_the_fingerprint_of_a_key_at_another_site() {
    let (mut room, remote) = with_a_site();
    room.advance_until(is_at("enroll-key:key-4"));
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("not a question");
    };
    assert!(prompt.approval);
    let fingerprint = remote.enrollment.claims().public_key.fingerprint();
    let words = fingerprint.words();
    let lines = prompt.lines.join("\n");
    for words in words.chunks(8) {
        assert!(lines.contains(&words.join(" ")), "{lines}");
    }
    assert!(lines.contains("site Lisbon"), "{lines}");
    // An operator alone gets nowhere, be it with names that he types for others.
    let alone = room.give(said(prompt.ask.usual_answer()));
    assert!(alone.is_err());
    let on_paper = room.give(Input::Answer {
        answer: prompt.ask.usual_answer(),
        approvals: on_paper(["witness-1", "witness-2"]),
    });
    assert!(on_paper.is_err());
    let one = room.give(Input::Answer {
        answer: prompt.ask.usual_answer(),
        approvals: room.approved_by(&["witness-1".parse().unwrap()]),
    });
    assert!(one.is_err());
    // Another fingerprint than that of the file cannot be confirmed.
    let approved = room.usual(&prompt);
    let mut event = room
        .ceremony
        .decide(approved, &room.moment())
        .unwrap()
        .event;
    let EventKind::Keys(KeyEvent::EnrollmentCompared { fingerprint, .. }) = &mut event.kind else {
        panic!("{event:?}");
    };
    *fingerprint = Digest::of(b"another");
    assert!(room.ceremony.clone().apply(&event).is_err());
    // Nor can a token answer in its place: it is not here.
    event.kind = EventKind::Keys(KeyEvent::PossessionProven {
        key: "key-4".parse().unwrap(),
        occasion: Occasion::Adoption,
        challenge: [0; 32],
        signature: Vec::new().into(),
    });
    assert!(room.ceremony.clone().apply(&event).is_err());
    while room.advance() {}
    let keys = public_keys(&room);
    assert_eq!(keys.len(), 4);
    assert!(keys.contains(&remote.enrollment.claims().public_key.fingerprint()));
    // The key did not sign: a first root goes on no journey.
    assert_eq!(room.ceremony.signed().unwrap().signatures().len(), 3);
    assert!(room.ceremony.verified().is_some());
}

#[test]
fn a_key_of_another_site_comes_in_by_a_rotation_and_signs() {
    let world = World::new(3, 2);
    // It is made with other tokens than those of the root.
    let mut token = SoftwareToken::blank(99);
    token.initialize("far away");
    token.generate(KeyType::Ed25519);
    let remote = far_away(&token);
    let mut change = world.unchanged("rotation");
    change.keys[2].1 = KeyDisposition::Remove;
    let text = enroll(
        &change.write().unwrap(),
        std::slice::from_ref(&remote),
        None,
    )
    .unwrap();
    let mut carried: BTreeMap<String, Vec<u8>> = change.files().collect();
    carried.extend(remote.files.clone());
    let script = Script::parse("rotation.toml", &text, &carried, change.not_before);
    let script = Arc::new(script.unwrap_or_else(|faults| panic!("{faults}")));
    let mut with_site = world.tokens.clone();
    with_site.insert("key-4".to_owned(), token);
    let mut room = Room::open_with(Arc::clone(&script), Mode::Production, &with_site);
    room.advance_until(is_at("review-root"));
    let Next::Ask(review) = room.ceremony.next() else {
        panic!("not a question");
    };
    let came = review.lines.iter().any(|line| line.starts_with("+ key-4"));
    assert!(came, "{:#?}", review.lines);
    while room.advance() {}
    assert_eq!(
        room.ceremony.counters(),
        "root 1 keys 3/2 · root 2 keys 3/2"
    );
    let replayed = room.transcript.replay(&script).unwrap();
    assert_eq!(replayed.verified(), room.ceremony.verified());
}

#[test]
fn a_key_that_the_root_has_is_kept_and_not_enrolled() {
    let world = World::new(3, 2);
    let known = far_away(&world.tokens["key-2"]);
    let change = world.unchanged("rotation");
    let text = enroll(&change.write().unwrap(), std::slice::from_ref(&known), None).unwrap();
    let mut carried: BTreeMap<String, Vec<u8>> = change.files().collect();
    carried.extend(known.files.clone());
    let faults = Script::parse("rotation.toml", &text, &carried, change.not_before).unwrap_err();
    assert!(
        faults.to_string().contains("the root already has this key"),
        "{faults}"
    );
}
