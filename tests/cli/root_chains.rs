//! Every chain under `tests/chains` gets the verdict that the specification wants
//! (`index.json`), and the very checks that are written down beside it (`verdicts.tsv`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const AT: &str = "2026-11-15T00:00:00Z";

struct Outcome {
    status: i32,
    report: Value,
}

impl Outcome {
    fn of(chain: &Path) -> Self {
        let output = Command::cargo_bin("conclave")
            .unwrap()
            .args(["root", "verify", "--json", "--at", AT])
            .arg(chain)
            .output()
            .unwrap();
        assert!(output.stderr.is_empty(), "{}", chain.display());
        Self {
            status: output.status.code().unwrap(),
            report: serde_json::from_slice(&output.stdout).unwrap(),
        }
    }

    fn checks(&self, member: &str) -> Vec<&str> {
        let remarks = self.report[member].as_array().unwrap();
        remarks
            .iter()
            .map(|remark| remark["check"].as_str().unwrap())
            .collect()
    }

    /// Whether every hop verifies, as `index.json` counts: expired is another question.
    fn every_hop_verifies(&self) -> bool {
        self.checks("reasons")
            .iter()
            .all(|check| *check == "root.expired")
    }

    /// The row of `verdicts.tsv`.
    fn row(&self) -> String {
        let list = |checks: &mut dyn Iterator<Item = &str>| {
            let joined = checks.collect::<Vec<_>>().join(" ");
            if joined.is_empty() {
                "-".into()
            } else {
                joined
            }
        };
        let findings: BTreeSet<_> = self.checks("findings").into_iter().collect();
        [
            self.report["verdict"].as_str().unwrap().to_owned(),
            self.report["version"]
                .as_u64()
                .map_or("-".into(), |version| version.to_string()),
            list(&mut self.checks("reasons").into_iter()),
            list(&mut findings.into_iter()),
        ]
        .join("\t")
    }
}

fn chains(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chains")
        .join(kind)
}

fn outcomes(kind: &str) -> BTreeMap<String, Outcome> {
    let outcomes: BTreeMap<_, _> = fs::read_dir(chains(kind))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, Outcome::of(&entry.path()))
        })
        .collect();
    assert!(!outcomes.is_empty());
    outcomes
}

fn assert_written_down(kind: &str, outcomes: &BTreeMap<String, Outcome>) {
    let table = fs::read_to_string(chains(kind).join("verdicts.tsv")).unwrap();
    let written: BTreeMap<_, _> = table
        .lines()
        .skip(1)
        .map(|line| line.split_once('\t').unwrap())
        .map(|(name, row)| (name.to_owned(), row.to_owned()))
        .collect();
    let found: BTreeMap<_, _> = outcomes
        .iter()
        .map(|(name, outcome)| (name.clone(), outcome.row()))
        .collect();
    assert_eq!(found, written);
}

fn assert_contract(name: &str, outcome: &Outcome) {
    let members: Vec<_> = outcome.report.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["verdict", "version", "expired", "reasons", "findings"],
        "{name}"
    );
    let accepted = outcome.report["verdict"] == "accepted";
    assert_eq!(accepted, outcome.checks("reasons").is_empty(), "{name}");
    assert_eq!(outcome.status, i32::from(!accepted), "{name}");
    for member in ["reasons", "findings"] {
        for remark in outcome.report[member].as_array().unwrap() {
            let detail = remark["detail"].as_str().unwrap();
            assert!(detail.contains(".root.json"), "{name}: {detail}");
            assert!(!detail.contains(char::is_control), "{name}: {detail}");
            assert_eq!(remark.as_object().unwrap().len(), 2, "{name}");
        }
    }
}

#[test]
fn adversarial_chains_get_the_verdict_that_the_specification_wants() {
    let outcomes = outcomes("adversarial");
    let index = fs::read(chains("adversarial").join("index.json")).unwrap();
    let index: Vec<Value> = serde_json::from_slice(&index).unwrap();
    assert_eq!(index.len(), outcomes.len());
    for case in &index {
        let name = case["name"].as_str().unwrap();
        let outcome = &outcomes[name];
        let expected = &case["expected"];
        match case["verdict"].as_str().unwrap() {
            "accept" => {
                assert!(outcome.every_hop_verifies(), "{name}");
                assert_eq!(outcome.report["version"], expected["last"], "{name}");
                assert_eq!(outcome.report["expired"], expected["expired"], "{name}");
            }
            "reject" => {
                assert!(!outcome.every_hop_verifies(), "{name}");
                assert_eq!(outcome.report["version"], expected["last"], "{name}");
            }
            "either" if outcome.every_hop_verifies() => {
                let last = &expected["if_accepted_last"];
                assert_eq!(&outcome.report["version"], last, "{name}");
            }
            "either" => {}
            other => panic!("{name}: what is {other}?"),
        }
        assert_contract(name, outcome);
    }
    assert_written_down("adversarial", &outcomes);
}

#[test]
fn real_chains_get_the_verdict_that_is_written_down() {
    let outcomes = outcomes("real");
    for (name, outcome) in &outcomes {
        assert_contract(name, outcome);
    }
    assert_written_down("real", &outcomes);
}

#[test]
fn whatever_a_peer_verifies_of_the_real_chains_is_verified_here() {
    // Two members of one name in `keys`: the peers take the last, tough and Conclave refuse.
    let refused_on_purpose = ["tough-duplicate-keyid"];
    // None of the peers reads Notary's format.
    let of_notary = ["notary0.1", "notary0.3"];
    let outcomes = outcomes("real");
    let truth = fs::read_to_string(chains("real").join("truth.tsv")).unwrap();
    for line in truth.lines().skip(1) {
        let mut cells = line.split('\t');
        let name = cells.next().unwrap();
        let furthest = cells
            .filter_map(|cell| cell.strip_prefix("ok:"))
            .map(|version| version.trim_end_matches('x').parse::<u64>().unwrap())
            .max();
        let version = outcomes[name].report["version"].as_u64();
        if refused_on_purpose.contains(&name) {
            assert_eq!(version, None, "{name}");
        } else if of_notary.contains(&name) {
            assert_eq!((version, furthest), (Some(1), None), "{name}");
        } else {
            assert_eq!(version, furthest, "{name}");
        }
    }
}
