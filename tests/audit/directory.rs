//! What else lies in a directory: inputs, export, and what does not belong.

use std::fs;
use std::path::Path;

use conclave::audit::{RecordError, verify_directory};
use conclave::ceremony::{Answer, ExceptionReport, Input, Mode, Next};
use conclave::metadata::KeyType;

use super::{audit, closed, directory_of, findings, reasons};
use crate::support::ceremony_driver::{Room, genesis, on_paper, write};

fn small() -> Room {
    Room::open(genesis(&[KeyType::Ed25519; 2], 1), Mode::Production)
}

#[test]
fn a_sound_directory_is_accepted() {
    let directory = directory_of(closed());
    assert_eq!(findings(directory.path()), [""; 0]);
    let report = audit(directory.path());
    assert_eq!(report.digest(), Some(&closed().transcript.head()));
    assert_eq!(report.entries(), closed().transcript.entries().len() as u64);
}

#[test]
fn a_changed_input_is_refused() {
    let append = |path: &str| {
        let directory = directory_of(closed());
        let file = directory.path().join(path);
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend(b"# one more comment\n");
        fs::write(&file, bytes).unwrap();
        reasons(directory.path())
    };
    assert_eq!(
        append("script.toml"),
        ["transcript.script", "directory.sums"]
    );
    assert_eq!(
        append("online/targets.pub.pem"),
        ["script.error", "directory.sums"]
    );
    let remove = |path: &str| {
        let directory = directory_of(closed());
        fs::remove_file(directory.path().join(path)).unwrap();
        reasons(directory.path())
    };
    assert_eq!(remove("script.toml"), ["script.error", "directory.sums"]);
    assert_eq!(
        remove("online/targets.pub.pem"),
        ["script.error", "directory.sums"]
    );
    assert_eq!(
        remove("transcript.jsonl"),
        ["transcript.missing", "directory.sums"]
    );
}

#[test]
fn a_script_that_is_no_text_is_refused() {
    let directory = directory_of(closed());
    write(directory.path(), "script.toml", b"schema = 1\n# \xff\n");
    assert_eq!(
        reasons(directory.path()),
        ["script.error", "directory.sums"]
    );
}

#[test]
fn what_does_not_belong_is_told() {
    let directory = directory_of(closed());
    write(directory.path(), "notes.txt", b"");
    write(directory.path(), "keys/key-9.pub.pem", b"");
    write(directory.path(), "extra/a/b", b"");
    write(directory.path(), "online/\u{202e}gpj", b"");
    let report = audit(directory.path());
    assert!(report.is_accepted());
    let told: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "directory.unexpected: extra/",
            "directory.unexpected: keys/key-9.pub.pem",
            "directory.unexpected: notes.txt",
            "directory.unexpected: online/\\u{202e}gpj",
        ]
    );
}

#[test]
fn many_that_do_not_belong_are_counted() {
    let directory = directory_of(closed());
    for number in 0..70 {
        write(directory.path(), &format!("x{number}"), b"");
    }
    let report = audit(directory.path());
    assert_eq!(report.findings().len(), 65);
    assert_eq!(report.findings()[64].detail, "and 6 more unexpected files");
}

#[test]
fn a_list_of_digests_names_neither_too_little_nor_too_much() {
    let change = |change: &dyn Fn(&str) -> String| {
        let directory = directory_of(closed());
        let sums = directory.path().join("SHA256SUMS");
        let text = fs::read_to_string(&sums).unwrap();
        fs::write(&sums, change(&text)).unwrap();
        let report = audit(directory.path());
        report
            .reasons()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        change(&|text| text.split_inclusive('\n').skip(1).collect()),
        ["directory.sums: VERIFY.txt is not listed"]
    );
    let zeros = "0".repeat(64);
    assert_eq!(
        change(&|text| format!("{text}{zeros}  zzz\n")),
        [
            "directory.sums: zzz: the file is missing",
            "directory.sums: zzz is listed, but is not a file of the ceremony"
        ]
    );
    for faulty in [
        change(&|text| format!("{text}{zeros}  ../zzz\n")),
        change(&|text| text.replace('\n', "\r\n")),
        change(&|text| text.split_inclusive('\n').rev().collect()),
        change(&|text| text.trim_end().to_owned()),
    ] {
        assert_eq!(
            faulty[0],
            "directory.sums: SHA256SUMS is not a list of digests and paths, sorted by path"
        );
    }
}

#[test]
fn what_was_exported_is_compared_where_it_is() {
    let directory = directory_of(closed());
    let export = directory.path().join("export");
    fs::remove_file(export.join("root.json")).unwrap();
    assert_eq!(findings(directory.path()), ["export.absent"]);
    fs::remove_dir_all(&export).unwrap();
    assert_eq!(
        findings(directory.path()),
        ["export.absent", "export.absent"]
    );
    write(directory.path(), "export/1.root.json", b"{}");
    assert_eq!(reasons(directory.path()), ["export.file"]);
}

#[test]
fn a_ceremony_under_way_owes_no_documents() {
    let mut room = small();
    room.advance_until(|ceremony| ceremony.frozen().is_some());
    let directory = tempfile::tempdir().unwrap();
    room.write_inputs(directory.path());
    assert_eq!(findings(directory.path()), ["directory.unfinished"]);
    let report = audit(directory.path());
    assert_eq!(report.ending(), None);
    assert_eq!(report.mode(), Some(Mode::Production));
}

#[test]
fn what_a_reader_should_know_of_the_course_is_told() {
    let mut room = small();
    room.give(Input::Exception {
        report: ExceptionReport {
            expected: "a closed door".to_owned(),
            happened: "the door was open".to_owned(),
            decided: "it was closed".to_owned(),
        },
        waives: None,
        approvals: on_paper(["witness-1", "witness-2"]),
    })
    .unwrap();
    room.advance_until(|ceremony| !ceremony.exported().is_empty());
    room.advance_until(|ceremony| {
        ceremony
            .current_step()
            .is_some_and(|step| step.id.as_str() == "sign-off")
    });
    assert!(matches!(room.ceremony.next(), Next::Ask(_)));
    room.answer(Answer::Choice {
        index: 1,
        remark: "it was cold".to_owned(),
    })
    .unwrap();
    while room.advance() {}
    let report = audit(directory_of(&room).path());
    let told: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "ceremony.exception: at attendance: the door was open; decided: it was closed",
            "ceremony.sign-off: administrator agreed with a reservation: it was cold",
        ]
    );
}

#[test]
fn a_directory_that_is_not_there_is_no_verdict() {
    assert!(matches!(
        verify_directory(Path::new("/nonexistent/ceremony")),
        Err(RecordError::Io { .. })
    ));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        reasons(empty.path()),
        ["transcript.missing", "script.error", "directory.sums"]
    );
}
