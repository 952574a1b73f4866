//! `conclave token` with PINs typed at a terminal.

use std::ffi::OsStr;

use conclave::token::Reader as _;
use rustix::process::Signal;

use super::module::{labeled, module, open, pin};
use crate::softhsm_test;
use crate::support::pty::{Size, Terminal};
use crate::support::store::{PIN, SO_PIN, Store};

fn conclave(store: &Store, arguments: &[&str]) -> Terminal {
    let configuration = store.configuration();
    let environment = [("SOFTHSM2_CONF", configuration.as_os_str())];
    Terminal::conclave(arguments, &environment, Size::STANDARD)
}

/// A shell in which commands are run, so that the terminal outlives them.
fn shell(store: &Store, script: &str) -> Terminal {
    let configuration = store.configuration();
    let environment = [
        ("SOFTHSM2_CONF", configuration.as_os_str()),
        ("CONCLAVE", OsStr::new(env!("CARGO_BIN_EXE_conclave"))),
    ];
    Terminal::spawn("sh", &["-c", script], &environment, Size::STANDARD)
}

const INIT: [&str; 4] = ["token", "init", "--label", "root 1"];

softhsm_test! {
    fn pins_are_typed_twice_and_never_shown(store: &Store) {
        let mut terminal = conclave(store, &INIT);
        for (prompt, typed) in [
            ("New SO PIN: ", SO_PIN),
            ("New SO PIN again: ", SO_PIN),
            ("New PIN: ", PIN),
            ("New PIN again: ", PIN),
        ] {
            terminal.expect(prompt);
            assert!(!terminal.echoes(), "{prompt}");
            terminal.send(typed);
            terminal.send("\r");
        }
        terminal.expect("initialized SoftHSM v2");
        assert!(terminal.finish().success());
        let shown = terminal.transcript();
        assert!(!shown.contains(SO_PIN) && !shown.contains(PIN), "{shown}");

        let mut module = module();
        open(&mut module, "root 1").login(&pin(PIN)).unwrap();
    }

    fn an_entry_is_corrected_before_it_is_given(store: &Store) {
        let mut terminal = conclave(store, &INIT);
        terminal.expect("New SO PIN: ");
        terminal.send("oops\u{15}8765432x\u{7f}1\r");
        terminal.expect("New SO PIN again: ");
        terminal.send("87654321\r");
        terminal.expect("New PIN: ");
        terminal.send("123456\r");
        terminal.expect("New PIN again: ");
        terminal.send("123456\r");
        assert!(terminal.finish().success());
    }

    fn entries_that_differ_change_nothing(store: &Store) {
        let mut terminal = conclave(store, &INIT);
        terminal.expect("New SO PIN: ");
        terminal.send("87654321\r");
        terminal.expect("New SO PIN again: ");
        terminal.send("87654322\r");
        terminal.expect("error: the two entries of the SO PIN differ");
        terminal.expect("hint: nothing was changed");
        assert_eq!(terminal.finish().code(), Some(2));
        assert_eq!(module().tokens().unwrap().len(), 1, "the blank one");
    }

    fn ctrl_c_restores_the_terminal_and_changes_nothing(store: &Store) {
        let mut terminal = shell(
            store,
            r#""$CONCLAVE" token init --label "root 1"; echo "status $?"; read line; echo "<$line>""#,
        );
        terminal.expect("New SO PIN: ");
        assert!(!terminal.echoes());
        terminal.send("8765\u{3}");
        terminal.expect("error: aborted; nothing was changed");
        terminal.expect("status 130");
        assert!(terminal.echoes());
        // What was typed of the PIN does not come out at the next question.
        terminal.send("next\r");
        terminal.expect("<next>");
        assert!(terminal.finish().success());
        assert!(!terminal.transcript().contains("8765"));
        assert_eq!(module().tokens().unwrap().len(), 1);
    }

    fn a_signal_restores_the_terminal(store: &Store) {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
            let mut terminal = conclave(store, &INIT);
            terminal.expect("New SO PIN: ");
            assert!(!terminal.echoes());
            terminal.signal(signal);
            terminal.expect("error: aborted");
            assert!(terminal.echoes());
            assert_eq!(terminal.finish().code(), Some(130), "{signal:?}");
        }
    }

    fn what_is_pasted_answers_one_question_only(store: &Store) {
        let mut terminal = conclave(store, &INIT);
        terminal.expect("New SO PIN: ");
        terminal.send("87654321\r87654321\r123456\r123456\r");
        terminal.expect("New SO PIN again: ");
        terminal.send("\u{3}");
        assert_eq!(terminal.finish().code(), Some(130));
        assert_eq!(module().tokens().unwrap().len(), 1);
    }

    fn the_pin_is_changed_by_who_knows_it(store: &Store) {
        store.make_token("root 1");
        let mut terminal = conclave(store, &["token", "change-pin"]);
        terminal.expect("PIN: ");
        terminal.send("123456\r");
        terminal.expect("New PIN: ");
        terminal.send("654321\r");
        terminal.expect("New PIN again: ");
        terminal.send("654321\r");
        terminal.expect("changed the PIN of SoftHSM v2");
        assert!(terminal.finish().success());
        let mut module = module();
        let id = module.find(&labeled("root 1")).unwrap().id;
        module.open(&id).unwrap().login(&pin("654321")).unwrap();

        let mut terminal = conclave(store, &["token", "change-pin"]);
        terminal.expect("PIN: ");
        terminal.send("123456\r");
        terminal.expect("error: the PIN is wrong");
        assert_eq!(terminal.finish().code(), Some(3));
    }

    fn a_redirected_input_is_not_asked_for_pins(store: &Store) {
        let mut terminal = shell(
            store,
            r#"echo 87654321 | "$CONCLAVE" token init --label "root 1"; echo "status $?""#,
        );
        // The terminal is asked in any case, never what comes through a pipe by accident.
        terminal.expect("New SO PIN: ");
        terminal.send("\u{3}");
        terminal.expect("status 130");
        assert!(terminal.finish().success());
    }
}
