//! The ready rotation, renewal and revocation, and every error that a change of a root can have: edits of the
//! ready rotation, and what is said to them, in `errors/rotation-*.snap`.

use std::collections::{BTreeMap, BTreeSet};

use conclave::metadata::RootFile;
use conclave::script::{
    Embedded, KeyChange, Kind, PinnedFileSource, Place, Script, ScriptErrors, embedded,
};
use conclave::transfer::{PayloadEntry, PayloadRegister, SignedBy, Threshold};
use conclave::words::Digest;

use super::day;
use super::errors::said;

fn ready(name: &str) -> &'static Embedded {
    let mut ready = embedded().iter();
    ready.find(|script| script.name == name).unwrap()
}

fn parse(
    text: &str,
    files: &dyn PinnedFileSource,
) -> Result<Script, conclave::script::ScriptErrors> {
    Script::parse("rotation.toml", text, files, day())
}

#[test]
fn the_ready_rotation_says_what_it_says() {
    let script = parse(ready("rotation").text, ready("rotation")).unwrap();
    assert_eq!(script.kind(), Kind::Rotation);
    assert_eq!(script.root_version(), 2);
    assert_eq!((script.root().threshold, script.root_keys()), (3, 5));
    assert!(script.root().consistent_snapshot);
    assert_eq!(script.root().roles.iter().count(), 0);
    assert!(script.uses_sample_keys());
    let changes: Vec<(&str, &str)> = script
        .key_changes()
        .map(|(id, change)| (id.as_str(), change.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            ("key-1", "keep"),
            ("key-2", "keep"),
            ("key-3", "keep"),
            ("key-4", "keep"),
            ("key-6", "add"),
            ("key-5", "remove"),
        ]
    );
    let [lost] = script.distant_keys() else {
        panic!("{:?}", script.distant_keys())
    };
    assert_eq!(lost.place, Place::Lost);
    assert_eq!(lost.title(), "key-5 (Key holder 5)");
    assert_eq!(script.previous().unwrap().root.version(), 1);
    let warned: Vec<_> = script.warnings().iter().map(|w| w.check).collect();
    // Its sample root stands for one of another tool: no record of ours knows it.
    assert_eq!(warned, ["script.previous-transcript"]);
}

#[test]
fn the_ready_renewal_and_revocation_change_what_their_names_say() {
    let renewal = parse(ready("renewal").text, ready("renewal")).unwrap();
    assert_eq!(renewal.kind(), Kind::Renewal);
    assert_eq!((renewal.root().threshold, renewal.root_keys()), (3, 5));
    assert!(
        renewal
            .key_changes()
            .all(|(_, change)| matches!(change, KeyChange::Keep(_)))
    );
    let revocation = parse(ready("revocation").text, ready("revocation")).unwrap();
    assert_eq!(revocation.root_keys(), 4);
    let warned: Vec<_> = revocation.warnings().iter().map(|w| w.check).collect();
    assert_eq!(warned, ["script.spare-keys", "script.previous-transcript"]);
}

#[test]
fn the_record_of_the_ceremony_before_is_named_in_words() {
    let head = Digest::of(b"the last line");
    let mut register = PayloadRegister::new();
    register.add_transcript(head);
    let register = register.to_file_bytes();
    let name = "previous/payloads.json";
    let mut files = BTreeMap::from([(name.to_owned(), register.clone())]);
    files.extend(
        ready("rotation")
            .files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())),
    );
    let named = |head: Digest| {
        let line = format!(
            "[previous]\ntranscript_digest = \"{}\"\nregister = {{ file = \"{name}\", sha256 = \"{}\" }}\n",
            head.words().join(" "),
            Digest::of(&register)
        );
        ready("rotation").text.replacen("[previous]\n", &line, 1)
    };
    let script = parse(&named(head), &files).unwrap();
    assert_eq!(script.previous().unwrap().transcript_digest, Some(head));
    assert!(script.payloads().has_transcript(&head));
    // A register that does not know the record: something is missing.
    let errors = parse(&named(Digest::of(b"another")), &files).unwrap_err();
    assert_eq!(errors[0].check, "script.previous-transcript");
}

/// A record that is missing is noticed where the script names none: by what the register knows of the roots.
#[test]
fn a_register_that_lacks_a_record_is_noticed() {
    let repository = "example.com/updates";
    let root = ready("rotation").read("previous/1.root.json").unwrap();
    let digest = RootFile::read(&root).unwrap().document().digest();
    let signed = |version: u64, sha256: Digest| {
        let key_id = conclave::metadata::KeyId::new("ab".repeat(32));
        let need = Threshold {
            threshold: 1,
            key_ids: [key_id.clone()].into(),
        };
        let at = "2026-12-01T09:00:00Z".parse().unwrap();
        PayloadEntry {
            repository: repository.to_owned(),
            version,
            sha256,
            thresholds: vec![need],
            signed: [SignedBy { key_id, at }].into(),
            outstanding: BTreeSet::new(),
            abandoned: None,
        }
    };
    let head = Digest::of(b"the last line");
    let warned = |entries: &[PayloadEntry], record: &str| {
        let mut register = PayloadRegister::new();
        register.add_transcript(head);
        for entry in entries {
            register.add(entry.clone());
        }
        let register = register.to_file_bytes();
        let name = "previous/payloads.json";
        let mut files = BTreeMap::from([(name.to_owned(), register.clone())]);
        let carried = ready("rotation").files.iter();
        files.extend(carried.map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())));
        let lines = format!(
            "[previous]\n{record}register = {{ file = \"{name}\", sha256 = \"{}\" }}\n",
            Digest::of(&register)
        );
        let text = ready("rotation").text.replacen("[previous]\n", &lines, 1);
        let script = parse(&text, &files).unwrap_or_else(|errors| panic!("{errors}"));
        let warned = script.warnings().iter();
        assert!(
            warned
                .clone()
                .all(|w| w.check == "script.previous-transcript")
        );
        warned.map(|w| w.message.clone()).collect::<Vec<_>>()
    };
    let named = format!("transcript_digest = \"{}\"\n", head.words().join(" "));
    assert_eq!(warned(&[signed(1, digest)], &named), [""; 0]);
    let [unnamed] = &warned(&[signed(1, digest)], "")[..] else {
        panic!()
    };
    assert!(
        unnamed.contains("does not name the transcript"),
        "{unnamed}"
    );
    for others in [&[][..], &[signed(1, Digest::of(b"another root 1"))]] {
        let [unknown] = &warned(others, &named)[..] else {
            panic!()
        };
        assert!(
            unknown.contains("does not contain this root 1"),
            "{unknown}"
        );
    }
    let newer = [signed(1, digest), signed(3, Digest::of(b"root 3"))];
    let [stale] = &warned(&newer, &named)[..] else {
        panic!()
    };
    assert!(stale.contains("root 1 is not the newest"), "{stale}");
}

/// A name, and what is cut out of the ready rotation and put in its place.
type Case = (&'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("previous-missing", &[("[previous]\n", "[root.previous]\n")]),
    (
        "previous-record",
        &[(
            "[previous]\n",
            "[previous]\ntranscript_digest = \"snowcap\"\n",
        )],
    ),
    (
        "previous-forged",
        &[
            ("previous/1.root.json", "previous/forged.json"),
            ("GOOD", "FORGED"),
        ],
    ),
    (
        "previous-chain",
        &[(
            "[previous]\n",
            "[previous]\nchain = [{ file = \"previous/1.root.json\", sha256 = \"GOOD\" }]\n",
        )],
    ),
    (
        "previous-custody",
        &[(
            "[previous]\n",
            "[previous]\ncustody_log = { file = \"previous/custody.jsonl\", sha256 = \"GOOD\" }\n",
        )],
    ),
    (
        "renewal-threshold",
        &[("kind = \"rotation\"", "kind = \"renewal\"")],
    ),
    (
        "change-unknown",
        &[("change = \"keep\"", "change = \"bless\"")],
    ),
    (
        "change-none",
        &[
            ("change = \"remove\"", "change = \"keep\""),
            (
                "[[key]]\nid = \"key-6\"\nchange = \"add\"\nholder = \"holder-6\"\ntoken = { profile = \"softhsm2\", label = \"conclave-key-6\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"\n",
                "",
            ),
        ],
    ),
    ("key-id-unknown", &[("KEY-2", "00KEY-2")]),
    ("key-id-twice", &[("KEY-2", "KEY-1")]),
    ("key-id-missing", &[("key_id = \"KEY-2\"\n", "")]),
    (
        "key-id-of-new",
        &[(
            "change = \"add\"\n",
            "change = \"add\"\nkey_id = \"KEY-2\"\n",
        )],
    ),
    (
        "key-type-of-old",
        &[(
            "key_id = \"KEY-2\"\n",
            "key_id = \"KEY-2\"\ntype = \"ed25519\"\n",
        )],
    ),
    (
        "place-twice",
        &[(
            "status = \"lost\"\nheld",
            "status = \"lost\"\nsite = \"Lisbon\"\nheld",
        )],
    ),
    (
        "place-unknown",
        &[("status = \"lost\"\nheld", "status = \"lent\"\nheld")],
    ),
    (
        "place-of-new",
        &[(
            "change = \"add\"\n",
            "change = \"add\"\nstatus = \"absent\"\n",
        )],
    ),
    (
        "key-exists",
        &[(
            "[[step]]\nact = \"identify-token\"\nkey = \"key-2\"\n",
            "[[step]]\nact = \"identify-token\"\nkey = \"key-2\"\n\n[[step]]\nact = \"generate-key\"\nkey = \"key-2\"\n",
        )],
    ),
    (
        "step-missing-open",
        &[(
            "[[step]]\nact = \"identify-token\"\nkey = \"key-2\"\nminutes = 2\n",
            "",
        )],
    ),
    (
        "threshold-above-keys",
        &[("threshold = 3", "threshold = 6")],
    ),
    (
        "threshold-kept-above-keys",
        &[
            ("threshold = 3\n", ""),
            (
                "change = \"keep\"\nkey_id = \"KEY-1\"",
                "change = \"remove\"\nkey_id = \"KEY-1\"",
            ),
            (
                "change = \"keep\"\nkey_id = \"KEY-2\"",
                "change = \"remove\"\nkey_id = \"KEY-2\"",
            ),
            (
                "change = \"keep\"\nkey_id = \"KEY-3\"",
                "change = \"remove\"\nkey_id = \"KEY-3\"",
            ),
        ],
    ),
    // The lost key would stay, and all five would have to sign.
    (
        "reachability-new",
        &[
            ("threshold = 3", "threshold = 6"),
            ("change = \"remove\"", "change = \"keep\""),
        ],
    ),
    // Two of the three that must sign are not here.
    (
        "reachability-stranded",
        &[
            (
                "holder = \"holder-1\"\ntoken = { profile = \"softhsm2\", label = \"conclave-key-1\" }",
                "status = \"absent\"",
            ),
            (
                "holder = \"holder-2\"\ntoken = { profile = \"softhsm2\", label = \"conclave-key-2\" }",
                "status = \"absent\"",
            ),
            (
                "[[person]]\nid = \"holder-1\"\nname = \"Key holder 1\"\nroles = [\"key-holder\"]\n",
                "",
            ),
            (
                "[[person]]\nid = \"holder-2\"\nname = \"Key holder 2\"\nroles = [\"key-holder\"]\n",
                "",
            ),
            (
                "[[step]]\nact = \"identify-token\"\nkey = \"key-1\"\nminutes = 2\n",
                "",
            ),
            (
                "[[step]]\nact = \"identify-token\"\nkey = \"key-2\"\nminutes = 2\n",
                "",
            ),
        ],
    ),
];

struct World {
    files: BTreeMap<String, Vec<u8>>,
    words: Vec<(String, String)>,
}

impl World {
    fn new() -> Self {
        let (name, root) = ready("rotation").files[0];
        let good = String::from_utf8(root.to_vec()).unwrap();
        let forged = good.replacen("\"threshold\": 3", "\"threshold\": 1", 1);
        assert_ne!(good, forged);
        let value: serde_json::Value = serde_json::from_str(&good).unwrap();
        let ids = value["signed"]["roles"]["root"]["keyids"]
            .as_array()
            .unwrap();
        let mut words = vec![
            ("GOOD".to_owned(), Digest::of(good.as_bytes()).to_string()),
            (
                "FORGED".to_owned(),
                Digest::of(forged.as_bytes()).to_string(),
            ),
        ];
        words.extend(
            ids.iter()
                .zip(1..)
                .map(|(id, number)| (format!("KEY-{number}"), id.as_str().unwrap().to_owned())),
        );
        let files = [
            (name.to_owned(), good.into_bytes()),
            ("previous/forged.json".to_owned(), forged.into_bytes()),
        ];
        Self {
            files: BTreeMap::from(files),
            words,
        }
    }

    fn fill(&self, text: &str) -> String {
        let words = self.words.iter();
        words.fold(text.to_owned(), |text, (word, value)| {
            text.replace(word, value)
        })
    }

    fn errors(&self, (name, edits): Case) -> ScriptErrors {
        let mut text = ready("rotation").text.to_owned();
        for (cut, put) in edits {
            let cut = self.fill(cut);
            assert!(text.contains(&cut), "{name}: nothing to cut: {cut}");
            text = text.replacen(&cut, &self.fill(put), 1);
        }
        parse(&text, &self.files).unwrap_err()
    }
}

/// The errors of all cases of this file.
pub(crate) fn all() -> Vec<ScriptErrors> {
    let world = World::new();
    CASES.iter().map(|case| world.errors(*case)).collect()
}

#[test]
fn every_error_of_a_change_is_told_with_its_place_and_a_hint() {
    let world = World::new();
    for case in CASES {
        let said = said(&world.errors(*case));
        insta::with_settings!({
            snapshot_path => "errors",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("rotation-{}", case.0), said);
        });
    }
}
