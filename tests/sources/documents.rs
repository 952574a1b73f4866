//! The documents name every check and every rule, and none that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use conclave::certificate::attestation::AttestationCheck;
use conclave::metadata::{Check, limits, lint_rules};
use conclave::record::Weight;
use conclave::{backup, transfer};

fn document(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(name),
    )
    .unwrap()
}

#[test]
fn every_check_of_a_format_is_documented() {
    let check_in = |rows: Vec<(&str, &str)>, names: &[&str]| {
        let texts: String = names.iter().map(|name| document(name)).collect();
        for (id, meaning) in rows {
            let row = format!("| `{id}` | {meaning} |");
            assert!(texts.contains(&row), "missing in {names:?}: {row}");
        }
    };
    let rows = |checks: &[transfer::Check]| -> Vec<_> {
        checks
            .iter()
            .map(|check| (check.id(), check.meaning()))
            .collect()
    };
    check_in(
        rows(transfer::Check::ALL),
        &[
            "formats/signing-request.md",
            "formats/detached-signature.md",
            "formats/payload-register.md",
            "formats/enrollment.md",
        ],
    );
    let backup = backup::Check::ALL.iter();
    check_in(
        backup.map(|check| (check.id(), check.meaning())).collect(),
        &["formats/share.md", "formats/backup-manifest.md"],
    );
}

#[test]
fn ids_of_checks_are_unique_and_of_one_form() {
    let attestation = AttestationCheck::ALL.iter().map(|check| check.id());
    for ids in [
        Check::ALL
            .iter()
            .map(|check| check.id())
            .collect::<Vec<_>>(),
        transfer::Check::ALL
            .iter()
            .map(|check| check.id())
            .collect(),
        backup::Check::ALL.iter().map(|check| check.id()).collect(),
        attestation.collect(),
        lint_rules(),
    ] {
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for id in ids {
            let (subject, name) = id.split_once('.').unwrap();
            let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            for part in [subject, name] {
                assert!(!part.is_empty() && part.bytes().all(is_allowed), "{id}");
            }
        }
    }
}

/// The first cells of table rows that are IDs.
fn ids(document: &str) -> BTreeSet<String> {
    document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(id, _)| id.to_owned())
        .filter(|id| id.contains('.'))
        .collect()
}

#[test]
fn every_check_of_root_metadata_is_documented_as_it_is() {
    let document = document("root-checks.md");
    let (deciding, reporting) = document.split_once("## What is reported").unwrap();
    for check in Check::ALL {
        let section = match check.weight() {
            Weight::Decides => deciding,
            Weight::Reports => reporting,
        };
        let row = format!("| `{check}` | {} |", check.meaning());
        assert!(section.contains(&row), "{row}");
    }
    let known: BTreeSet<_> = Check::ALL
        .iter()
        .map(|check| check.id().to_owned())
        .collect();
    assert_eq!(ids(&document), known);
}

#[test]
fn the_limits_are_documented_as_they_are() {
    let document = document("root-checks.md");
    let thousands = |number: u64| {
        let digits = number.to_string();
        match digits.len() {
            0..=3 => digits,
            length => format!("{},{}", &digits[..length - 3], &digits[length - 3..]),
        }
    };
    assert_eq!(limits::MAX_FILE_BYTES, 4 << 20);
    for row in [
        format!(
            "| keys; key IDs of a role | {} |",
            thousands(limits::MAX_KEYS as u64)
        ),
        format!(
            "| signatures of a file | {} |",
            thousands(limits::MAX_SIGNATURES as u64)
        ),
        format!(
            "| versions of a chain | {} |",
            thousands(limits::MAX_VERSIONS)
        ),
        format!(
            "from {} on: `file.large`",
            thousands(limits::CLIENT_FILE_BYTES as u64)
        ),
        format!(
            "| nesting of JSON | {} levels |",
            conclave::metadata::canonical_json::MAX_DEPTH
        ),
    ] {
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn every_lint_rule_is_documented() {
    let rules: BTreeSet<_> = lint_rules().into_iter().map(str::to_owned).collect();
    assert_eq!(ids(&document("lint.md")), rules);
}

#[test]
fn the_comparison_with_others_says_what_conclave_says() {
    let text = document("root-peers.md");
    let chains = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains");
    let rows = |kind: &str, name: &str| -> Vec<Vec<String>> {
        let table = fs::read_to_string(chains.join(kind).join(name)).unwrap();
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        table.lines().skip(1).map(cells).collect()
    };
    let ours = |row: &[String]| match (row[1].as_str(), row[2].as_str(), row[3].as_str()) {
        ("accepted", version, _) => version.to_owned(),
        (_, version, "root.expired") => format!("{version}, expired"),
        (_, "-", _) => "refused".to_owned(),
        (_, version, _) => format!("{version}, then refused"),
    };
    let starts = |row: &[String]| format!("| {} | {} |", row[0], ours(row));
    for row in rows("real", "verdicts.tsv") {
        assert!(text.contains(&starts(&row)), "{}", starts(&row));
    }
    let adversarial = rows("adversarial", "verdicts.tsv");
    let named = adversarial
        .iter()
        .filter(|row| text.contains(&format!("| {} |", row[0])));
    let differing: Vec<_> = named.collect();
    for row in &differing {
        assert!(text.contains(&starts(row)), "{}", starts(row));
    }
    let agreed = adversarial.len() - differing.len();
    assert!(text.contains(&format!(
        "All four agree on {agreed} of {}.",
        adversarial.len()
    )));
}

/// Every check ID that a report can show.
fn every_check() -> BTreeSet<String> {
    use conclave::certificate::attestation::AttestationCheck;
    let mut all = BTreeSet::new();
    all.extend(Check::ALL.iter().map(ToString::to_string));
    all.extend(
        conclave::ceremony::Check::ALL
            .iter()
            .map(ToString::to_string),
    );
    all.extend(conclave::audit::Check::ALL.iter().map(ToString::to_string));
    all.extend(
        conclave::transfer::Check::ALL
            .iter()
            .map(ToString::to_string),
    );
    all.extend(AttestationCheck::ALL.iter().map(ToString::to_string));
    all
}

/// Whether a test of that name stands in the file.
fn has_test(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let marked = text.split("#[test]").skip(1);
    let named = format!("fn {name}(");
    marked
        .filter_map(|rest| rest.split_once("fn "))
        .any(|(_, rest)| format!("fn {rest}").starts_with(&named))
}

#[test]
fn the_assurance_case_names_checks_and_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = every_check();
    let (mut checks, mut tests) = (0, 0);
    let case = document("assurance-case.md");
    for row in case.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let quoted = |cell: &str| -> Vec<String> {
            let parts = cell.split('`').enumerate();
            let inside = parts.filter(|(place, _)| place % 2 == 1);
            inside.map(|(_, text)| text.to_owned()).collect()
        };
        for id in quoted(cells[2]).iter().filter(|id| id.contains('.')) {
            let of_the_machine = include_str!("../../src/host/judgment.rs");
            let is_of_the_machine = of_the_machine.contains(&format!("\"{id}\""));
            assert!(
                known.contains(id) || is_of_the_machine || id == "VERIFY.txt",
                "{id}"
            );
            checks += 1;
        }
        for reference in quoted(cells[3]) {
            let (file, name) = reference.split_once(": ").unwrap_or((&reference, ""));
            let path = root.join(file);
            assert!(path.exists(), "{reference}");
            assert!(name.is_empty() || has_test(&path, name), "{reference}");
            tests += 1;
        }
    }
    assert!(checks > 20 && tests > 30, "{checks} checks, {tests} tests");
}
