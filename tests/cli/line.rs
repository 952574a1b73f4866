//! The line mode at a terminal: a whole rehearsal by hand, and all that people do beside the script.

use std::fs;

use crate::support::operator::Operator;
use crate::support::rehearse::{Rehearsal, assert_done, assert_failed, files_below};
use rustix::process::Signal;
use serde_json::json;

const CTRL_C: &str = "\u{3}";

#[test]
fn a_whole_rehearsal_is_played_by_hand() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Type SIGN ROOT 1");
    operator.play_to_the_end();
    let transcript = operator.terminal.transcript();
    for text in [
        "[1 of 23] Attendance",
        "[23 of 23]",
        "REHEARSAL",
        "Closing note",
    ] {
        assert!(transcript.contains(text), "no {text:?}: {transcript}");
    }
    rehearsal.assert_complete();
    assert_eq!(rehearsal.data_of("failed"), Vec::<serde_json::Value>::new());
}

#[test]
fn a_pin_that_is_typed_is_shown_and_written_nowhere() {
    const PIN: &str = "73019284";
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.pin = PIN;
    operator.play_to_the_end();
    let transcript = operator.terminal.transcript();
    assert!(!transcript.contains(PIN), "{transcript}");
    rehearsal.assert_complete();
    for file in files_below(&rehearsal.out()) {
        if !file.starts_with(rehearsal.tokens()) {
            let content = fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&content);
            assert!(!text.contains(PIN), "in {}", file.display());
        }
    }
}

/// Enter that was pressed once too often answers nothing that was not asked yet.
#[test]
fn what_is_typed_ahead_answers_no_question() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.question();
    assert_eq!(rehearsal.data_of("attended").len(), 0);
    // All are there before the first one is read.
    operator.terminal.send("\r\r\r\r\r\r");
    let next = operator.question().to_owned();
    let asked = next.lines().last().unwrap();
    // The next question was not answered: after the list of what else can be said it stands there still.
    let shown = operator.answer_and_see("/help").to_owned();
    assert!(shown.contains("/transcript"), "{shown}");
    assert!(shown.ends_with(asked), "{asked:?}: {shown}");
    assert_eq!(rehearsal.data_of("attended").len(), 1);
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn only_the_exact_word_lets_people_sign() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Type SIGN ROOT 1");
    for word in [
        "",
        "sign root 1",
        "SIGN ROOT",
        "SIGN ROOT 2",
        "SIGN  ROOT 1",
        "yes",
    ] {
        let shown = operator.answer_and_see(word).to_owned();
        assert!(shown.contains("Not accepted: "), "{word:?}: {shown}");
        assert!(shown.contains("Type SIGN ROOT 1"), "{word:?}: {shown}");
    }
    assert_eq!(rehearsal.data_of("review-confirmed").len(), 0);
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn a_wrong_pin_is_told_and_recorded_and_the_right_one_goes_on() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Sign with key-1");
    let shown = operator.answer_and_see("").to_owned();
    assert!(shown.ends_with("  PIN: "), "{shown}");
    let shown = operator.answer_and_see("00000000").to_owned();
    assert!(shown.contains("Failed: the PIN is wrong"), "{shown}");
    assert!(shown.ends_with("Try again: press Enter > "), "{shown}");
    assert_eq!(rehearsal.data_of("signed").len(), 0);
    operator.play_to_the_end();
    rehearsal.assert_complete();
    let failed = rehearsal.data_of("failed");
    assert_eq!(failed.len(), 1);
    let kind = &failed[0]["failure"]["kind"];
    assert!(kind.get("wrong-pin").is_some(), "{kind}");
    assert_eq!(
        rehearsal
            .kinds()
            .iter()
            .filter(|kind| *kind == "retried")
            .count(),
        1
    );
}

#[test]
fn two_entries_of_a_new_pin_that_differ_change_nothing() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    for prompt in ["new SO PIN: ", "new PIN: "] {
        operator.play_until(prompt);
        let shown = operator.answer_and_see("12345678").to_owned();
        assert!(shown.contains("again: "), "{shown}");
        let shown = operator.answer_and_see("12345679").to_owned();
        assert!(
            shown.contains("The two entries differ; nothing was changed"),
            "{shown}"
        );
        assert!(shown.ends_with(prompt), "{shown}");
    }
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn a_pin_that_the_token_would_not_take_is_asked_for_anew() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("new PIN: ");
    // An arrow key is no part of a PIN.
    let shown = operator.answer_and_see("1234\u{1b}[D56").to_owned();
    assert!(shown.contains("; type it again."), "{shown}");
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn an_exception_is_filled_in_by_two_people_of_the_script() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Compose the root");
    operator.answer("/exception");
    for (question, text) in [
        ("Expected: ", "the door is closed"),
        ("Happened: ", "it stood open"),
        ("Decided:  ", "to go on"),
        ("Person 1: ", "witness-1"),
        ("Person 2: ", "nobody"),
        ("Person 2: ", "witness-1"),
        ("Person 2: ", "holder-2"),
    ] {
        operator.terminal.expect(question);
        operator.answer(text);
    }
    operator.play_to_the_end();
    rehearsal.assert_complete();
    let exceptions: Vec<_> = rehearsal
        .events()
        .into_iter()
        .filter(|event| event["event"] == "exception-recorded")
        .collect();
    assert_eq!(exceptions.len(), 1);
    assert_eq!(exceptions[0]["people"], json!(["witness-1", "holder-2"]));
    let sheet = json!({
        "expected": "the door is closed", "happened": "it stood open", "decided": "to go on",
    });
    assert_eq!(exceptions[0]["data"]["report"], sheet);
    assert_eq!(exceptions[0]["step"], "compose-root");
}

#[test]
fn a_name_is_corrected_by_two_people_after_it_was_read_aloud() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Compose the root");
    operator.answer("/options");
    for (question, text) in [("Correct a name", "2"), ("Person", "4")] {
        operator.terminal.expect(question);
        operator.terminal.expect("Number > ");
        operator.answer(text);
    }
    operator.terminal.expect("Correct name > ");
    operator.answer("Ada Lovelace");
    let shown = operator.question().to_owned();
    assert!(shown.contains("Old: Key holder 1"), "{shown}");
    assert!(shown.contains("New: Ada Lovelace"), "{shown}");
    let shown = operator.answer_and_see("1").to_owned();
    assert!(
        shown.contains("Witness 1: enter your approval code"),
        "{shown}"
    );
    // The code of nobody: the room chooses who approves instead.
    let shown = operator.answer_and_see("not my code").to_owned();
    assert!(shown.contains("his is not the code"), "{shown}");
    let shown = operator.answer_and_see("2").to_owned();
    assert!(
        shown.contains("Key holder 1: enter your approval code"),
        "{shown}"
    );
    operator.play_to_the_end();
    rehearsal.assert_complete();
    let amended: Vec<_> = rehearsal
        .events()
        .into_iter()
        .filter(|event| event["event"] == "amended")
        .collect();
    assert_eq!(amended.len(), 1);
    assert_eq!(amended[0]["people"], json!(["holder-1", "witness-2"]));
    assert_eq!(
        amended[0]["data"]["amendment"],
        json!({"what": "name", "person": "holder-1", "from": "Key holder 1", "to": "Ada Lovelace"})
    );
    for approval in amended[0]["data"]["approvals"].as_array().unwrap() {
        assert_eq!(approval["strength"], "code");
    }
}

#[test]
fn what_nobody_approves_is_not_amended() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Compose the root");
    operator.answer("/options");
    operator.terminal.expect("Number > ");
    operator.answer("2");
    operator.terminal.expect("Number > ");
    operator.answer("4");
    operator.terminal.expect("Correct name > ");
    operator.answer("Mallory");
    operator.question();
    let shown = operator.answer_and_see("2").to_owned();
    assert!(shown.contains("Not accepted: not approved"), "{shown}");
    operator.play_to_the_end();
    assert_eq!(rehearsal.data_of("amended").len(), 0);
}

#[test]
fn the_administrator_is_none_of_the_two_people() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Identification of Administrator");
    operator.answer("/exception");
    for text in ["a", "b", "c", "witness-1", "administrator"] {
        operator.terminal.expect(": ");
        operator.answer(text);
    }
    operator.terminal.expect("Not accepted: ");
    operator.terminal.expect("Identification of Administrator");
    assert_eq!(rehearsal.data_of("exception-recorded").len(), 0);
}

#[test]
fn commands_are_told_and_the_record_is_shown_at_any_question() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Initials of Witness 1");
    let shown = operator.answer_and_see("/help").to_owned();
    for command in ["/exception", "/transcript", "/abort", "/help", "Ctrl-C"] {
        assert!(shown.contains(command), "no {command} in {shown}");
    }
    let shown = operator.answer_and_see("/transcript").to_owned();
    assert!(shown.contains("Rehearsal opened"), "{shown}");
    assert!(shown.contains("Witness 1 is present"), "{shown}");
    let shown = operator.answer_and_see("/never-heard-of").to_owned();
    assert!(shown.contains("/exception"), "{shown}");
    assert_eq!(rehearsal.data_of("initialed").len(), 0);
    operator.answer_and_see("X. Y.");
    assert_eq!(
        rehearsal.data_of("initialed"),
        [json!({"initials": "X. Y."})]
    );
}

#[test]
fn ctrl_c_that_was_not_meant_changes_nothing() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    for question in ["Number (Enter: 1)", "new SO PIN: ", "Type SIGN ROOT 1"] {
        operator.play_until(question);
        let before = rehearsal.kinds();
        operator.terminal.send(CTRL_C);
        let shown = operator.question().to_owned();
        assert!(shown.contains("Or press Enter to continue."), "{shown}");
        let shown = operator.answer_and_see("").to_owned();
        assert!(shown.contains(question), "{shown}");
        assert_eq!(rehearsal.kinds(), before);
    }
    operator.play_to_the_end();
    rehearsal.assert_complete();
}

#[test]
fn leaving_is_resumed() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Generate the key");
    operator.answer_and_see("/abort");
    operator.answer("LEAVE");
    operator
        .terminal
        .expect("error: the ceremony was interrupted");
    operator
        .terminal
        .expect("hint: nothing is lost; to continue: conclave resume");
    assert_eq!(operator.end().code(), Some(130));

    let mut operator = Operator::resume(&rehearsal);
    operator.play_until("Identification of Administrator");
    operator.play_to_the_end();
    rehearsal.assert_complete();
    assert_eq!(rehearsal.data_of("resumed")[0]["torn_bytes"], 0);
}

#[test]
fn aborting_is_for_good_and_says_why() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Compose the root");
    operator.terminal.send(CTRL_C);
    operator.question();
    operator.answer("ABORT");
    operator
        .terminal
        .expect("Reason (press Enter not to abort): ");
    // Without a reason nothing is aborted.
    let shown = operator.answer_and_see("").to_owned();
    assert!(shown.contains("Compose the root"), "{shown}");
    operator.terminal.send(CTRL_C);
    operator.question();
    operator.answer("ABORT");
    operator
        .terminal
        .expect("Reason (press Enter not to abort): ");
    operator.answer("the fire alarm");
    assert_eq!(operator.end().code(), Some(130));
    assert_eq!(rehearsal.kinds().last().unwrap(), "aborted");
    assert_eq!(
        rehearsal.data_of("aborted"),
        [json!({"reason": "the fire alarm"})]
    );
    assert!(!rehearsal.export().exists());
    let note = fs::read_to_string(rehearsal.genesis().join("closing-note.txt")).unwrap();
    assert!(note.contains("the fire alarm"), "{note}");

    let before = fs::read(rehearsal.transcript()).unwrap();
    assert_failed(&rehearsal.resume(), 130, &["the fire alarm"]);
    assert_eq!(fs::read(rehearsal.transcript()).unwrap(), before);
}

#[test]
fn a_process_that_is_asked_to_end_is_resumed() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Compose the root");
    operator.terminal.signal(Signal::TERM);
    operator
        .terminal
        .expect("error: the ceremony was interrupted");
    assert_eq!(operator.end().code(), Some(130));

    // While a PIN is typed as well; the terminal is as before afterwards.
    let mut operator = Operator::resume(&rehearsal);
    operator.play_until("  PIN: ");
    operator.terminal.signal(Signal::TERM);
    operator
        .terminal
        .expect("error: the ceremony was interrupted");
    assert!(operator.terminal.echoes());
    assert_eq!(operator.end().code(), Some(130));
    assert_done(&rehearsal.resume());
    rehearsal.assert_complete();
}

#[test]
fn a_terminal_that_is_gone_is_resumed() {
    for question in ["Compose the root", "new SO PIN: "] {
        let rehearsal = Rehearsal::new();
        let command = format!(
            "'{}' rehearse --plain --tokens 2 --threshold 1 --out '{}'",
            env!("CARGO_BIN_EXE_conclave"),
            rehearsal.out().display()
        );
        // A terminal within the terminal: the inner one goes with the program that has it.
        let arguments = ["--quiet", "--command", &command, "/dev/null"];
        let mut operator = Operator::start(&rehearsal, "script", &arguments);
        // It is the outer terminal that does not echo then.
        operator.play_until(question);
        operator.terminal.signal(Signal::KILL);
        rehearsal.wait_until_released();
        assert_done(&rehearsal.resume());
        rehearsal.assert_complete();
    }
}

#[test]
fn a_process_that_was_killed_is_resumed() {
    for question in ["new PIN: ", "Sign with key-2"] {
        let rehearsal = Rehearsal::new();
        let mut operator = Operator::rehearse(&rehearsal);
        operator.play_until(question);
        operator.terminal.signal(Signal::KILL);
        assert_eq!(operator.end().code(), None);
        Operator::resume(&rehearsal).play_to_the_end();
        rehearsal.assert_complete();
    }
}
