//! Keys that exist and get shares, without a machine.

use std::sync::Arc;

use conclave::backup::Manifest;
use conclave::ceremony::{Answer, Input, Mode};
use conclave::script::{BackupSource, BackupTemplate, DrillLevel, Keeper, Kind, Script};

use super::backup::RECIPIENTS;
use super::restore::{lost_key, manifest};
use super::{Room, SoftwareToken};

/// Who keeps the new shares: one who has an old one, and somebody new.
pub(crate) fn keepers() -> Vec<Keeper> {
    let one = |name: &str, recipient: &str| Keeper {
        name: name.to_owned(),
        recipient: recipient.to_owned(),
    };
    vec![
        one("Custodian 1", RECIPIENTS[0]),
        one("Ada Lindgren", "passphrase"),
        one("Grace Abara", "paper"),
    ]
}

/// The script that gives the key of a set other shares, or, with the set that did, the one that ends the old set.
pub(crate) fn script(old: &Manifest, superseded_by: Option<&Manifest>) -> Arc<Script> {
    let file = |set: &Manifest| {
        let name = conclave::backup::manifest_file(&set.facts().key, &set.facts().id);
        (format!("restore/{name}"), set.to_file_bytes())
    };
    let template = BackupTemplate {
        repository: old.facts().repository.clone(),
        title: None,
        not_before: "2027-12-01T09:00:00Z".parse().unwrap(),
        source: BackupSource::Shares {
            manifest: file(old),
            set: Box::new(old.clone()),
            superseded_by: superseded_by.map(file),
        },
        threshold: 2,
        keepers: match superseded_by {
            None => keepers(),
            Some(_) => Vec::new(),
        },
    };
    let files = [Some(old), superseded_by].map(|set| set.map(file));
    let files: Vec<(String, Vec<u8>)> = files.into_iter().flatten().collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    super::parse_with(&template.write().unwrap(), &files)
}

fn room_of(script: Arc<Script>, key: SoftwareToken) -> Room {
    let tokens = [(super::restore::RESTORED.to_owned(), key)].into();
    Room::open_with(script, Mode::Production, &tokens)
}

/// A room in which custodians change; it was opened.
pub(crate) fn room() -> Room {
    let key = lost_key();
    room_of(script(&manifest(&key, Mode::Production), None), key)
}

/// A room in which what is left of an old set is destroyed, later.
pub(crate) fn end_room(old: &Manifest, superseded_by: &Manifest) -> Room {
    room_of(script(old, Some(superseded_by)), lost_key())
}

/// A full drill whose script has new shares made if one is lost.
pub(crate) fn drill_room() -> Room {
    let key = lost_key();
    let old = manifest(&key, Mode::Production);
    let (text, name, bytes) = super::restore::text(&old, Kind::Drill, DrillLevel::Full, false);
    let custodian = |n: u8, recipient: &str| {
        let person =
            format!("id = \"custodian-{n}\"\nname = \"Custodian {n}\"\nroles = [\"custodian\"]\n");
        (
            person.clone(),
            format!("{person}recipient = {recipient:?}\n"),
        )
    };
    let mut text = text;
    for (n, recipient) in [(1, RECIPIENTS[0]), (3, "passphrase")] {
        let (before, after) = custodian(n, recipient);
        assert!(text.contains(&before), "{text}");
        text = text.replacen(&before, &after, 1);
    }
    let tables = "[backup]\ngroups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-3\"] }]\n\n[[medium]]\nid = \"shares-medium\"\nholds = \"shares\"\n\n[[medium]]\nid = \"wrapped-key-medium\"\nholds = \"wrapped-key\"\n\n";
    text = text.replacen("[[step]]", &format!("{tables}[[step]]"), 1);
    let step = |act: &str| format!("[[step]]\nact = {act:?}\n\n");
    let destroy = "[[step]]\nact = \"destroy-restored-key\"\n";
    assert!(text.contains(destroy), "{text}");
    text = text.replacen(
        destroy,
        &(step("back-up-key") + &step("verify-backup") + destroy),
        1,
    );
    text = text.replacen(
        "[[step]]\nact = \"sign-off\"",
        &(step("destroy-shares") + "[[step]]\nact = \"sign-off\""),
        1,
    );
    room_of(super::parse_with(&text, &[(&name, &bytes)]), key)
}

/// Two people say that the part of the old set that is asked for was not destroyed.
pub(crate) fn leave_part(room: &mut Room, reason: &str) {
    let approvals = room.approved_by(&["witness-1", "witness-2"].map(|id| id.parse().unwrap()));
    let answer = Answer::Choice {
        index: 1,
        remark: reason.to_owned(),
    };
    room.give(Input::Answer { answer, approvals }).unwrap();
}
