//! A root key is destroyed in its token.

use conclave::ceremony::{
    Answer, Ask, DoomedObject, Effect, EventKind, Failure, FailureKind, Input, KeyEvent, Next,
    Outcome, Request, RequestKind, StepError,
};
use conclave::script::{ChangeTemplate, KeyDisposition, KeyId, ScriptErrors};
use std::sync::Arc;

use crate::support::ceremony_driver::{KEY_FILES, Room, repositories};
use crate::support::changes::{World, edited};

/// Steps before the sign-off that destroy these keys.
fn destroying(
    template: &ChangeTemplate,
    keys: &[&str],
) -> Result<Arc<conclave::script::Script>, ScriptErrors> {
    edited(template, |text| {
        let sign_off = "[[step]]\nact = \"sign-off\"";
        assert!(text.contains(sign_off), "{text}");
        let steps = keys
            .iter()
            .map(|key| format!("[[step]]\nact = \"destroy-token-key\"\nkey = \"{key}\"\n\n"));
        let steps = steps.collect::<Vec<_>>().concat();
        text.replace(sign_off, &format!("{steps}{sign_off}"))
    })
}

fn removing(world: &World) -> ChangeTemplate {
    let mut change = world.unchanged("rotation");
    change.keys[2].1 = KeyDisposition::Remove;
    change.added = 1;
    change
}

fn key() -> KeyId {
    "key-3".parse().unwrap()
}

/// A room whose next question is whether key 3 is destroyed.
pub(crate) fn room() -> Room {
    let world = World::new(3, 2);
    let script = destroying(&removing(&world), &["key-3"]).unwrap();
    let mut room = world.open(script);
    room.advance_until(|ceremony| {
        let step = ceremony.current_step();
        step.is_some_and(|step| step.id.as_str() == "destroy-token-key:key-3")
    });
    room
}

fn confirm(room: &mut Room) {
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("not asked");
    };
    let answer = room.usual(&prompt);
    room.give(answer).unwrap();
}

#[test]
fn a_removed_key_is_destroyed_once_two_people_approve_and_type_the_word() {
    let mut room = room();
    let Next::Ask(prompt) = room.ceremony.next() else {
        panic!("not asked");
    };
    assert!(prompt.approval);
    assert_eq!(
        prompt.ask,
        Ask::Word {
            word: "DESTROY key-3".to_owned()
        }
    );
    let public = room.ceremony.generated(&key()).unwrap().public_key.clone();
    let words = public.fingerprint().words()[..8].join(" ");
    assert!(prompt.lines.contains(&words), "{:#?}", prompt.lines);
    let wrong = Input::Answer {
        answer: Answer::Text("DESTROY key-1".to_owned()),
        approvals: room.approved_by(&prompt.who),
    };
    assert!(matches!(
        room.give(wrong),
        Err(StepError::NotTheWord { .. })
    ));
    let alone = Input::Answer {
        answer: Answer::Text("DESTROY key-3".to_owned()),
        approvals: room.approved_by(&prompt.who[..1]),
    };
    assert!(matches!(room.give(alone), Err(StepError::Rule(_))));
    confirm(&mut room);
    let Effect::DestroyKey {
        object, public_key, ..
    } = room.effect()
    else {
        panic!("{:?}", room.effect());
    };
    assert_eq!((object, public_key), (DoomedObject::Held, public));
    assert!(!room.ceremony.key(&key()).unwrap().destruction().is_done());
    while room.advance() {}
    assert!(room.ceremony.key(&key()).unwrap().destruction().is_done());
    let last = room.transcript.entries().iter().rev().find_map(|entry| {
        let is_it = matches!(
            entry.line.kind,
            EventKind::Keys(KeyEvent::TokenKeyDestroyed { .. })
        );
        let (script, names) = (room.ceremony.script(), room.ceremony.display_names());
        is_it.then(|| entry.line.event().narrate(script, names))
    });
    assert!(last.unwrap().ends_with("Its token no longer holds it."));
    let replayed = room.transcript.replay(&room.ceremony.script_arc());
    assert!(
        replayed
            .unwrap()
            .key(&key())
            .unwrap()
            .destruction()
            .is_done()
    );
}

#[test]
fn after_an_interruption_or_a_failure_the_key_may_be_gone_already() {
    let mut interrupted = room();
    confirm(&mut interrupted);
    interrupted.resume(0);
    interrupted
        .advance_until(|ceremony| matches!(ceremony.next(), Next::Do(Effect::DestroyKey { .. })));
    let mut failed = room();
    confirm(&mut failed);
    failed
        .give(Input::Outcome(Outcome::Failed(Failure {
            kind: FailureKind::Device,
            what: "it was taken out".to_owned(),
            hint: "put it in again".to_owned(),
        })))
        .unwrap();
    confirm(&mut failed);
    for room in [&interrupted, &failed] {
        let Effect::DestroyKey { object, .. } = room.effect() else {
            panic!("{:?}", room.effect());
        };
        assert_eq!(object, DoomedObject::MaybeGone);
    }
    while failed.advance() {}
    assert!(failed.ceremony.key(&key()).unwrap().destruction().is_done());
}

#[test]
fn a_key_that_stays_is_destroyed_only_when_the_root_is_retired() {
    let world = World::new(3, 2);
    let one = destroying(&world.unchanged("renewal"), &["key-1"]).unwrap_err();
    assert!(one.to_string().contains("stays in the root"), "{one}");
    let other = destroying(&removing(&world), &["key-1"]).unwrap_err();
    assert!(other.to_string().contains("stays in the root"), "{other}");
    let all = ["key-1", "key-2", "key-3"];
    let script = destroying(&world.unchanged("renewal"), &all).unwrap();
    let warned = script
        .warnings()
        .iter()
        .find(|warning| warning.check == "script.destroyed-keys");
    assert!(
        warned
            .unwrap()
            .message
            .contains("0 usable root keys are left")
    );
    let removed = destroying(&removing(&world), &["key-3"]).unwrap();
    assert!(
        removed
            .warnings()
            .iter()
            .all(|warning| warning.check != "script.destroyed-keys")
    );
    let mut room = world.open(script);
    while room.advance() {}
    for key in all {
        let key: KeyId = key.parse().unwrap();
        assert!(room.ceremony.key(&key).unwrap().destruction().is_done());
    }
}

#[test]
fn no_key_is_destroyed_before_the_root_is_exported() {
    let world = World::new(3, 2);
    let early = edited(&removing(&world), |text| {
        let export = "[[step]]\nact = \"export\"";
        let step = "[[step]]\nact = \"destroy-token-key\"\nkey = \"key-3\"\n\n";
        text.replace(export, &format!("{step}{export}"))
    });
    let errors = early.unwrap_err().to_string();
    assert!(errors.contains("export"), "{errors}");
}

/// A ceremony in which the first of two files of a key is gone after an interruption, and attested. It is at its end.
pub(crate) fn attested() -> Room {
    let mut room = repositories::with_key_files();
    room.advance_until(|ceremony| {
        matches!(ceremony.next(), Next::Do(Effect::EraseKeyFiles { .. }))
    });
    room.resume(0);
    room.advance_until(|ceremony| matches!(ceremony.next(), Next::Do(Effect::FindKeyFiles { .. })));
    let left = vec![KEY_FILES[1].to_owned()];
    room.give(Input::Outcome(Outcome::KeyFilesFound(left)))
        .unwrap();
    assert_eq!(
        room.ceremony.failure().unwrap().kind,
        FailureKind::KeyFileMissing
    );
    let request = Request {
        kind: RequestKind::AttestKeyFiles,
        values: vec!["key-1".to_owned()],
    };
    let lines = room.ceremony.read_aloud(&request).unwrap();
    assert_eq!(lines[0], KEY_FILES[0]);
    let alone = Input::Request {
        request: request.clone(),
        approvals: Vec::new(),
    };
    assert!(room.give(alone).is_err());
    let approvals = room.approved_by(&room.ceremony.usual_approvers());
    room.give(Input::Request { request, approvals }).unwrap();
    while room.advance() {}
    room
}

#[test]
fn a_key_file_that_is_gone_after_an_interruption_is_attested_and_the_other_erased() {
    let room = attested();
    let key: KeyId = "key-1".parse().unwrap();
    let destruction = room.ceremony.key(&key).unwrap().destruction();
    assert!(destruction.is_done());
    assert_eq!(destruction.erased(), [KEY_FILES[1]]);
    let attested: Vec<_> = destruction.attested().map(|(file, _)| file).collect();
    assert_eq!(attested, [KEY_FILES[0]]);
    let replayed = room.transcript.replay(&room.ceremony.script_arc()).unwrap();
    assert!(replayed.key(&key).unwrap().destruction().is_done());
}

#[test]
fn a_missing_key_file_is_looked_for_again_when_the_room_tries_again() {
    let mut room = repositories::with_key_files();
    room.advance_until(|ceremony| {
        matches!(ceremony.next(), Next::Do(Effect::EraseKeyFiles { .. }))
    });
    room.resume(0);
    room.advance_until(|ceremony| matches!(ceremony.next(), Next::Do(Effect::FindKeyFiles { .. })));
    room.give(Input::Outcome(Outcome::KeyFilesFound(Vec::new())))
        .unwrap();
    room.answer(Answer::Enter).unwrap();
    assert!(matches!(room.effect(), Effect::FindKeyFiles { .. }));
    while room.advance() {}
    let key: KeyId = "key-1".parse().unwrap();
    let destruction = room.ceremony.key(&key).unwrap().destruction();
    assert_eq!(destruction.erased(), KEY_FILES);
    assert_eq!(destruction.attested().count(), 0);
}
