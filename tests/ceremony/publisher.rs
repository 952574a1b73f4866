//! A root for tuf-on-ci: what it wants to read in keys and roles stands there from the first version on, and stays.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use conclave::ceremony::Mode;
use conclave::metadata::{KeyType, RoleKind, RootDocument};
use conclave::script::Script;
use conclave::transfer::Destination;
use serde_json::json;

use crate::support::ceremony_driver::{Room, genesis, parse};
use crate::support::changes::World;

fn for_tuf_on_ci() -> String {
    let text = genesis(&[KeyType::Ed25519; 3], 2).text().to_owned();
    let text = text.replacen("destination = \"plain\"", "destination = \"tuf-on-ci\"", 1);
    let periods = "[root.tuf-on-ci]\n\
                   root = { expiry_days = 365, signing_days = 60 }\n\
                   online = { expiry_days = 7, signing_days = 4 }\n\n[root.roles.timestamp]";
    let text = text.replacen("[root.roles.timestamp]", periods, 1);
    let mut written = String::new();
    let mut timestamp = None;
    for line in text.lines() {
        let line = match line.strip_suffix(" }]") {
            // The same key signs timestamp and snapshot; a person signs targets.
            Some(keys) if line.starts_with("keys = [{ file = ") => {
                let keys = if keys.contains("targets") {
                    format!("{keys}, owner = \"@tara\"")
                } else {
                    let first = timestamp.get_or_insert_with(|| keys.to_owned());
                    format!("{first}, uri = \"awskms:alias/online\"")
                };
                format!("{keys} }}]")
            }
            _ => line.to_owned(),
        };
        written.push_str(&line);
        written.push('\n');
        if let Some(number) = line.strip_prefix("id = \"key-") {
            let number = number.trim_end_matches('"');
            writeln!(written, "owner = \"@holder-{number}\"").unwrap();
        }
    }
    written
}

fn assert_taken(root: &RootDocument) {
    let objections = Destination::TufOnCi.objections(root);
    assert_eq!(objections, Vec::<String>::new());
}

#[test]
fn a_root_for_tuf_on_ci_has_its_fields_from_the_first_version_on() {
    let room = Room::closed(parse(&for_tuf_on_ci()), Mode::Production);
    let signed = room.ceremony.signed().unwrap();
    let document = signed.frozen().document();
    assert_taken(document);
    assert_eq!(document.tree()["x-tuf-on-ci-expiry-period"], 365);
    assert_eq!(
        document.tree()["roles"]["timestamp"]["x-tuf-on-ci-signing-period"],
        4
    );
    let owners: Vec<_> = document
        .keys()
        .values()
        .filter_map(|key| key.key().holder())
        .collect();
    assert_eq!(
        owners.len(),
        5,
        "three root keys, one for both online roles, one of targets"
    );
    for (plan, state) in room.ceremony.key_states() {
        // The ID is over the fields too, and is the same wherever the key is named.
        let key = &state.generated().unwrap().key;
        assert!(document.role(RoleKind::Root).key_ids().contains(key.id()));
        let number = plan.id.as_str().trim_start_matches("key-");
        assert_eq!(
            key.object()["x-tuf-on-ci-keyowner"],
            json!(format!("@holder-{number}"))
        );
    }
}

#[test]
fn a_rotation_keeps_the_fields_and_gives_them_to_what_it_adds() {
    let room = Room::closed(parse(&for_tuf_on_ci()), Mode::Production);
    let world = World::after(&room);
    let mut change = world.unchanged("rotation");
    change.keys[2].1 = conclave::script::KeyDisposition::Remove;
    change.added = 1;
    let text = change.write().unwrap();
    let text = text.replacen("destination = \"plain\"", "destination = \"tuf-on-ci\"", 1);
    let files: BTreeMap<String, Vec<u8>> = change.chain.iter().cloned().collect();
    let at = change.not_before;
    let faults = Script::parse("rotation.toml", &text, &files, at).unwrap_err();
    assert!(
        faults
            .to_string()
            .contains("tuf-on-ci requires an owner for the key \"key-"),
        "{faults}"
    );
    let text = text.replacen(
        "change = \"add\"",
        "change = \"add\"\nowner = \"@newcomer\"",
        1,
    );
    let script = Script::parse("rotation.toml", &text, &files, at).unwrap();
    assert!(
        !script
            .warnings()
            .iter()
            .any(|warning| warning.check == "script.destination")
    );
    let mut room = world.open(Arc::new(script));
    while room.advance() {}
    let signed = room.ceremony.signed().unwrap();
    assert_eq!(signed.frozen().version(), 2);
    assert_taken(signed.frozen().document());
}

/// Adding the fields later is a change of keys: each comes under another ID.
#[test]
fn a_root_of_another_kind_comes_to_tuf_on_ci_by_a_rotation_that_moves_every_id() {
    let world = World::new(3, 2);
    let mut change = world.unchanged("rotation");
    for key in &mut change.keys {
        key.1 = conclave::script::KeyDisposition::MoveId;
    }
    let text = change.write().unwrap();
    let text = text.replacen("destination = \"plain\"", "destination = \"tuf-on-ci\"", 1);
    let mut owned = String::new();
    for line in text.lines() {
        owned.push_str(line);
        owned.push('\n');
        if line.starts_with("change = \"move-id\"") {
            owned.push_str("owner = \"@somebody\"\n");
        }
    }
    let files: BTreeMap<String, Vec<u8>> = change.chain.iter().cloned().collect();
    let script = Script::parse("rotation.toml", &owned, &files, change.not_before).unwrap();
    // What this change does not mend is told: the online keys, and the periods.
    let told = script.warnings();
    assert!(
        told.iter()
            .any(|warning| warning.message.contains("x-tuf-on-ci-online-uri"))
    );
    let mut room = world.open(Arc::new(script));
    while room.advance() {}
    let document = room.ceremony.signed().unwrap().frozen().document().clone();
    for (id, listed) in document.role_keys(RoleKind::Root) {
        assert!(!world.ids.contains(id));
        assert_eq!(listed.key().holder().as_deref(), Some("@somebody"));
    }
}
