//! The ready scripts, and what is written from them.

use std::collections::BTreeMap;

use conclave::metadata::KeyType;
use conclave::script::{Act, Kind, PersonRole, PinnedFileSource as _, RoleKind, ScriptTemplate};

use super::{genesis, parse};

fn template(tokens: u8, threshold: u8) -> ScriptTemplate {
    ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "example.org/firmware".to_owned(),
        tokens,
        threshold,
        key_type: KeyType::Ed25519,
        profile: "softhsm2".to_owned(),
        not_before: "2027-03-01T08:00:00Z".parse().unwrap(),
        expires: "2028-03-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    }
}

#[test]
fn the_ready_genesis_says_what_it_says() {
    let script = parse(genesis().text, genesis()).unwrap();
    assert_eq!(script.text(), genesis().text);
    assert_eq!(script.kind(), Kind::Genesis);
    assert_eq!(script.repository(), "example.com/updates");
    assert_eq!(script.not_before().to_string(), "2026-12-01T09:00:00Z");
    assert_eq!(script.root().threshold, 3);
    assert_eq!(script.root().roles.iter().count(), 3);
    assert_eq!(script.keys().len(), 5);
    assert_eq!(script.with_role(PersonRole::KeyHolder).count(), 5);
    assert_eq!(script.pinned_files().count(), 3);
    assert!(script.uses_sample_keys());

    let ids: Vec<&str> = script.steps().iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids[..7],
        [
            "attendance",
            "attest-clock",
            "inspect-host",
            "read-script",
            "note-1",
            "identify-token:key-1",
            "initialize-token:key-1"
        ]
    );
    assert_eq!(ids.last(), Some(&"sign-off"));
    assert_eq!(script.steps().len(), 5 + 5 * 4 + 5 + 5 * 2 + 1);
}

#[test]
fn steps_of_one_key_make_a_block() {
    let script = parse(genesis().text, genesis()).unwrap();
    let blocks = script.blocks();
    assert_eq!(blocks.len(), 5 + 5 + 5 + 5 + 1);
    let third = &blocks[7];
    assert_eq!(third.key, Some("key-3".parse().unwrap()));
    assert_eq!(third.steps, 13..17);
    let covered: Vec<usize> = blocks.into_iter().flat_map(|block| block.steps).collect();
    assert_eq!(covered, (0..script.steps().len()).collect::<Vec<_>>());
}

#[test]
fn steps_are_told_in_the_words_of_the_room() {
    let script = parse(genesis().text, genesis()).unwrap();
    let step = script.step(&"generate-key:key-3".parse().unwrap()).unwrap();
    assert_eq!(step.act.title(&script), "Generate the key of key holder 3");
    let who: Vec<&str> = step
        .act
        .who(&script)
        .iter()
        .map(|p| p.id.as_str())
        .collect();
    assert_eq!(who, ["witness-1", "witness-2", "holder-3"]);
    for step in script.steps() {
        assert!(!step.act.instructions(&script).is_empty(), "{}", step.id);
        assert!(!step.act.who(&script).is_empty(), "{}", step.id);
        assert!(step.act.label().len() <= 17, "{}", step.id);
    }
    assert!(matches!(script.steps()[4].act, Act::Note { .. }));
    assert_eq!(
        script.steps()[4].act.title(&script),
        "Note: Check that phones, watches and cameras …"
    );
}

#[test]
fn only_the_sample_keys_of_the_ready_genesis_are_warned_of() {
    let script = parse(genesis().text, genesis()).unwrap();
    let checks: Vec<&str> = script.warnings().iter().map(|w| w.check).collect();
    assert_eq!(checks, ["script.sample-key"; 3]);
}

#[test]
fn blueprints_of_any_size_are_sound_and_keep_the_comments() {
    for (tokens, threshold) in [(1, 1), (2, 1), (3, 2), (5, 3), (7, 7), (32, 17)] {
        let text = template(tokens, threshold).write().unwrap();
        let script = parse(&text, genesis()).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        assert_eq!(script.keys().len(), usize::from(tokens));
        assert_eq!(script.root().threshold, u32::from(threshold));
        assert_eq!(script.repository(), "example.org/firmware");
        assert!(
            script
                .keys()
                .iter()
                .all(|key| key.key_type == KeyType::Ed25519)
        );
        let comments = |text: &str| -> Vec<String> {
            let comments = text.lines().filter_map(|line| line.split_once('#'));
            comments.map(|(_, comment)| comment.to_owned()).collect()
        };
        assert_eq!(comments(&text), comments(genesis().text));
    }
}

#[test]
fn a_blueprint_of_the_ready_size_differs_in_values_only() {
    let same = ScriptTemplate {
        title: Some("The first root of example.com/updates".to_owned()),
        repository: "example.com/updates".to_owned(),
        key_type: KeyType::EcdsaP256,
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2027-12-01T00:00:00Z".parse().unwrap(),
        online: RoleKind::ALL
            .into_iter()
            .map(|role| {
                let name = format!("online/{role}.pub.pem");
                let bytes = genesis().read(&name).unwrap();
                (role, vec![(name, bytes)])
            })
            .collect(),
        ..template(5, 3)
    };
    assert_eq!(same.write().unwrap(), genesis().text);
}

#[test]
fn impossible_numbers_make_no_script() {
    let says = |tokens, threshold| template(tokens, threshold).write().unwrap_err().to_string();
    assert_eq!(says(0, 0), "a script cannot have 0 tokens; use 1 to 32");
    assert_eq!(says(33, 3), "a script cannot have 33 tokens; use 1 to 32");
    assert_eq!(says(3, 4), "a threshold of 4 is not possible with 3 tokens");
    assert_eq!(says(3, 0), "a threshold of 0 is not possible with 3 tokens");
}

#[test]
fn what_is_sealed_is_set_in_a_step() {
    let sealed = genesis().text.replace(
        "{ type = \"so-pin\", set_by = \"holder-5\", disposition = \"memorized\" }",
        "{ type = \"so-pin\", set_by = \"holder-5\", disposition = \"sealed\", bag = \"B5\" }",
    );
    assert!(parse(&sealed, genesis()).is_ok());
    let as_it_comes = ["initialize-token", "set-pin"].map(|act| {
        let minutes = if act == "set-pin" { 2 } else { 1 };
        format!("[[step]]\nact = \"{act}\"\nkey = \"key-5\"\nminutes = {minutes}\n\n")
    });
    let without = as_it_comes.iter().fold(sealed, |text, step| {
        assert!(text.contains(step), "{step}");
        text.replace(step, "")
    });
    let errors = parse(&without, genesis()).unwrap_err();
    let checks: Vec<&str> = errors.into_iter().map(|error| error.check).collect();
    assert_eq!(checks, ["script.unused"]);
}
