//! `conclave transcript`, as people and other programs call it.

use std::fs;
use std::path::Path;
use std::process::Output;

use conclave::audit::report;
use conclave::ceremony::{Failure, FailureKind, Input, Mode, Outcome};
use conclave::metadata::KeyType;
use serde_json::{Value, json};

use super::{closed, directory_of};
use crate::support::ceremony_driver::{Room, genesis};

fn conclave(arguments: &[&str], directory: &Path) -> Output {
    assert_cmd::Command::cargo_bin("conclave")
        .unwrap()
        .arg("transcript")
        .args(arguments)
        .arg(directory)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_sound_directory_is_accepted_with_its_head() {
    let directory = directory_of(closed());
    let head = closed().transcript.head();
    for ink in [
        head.to_string(),
        head.words().join(" "),
        head.grouped_hex().join(" "),
    ] {
        let output = conclave(&["verify", "--digest", &ink], directory.path());
        assert_eq!(output.status.code(), Some(0));
        let lines = closed().transcript.entries().len();
        let first =
            format!("accepted: PRODUCTION, {lines} entries, closed, overall verdict: agreed\n");
        assert!(stdout(&output).starts_with(&first), "{}", stdout(&output));
        assert!(stdout(&output).contains(&head.words()[24..].join(" ")));
    }
}

#[test]
fn the_report_of_an_audit_has_this_shape() {
    let directory = directory_of(closed());
    let output = conclave(&["verify", "--json"], directory.path());
    let head = closed().transcript.head();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        json_of(&output),
        json!({
            "verdict": "accepted",
            "mode": "production",
            "ending": {"event": "closed", "verdict": "agree"},
            "script": closed().ceremony.script().sha256(),
            "entries": closed().transcript.entries().len(),
            "transcript_digest": head,
            "transcript_digest_words": head.words().join(" "),
            "reasons": [],
            "findings": [],
        })
    );
}

#[test]
fn another_head_is_refused() {
    let directory = directory_of(closed());
    let other = "0".repeat(64);
    let output = conclave(&["verify", "--json", "--digest", &other], directory.path());
    assert_eq!(output.status.code(), Some(1));
    let report = json_of(&output);
    assert_eq!(report["verdict"], json!("rejected"));
    assert_eq!(report["reasons"][0]["check"], json!("transcript.digest"));
    for faulty in ["snowcap", "12345", ""] {
        let output = conclave(&["verify", "--digest", faulty], directory.path());
        assert_eq!(output.status.code(), Some(2), "{faulty:?}");
    }
}

#[test]
fn what_is_under_judgment_is_refused_with_a_whole_report() {
    let empty = tempfile::tempdir().unwrap();
    let output = conclave(&["verify", "--json"], empty.path());
    assert_eq!(output.status.code(), Some(1));
    let report = json_of(&output);
    for name in [
        "mode",
        "ending",
        "script",
        "transcript_digest",
        "transcript_digest_words",
    ] {
        assert_eq!(report[name], Value::Null, "{name}");
    }
    assert_eq!(report["entries"], json!(0));
    assert_eq!(report["reasons"].as_array().unwrap().len(), 3);

    let output = conclave(&["verify"], empty.path());
    assert!(stdout(&output).starts_with("rejected\n  [FAIL] transcript.missing: "));
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    for command in ["verify", "show", "report"] {
        let output = conclave(&[command], Path::new("/nonexistent/ceremony"));
        assert_eq!(output.status.code(), Some(4), "{command}");
        assert!(stdout(&output).is_empty());
        assert!(stderr(&output).contains("\nhint: "), "{}", stderr(&output));
    }
}

#[test]
fn the_course_is_shown_line_by_line_and_cannot_steer_the_terminal() {
    let mut room = Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Rehearsal);
    room.give(Input::Outcome(Outcome::Failed(Failure {
        kind: FailureKind::Device,
        what: "the module said \u{1b}[2J\u{202e}".to_owned(),
        hint: String::new(),
    })))
    .unwrap();
    let directory = tempfile::tempdir().unwrap();
    room.write_inputs(directory.path());
    let output = conclave(&["show"], directory.path());
    assert_eq!(output.status.code(), Some(0));
    let shown = stdout(&output);
    let expected = "\nAttendance [attendance]\n    2  2026-12-01T09:00:07Z  \
                    Failed: the module said \\u{1b}[2J\\u{202e}.\n";
    assert!(shown.contains(expected), "{shown}");
    assert!(
        shown.contains("\nREHEARSAL, transcript digest of 2 entries:\n"),
        "{shown}"
    );

    let lines = json_of(&conclave(&["show", "--json"], directory.path()));
    assert_eq!(lines.as_array().unwrap().len(), 2);
    assert_eq!(
        lines[1],
        json!({
            "entry": 2,
            "time": "2026-12-01T09:00:07Z",
            "step": "attendance",
            "people": [],
            "event": "failed",
            "sentence": "Failed: the module said \\u{1b}[2J\\u{202e}.",
            "digest": room.transcript.head(),
        })
    );
}

#[test]
fn a_record_that_is_untrue_is_shown_and_refused() {
    let mut room = closed().clone();
    let last = room.transcript.entries().last().unwrap().line.clone();
    room.transcript
        .push(last.script, last.mode, last.time, last.event());
    let directory = tempfile::tempdir().unwrap();
    room.write_inputs(directory.path());
    let output = conclave(&["show"], directory.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Closed."));
    let number = room.transcript.entries().len();
    let error = format!("error: line {number}: the ceremony has ended\n");
    assert!(stderr(&output).starts_with(&error), "{}", stderr(&output));
    assert_eq!(
        conclave(&["report"], directory.path()).status.code(),
        Some(1)
    );
    assert!(!directory.path().join("report.html").exists());
}

#[test]
fn the_page_is_written_where_nothing_is_yet() {
    let directory = directory_of(closed());
    let page = report(&closed().ceremony, &closed().transcript).to_html();
    let output = conclave(&["report"], directory.path());
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("already exists"));

    let out = directory.path().join("again.html");
    let output = conclave(
        &["report", "--out", out.to_str().unwrap()],
        directory.path(),
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).is_empty());
    assert_eq!(fs::read_to_string(&out).unwrap(), page);

    fs::remove_file(directory.path().join("report.html")).unwrap();
    assert_eq!(
        conclave(&["report"], directory.path()).status.code(),
        Some(0)
    );
    let written = fs::read_to_string(directory.path().join("report.html")).unwrap();
    assert_eq!(written, page);
}
