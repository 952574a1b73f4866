//! The ready migration, and every error that a change of several roots of Notary, or a key in a file, can have.

use std::collections::BTreeMap;

use conclave::script::{Embedded, PinnedFileSource as _, Script, ScriptErrors, embedded};
use conclave::words::Digest;

use super::day;
use super::errors::said;

/// The root of a repository under another key.
const OTHER: &[u8] = include_bytes!("notary/2.root.json");

fn ready(name: &str) -> &'static Embedded {
    let mut ready = embedded().iter();
    ready.find(|script| script.name == name).unwrap()
}

fn parse(text: &str) -> Result<Script, ScriptErrors> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for script in [ready("notary-migration"), ready("rotation")] {
        files.extend(
            script
                .files
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())),
        );
    }
    files.insert("other/2.root.json".to_owned(), OTHER.to_vec());
    Script::parse("migration.toml", text, &files, day())
}

#[test]
fn the_ready_migration_says_what_it_says() {
    let script = parse(ready("notary-migration").text).unwrap();
    let names: Vec<_> = script
        .further()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["docker.io/example/tools"]);
    assert_eq!(script.further()[0].folder(), "docker.io_example_tools");
    assert_eq!(script.root_version(), 3);
    let within = script.within(&script.further()[0]).unwrap();
    assert_eq!(within.repository(), "docker.io/example/tools");
    assert_eq!(within.certificate_name(), "docker.io/example/tools");
    // The same key, under the certificate that this repository has of it.
    let before = |script: &Script| script.keys()[0].change.before().unwrap().clone();
    assert_ne!(before(&script).id, before(&within).id);
    assert_eq!(before(&script).key.public(), before(&within).key.public());
    assert!(ready("notary-migration").read("notary/2.root.json").is_ok());
}

/// What is edited, and into what.
type Case = (&'static str, &'static str, &'static str);

const CASES: [Case; 8] = [
    (
        "repositories-elsewhere",
        "destination = \"notary-v1\"",
        "destination = \"plain\"",
    ),
    (
        "repositories-twice",
        "name = \"docker.io/example/tools\"",
        "name = \"docker.io/example/app\"",
    ),
    (
        "repositories-folder",
        "[[person]]",
        "[[further_repository]]\nname = \"docker.io:example/tools\"\n{tools}\n\n[[person]]",
    ),
    ("repositories-other-key", "{tools}", "{other}"),
    (
        "repositories-certificate",
        "[previous]",
        "[root.notary-v1]\ncertificate_name = \"docker.io/example/app\"\n\n[previous]",
    ),
    ("key-file-stays", "change = \"remove\"", "change = \"keep\""),
    (
        "key-file-of-another-key",
        "serial = \"78969b8b",
        "serial = \"78969b8c",
    ),
    (
        "key-file-is-new",
        "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }",
        "token = { profile = \"docker-key-file\", label = \"conclave-key-1\" }",
    ),
];

fn errors((name, cut, put): Case) -> ScriptErrors {
    let text = ready("notary-migration").text;
    let line = |path: &str, bytes: &[u8]| {
        format!(
            "root = {{ file = {path:?}, sha256 = \"{}\" }}",
            Digest::of(bytes)
        )
    };
    let tools = ready("notary-migration")
        .read("notary/tools/2.root.json")
        .unwrap();
    let fill = |part: &str| {
        part.replace("{tools}", &line("notary/tools/2.root.json", &tools))
            .replace("{other}", &line("other/2.root.json", OTHER))
    };
    let (cut, put) = (fill(cut), fill(put));
    assert!(text.contains(&cut), "{name}: nothing to cut");
    match parse(&text.replacen(&cut, &put, 1)) {
        Err(errors) => errors,
        Ok(_) => panic!("{name}: no error"),
    }
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.into_iter().map(errors).collect()
}

#[test]
fn every_error_is_told_with_its_place_and_a_hint() {
    for case in CASES {
        let said = said(&errors(case));
        insta::with_settings!({
            snapshot_path => "errors",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("notary-{}", case.0), said);
        });
    }
}

/// A key that stays has the certificate that it had: what clients hold against that is told before anybody comes.
#[test]
fn a_certificate_that_stays_is_judged_as_clients_judge_it() {
    let serial = "78969b8b48984f554c410a0bbdb8a87bd39ccb0e701913d81a3e321d010a30a8";
    let file = format!("profile = \"docker-key-file\", serial = \"{serial}\"");
    let stays = ready("notary-migration")
        .text
        .replacen("change = \"remove\"", "change = \"keep\"", 1)
        .replacen(&file, "profile = \"softhsm2\", label = \"old\"", 1);
    assert!(parse(&stays).is_ok());
    for (cut, put, told) in [
        (
            "repository = \"docker.io/example/app\"",
            "repository = \"docker.io/example/another\"",
            "its certificate is for docker.io/example/app",
        ),
        (
            "name = \"docker.io/example/tools\"",
            "name = \"docker.io/example/another\"",
            "its certificate is for docker.io/example/tools",
        ),
        (
            "expires = \"2036-11-01T00:00:00Z\"",
            "expires = \"2037-11-01T00:00:00Z\"",
            "its certificate expires at 2036-11-18",
        ),
    ] {
        assert!(stays.contains(cut));
        let Err(errors) = parse(&stays.replacen(cut, put, 1)) else {
            panic!("{told}: no error")
        };
        let mut messages = errors
            .iter()
            .filter(|error| error.check == "script.certificate");
        assert!(
            messages.any(|error| error.message.contains(told)),
            "{told}: {errors}"
        );
    }
}
