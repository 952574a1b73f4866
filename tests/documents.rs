//! The documents name every check and every rule, and none that is not there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use conclave::metadata::{Check, Weight, limits, lint_rules};

fn document(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(name),
    )
    .unwrap()
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
            "chains longer than {} versions",
            limits::SURPLUS_CHECKED_VERSIONS
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
