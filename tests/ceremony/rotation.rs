//! What a change of a root does.

use std::sync::Arc;

use conclave::ceremony::{
    Answer, Ceremony, EventKind, Input, Mode, Next, Outcome, Owed, ReplayError, RootEvent,
    StepError,
};
use conclave::metadata::{Check, KeyId as RootKeyId, RoleKind, SignedRoot, verify_chain};
use conclave::script::{ChangeTemplate, KeyDisposition, KeyId, Script, embedded};

use crate::support::ceremony_driver::Room;
use crate::support::changes::{World, script};

/// One key of five is replaced.
fn replacement(world: &World) -> ChangeTemplate {
    let mut change = world.unchanged("rotation");
    change.keys[4].1 = KeyDisposition::Remove;
    change.added = 1;
    change
}

fn is_at(step: &str) -> impl Fn(&Ceremony) -> bool {
    move |ceremony| {
        let current = ceremony.current_step();
        current.is_some_and(|current| current.id.as_str() == step)
    }
}

fn lines(room: &Room) -> Vec<String> {
    match room.ceremony.next() {
        Next::Ask(prompt) => prompt.lines,
        other => panic!("not a question: {other:?}"),
    }
}

#[test]
fn both_roots_count_and_the_removed_key_signs_once_more() {
    let world = World::new(5, 3);
    let mut room = world.open(script(&replacement(&world)).unwrap());
    room.advance_until(is_at("review-root"));
    let review = lines(&room);
    let key = |number: usize| world.ids[number - 1].short();
    assert_eq!(
        review[0],
        "Changes from root 1 to root 2 of example.com/updates, which expires \
         2028-06-01T00:00:00Z (365 days after 2027-06-01T09:00:00Z)."
    );
    assert!(
        review[1].starts_with("- key-5 (Key holder 5)  Ed25519"),
        "{review:#?}"
    );
    let removed = format!(
        ", ID {}  removed; it signs this root for the last time",
        key(5)
    );
    assert!(review[1].ends_with(&removed), "{review:#?}");
    assert!(
        review[2].starts_with("+ key-6 (Key holder 6)  Ed25519, fingerprint ")
            && review[2].ends_with("  provenance: claimed"),
        "{review:#?}"
    );
    assert_eq!(review[3], "= unchanged: key-1, key-2, key-3, key-4");
    assert_eq!(review[4], "= threshold: 3 of 5, unchanged");
    assert_eq!(
        review[5],
        "Signatures needed: root 1: 3 of {key-1, key-2, key-3, key-4, key-5}; root 2: 3 of \
         {key-1, key-2, key-3, key-4, key-6}. Reachable: yes. Keys that may be lost afterwards: 2."
    );
    room.advance_until(is_at("sign-root"));
    assert_eq!(
        lines(&room)[0],
        "Signatures: root 1 keys 0/3 · root 2 keys 0/3."
    );
    room.advance_until(is_at("verify-root"));
    assert_eq!(
        room.ceremony.counters(),
        "root 1 keys 5/3 · root 2 keys 5/3"
    );
    while room.advance() {}
    let signed = room.ceremony.signed().unwrap();
    assert_eq!(signed.signatures().len(), 6);
    let chain = [
        ("1.root.json".to_owned(), world.root.clone()),
        ("2.root.json".to_owned(), signed.to_file_bytes()),
    ];
    let report = verify_chain(chain.into_iter(), "2027-06-02T00:00:00Z".parse().unwrap());
    assert!(report.is_accepted(), "{:?}", report.reasons());
    assert_eq!(report.findings(), []);
}

#[test]
fn a_replay_of_a_rotation_leads_to_the_same_root() {
    let world = World::new(3, 2);
    let mut change = world.unchanged("rotation");
    change.keys[2].1 = KeyDisposition::Remove;
    change.added = 1;
    let mut room = world.open(script(&change).unwrap());
    while room.advance() {}
    let replayed = room.transcript.replay(&room.ceremony.script_arc()).unwrap();
    assert_eq!(
        replayed.signed().map(SignedRoot::to_file_bytes),
        room.ceremony.signed().map(SignedRoot::to_file_bytes)
    );
}

#[test]
fn a_renewal_changes_version_and_expiry_alone() {
    let world = World::new(3, 2);
    let mut room = world.open(script(&world.unchanged("renewal")).unwrap());
    room.advance_until(is_at("review-root"));
    let before: serde_json::Value = serde_json::from_slice(&world.root).unwrap();
    let tree = room.ceremony.frozen().unwrap().document().tree().clone();
    let mut after = serde_json::Value::Object(tree);
    assert_eq!(after["version"], 2);
    assert_eq!(after["expires"], "2028-06-01T00:00:00Z");
    after["version"] = before["signed"]["version"].clone();
    after["expires"] = before["signed"]["expires"].clone();
    assert_eq!(after, before["signed"]);
}

#[test]
fn a_key_with_an_old_id_moves_and_signs_under_both() {
    let world = World::new(3, 2);
    // The same root as an older tool would have written it: its first key has another ID.
    let world = world.with_old_id();
    let mut change = world.unchanged("rotation");
    change.keys[0].1 = KeyDisposition::MoveId;
    let mut room = world.open(script(&change).unwrap());
    room.advance_until(is_at("sign-off"));
    let signed = room.ceremony.signed().unwrap();
    let ids: Vec<&RootKeyId> = signed.signatures().keys().collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(ids.contains(&&world.ids[0]));
    let new = signed.frozen().document().role(RoleKind::Root);
    assert!(!new.key_ids().contains(&world.ids[0]));
    assert_eq!(
        room.ceremony.counters(),
        "root 1 keys 3/2 · root 2 keys 3/2"
    );
    let chain = [
        ("1".to_owned(), world.root.clone()),
        ("2".to_owned(), signed.to_file_bytes()),
    ];
    let report = verify_chain(chain.into_iter(), "2027-06-02T00:00:00Z".parse().unwrap());
    assert!(report.is_accepted(), "{:?}", report.reasons());
}

impl World {
    /// The same root, in which the first key has the ID that securesystemslib once gave: with
    /// `keyid_hash_algorithms`, which the object has as well.
    fn with_old_id(self) -> Self {
        let mut file: serde_json::Value = serde_json::from_slice(&self.root).unwrap();
        let old = self.ids[0].as_str().to_owned();
        let mut object = file["signed"]["keys"][&old].clone();
        object["keyid_hash_algorithms"] = serde_json::json!(["sha256", "sha512"]);
        let new = RootKeyId::of(&object);
        let text = serde_json::to_string(&file["signed"]).unwrap();
        let mut signed: serde_json::Value =
            serde_json::from_str(&text.replace(&old, new.as_str())).unwrap();
        signed["keys"][new.as_str()] = object;
        let message = conclave::metadata::canonical(&signed).unwrap();
        let ids: Vec<RootKeyId> = self
            .ids
            .iter()
            .map(|id| {
                if id.as_str() == old {
                    new.clone()
                } else {
                    id.clone()
                }
            })
            .collect();
        let signatures = self.tokens.values().zip(&ids).map(|(token, id)| {
            serde_json::json!({"keyid": id, "sig": hex::encode(token.sign(&message))})
        });
        file["signatures"] = signatures.collect();
        file["signed"] = signed;
        Self {
            root: serde_json::to_vec(&file).unwrap(),
            ids,
            tokens: self.tokens,
        }
    }
}

#[test]
fn a_token_that_holds_another_key_cannot_sign_for_the_one_of_the_root() {
    let world = World::new(3, 2);
    let mut change = world.unchanged("rotation");
    change.added = 1;
    let mut room = world.open(script(&change).unwrap());
    room.advance_until(is_at("sign-root"));
    room.advance();
    let (first, second) = ("key-1".parse().unwrap(), "key-2".parse().unwrap());
    assert!(room.ceremony.key(&first).unwrap().token().is_some());
    let message = room.ceremony.frozen().unwrap().signed_bytes().to_vec();
    let wrong = room.token(&second).sign(&message);
    room.give(Input::Outcome(Outcome::Signed(wrong))).unwrap();
    let failure = room
        .ceremony
        .failure()
        .expect("it is a failure of the token");
    assert!(failure.what.contains("does not verify"), "{}", failure.what);
    assert!(!room.ceremony.has_signed(&first));
}

#[test]
fn a_site_is_waited_for_and_can_be_forgone_only_when_it_is_not_needed() {
    let world = World::new(3, 2);
    let mut change = world.unchanged("rotation");
    change.keys[2].1 = KeyDisposition::Site("Lisbon".to_owned());
    change.threshold = Some(3);
    let mut room = world.open(script(&change).unwrap());
    room.advance_until(is_at("collect-signatures"));
    room.advance();
    assert_eq!(
        lines(&room)[0],
        "Signatures: root 1 keys 2/2 · root 2 keys 2/3."
    );
    let forgo = || Answer::Choice {
        index: 1,
        remark: "the plane is late".to_owned(),
    };
    assert!(matches!(
        room.answer(forgo()),
        Err(StepError::Rule(ReplayError::Contradiction(why))) if why.contains("not reached")
    ));
    // A signature over something else does not count, and the site is waited for again.
    room.advance();
    let key: KeyId = "key-3".parse().unwrap();
    let other = room.token(&key).sign(b"something else");
    room.give(Input::Outcome(Outcome::Collected {
        signature: other,
        record: None,
    }))
    .unwrap();
    assert!(room.ceremony.failure().is_some());
    assert_eq!(room.ceremony.owed()[&key], Owed::Waited);
    while room.advance() {}
    assert_eq!(
        room.ceremony.counters(),
        "root 1 keys 3/2 · root 2 keys 3/3"
    );
    assert_eq!(room.ceremony.owed()[&key], Owed::Collected);

    // Where two are enough, a reason is.
    change.threshold = None;
    change.added = 1;
    let mut room = world.open(script(&change).unwrap());
    room.advance_until(is_at("collect-signatures"));
    room.advance();
    room.answer(forgo()).unwrap();
    while room.advance() {}
    let facts = room
        .transcript
        .entries()
        .iter()
        .map(|entry| &entry.line.kind);
    let forgone =
        facts.filter(|fact| matches!(fact, EventKind::Root(RootEvent::SignatureSkipped { .. })));
    assert_eq!(forgone.count(), 1);
}

#[test]
fn only_a_root_that_was_carried_in_whole_is_changed() {
    let world = World::new(3, 2);
    let mut change = world.unchanged("renewal");
    change.chain[0].1 = String::from_utf8(world.root.clone())
        .unwrap()
        .replacen("\"threshold\": 2", "\"threshold\": 1", 1)
        .into_bytes();
    let faults = script(&change).unwrap_err();
    let checks: Vec<&str> = faults.iter().map(|fault| fault.check).collect();
    assert!(checks.contains(&"script.previous-root"), "{faults}");
    assert!(
        faults
            .to_string()
            .contains(Check::ChainAnchorThreshold.id())
    );
}

#[test]
fn the_ready_scripts_are_played_with_a_root_of_their_own_only() {
    // The keys of the sample root are gone: nobody can go on from it in production.
    for name in ["rotation", "renewal", "revocation"] {
        let ready = embedded().iter().find(|ready| ready.name == name).unwrap();
        let script = Script::parse(
            name,
            ready.text,
            ready,
            "2026-11-20T12:00:00Z".parse().unwrap(),
        );
        let mut room = Room::open(Arc::new(script.unwrap()), Mode::Production);
        room.advance_until(is_at("compose-root"));
        while room.ceremony.signatures().have == 0 && room.ceremony.failure().is_none() {
            if !is_at("sign-root")(&room.ceremony) {
                room.advance();
                continue;
            }
            room.advance();
            room.give(Input::Outcome(Outcome::Signed(vec![0; 64])))
                .unwrap();
        }
        assert_eq!(room.ceremony.signatures().have, 0);
        room.give(Input::Abort {
            reason: "it is a sample".to_owned(),
        })
        .unwrap();
    }
}
