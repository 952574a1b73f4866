//! Every fault that a script can have: one edit of the ready genesis each, and what is
//! said to it, in `faults/err-*.snap`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use conclave::script::{CarriedFiles, Script};

use crate::{day, genesis, parse};

/// A name, what is cut out of the ready genesis, and what is put in its place.
type Case = (&'static str, &'static str, &'static str);

const TEXT: &[Case] = &[
    ("toml", "threshold = 3 ", "threshold = "),
    (
        "toml-twice",
        "kind = \"genesis\"",
        "kind = \"genesis\"\nkind = \"genesis\"",
    ),
    (
        "characters-comment",
        "# The root that is",
        "# The \u{202e}root that is",
    ),
    (
        "characters-escaped",
        "name = \"Witness 1\"",
        "name = \"Witness\\u001b[31m 1\"",
    ),
    ("text-empty", "name = \"Witness 1\"", "name = \" \""),
    (
        "text-long",
        "name = \"Witness 1\"",
        "name = \"Witness 1 of this ceremony, whose name is longer than any line\"",
    ),
    ("type-number", "threshold = 3 ", "threshold = \"3\" "),
    (
        "type-text",
        "title = \"The first root of example.com/updates\"",
        "title = 1",
    ),
    (
        "type-boolean",
        "consistent_snapshot = true",
        "consistent_snapshot = \"yes\"",
    ),
    (
        "type-list",
        "roles = [\"administrator\"]",
        "roles = \"administrator\"",
    ),
    (
        "type-table",
        "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }",
        "token = \"softhsm2\"",
    ),
    (
        "field-unknown",
        "destination = \"plain\"",
        "destination = \"plain\"\ncolour = \"red\" ",
    ),
    ("field-missing", "threshold = 3 ", "#"),
    (
        "table-missing",
        "[root.roles.snapshot]",
        "[root.roles.targets.snapshot]",
    ),
];

const HEADER: &[Case] = &[
    ("schema", "schema = 1 ", "schema = 2 "),
    ("schema-missing", "schema = 1 ", "# "),
    ("kind-unknown", "kind = \"genesis\"", "kind = \"exodus\""),
    ("kind-later", "kind = \"genesis\"", "kind = \"rotation\""),
    (
        "repository",
        "repository = \"example.com/updates\"",
        "repository = \"our updates\"",
    ),
    (
        "previous-later",
        "\n[root]\n",
        "\n[previous]\nrecord = \"snowcap\"\n\n[root]\n",
    ),
    (
        "destination-unknown",
        "destination = \"plain\"",
        "destination = \"fancy\"",
    ),
    (
        "destination-later",
        "destination = \"plain\"",
        "destination = \"tuf-on-ci\"",
    ),
];

const PINS: &[Case] = &[
    (
        "pin-field",
        "label = \"conclave-key-2\"",
        "label = \"conclave-key-2\", pin = \"271828\"",
    ),
    (
        "pin-top",
        "\n[root]\n",
        "\nso_pin = \"31415926\"\n\n[root]\n",
    ),
    (
        "pin-note",
        "that the door is closed.",
        "that the door is closed. The PIN is 271828.",
    ),
    (
        "pin-comment",
        "# Who is in the room.",
        "# SO PIN: 271828\n# Who is in the room.",
    ),
    (
        "password-field",
        "name = \"Key holder 5\"",
        "name = \"Key holder 5\"\npassword = \"swordfish\"",
    ),
];

const DATES: &[Case] = &[
    (
        "time-offset",
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:00:00+01:00",
    ),
    (
        "time-impossible",
        "2026-12-01T09:00:00Z",
        "2026-02-30T09:00:00Z",
    ),
    (
        "time-leap-second",
        "2026-12-01T09:00:00Z",
        "2016-12-31T23:59:60Z",
    ),
    (
        "time-unquoted",
        "\"2026-12-01T09:00:00Z\"",
        "2026-12-01T09:00:00Z",
    ),
    (
        "expiry-before-start",
        "2027-12-01T00:00:00Z",
        "2026-12-01T09:00:00Z",
    ),
];

const THRESHOLDS: &[Case] = &[
    ("threshold-high", "threshold = 3 ", "threshold = 6 "),
    ("threshold-zero", "threshold = 3 ", "threshold = 0 "),
    ("threshold-negative", "threshold = 3 ", "threshold = -1 "),
    (
        "threshold-role",
        "[root.roles.snapshot]\nthreshold = 1",
        "[root.roles.snapshot]\nthreshold = 2",
    ),
    (
        "threshold-counts-different-keys",
        "[root.roles.snapshot]\nthreshold = 1\nkeys = [",
        "[root.roles.snapshot]\nthreshold = 2\nkeys = [{ file = \"copy.pem\", sha256 = \"SNAPSHOT\" }, ",
    ),
    (
        "role-without-keys",
        "keys = [{ file = \"online/targets.pub.pem\", sha256 = \"TARGETS\" }]",
        "keys = []",
    ),
];

const CARRIED: &[Case] = &[
    (
        "file-missing",
        "online/targets.pub.pem",
        "online/no-such.pub.pem",
    ),
    (
        "file-unreadable",
        "online/targets.pub.pem",
        "unreadable.pem",
    ),
    (
        "file-absolute",
        "online/targets.pub.pem",
        "/etc/ssl/targets.pub.pem",
    ),
    (
        "file-outside",
        "online/targets.pub.pem",
        "../targets.pub.pem",
    ),
    (
        "file-name-taken",
        "online/targets.pub.pem",
        "root/targets.pub.pem",
    ),
    (
        "file-name-hidden",
        "online/targets.pub.pem",
        "online/.targets",
    ),
    (
        "file-name-characters",
        "online/targets.pub.pem",
        "online/my targets.pem",
    ),
    ("file-huge", "online/targets.pub.pem", "huge.pem"),
    ("hash-differs", "TARGETS", "SNAPSHOT"),
    ("hash-malformed", "TARGETS", "…"),
    ("private-key", "online/targets.pub.pem", "private.pem"),
    (
        "no-public-key",
        "online/targets.pub.pem\", sha256 = \"TARGETS",
        "readme.txt\", sha256 = \"README",
    ),
];

const PEOPLE: &[Case] = &[
    ("person-twice", "id = \"witness-2\"", "id = \"witness-1\""),
    ("name-twice", "name = \"Witness 2\"", "name = \"WITNESS 1\""),
    ("person-id", "id = \"witness-2\"", "id = \"Witness 2\""),
    (
        "person-role-unknown",
        "roles = [\"administrator\"]",
        "roles = [\"boss\"]",
    ),
    (
        "person-without-role",
        "roles = [\"administrator\"]",
        "roles = []",
    ),
    (
        "person-role-twice",
        "roles = [\"administrator\"]",
        "roles = [\"administrator\", \"administrator\"]",
    ),
    (
        "person-substitute-later",
        "name = \"Witness 2\"",
        "name = \"Witness 2\"\nsubstitute = \"witness-1\"",
    ),
    (
        "person-unused",
        "holder = \"holder-5\"",
        "holder = \"holder-4\"",
    ),
    (
        "person-custodian-unused",
        "name = \"Witness 2\"\nroles = [\"witness\"",
        "name = \"Witness 2\"\nroles = [\"witness\", \"custodian\"",
    ),
    (
        "administrator-missing",
        "roles = [\"administrator\"]",
        "roles = [\"witness\"]",
    ),
    (
        "administrator-twice",
        "name = \"Witness 2\"\nroles = [\"witness\"",
        "name = \"Witness 2\"\nroles = [\"administrator\"",
    ),
    (
        "administrator-witness",
        "roles = [\"administrator\"]",
        "roles = [\"administrator\", \"witness\"]",
    ),
    (
        "two-people",
        "\n[[person]]\nid = \"witness-2\"\nname = \"Witness 2\"\nroles = [\"witness\"]\n",
        "",
    ),
];

const KEYS: &[Case] = &[
    ("key-twice", "id = \"key-2\"", "id = \"key-1\""),
    (
        "key-holder-unknown",
        "holder = \"holder-2\"",
        "holder = \"holder-9\"",
    ),
    (
        "key-holder-no-holder",
        "holder = \"holder-2\"",
        "holder = \"witness-1\"",
    ),
    (
        "key-type",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa\"",
    ),
    (
        "key-backup-later",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"shares\"",
    ),
    (
        "key-backup-unknown",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"paper\"",
    ),
    (
        "key-unused",
        "\n[[key]]\nid = \"key-2\"",
        "\n[[key]]\nid = \"key-6\"\nholder = \"holder-2\"\ntoken = { profile = \"softhsm2\" }\ntype = \"ed25519\"\nbackup = \"none\"\n\n[[key]]\nid = \"key-2\"",
    ),
    (
        "profile",
        "{ profile = \"softhsm2\", label = \"conclave-key-2\" }",
        "{ profile = \"../softhsm\", label = \"conclave-key-2\" }",
    ),
    (
        "label-long",
        "label = \"conclave-key-2\"",
        "label = \"Schlüssel für die Ürdinger Wurz\"",
    ),
    (
        "label-twice",
        "label = \"conclave-key-2\"",
        "label = \"conclave-key-1\"",
    ),
    (
        "serial-twice",
        "label = \"conclave-key-1\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"\n\n[[key]]\nid = \"key-2\"\nholder = \"holder-2\"\ntoken = { profile = \"softhsm2\",",
        "serial = \"77\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"\n\n[[key]]\nid = \"key-2\"\nholder = \"holder-2\"\ntoken = { profile = \"softhsm2\", serial = \"77\",",
    ),
];

const STEPS: &[Case] = &[
    (
        "act-unknown",
        "act = \"read-script\"",
        "act = \"read-aloud\"",
    ),
    ("act-later", "act = \"read-script\"", "act = \"break\""),
    ("act-missing", "act = \"read-script\"", "id = \"reading\""),
    (
        "act-has-no-key",
        "act = \"read-script\"",
        "act = \"read-script\"\nkey = \"key-1\"",
    ),
    (
        "act-wants-key",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"set-pin\"",
    ),
    (
        "act-key-unknown",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"set-pin\"\nkey = \"key-9\"",
    ),
    (
        "note-initials-unknown",
        "initials = [\"witness-1\"]",
        "initials = [\"witness-9\"]",
    ),
    (
        "note-initials-empty",
        "initials = [\"witness-1\"]",
        "initials = []",
    ),
    (
        "note-initials-twice",
        "initials = [\"witness-1\"]",
        "initials = [\"witness-1\", \"witness-1\"]",
    ),
    (
        "note-empty",
        "text = \"Check that",
        "text = \"\" # Check that",
    ),
    (
        "minutes",
        "act = \"attest-clock\"\nminutes = 2",
        "act = \"attest-clock\"\nminutes = 0",
    ),
    (
        "step-id",
        "act = \"read-script\"",
        "act = \"read-script\"\nid = \"Read Script\"",
    ),
    (
        "step-id-twice",
        "act = \"read-script\"",
        "act = \"read-script\"\nid = \"note-1\"",
    ),
    (
        "step-twice",
        "act = \"verify-root\"",
        "act = \"verify-root\"\n\n[[step]]\nact = \"verify-root\"",
    ),
];

const ORDER: &[Case] = &[
    (
        "order-attendance",
        "[[step]]\nact = \"attendance\"\nminutes = 5\n\n[[step]]\nact = \"attest-clock\"\nminutes = 2\n",
        "[[step]]\nact = \"attest-clock\"\n\n[[step]]\nact = \"attendance\"\n",
    ),
    (
        "order-sign-before-review",
        "act = \"review-root\"\nminutes = 10\n\n[[step]]\nact = \"sign-root\"",
        "act = \"sign-root\"\n\n[[step]]\nact = \"review-root\"",
    ),
    (
        "order-verify-before-sign",
        "act = \"sign-root\"\nminutes = 10\n\n[[step]]\nact = \"verify-root\"",
        "act = \"verify-root\"\n\n[[step]]\nact = \"sign-root\"",
    ),
    (
        "order-export-before-verify",
        "act = \"verify-root\"\nminutes = 1\n\n[[step]]\nact = \"export\"",
        "act = \"export\"\n\n[[step]]\nact = \"verify-root\"",
    ),
    (
        "order-pin-before-initialise",
        "act = \"initialise-token\"\nkey = \"key-4\"\nminutes = 1\n\n[[step]]\nact = \"set-pin\"\nkey = \"key-4\"",
        "act = \"set-pin\"\nkey = \"key-4\"\n\n[[step]]\nact = \"initialise-token\"\nkey = \"key-4\"",
    ),
    (
        "order-sign-off-first",
        "\n[[step]]\nact = \"compose-root\"",
        "\n[[step]]\nact = \"sign-off\"\n\n[[step]]\nact = \"compose-root\"",
    ),
    (
        "order-after-sign-off",
        "act = \"sign-off\"\n",
        "act = \"sign-off\"\n\n[[step]]\nact = \"note\"\ntext = \"Lock the door.\"\ninitials = [\"witness-2\"]\n",
    ),
    (
        "order-note-inside-key",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"note\"\ntext = \"Have a coffee.\"\ninitials = [\"witness-2\"]\n\n[[step]]\nact = \"set-pin\"\nkey = \"key-2\"",
    ),
    (
        "step-missing-attendance",
        "[[step]]\nact = \"attendance\"\nminutes = 5\n",
        "",
    ),
    (
        "step-missing-review",
        "[[step]]\nact = \"review-root\"\nminutes = 10\n",
        "",
    ),
    (
        "step-missing-pin",
        "[[step]]\nact = \"set-pin\"\nkey = \"key-2\"\nminutes = 2\n",
        "",
    ),
    (
        "step-missing-prove",
        "[[step]]\nact = \"prove-token\"\nkey = \"key-5\"\nminutes = 2\n",
        "",
    ),
    (
        "step-missing-sign-off",
        "[[step]]\nact = \"sign-off\"\nminutes = 10\n",
        "",
    ),
];

const GROUPS: &[&[Case]] = &[
    TEXT, HEADER, PINS, DATES, THRESHOLDS, CARRIED, PEOPLE, KEYS, STEPS, ORDER,
];

/// The sample keys, and files that no ceremony wants.
struct Carried(BTreeMap<String, Vec<u8>>);

impl Carried {
    fn new() -> Self {
        let mut files: BTreeMap<String, Vec<u8>> = genesis()
            .files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect();
        files.insert("copy.pem".into(), files["online/snapshot.pub.pem"].clone());
        files.insert("huge.pem".into(), vec![b'-'; (1 << 16) + 1]);
        files.insert("readme.txt".into(), b"No key at all.\n".to_vec());
        // The label is what gives a private key away; there is none behind it.
        files.insert(
            "private.pem".into(),
            b"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n".to_vec(),
        );
        Self(files)
    }

    /// Digests stand in the cases by name.
    fn fill(&self, text: &str) -> String {
        let names = [
            ("SNAPSHOT", "online/snapshot.pub.pem"),
            ("TARGETS", "online/targets.pub.pem"),
            ("README", "readme.txt"),
        ];
        names.iter().fold(text.to_owned(), |text, (word, file)| {
            let digest = conclave::words::Digest::of(&self.0[*file]);
            text.replace(word, &digest.to_string())
        })
    }
}

impl CarriedFiles for Carried {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        match name {
            "unreadable.pem" => Err(io::ErrorKind::PermissionDenied.into()),
            _ => self.0.read(name),
        }
    }
}

/// What is said to an edit of the ready genesis, and by which checks.
fn said(carried: &Carried, (name, cut, put): Case) -> (String, BTreeSet<&'static str>) {
    let (cut, put) = (carried.fill(cut), carried.fill(put));
    assert!(genesis().text.contains(&cut), "{name}: nothing to cut");
    let text = genesis().text.replacen(&cut, &put, 1);
    let faults = parse(&text, carried).map(|_| ()).expect_err(name);
    let mut said = String::new();
    let mut checks = BTreeSet::new();
    for fault in faults {
        writeln!(
            said,
            "error: {fault}\nhint: {}\ncheck: {}\n",
            fault.hint, fault.check
        )
        .unwrap();
        checks.insert(fault.check);
    }
    (said, checks)
}

fn edit((_, cut, put): Case) -> String {
    let lines = |mark: &str, text: &str| -> String {
        text.lines()
            .map(|line| format!("{mark} {}\n", line.escape_debug()))
            .collect()
    };
    format!("{}{}", lines("-", cut), lines("+", put))
}

#[test]
fn every_fault_is_told_with_its_place_and_a_hint() {
    let carried = Carried::new();
    for case in GROUPS.concat() {
        let (said, _) = said(&carried, case);
        insta::with_settings!({
            snapshot_path => "faults",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => edit(case),
        }, {
            insta::assert_snapshot!(format!("err-{}", case.0), said);
        });
    }
}

#[test]
fn every_check_has_a_case() {
    let carried = Carried::new();
    let mut told: BTreeSet<&str> = GROUPS
        .concat()
        .into_iter()
        .flat_map(|case| said(&carried, case).1)
        .collect();
    // Those that want more than one edit have tests of their own.
    told.extend(["script.size", "script.keys", "script.steps"]);
    let mut sources = vec![std::path::PathBuf::from("src/script")];
    let mut named = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|name| name != "warning.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let ids = text.split('"').filter(|part| {
                part.strip_prefix("script.")
                    .is_some_and(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            });
            named.extend(
                ids.filter(|id| *id != "script.toml" || path.ends_with("mod.rs"))
                    .map(str::to_owned),
            );
        }
    }
    named.retain(|id| !told.contains(id.as_str()));
    assert!(named.is_empty(), "no case for {named:?}");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_lines() {
    let text = genesis()
        .text
        .replacen("threshold = 3 ", "threshold = 9 ", 1)
        .replacen("act = \"sign-root\"", "act = \"sing-root\"", 1)
        .replacen("name = \"Witness 2\"", "nam = \"Witness 2\"", 1);
    let faults = parse(&text, genesis()).unwrap_err();
    let checks: Vec<&str> = faults.iter().map(|fault| fault.check).collect();
    assert_eq!(
        checks,
        [
            "script.threshold",
            "script.field-missing",
            "script.field-unknown",
            "script.act"
        ]
    );
    assert!(faults.is_sorted_by_key(|fault| (fault.line, fault.column)));
}

#[test]
fn a_file_of_a_mebibyte_is_no_script() {
    let text = format!("{}#{}", genesis().text, " ".repeat(1 << 20));
    let faults = parse(&text, genesis()).unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "genesis.toml:1:1: the script is longer than 1 MiB"
    );
}

#[test]
fn whoever_wants_to_keep_us_busy_is_told_a_few_faults_at_once() {
    let line = "PIN: 271828 \u{202e}\n".repeat(60_000);
    let fields: String = (0..40_000).map(|n| format!("a{n} = 1, ")).collect();
    let many_steps = "[[step]]\nact = \"sign-root\"\n".repeat(30_000);
    let many_keys = "[[key]]\nid = \"k\"\n".repeat(30_000);
    let texts = [
        format!("{}{line}", genesis().text),
        genesis()
            .text
            .replacen("token = { ", &format!("token = {{ {fields}"), 1),
        format!("{}{many_steps}", genesis().text),
        format!("{}{many_keys}", genesis().text),
        "[".repeat(1 << 20),
        "a = [\n".repeat(150_000),
        "a.".repeat(500_000),
    ];
    let start = std::time::Instant::now();
    for text in texts {
        assert!(text.len() <= 1 << 20, "{}", text.len());
        let faults = parse(&text, genesis()).unwrap_err();
        assert!((1..=501).contains(&faults.len()));
    }
    // Seconds at most; what grows with the square of its input would take hours.
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn a_script_without_keys_or_steps_is_told_so_once() {
    let people = genesis().text.split_once("# The root keys,").unwrap().0;
    let faults = parse(people, genesis()).unwrap_err();
    let checks: Vec<&str> = faults.iter().map(|fault| fault.check).collect();
    assert_eq!(checks[..2], ["script.keys", "script.steps"], "{faults}");
    assert!(checks[2..].iter().all(|check| *check == "script.unused"));
}

#[test]
fn the_judge_names_the_time() {
    let later = "2028-01-01T00:00:00Z".parse().unwrap();
    let judged = |at| Script::parse("genesis.toml", genesis().text, genesis(), at);
    assert!(judged(day()).is_ok());
    assert_eq!(
        judged(later).unwrap_err().to_string(),
        "genesis.toml:29:11: the root expires at 2027-12-01T00:00:00Z, \
         which is past at 2028-01-01T00:00:00Z"
    );
}
