//! Backups that a script asks for: what it says of them, and every error that it can have there.

use conclave::script::{
    Act, Backup, Holds, Keeper, KeyId, Opens, Script, ScriptErrors, ShareKeeping, back_up,
    run_sheet,
};

use super::{genesis, parse};

const ADA: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const GRACE: &str = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
const SSH: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN grace";

fn keepers(recipients: &[&str]) -> Vec<Keeper> {
    let keeper = |(recipient, n): (&&str, u8)| Keeper {
        name: format!("Custodian {n}"),
        recipient: (*recipient).to_owned(),
    };
    recipients.iter().zip(1..).map(keeper).collect()
}

/// The ready genesis, whose first key is backed up.
fn text() -> String {
    back_up(
        genesis().text,
        "key-1",
        2,
        &keepers(&[ADA, SSH, "passphrase"]),
    )
    .unwrap()
}

fn script() -> Script {
    match parse(&text(), genesis()) {
        Ok(script) => script,
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn a_backup_says_who_keeps_what() {
    let script = script();
    let key: KeyId = "key-1".parse().unwrap();
    assert_eq!(script.key(&key).unwrap().backup, Backup::Shares);
    let plan = script.backup().unwrap();
    assert_eq!((plan.group_threshold, plan.quorums()), (1, 3));
    let keeping: Vec<_> = plan
        .custodians()
        .map(|id| script.person(id).unwrap().keeping.clone().unwrap())
        .collect();
    let closed = |recipient: &str| ShareKeeping::Recipient {
        recipient: recipient.to_owned(),
        second: None,
        opens: Opens::OwnDevice,
    };
    assert_eq!(
        keeping,
        [closed(ADA), closed(SSH), ShareKeeping::Passphrase]
    );
    assert_ne!(
        script.medium_for(Holds::Shares).unwrap().id,
        script.medium_for(Holds::WrappedKey).unwrap().id
    );
    let acts: Vec<&Act> = script.steps().iter().map(|step| &step.act).collect();
    let place = |wanted: &Act| acts.iter().position(|act| *act == wanted).unwrap();
    let made = place(&Act::GenerateKey { key: key.clone() });
    assert_eq!(
        place(&Act::BackUpKey {
            key: Some(key.clone())
        }),
        made + 1
    );
    assert_eq!(
        place(&Act::VerifyBackup { key: Some(key) }),
        place(&Act::ComposeRoot) - 1
    );
}

#[test]
fn the_run_sheet_tells_each_custodian_what_to_do() {
    let script = script();
    let sheet = run_sheet(&script).to_text();
    assert!(sheet.contains("Fingerprint of the share set"), "{sheet}");
    let acts = script.steps().iter().map(|step| &step.act);
    let lines = acts.flat_map(|act| {
        let mut lines = act.instructions(&script);
        lines.push(act.title(&script));
        lines
    });
    let flat: Vec<String> = lines.collect();
    let flat = flat.join("\n");
    for told in [
        "Back up the key of key holder 1",
        "2 of Custodian 1, Custodian 2, Custodian 3",
        "Custodian 1: open a test message on your own device",
        "Custodian 3: type a passphrase twice",
        "read out its check words, never the numbered words",
    ] {
        assert!(flat.contains(told), "{told}: {flat}");
    }
}

/// What is cut out of the text, what is put in its place, the check that refuses it, and a part of what it says.
type Case = (&'static str, &'static str, &'static str, &'static str);

const RECIPIENT: &str =
    "recipient = \"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\"";
const GROUPS: &str = "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]";

const CASES: &[Case] = &[
    (
        RECIPIENT,
        "recipient = \"age1nobody\"",
        "script.recipient",
        "not an age recipient",
    ),
    (
        RECIPIENT,
        "recipient = \"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\"",
        "script.recipient",
        "a PRIVATE identity, not a recipient",
    ),
    (
        RECIPIENT,
        "",
        "script.backup",
        "\"custodian-1\" gets a share but has no \"recipient\"",
    ),
    (
        RECIPIENT,
        "opens = \"here\"",
        "script.recipient",
        "without \"recipient\" gets no share",
    ),
    (
        "recipient = \"passphrase\"",
        "recipient = \"passphrase\"\nopens = \"here\"",
        "script.recipient",
        "either kept",
    ),
    (
        RECIPIENT,
        "recipient = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN ada\"",
        "script.backup",
        "have the same recipient",
    ),
    (
        "name = \"Witness 1\"\nroles = [\"witness\"]",
        "name = \"Witness 1\"\nroles = [\"witness\"]\nrecipient = \"passphrase\"",
        "script.recipient",
        "must be a custodian",
    ),
    (
        "name = \"Custodian 1\"",
        "name = \"Custodian 1\"\nsubstitute = \"Somebody\"",
        "script.backup",
        "cannot have a substitute",
    ),
    (GROUPS, "groups = []", "script.backup", "1 to 16 groups"),
    (
        GROUPS,
        "groups = [{ threshold = 1, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]",
        "script.backup",
        "would be the same",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 4, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]",
        "script.backup",
        "requires 4 shares, but has",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 300, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]",
        "script.backup",
        "not a number from 1 to 16",
    ),
    (
        GROUPS,
        "group_threshold = 2\ngroups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]",
        "script.backup",
        "2 groups are required, but there are 1",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-1\"] }]",
        "script.duplicate",
        "already has a share",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\"] }]",
        "script.unused",
        "\"custodian-3\" has a recipient but no share",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-9\"] }]",
        "script.person",
        "there is no person \"custodian-9\"",
    ),
    (
        GROUPS,
        "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"witness-1\"] }]",
        "script.backup",
        "\"witness-1\" is not a custodian",
    ),
    (
        "backup = \"shares\"",
        "backup = \"none\"",
        "script.unused",
        "no key has backup = \"shares\"",
    ),
    (
        "holds = \"wrapped-key\"",
        "holds = \"mirror\"",
        "script.backup",
        "no medium for the wrapped keys",
    ),
    (
        "holds = \"wrapped-key\"",
        "holds = \"shares\"",
        "script.backup",
        "two media for the shares",
    ),
    (
        "type = \"ecdsa-sha2-nistp256\"\nbackup = \"shares\"",
        "type = \"ed25519\"\nbackup = \"shares\"",
        "script.backup",
        "cannot export keys of type ed25519",
    ),
    (
        "profile = \"softhsm2\", label = \"conclave-key-1\"",
        "profile = \"yubikey-piv\", label = \"conclave-key-1\"",
        "script.backup",
        "cannot export a key that they generated",
    ),
    (
        "act = \"back-up-key\"",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]",
        "script.step-missing",
        "the step back-up-key of \"key-1\" is missing",
    ),
    (
        "act = \"verify-backup\"",
        "act = \"note\"\ntext = \"x\"\ninitials = [\"witness-1\"]",
        "script.step-missing",
        "the step verify-backup of \"key-1\" is missing",
    ),
    (
        "act = \"back-up-key\"\nkey = \"key-1\"",
        "act = \"back-up-key\"\nkey = \"key-2\"",
        "script.unused",
        "\"key-2\" has no backup",
    ),
];

fn judged(case: &Case) -> ScriptErrors {
    let (from, to, ..) = case;
    let text = text();
    assert_eq!(text.matches(from).count(), 1, "{from}\n{text}");
    let Err(errors) = parse(&text.replacen(from, to, 1), genesis()) else {
        panic!("sound: {to}");
    };
    errors
}

#[test]
fn every_error_of_a_backup_is_told() {
    for case in CASES {
        let errors = judged(case);
        let (_, to, check, part) = case;
        let told = errors
            .iter()
            .any(|error| error.check == *check && error.message.contains(part));
        assert!(told, "{to}: {errors}");
        assert!(!errors.to_string().contains("SECRET-KEY"), "{errors}");
    }
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    CASES.iter().map(judged).collect()
}

#[test]
fn the_order_of_a_backup_is_held() {
    let steps = text();
    let swap = |from: &str, to: &str| {
        let text = steps.replacen(
            &format!("act = \"{from}\"\nkey = \"key-1\""),
            "act = \"SWAP\"\nkey = \"key-1\"",
            1,
        );
        let text = text.replacen(
            &format!("act = \"{to}\"\nkey = \"key-1\""),
            &format!("act = \"{from}\"\nkey = \"key-1\""),
            1,
        );
        text.replacen("act = \"SWAP\"", &format!("act = \"{to}\""), 1)
    };
    for (text, told) in [
        (
            swap("back-up-key", "generate-key"),
            "back-up-key of \"key-1\" is before generate-key of \"key-1\"",
        ),
        (
            swap("back-up-key", "verify-backup"),
            "verify-backup of \"key-1\" is before back-up-key of \"key-1\"",
        ),
    ] {
        let errors = parse(&text, genesis()).unwrap_err();
        assert!(errors.to_string().contains(told), "{told}: {errors}");
    }
}

#[test]
fn a_second_recipient_lies_sealed_and_opens_the_same_file() {
    let more = format!("{RECIPIENT}\nsecond_recipient = \"{GRACE}\"\nopens = \"here\"");
    let script = parse(&text().replacen(RECIPIENT, &more, 1), genesis()).unwrap();
    let keeping = script
        .person(&"custodian-1".parse().unwrap())
        .unwrap()
        .keeping
        .clone();
    assert_eq!(
        keeping,
        Some(ShareKeeping::Recipient {
            recipient: ADA.to_owned(),
            second: Some(GRACE.to_owned()),
            opens: Opens::Here,
        })
    );
    // The same twice is no second one.
    let twice = format!("{RECIPIENT}\nsecond_recipient = \"{ADA}\"");
    let errors = parse(&text().replacen(RECIPIENT, &twice, 1), genesis()).unwrap_err();
    assert!(errors.to_string().contains("same recipient"), "{errors}");
}
