//! Attacks on the verifier, made with real keys, each with the verdict and the very checks that it must meet.
//!
//! A case is a chain that starts with a good version 1, unless it says otherwise.
//! What it proves stands in its name and its `why`.

#![allow(clippy::too_many_lines, reason = "tables of cases are read row by row")]

mod dates;
mod fields;
mod json_text;
mod keys;
mod signatures;
mod thresholds;
mod world;

use std::collections::BTreeSet;

use conclave::metadata::{ChainReport, verify_chain};

use world::World;

/// The time that every case is judged at.
const AT: &str = "2030-06-01T00:00:00Z";

/// A chain and what the verifier must say of it.
struct Case {
    name: String,
    why: &'static str,
    files: Vec<Vec<u8>>,
    expected: Expected,
}

/// A verdict: the last version that verifies, and the IDs of the checks that speak.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    version: Option<u64>,
    reasons: Vec<String>,
    /// Findings beside the reasons; only compared where the chain is accepted.
    findings: BTreeSet<String>,
}

fn refused(version: impl Into<Option<u64>>, reasons: &str) -> Expected {
    Expected {
        version: version.into(),
        reasons: reasons.split_whitespace().map(str::to_owned).collect(),
        findings: BTreeSet::new(),
    }
}

fn accepted(version: u64, findings: &str) -> Expected {
    Expected {
        version: Some(version),
        reasons: Vec::new(),
        findings: findings.split_whitespace().map(str::to_owned).collect(),
    }
}

impl Expected {
    fn of(report: &ChainReport) -> Self {
        let id = |remark: &conclave::metadata::Remark| remark.check.id().to_owned();
        let findings = report.findings().iter().map(id);
        Self {
            version: report.version(),
            reasons: report.reasons().iter().map(id).collect(),
            findings: if report.is_accepted() {
                findings.collect()
            } else {
                BTreeSet::new()
            },
        }
    }
}

fn judge(files: &[Vec<u8>]) -> ChainReport {
    let named = files
        .iter()
        .enumerate()
        .map(|(index, bytes)| (format!("file {}", index + 1), bytes.clone()));
    verify_chain(named, AT.parse().unwrap())
}

#[test]
fn every_attack_meets_its_check() {
    let world = World::new();
    let mut cases = Vec::new();
    cases.extend(fields::cases(&world));
    cases.extend(dates::cases(&world));
    cases.extend(json_text::cases(&world));
    cases.extend(signatures::cases(&world));
    cases.extend(thresholds::cases(&world));
    cases.extend(keys::cases(&world));
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "names are unique");
    assert!(cases.len() >= 250, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let report = judge(&case.files);
            let found = Expected::of(&report);
            (found != case.expected).then(|| {
                format!(
                    "{} ({})\n  expected {:?}\n  found    {found:?}\n  {:?}",
                    case.name,
                    case.why,
                    case.expected,
                    report.reasons()
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
