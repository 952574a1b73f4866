//! Drills and recoveries: the ready ones, those written from a manifest, and every error that they can have.

use conclave::backup::Manifest;
use conclave::script::{
    Act, DrillLevel, Embedded, Entering, Kind, Opens, RestoreTemplate, Script, ScriptErrors,
    embedded, run_sheet,
};

use super::{genesis, parse};

fn ready(name: &str) -> &'static Embedded {
    let mut ready = embedded().iter();
    ready.find(|script| script.name == name).unwrap()
}

/// Where it lies in the ready scripts, what is cut out, what is put in its place, the check that refuses it, and a part
/// of what it says.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    (
        "drill",
        "level = \"full\"",
        "level = \"half\"",
        "script.level",
        "half",
    ),
    (
        "drill",
        "level = \"full\"",
        "level = \"custody\"",
        "script.unused",
        "restore-key is not possible in a drill",
    ),
    (
        "drill",
        "level = \"full\"",
        "level = \"quorum\"",
        "script.unused",
        "verify-restored-key is not possible in a drill",
    ),
    (
        "drill",
        "reissue_within_days = 30",
        "reissue_within_days = 0",
        "script.restore",
        "cannot be 0",
    ),
    (
        "drill",
        "repository = \"example.com/updates\"",
        "repository = \"example.com/others\"",
        "script.restore",
        "the manifest is for \"example.com/updates\"",
    ),
    (
        "drill",
        "custodian = \"custodian-1\"",
        "custodian = \"witness-1\"",
        "script.restore",
        "\"witness-1\" has no share of this set",
    ),
    (
        "drill",
        "custodian = \"custodian-1\"",
        "custodian = \"custodian-9\"",
        "script.person",
        "there is no person \"custodian-9\"",
    ),
    (
        "drill",
        "name = \"Custodian 1\"",
        "name = \"Somebody\"",
        "script.restore",
        "is \"Custodian 1\" in the manifest",
    ),
    (
        "drill",
        "name = \"Custodian 1\"\nroles = [\"custodian\"]",
        "name = \"Custodian 1\"\nroles = [\"witness\"]",
        "script.restore",
        "\"custodian-1\" is not a custodian",
    ),
    (
        "drill",
        "name = \"Custodian 1\"",
        "name = \"Custodian 1\"\nsubstitute = \"Somebody\"",
        "script.restore",
        "cannot have a substitute",
    ),
    (
        "drill",
        "opens = \"own-device\"",
        "opens = \"anywhere\"",
        "script.restore",
        "anywhere",
    ),
    (
        "drill",
        "opens = \"own-device\"",
        "recipient = \"passphrase\"",
        "script.unused",
        "has a recipient but no share",
    ),
    (
        "drill",
        "act = \"destroy-restored-key\"",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]",
        "script.step-missing",
        "the step destroy-restored-key is missing",
    ),
    (
        "drill",
        "act = \"restore-key\"",
        "act = \"restore-key\"\nkey = \"key-1\"",
        "script.key",
        "key-1",
    ),
    (
        "drill",
        "act = \"sign-off\"",
        "act = \"export\"",
        "script.unused",
        "export is not possible in a drill",
    ),
    (
        "drill",
        "[restore]",
        "[restored]",
        "script.field-unknown",
        "restore",
    ),
    (
        "recovery",
        "act = \"restore-key\"\nkey = \"key-1\"",
        "act = \"restore-key\"",
        "script.unused",
        "that restores the key onto a token",
    ),
    (
        "recovery",
        "id = \"key-1\"",
        "id = \"key-2\"",
        "script.restore",
        "the set is for the key \"key-1\"",
    ),
    (
        "recovery",
        "type = \"ecdsa-sha2-nistp256\"",
        "type = \"rsassa-pss-sha256\"",
        "script.restore",
        "the restored key is of type",
    ),
    (
        "recovery",
        "act = \"verify-token\"\nkey = \"key-1\"",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]",
        "script.step-missing",
        "the step verify-token of \"key-1\" is missing",
    ),
    (
        "recovery",
        "act = \"verify-restored-key\"\nkey = \"key-1\"",
        "act = \"destroy-restored-key\"\nkey = \"key-1\"",
        "script.unused",
        "destroy-restored-key of \"key-1\" is not possible in a recovery",
    ),
];

fn judged(case: &Case) -> ScriptErrors {
    let (name, from, to, ..) = case;
    let ready = ready(name);
    assert!(ready.text.contains(from), "{from}\n{}", ready.text);
    let Err(errors) = parse(&ready.text.replacen(from, to, 1), ready) else {
        panic!("sound: {to}");
    };
    errors
}

/// A manifest that is none.
fn no_manifest() -> ScriptErrors {
    let text = ready("drill").text;
    let hash = text.split("sha256 = \"").nth(1).unwrap();
    let hash = hash.split('"').next().unwrap();
    let bytes = b"{}".to_vec();
    let digest = conclave::words::Digest::of(&bytes).to_string();
    let name = "restore/key-1.0123456789abcdef.manifest.json".to_owned();
    let carried = std::collections::BTreeMap::from([(name, bytes)]);
    parse(&text.replace(hash, &digest), &carried).unwrap_err()
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.iter().map(judged).chain([no_manifest()]).collect()
}

#[test]
fn every_error_of_a_restore_is_told() {
    for case in CASES {
        let errors = judged(case);
        let (.., to, check, part) = case;
        let told = errors
            .iter()
            .any(|error| error.check == *check && error.to_string().contains(part));
        assert!(told, "{to}: {errors}");
    }
    let errors = no_manifest().to_string();
    assert!(
        errors.contains("not the manifest of a share set"),
        "{errors}"
    );
}

#[test]
fn too_few_custodians_are_told_before_anyone_comes() {
    let ready = ready("drill");
    let mut text = ready.text.to_owned();
    for n in [2, 3] {
        let step =
            format!("[[step]]\nact = \"open-share\"\ncustodian = \"custodian-{n}\"\nminutes = 5\n");
        assert!(text.contains(&step), "{text}");
        text = text.replace(&step, "");
    }
    let errors = parse(&text, ready).unwrap_err().to_string();
    assert!(errors.contains("too few to restore"), "{errors}");
    assert!(errors.contains("too few to restore"), "{errors}");
}

#[test]
fn only_a_drill_or_a_recovery_restores() {
    let text = genesis().text.replacen(
        "act = \"compose-root\"",
        "act = \"destroy-restored-key\"",
        1,
    );
    let errors = parse(&text, genesis()).unwrap_err().to_string();
    assert!(
        errors.contains("only possible in a ceremony that restores a key"),
        "{errors}"
    );
}

fn sample() -> (String, Vec<u8>) {
    let (name, bytes) = ready("drill").files[0];
    (name.to_owned(), bytes.to_vec())
}

fn written(kind: Kind, level: DrillLevel, onto: Option<&str>) -> Script {
    let manifest = sample();
    let template = RestoreTemplate {
        kind,
        level,
        title: None,
        not_before: "2027-12-01T09:00:00Z".parse().unwrap(),
        set: Manifest::read(&manifest.1).unwrap(),
        manifest: manifest.clone(),
        onto: onto.map(str::to_owned),
        opens: Opens::Here,
    };
    let carried = std::collections::BTreeMap::from([manifest]);
    match parse(&template.write().unwrap(), &carried) {
        Ok(script) => script,
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn what_is_written_from_a_manifest_is_sound_in_every_grade_and_for_every_token() {
    for (kind, level, onto, acts) in [
        (Kind::Drill, DrillLevel::Custody, None, 0),
        (Kind::Drill, DrillLevel::Quorum, None, 1),
        (Kind::Drill, DrillLevel::Full, None, 3),
        (Kind::Drill, DrillLevel::Full, Some("softhsm2"), 3),
        (Kind::Drill, DrillLevel::Full, Some("yubikey-piv"), 3),
        (Kind::Recovery, DrillLevel::Full, Some("softhsm2"), 2),
        (Kind::Recovery, DrillLevel::Full, Some("yubikey-piv"), 2),
    ] {
        let script = written(kind, level, onto);
        let restores = |act: &Act| {
            matches!(
                act,
                Act::RestoreKey { .. }
                    | Act::VerifyRestoredKey { .. }
                    | Act::DestroyRestoredKey { .. }
            )
        };
        let count = script
            .steps()
            .iter()
            .filter(|step| restores(&step.act))
            .count();
        assert_eq!(count, acts, "{kind} {level:?} {onto:?}");
        let plan = script.restore().unwrap();
        let ways: Vec<_> = script
            .people()
            .iter()
            .filter_map(|person| plan.entering(person))
            .collect();
        assert_eq!(
            ways,
            [Entering::Identity, Entering::Identity, Entering::Passphrase]
        );
    }
}

#[test]
fn the_run_sheet_tells_each_custodian_what_to_bring() {
    let ready = ready("drill");
    let script = parse(ready.text, ready).unwrap();
    let sheet = run_sheet(&script).to_text();
    for part in [
        "Enter the share of Custodian 1",
        "33 numbered words",
        "the passphrase",
        "Destroy the restored key",
    ] {
        assert!(sheet.contains(part), "{part}: {sheet}");
    }
}
