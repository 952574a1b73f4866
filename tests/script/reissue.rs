//! Backups of keys that exist: the ready one, those that are written, every error that they can have, and warnings.

use std::collections::BTreeMap;

use conclave::backup::Manifest;
use conclave::script::{
    Act, BackupSource, BackupTemplate, Embedded, Keeper, Kind, Script, ScriptErrors, embedded,
    run_sheet,
};

use super::parse;

fn ready() -> &'static Embedded {
    let mut ready = embedded().iter();
    ready.find(|script| script.name == "backup").unwrap()
}

fn acts(script: &Script) -> Vec<String> {
    let steps = script.steps().iter();
    steps.skip(4).map(|step| step.id.to_string()).collect()
}

#[test]
fn the_ready_backup_gives_shares_in_the_place_of_old_ones() {
    let script = parse(ready().text, ready()).unwrap();
    assert_eq!(script.kind(), Kind::Backup);
    assert!(script.reissues() && !script.makes_root());
    assert_eq!(
        acts(&script),
        [
            "open-share:custodian-1",
            "open-share:custodian-2",
            "open-share:custodian-3",
            "restore-key",
            "verify-restored-key",
            "back-up-key",
            "verify-backup",
            "destroy-restored-key",
            "destroy-shares",
            "sign-off"
        ]
    );
    let warnings: Vec<&str> = script.warnings().iter().map(|one| one.check).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    let sheet = run_sheet(&script).to_text();
    for part in [
        "Destroy the old shares of key-1",
        "Make new shares for key-1",
    ] {
        assert!(sheet.contains(part), "{sheet}");
    }
    let step = script
        .steps()
        .iter()
        .find(|step| step.act == Act::DestroyShares);
    let step = step.unwrap();
    let who: Vec<&str> = step
        .act
        .who(&script)
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    // Who has only a new share has nothing to destroy.
    assert_eq!(
        who,
        [
            "administrator",
            "witness-1",
            "witness-2",
            "custodian-1",
            "custodian-2",
            "custodian-3"
        ]
    );
}

fn written(
    source: BackupSource,
    keepers: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Result<Script, ScriptErrors> {
    let keeper = |(name, recipient): &(&str, &str)| Keeper {
        name: (*name).to_owned(),
        recipient: (*recipient).to_owned(),
    };
    let template = BackupTemplate {
        repository: "example.com/updates".to_owned(),
        title: None,
        not_before: "2028-01-01T00:00:00Z".parse().unwrap(),
        source,
        threshold: 2,
        keepers: keepers.iter().map(keeper).collect(),
    };
    let files: BTreeMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect();
    parse(&template.write().unwrap(), &files)
}

#[test]
fn a_key_on_its_token_is_backed_up_there() {
    let pem = embedded()[0].files[0].1;
    let name = "public-keys/key-3.pub.pem";
    let source = |profile: &str| BackupSource::Token {
        key: "key-3".to_owned(),
        public_key: (name.to_owned(), pem.to_vec()),
        profile: profile.to_owned(),
    };
    let keepers = [
        ("Ada Lindgren", "passphrase"),
        ("Grace Abara", "paper"),
        ("Mary Osei", "paper"),
    ];
    let script = written(source("softhsm2"), &keepers, &[(name, pem)]).unwrap();
    assert_eq!(
        acts(&script),
        [
            "identify-token:key-3",
            "back-up-key:key-3",
            "verify-backup:key-3",
            "sign-off"
        ]
    );
    assert!(script.backs_up(&"key-3".parse().unwrap()));
    assert!(!script.reissues());
    // A make that lets no key out is told before anyone comes.
    let errors = written(source("yubikey-piv"), &keepers, &[(name, pem)]).unwrap_err();
    let error = errors.iter().next().unwrap();
    assert!(
        error.to_string().contains("cannot export keys of type"),
        "{error}"
    );
    assert!(
        error.hint.contains("[restore] in place of [[key]]"),
        "{}",
        error.hint
    );
}

#[test]
fn an_old_set_is_not_destroyed_for_a_set_that_does_not_replace_it() {
    let (name, bytes) = ready().files[0];
    let set = Box::new(Manifest::read(bytes).unwrap());
    let source = BackupSource::Shares {
        manifest: (name.to_owned(), bytes.to_vec()),
        set,
        superseded_by: Some(("restore/new.manifest.json".to_owned(), bytes.to_vec())),
    };
    let files = [(name, bytes), ("restore/new.manifest.json", bytes)];
    let errors = written(source, &[], &files).unwrap_err().to_string();
    assert!(
        errors.contains("does not say that it supersedes set"),
        "{errors}"
    );
}

/// What is cut out, what is put in its place, the check that refuses it, and a part of what it says.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "[restore]\nmanifest = {",
        "#",
        "script.backup",
        "does not say which key gets shares",
    ),
    (
        "id = \"custodian-4\"\nname = \"Custodian 4\"\nroles = [\"custodian\"]\nrecipient = \"passphrase\"",
        "id = \"custodian-4\"\nname = \"Custodian 4\"\nroles = [\"custodian\"]",
        "script.backup",
        "\"custodian-4\" gets a share but has no \"recipient\"",
    ),
    (
        "\"custodian-2\", \"custodian-4\"]",
        "\"custodian-2\"]",
        "script.unused",
        "\"custodian-4\" has a recipient but no share",
    ),
    (
        "name = \"Custodian 2\"",
        "name = \"Somebody\"",
        "script.backup",
        "\"custodian-2\" is \"Custodian 2\" in the old set",
    ),
    (
        "holds = \"shares\"",
        "holds = \"export\"",
        "script.backup",
        "there is no medium for",
    ),
    (
        "act = \"back-up-key\"",
        "act = \"back-up-key\"\nkey = \"key-1\"",
        "script.unused",
        "is not possible in a backup",
    ),
    (
        "act = \"destroy-shares\"",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]",
        "script.step-missing",
        "the step destroy-shares is missing",
    ),
    (
        "act = \"destroy-restored-key\"\n",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]\n",
        "script.step-missing",
        "the step destroy-restored-key is missing",
    ),
    (
        "act = \"sign-off\"",
        "act = \"export\"",
        "script.unused",
        "export is not possible in a backup",
    ),
    (
        "[[step]]\nact = \"open-share\"\ncustodian = \"custodian-1\"\nminutes = 5\n\n[[step]]\nact = \"open-share\"\ncustodian = \"custodian-2\"",
        "[[step]]\nact = \"open-share\"\ncustodian = \"custodian-2\"",
        "script.restore",
        "too few to restore",
    ),
];

fn judged((from, to, _, part): &(&str, &str, &str, &str)) -> ScriptErrors {
    let text = ready().text;
    assert!(text.contains(from), "{from}");
    let mut text = text.replacen(from, to, 1);
    if part.contains("too few") {
        let third = "[[step]]\nact = \"open-share\"\ncustodian = \"custodian-3\"\nminutes = 5\n";
        text = text.replacen(third, "", 1);
    }
    parse(&text, ready()).unwrap_err()
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.iter().map(judged).collect()
}

#[test]
fn every_error_of_a_backup_is_told() {
    for case in CASES {
        let errors = judged(case);
        let (_, to, check, part) = case;
        let told = errors
            .iter()
            .any(|error| error.check == *check && error.to_string().contains(part));
        assert!(told, "{to}: {errors}");
    }
}

#[test]
fn shares_of_one_person_and_none_to_spare_are_warned_of() {
    let warned = |groups: &str| {
        let from = "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-4\"] }]";
        assert!(ready().text.contains(from));
        let text = ready().text.replacen(from, groups, 1);
        let script = parse(&text, ready()).unwrap();
        let warnings = script.warnings().iter();
        let told: Vec<(&str, String)> = warnings
            .map(|one| (one.check, one.message.clone()))
            .collect();
        told
    };
    let told = warned(
        "group_threshold = 1\ngroups = [{ threshold = 1, custodians = [\"custodian-1\"] }, { threshold = 2, custodians = [\"custodian-2\", \"custodian-4\"] }]",
    );
    let [(check, message)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*check, "script.share-quorum");
    assert!(
        message.contains("custodian-1 alone is a quorum"),
        "{message}"
    );
    let told = warned(
        "groups = [{ threshold = 3, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-4\"] }]",
    );
    let [(check, message)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*check, "script.spare-shares");
    assert!(message.contains("no share may be lost"), "{message}");
}

#[test]
fn a_holder_who_has_a_share_of_the_own_key_is_warned_of() {
    let pem = embedded()[0].files[0].1;
    let name = "public-keys/key-3.pub.pem";
    let text = BackupTemplate {
        repository: "example.com/updates".to_owned(),
        title: None,
        not_before: "2028-01-01T00:00:00Z".parse().unwrap(),
        source: BackupSource::Token {
            key: "key-3".to_owned(),
            public_key: (name.to_owned(), pem.to_vec()),
            profile: "softhsm2".to_owned(),
        },
        threshold: 2,
        keepers: ["Ada Lindgren", "Grace Abara", "Mary Osei"]
            .map(|name| Keeper {
                name: name.to_owned(),
                recipient: "paper".to_owned(),
            })
            .to_vec(),
    }
    .write()
    .unwrap();
    let holder = "roles = [\"key-holder\"]";
    let text = text
        .replacen(
            holder,
            "roles = [\"key-holder\", \"custodian\"]\nrecipient = \"paper\"",
            1,
        )
        .replacen(
            "custodians = [\"custodian-1\",",
            "custodians = [\"holder-1\", \"custodian-1\",",
            1,
        );
    let files = BTreeMap::from([(name.to_owned(), pem.to_vec())]);
    let script = parse(&text, &files).unwrap();
    let told: Vec<&str> = script.warnings().iter().map(|one| one.check).collect();
    assert_eq!(told, ["script.share-holder"]);
}
