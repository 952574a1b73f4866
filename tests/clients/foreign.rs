//! Roots as other tools write them are changed by a ceremony with real tokens, and clients that trust the first one alone
//! come to the last.

use std::fs;
use std::path::Path;

use conclave::metadata::KeyId;
use serde_json::Value;

use super::assert_accepted;
use crate::support::client::Client;
use crate::support::repository::{run, script};
use crate::support::site::{Site, SiteKey, json};

const HOLDERS: [&str; 3] = ["holder-0", "holder-1", "holder-2"];

/// A first root in the form of a tool, in the folder `foreign` of the site that has its tokens.
fn begin(site: &Site, keys: &[SiteKey], form: &str) {
    let directory = site.path("foreign");
    let mut arguments = vec![
        script("make_foreign.py").into_os_string(),
        "begin".into(),
        form.into(),
        directory.clone().into_os_string(),
    ];
    for key in keys {
        let name = format!("{}.pem", key.token);
        site.receive(&name, key.key.public().unwrap().to_pem().as_bytes());
        arguments.push(site.path(&name).into_os_string());
    }
    run("python/bin/python", &arguments).unwrap();
    let payload = site.read("foreign/payload");
    let unsigned = json(&site.read("foreign/unsigned.json"));
    for (id, listed) in unsigned["signed"]["keys"].as_object().unwrap() {
        let public = listed["keyval"]["public"].as_str().unwrap();
        let is_its = |key: &&SiteKey| key.key.public().unwrap().to_pem().trim() == public.trim();
        if let Some(key) = keys.iter().find(is_its) {
            let signature = key.sign_by_another_tool(&payload);
            site.receive(&format!("foreign/signatures/{id}"), &signature);
        }
    }
    let end = ["end".into(), directory.into_os_string()];
    run(
        "python/bin/python",
        [script("make_foreign.py").into_os_string()]
            .into_iter()
            .chain(end),
    )
    .unwrap();
}

/// The ID under which a root lists a key.
fn id_of(root: &Value, key: &SiteKey) -> String {
    let pem = key.key.public().unwrap().to_pem();
    let keys = root["signed"]["keys"].as_object().unwrap();
    let mut listed = keys.iter();
    let found = listed
        .find(|(_, listed)| listed["keyval"]["public"].as_str().unwrap().trim() == pem.trim());
    found.unwrap().0.clone()
}

/// A rotation by one person: the last key goes, and one under a wrong ID is moved to the right one.
fn rotate(site: &Site, keys: &[SiteKey], form: &str) {
    let before = json(&site.read("foreign/roots/1.root.json"));
    let leaving = id_of(&before, &keys[2]);
    let (status, said) = site.conclave(&[
        "script",
        "new",
        "rotation",
        "--previous",
        "foreign/roots/1.root.json",
        "--repository",
        crate::support::site::REPOSITORY,
        "--not-before",
        "2026-01-01T00:00:00Z",
        "--expires",
        "2091-01-01T00:00:00Z",
        "--remove",
        &leaving,
        "--out",
        "script.toml",
    ]);
    assert_eq!(status, 0, "{form}: {said}");
    let text = String::from_utf8(site.read("script.toml")).unwrap();
    let mut text = text.replacen(
        "kind = \"rotation\"",
        "kind = \"rotation\"\nassurance = \"solo\"",
        1,
    );
    // Which token has which key, the keys tell.
    let listed = before["signed"]["roles"]["root"]["keyids"]
        .as_array()
        .unwrap();
    for (number, id) in (1..).zip(listed) {
        let token = keys.iter().find(|key| id_of(&before, key) == *id).unwrap();
        text = text.replacen(
            &format!("label = \"conclave-key-{number}\""),
            &format!("label = \"{}\"", token.token),
            1,
        );
    }
    if form == "wrong-id" {
        let wrong = id_of(&before, &keys[0]);
        assert_ne!(wrong, KeyId::of(&before["signed"]["keys"][&wrong]).as_str());
        let line = format!("change = \"keep\"\nkey_id = \"{wrong}\"");
        assert!(text.contains(&line), "{text}");
        text = text.replace(&line, &line.replace("keep", "move-id"));
    }
    // Nothing is put into bags here.
    let steps: Vec<_> = text
        .split("[[step]]")
        .filter(|step| !step.starts_with("\nact = \"seal\""))
        .collect();
    site.receive("script.toml", steps.join("[[step]]").as_bytes());
    let answers = format!(
        "{}the auditor is here today only\n{}SIGN ROOT 2\n{}",
        "\n".repeat(12),
        "\n".repeat(30),
        "\n".repeat(40)
    );
    let done = site.play(&["run", "script.toml", "--out", "ceremony"], &answers, 3);
    assert_eq!(done.status, 0, "{form}: {}", done.said);
    let made = site.path("ceremony/export/2.root.json");
    fs::copy(made, site.path("foreign/roots/2.root.json")).unwrap();
}

/// What the tool wrote beside what we know is there still, and the rest is as it should be.
fn compare(site: &Site, keys: &[SiteKey], form: &str) {
    let [before, after] = [1, 2].map(|version| {
        let mut root = json(&site.read(&format!("foreign/roots/{version}.root.json")));
        root["signed"].take()
    });
    let in_file = |signed: &Value| serde_json::json!({ "signed": signed });
    assert_eq!(after["x-maintainer"], before["x-maintainer"], "{form}");
    assert_eq!(after["x-maintainer"]["floor"], 3);
    for role in ["timestamp", "snapshot", "targets"] {
        assert_eq!(after["roles"][role], before["roles"][role], "{form} {role}");
    }
    for key in &keys[..2] {
        let (old, new) = (id_of(&in_file(&before), key), id_of(&in_file(&after), key));
        if form == "wrong-id" && key.token == HOLDERS[0] {
            assert_ne!(old, new);
            assert_eq!(new, KeyId::of(&after["keys"][&new]).as_str());
        } else {
            assert_eq!(old, new, "{form}");
            assert_eq!(after["keys"][&new], before["keys"][&old], "{form}");
        }
    }
    let mark = match form {
        "tuf-on-ci" => Some("x-tuf-on-ci-keyowner"),
        "go-tuf" => Some("keyid_hash_algorithms"),
        "tough" => Some("x-tough-note"),
        _ => None,
    };
    if let Some(mark) = mark {
        let id = id_of(&in_file(&after), &keys[0]);
        assert!(!after["keys"][&id][mark].is_null(), "{form}: {after:#}");
    }
    if form == "tuf-on-ci" {
        assert_eq!(after["roles"]["root"]["x-tuf-on-ci-expiry-period"], 365);
    }
}

fn walk(form: &str, clients: &[Client]) {
    let site = Site::new("here");
    let keys: Vec<_> = HOLDERS.iter().map(|name| site.make_key(name)).collect();
    begin(&site, &keys, form);
    rotate(&site, &keys, form);
    compare(&site, &keys, form);
    let (roots, online) = (site.path("foreign/roots"), site.path("foreign/online"));
    let (status, said) = site.conclave(&["root", "verify", "foreign/roots"]);
    assert_eq!(status, 0, "{form}: {said}");
    assert_accepted(clients, Path::new(&roots), &online);
}

#[test]
fn clients_walk_from_a_root_of_python_tuf_to_ours() {
    walk("python-tuf", &Client::ALL);
}

#[test]
fn clients_walk_from_a_root_in_the_form_of_tuf_on_ci_to_ours() {
    walk("tuf-on-ci", &Client::ALL);
}

#[test]
fn clients_walk_from_a_root_in_the_form_of_go_tuf_to_ours() {
    walk("go-tuf", &Client::ALL);
}

#[test]
fn clients_walk_from_a_root_in_the_form_of_tough_to_ours() {
    walk("tough", &Client::ALL);
}

/// tough reads no root with a wrong key ID, and so has never trusted this one.
#[test]
fn a_key_under_a_wrong_id_is_moved_to_the_right_one() {
    walk("wrong-id", &[Client::PythonTuf, Client::TufJs]);
}
