//! A bad day, played by hand at a terminal and by two processes: a holder is late, a PIN locks and the spare is
//! taken, a name is misspelled, the clock is nine minutes off, there is lunch, and a witness has a reservation.
//! What comes out of it is a root that every client accepts, and a record that tells a stranger all of it.

use std::fs;

use conclave::metadata::KeyType;
use conclave::rehearsal::online_keys;
use conclave::script::{Kind, ScriptTemplate};
use jiff::{SignedDuration, Timestamp};

use super::assert_accepted;
use crate::support::client::Client;
use crate::support::operator::Operator;
use crate::support::rehearse::{Rehearsal, assert_done};

const WRONG: &str = "99999999";
const CLOCK_IS_BEHIND: SignedDuration = SignedDuration::from_mins(9);

/// A script for three holders, one spare token, and online keys that a repository can be built with.
fn write_script(rehearsal: &Rehearsal) {
    let online = online_keys(&rehearsal.beside("online")).unwrap();
    let not_before = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "example.com/bad-day".to_owned(),
        tokens: 3,
        threshold: 2,
        key_type: KeyType::EcdsaP256,
        profile: "softhsm2".to_owned(),
        not_before,
        expires: not_before + SignedDuration::from_hours(365 * 24),
        online,
    };
    fs::write(rehearsal.beside("bad-day.toml"), template.write().unwrap()).unwrap();
}

#[test]
fn a_bad_day_ends_with_a_root_that_all_clients_accept() {
    let rehearsal = Rehearsal::new();
    write_script(&rehearsal);
    let script = rehearsal.beside("bad-day.toml");
    let out = rehearsal.out();
    let arguments = [
        "rehearse",
        "--plain",
        script.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let mut operator = Operator::start(&rehearsal, env!("CARGO_BIN_EXE_conclave"), &arguments);

    // Holder 2 is late.
    operator.play_until("Identification of Key holder 2");
    operator.choose("not present yet");

    // The clock is nine minutes off; two people say so.
    operator.play_until("The clock of this machine shows ");
    let right = machine_time(operator.shown()) + CLOCK_IS_BEHIND;
    operator.answer_and_see(&right.to_string());

    // Nobody waits for the one who is late: holder 3 goes first. Lunch comes in the middle of that, and this process ends.
    operator.play_until("Generate the key of key holder 3");
    let so_far = operator.terminal.transcript();
    assert!(
        !so_far.contains("Identify the token of key holder 2"),
        "{so_far}"
    );
    operator.ask_for("Pause the ceremony", "", Some("lunch"));
    operator.play_until_ended();
    let status = operator.end();
    assert!(
        status.success(),
        "{status}: {}",
        operator.terminal.transcript()
    );

    // After lunch, another process. Holder 2 has come.
    let mut operator = Operator::resume(&rehearsal);
    operator.play_until("The clock of this machine shows ");
    let right = machine_time(operator.shown()) + CLOCK_IS_BEHIND;
    operator.answer_and_see(&right.to_string());

    // Holder 3 does not remember the PIN. It locks, and two people take the spare.
    for _ in 0..2 {
        operator.play_until("  PIN: ");
        let shown = operator.answer_and_see(WRONG).to_owned();
        assert!(shown.contains("the PIN is wrong"), "{shown}");
        operator.answer_and_see("");
    }
    operator.play_until("Type LAST TRY");
    operator.answer_and_see("LAST TRY");
    let shown = operator.answer_and_see(WRONG).to_owned();
    assert!(shown.contains("the PIN is locked"), "{shown}");
    operator.ask_for("Use a spare token", "spare-1", Some("the PIN is locked"));

    // A name is misspelled; two people correct it after it was read aloud.
    operator.play_until("Compose the root");
    operator.ask_for("Correct a name", "Key holder 2", Some("Grace Hopper"));

    // A witness has a reservation.
    operator.play_until("Witness 1\r\n    1 agree");
    operator.choose("agree with a reservation");
    operator.answer_and_see("the spare was not in the register of the safe");
    operator.play_to_the_end();

    tells_of_it(&rehearsal);
    assert_accepted(
        &Client::ALL,
        &rehearsal.export(),
        &rehearsal.beside("online"),
    );
}

/// What the line mode says of the machine's clock.
fn machine_time(shown: &str) -> Timestamp {
    let (_, rest) = shown
        .rsplit_once("The clock of this machine shows ")
        .unwrap();
    let time: String = rest.chars().take_while(|c| *c != 'Z').collect();
    format!("{time}Z").parse().unwrap()
}

/// The record, its report, and the commands that show them tell a stranger what happened.
fn tells_of_it(rehearsal: &Rehearsal) {
    let genesis = rehearsal.genesis();
    let run = |arguments: &[&str]| {
        let output = rehearsal
            .conclave()
            .args(arguments)
            .arg(&genesis)
            .output()
            .unwrap();
        assert_done(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["transcript", "verify"]);
    let shown = run(&["transcript", "show"]);
    let report = fs::read_to_string(genesis.join("report.html")).unwrap();
    let note = fs::read_to_string(genesis.join("closing-note.txt")).unwrap();
    for text in [
        "lunch",
        "Grace Hopper",
        "spare-1",
        "the PIN is locked",
        "the spare was not in the register of the safe",
    ] {
        assert!(
            shown.contains(text),
            "the transcript has no {text:?}: {shown}"
        );
        assert!(report.contains(text), "the report has no {text:?}");
    }
    assert!(note.contains("reservation"), "{note}");
    let checked = rehearsal
        .command("sh")
        .arg("VERIFY.txt")
        .current_dir(&genesis)
        .output()
        .unwrap();
    assert_done(&checked);

    // The clock is put right in every later line by what two people attested.
    let offsets: Vec<i64> = rehearsal
        .data_of("clock-attested")
        .iter()
        .map(|data| data["offset"].as_i64().unwrap())
        .collect();
    assert_eq!(offsets.len(), 2);
    for offset in offsets {
        assert!((offset - CLOCK_IS_BEHIND.as_secs()).abs() <= 60, "{offset}");
    }
    // The key of the spare is in the root, and the locked token's is not.
    for kind in ["spare-taken", "amended", "pause-begun", "resumed"] {
        assert_eq!(rehearsal.data_of(kind).len(), 1, "{kind}");
    }
    assert_eq!(rehearsal.data_of("signed").len(), 3);
    assert_eq!(rehearsal.data_of("closed")[0]["status"], "with-reservation");
}
