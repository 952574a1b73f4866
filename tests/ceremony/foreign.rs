//! Roots that other tools made are changed as well: what is not changed stays as it was received.

use std::fs;
use std::path::Path;

use conclave::ceremony::Mode;
use conclave::metadata::{RoleKind, verify_chain};
use conclave::script::{ChangeTemplate, KeyDisposition, OnlineFiles};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::ceremony_driver::Room;
use crate::support::changes::script;

const CHAINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chains/real");

/// The newest root of a chain that is there from its anchor on.
fn newest(directory: &Path) -> Option<Vec<u8>> {
    let mut files: Vec<(u64, Vec<u8>)> = fs::read_dir(directory)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_str()?;
            let version = name.strip_suffix(".root.json")?.parse().ok()?;
            Some((version, fs::read(&path).unwrap()))
        })
        .collect();
    files.sort();
    let newest = files.last()?.1.clone();
    let named = files.into_iter().map(|(n, bytes)| (n.to_string(), bytes));
    let report = verify_chain(named, Timestamp::UNIX_EPOCH);
    report.trusted().map(|_| newest)
}

fn renewal(root: &[u8]) -> Option<ChangeTemplate> {
    let file = vec![("previous/root.json".to_owned(), root.to_vec())];
    let report = verify_chain(file.clone().into_iter(), Timestamp::UNIX_EPOCH);
    let trusted = report.trusted()?;
    let ids = trusted.role(RoleKind::Root).key_ids();
    Some(ChangeTemplate {
        template: "renewal".to_owned(),
        title: None,
        repository: "example.com/updates".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2027-12-01T00:00:00Z".parse().unwrap(),
        chain: file,
        transcript_digest: None,
        register: None,
        custody: None,
        threshold: None,
        keys: ids
            .iter()
            .map(|id| (id.clone(), KeyDisposition::Keep))
            .collect(),
        added: 0,
        key_type: conclave::metadata::KeyType::default(),
        profile: "softhsm2".to_owned(),
        online: OnlineFiles::new(),
    })
}

#[test]
fn a_renewal_of_a_root_of_another_tool_changes_version_and_expiry_alone() {
    let (mut renewed, mut refused) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(CHAINS).unwrap() {
        let directory = entry.unwrap().path();
        let name = directory
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        // Notary's format is not for this destination.
        if name.starts_with("notary") {
            refused.push(name);
            continue;
        }
        let Some(root) = directory.is_dir().then(|| newest(&directory)).flatten() else {
            continue;
        };
        let Some(template) = renewal(&root) else {
            refused.push(format!("{name}: not an anchor by itself"));
            continue;
        };
        let script = match script(&template) {
            Ok(script) => script,
            Err(faults) => {
                let checks: Vec<&str> = faults.iter().map(|fault| fault.check).collect();
                // The tokens of some old keys are of kinds with which no token signs here.
                assert!(
                    checks.iter().all(|check| *check == "script.key-type"),
                    "{name}: {faults}"
                );
                let said = faults.to_string();
                let why = "cannot sign with this key";
                let hints = faults.iter().all(|fault| fault.hint.contains("absent"));
                assert!(said.contains(why) && hints, "{name}: {said}");
                refused.push(format!("{name}: key type"));
                continue;
            }
        };
        let mut table = Room::open(script, Mode::Production);
        table.advance_until(|ceremony| ceremony.frozen().is_some());
        let mut after = Value::Object(table.ceremony.frozen().unwrap().document().tree().clone());
        let file: Value = serde_json::from_slice(&root).unwrap();
        let before = &file["signed"];
        assert_eq!(
            after["version"],
            json!(before["version"].as_u64().unwrap() + 1)
        );
        assert_eq!(after["expires"], "2027-12-01T00:00:00Z");
        after["version"] = before["version"].clone();
        after["expires"] = before["expires"].clone();
        assert_eq!(&after, before, "{name}");
        renewed.push(name);
    }
    let by_type = refused.iter().filter(|why| why.ends_with("key type"));
    assert!(by_type.count() >= 1, "{refused:?}");
    assert!(
        renewed.len() >= 20,
        "renewed {renewed:?}; refused {refused:?}"
    );
}
