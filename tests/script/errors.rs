//! Every error that a script can have: one edit of the ready genesis each, and what is
//! said to it, in `errors/err-*.snap`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use conclave::script::{PinnedFileSource, Script, ScriptErrors};

use super::cases::{Case, GROUPS};
use super::{day, genesis, parse};

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

impl PinnedFileSource for Carried {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        match name {
            "unreadable.pem" => Err(io::ErrorKind::PermissionDenied.into()),
            _ => self.0.read(name),
        }
    }
}

/// The errors of an edit of the ready genesis.
fn errors_of(carried: &Carried, (name, cut, put): Case) -> ScriptErrors {
    let (cut, put) = (carried.fill(cut), carried.fill(put));
    assert!(genesis().text.contains(&cut), "{name}: nothing to cut");
    parse(&genesis().text.replacen(&cut, &put, 1), carried).unwrap_err()
}

/// Errors as the command line shows them.
pub(crate) fn said(errors: &ScriptErrors) -> String {
    let mut said = String::new();
    for error in errors.iter() {
        let mut told = error.to_string();
        // Why a file is no key is told in the words of the metadata room.
        if let Some((ours, _)) = told.split_once("that can be used: ") {
            told = format!("{ours}that can be used: […]");
        }
        let (hint, check) = (&error.hint, error.check);
        writeln!(said, "error: {told}\nhint: {hint}\ncheck: {check}\n").unwrap();
    }
    said
}

/// The errors of all cases of this directory, but for those that need more than one edit.
fn all() -> Vec<ScriptErrors> {
    let carried = Carried::new();
    let cases = GROUPS.concat().into_iter();
    cases
        .map(|case| errors_of(&carried, case))
        .chain(super::attested::all())
        .chain(super::backup::all())
        .chain(super::enrollment::all())
        .chain(super::notary::all())
        .chain(super::reissue::all())
        .chain(super::restore::all())
        .chain(super::rotation::all())
        .chain(super::signing::all())
        .collect()
}

/// One list to read: each message with its hint, once, without its place. Digests and times are left out.
#[test]
fn every_error_reads_well() {
    let plain = |text: &str| {
        let mut after_line = false;
        let words = text.split(' ').map(|word| {
            let hex = word.chars().filter(char::is_ascii_hexdigit).count();
            let is_number = std::mem::replace(&mut after_line, word.ends_with("line"));
            let id = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
            match id.trim_end_matches(|c: char| c.is_ascii_digit()) {
                _ if hex > 40 => "[…]".to_owned(),
                _ if is_number => "N".to_owned(),
                stem if stem.starts_with('"') && stem.ends_with('-') => {
                    format!("{stem}N{}", &word[id.len()..])
                }
                _ => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let errors = all();
    let lines: BTreeSet<String> = errors
        .iter()
        .flat_map(|errors| errors.iter())
        .map(|error| {
            let (message, hint) = (plain(&error.message), plain(&error.hint));
            format!("{}\n  error: {message}\n  hint: {hint}\n", error.check)
        })
        .collect();
    let list: String = lines.into_iter().collect();
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("every-error", list);
    });
}

fn edit((_, cut, put): Case) -> String {
    let lines = |mark: &str, text: &str| -> String {
        let lines = text
            .lines()
            .map(|line| format!("{mark} {}", line.escape_debug()));
        lines.collect::<Vec<_>>().join(
            "
",
        )
    };
    format!("{}\n{}", lines("-", cut), lines("+", put))
}

#[test]
fn every_error_is_told_with_its_place_and_a_hint() {
    let carried = Carried::new();
    for case in GROUPS.concat() {
        let said = said(&errors_of(&carried, case));
        insta::with_settings!({
            snapshot_path => "errors",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => edit(case),
        }, {
            insta::assert_snapshot!(format!("err-{}", case.0), said);
        });
    }
}

#[test]
fn every_golden_file_has_a_case() {
    let cases: BTreeSet<String> = GROUPS
        .concat()
        .iter()
        .map(|(name, _, _)| format!("err-{name}.snap"))
        .collect();
    let files: BTreeSet<String> = std::fs::read_dir("tests/script/errors")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("err-"))
        .collect();
    assert_eq!(files, cases);
}

#[test]
fn every_check_has_a_case() {
    let errors = all();
    let errors = errors.iter().flat_map(|errors| errors.iter());
    let mut told: BTreeSet<&str> = errors.map(|error| error.check).collect();
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
fn all_errors_are_told_at_once_in_the_order_of_lines() {
    let text = genesis()
        .text
        .replacen("threshold = 3 ", "threshold = 9 ", 1)
        .replacen("act = \"sign-root\"", "act = \"sing-root\"", 1)
        .replacen("name = \"Witness 2\"", "nam = \"Witness 2\"", 1);
    let errors = parse(&text, genesis()).unwrap_err();
    let checks: Vec<&str> = errors.iter().map(|error| error.check).collect();
    assert_eq!(
        checks,
        [
            "script.threshold",
            "script.field-missing",
            "script.field-unknown",
            "script.act"
        ]
    );
    assert!(errors.is_sorted_by_key(|error| (error.line, error.column)));
}

#[test]
fn a_file_of_a_mebibyte_is_no_script() {
    let text = format!("{}#{}", genesis().text, " ".repeat(1 << 20));
    let errors = parse(&text, genesis()).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "genesis.toml:1:1: the script is longer than 1 MiB"
    );
}

#[test]
fn whoever_wants_to_keep_us_busy_is_told_a_few_errors_at_once() {
    let line = "PIN: 271828 \u{202e}\n".repeat(60_000);
    let fields: Vec<String> = (0..40_000).map(|n| format!("a{n} = 1,")).collect();
    let fields = fields.join(" ");
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
        let errors = parse(&text, genesis()).unwrap_err();
        assert!((1..=501).contains(&errors.len()));
    }
    // Seconds at most; what grows with the square of its input would take hours.
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn a_script_without_keys_or_steps_is_told_so_once() {
    let people = genesis().text.split_once("# The root keys,").unwrap().0;
    let errors = parse(people, genesis()).unwrap_err();
    let checks: Vec<&str> = errors.iter().map(|error| error.check).collect();
    assert_eq!(checks[..2], ["script.keys", "script.steps"], "{errors}");
    assert!(checks[2..].iter().all(|check| *check == "script.unused"));
}

#[test]
fn the_judge_names_the_time() {
    let later = "2028-01-01T00:00:00Z".parse().unwrap();
    let judged = |at| Script::parse("genesis.toml", genesis().text, genesis(), at);
    assert!(judged(day()).is_ok());
    assert_eq!(
        judged(later).unwrap_err().to_string(),
        "genesis.toml:28:11: the root expires at 2027-12-01T00:00:00Z, \
         which has passed: it is 2028-01-01T00:00:00Z"
    );
}
