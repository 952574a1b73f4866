//! `conclave token` on YubiKeys.

use serde_json::Value;

use super::stand::{Stand, refuses, succeeds};
use super::{NEW, OLD, PIN, PUK};

#[test]
fn a_card_is_listed_set_up_shown_and_given_another_pin() {
    let stand = Stand::start(&[OLD, NEW]);
    let said = succeeds(&stand.token(&["list"], &[]));
    for line in [
        "YubiKey (PIV)\n",
        "25000001  YubiKey 5.4.3  blank, factory default PIN, PUK, management key",
        "25000002  YubiKey 5.7.4  blank, factory default PIN, PUK, management key",
    ] {
        assert!(said.contains(line), "{line:?}: {said}");
    }

    // Two are blank: which one is meant must be said, and nothing happens before.
    refuses(
        &stand.token(&["init", "--label", "key 1"], &[PUK, PIN]),
        3,
        "2 tokens match",
    );
    let mut arguments = vec!["init", "--label", "key 1"];
    arguments.extend(["--token", "25000001"]);
    let said = succeeds(&stand.token(&arguments, &[PUK, PIN]));
    assert!(
        said.contains("initialized YubiKey 5.4.3 25000001 \"key 1\""),
        "{said}"
    );
    assert!(
        said.contains("its new random management key is on the device"),
        "{said}"
    );

    let json = stand.token(&["show", "--token", "key 1", "--json"], &[]);
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let token = &report["token"];
    assert_eq!(token["serial"], "25000001");
    assert_eq!(token["model"], "YubiKey 5.4.3");
    assert_eq!(token["pin_tries"]["exactly"], 3);
    assert_eq!(token["at_factory_value"], serde_json::json!([]));

    let change = ["change-pin", "--token", "25000001"];
    succeeds(&stand.token(&change, &[PIN, "161803"]));
    refuses(
        &stand.token(&change, &[PIN, "161804"]),
        3,
        "the PIN is wrong; 2 attempts left",
    );
    succeeds(&stand.token(&change, &["161803", PIN]));
    refuses(
        &stand.token(&change, &[PIN, "123456"]),
        3,
        "this is the factory default",
    );
    refuses(&stand.token(&change, &[PIN, "12345"]), 3, "6 to 8 bytes");
    assert_eq!(stand.pin_tries(0), 3);
}

#[test]
fn the_last_try_is_spent_only_by_somebody_who_says_so() {
    let stand = Stand::start(&[NEW]);
    succeeds(&stand.token(&["init", "--label", "key 2"], &[PUK, PIN]));
    for _ in 0..2 {
        refuses(
            &stand.token(&["change-pin"], &["000000"]),
            3,
            "the PIN is wrong",
        );
    }
    refuses(
        &stand.token(&["change-pin"], &[PIN, "161803"]),
        1,
        "only one try is left for the PIN",
    );
    assert_eq!(stand.pin_tries(0), 1);
    refuses(
        &stand.token(&["change-pin"], &["LAST TRY", "000000"]),
        3,
        "the PIN is locked",
    );
    refuses(
        &stand.token(&["change-pin"], &[PIN, "161803"]),
        3,
        "--unblock",
    );

    let unblock = ["change-pin", "--unblock"];
    refuses(
        &stand.token(&unblock, &["00000000", "161803"]),
        3,
        "the PUK is wrong; 2 attempts left",
    );
    succeeds(&stand.token(&unblock, &[PUK, "161803"]));
    succeeds(&stand.token(&["change-pin"], &["161803", PIN]));
}

/// The same as in a ceremony, at the terminal.
#[test]
fn a_management_key_is_written_down() {
    let stand = Stand::start(&[NEW]);
    let room = super::table::Room::new(&stand);
    let mut arguments = vec!["token", "init", "--profile", "yubikey-piv"];
    arguments.extend(["--label", "key 2", "--write-management-key"]);
    let mut terminal = room.terminal(&arguments);
    for (question, answer) in [
        ("New PUK: ", PUK),
        ("New PUK again: ", PUK),
        ("New PIN: ", PIN),
        ("New PIN again: ", PIN),
    ] {
        terminal.expect(question);
        terminal.send(&format!("{answer}\r"));
    }
    let shown = terminal.expect("It is not shown again. ");
    let written: String = shown
        .lines()
        .filter(|line| line.starts_with("    "))
        .flat_map(str::chars)
        .filter(char::is_ascii_digit)
        .collect();
    assert_eq!(written.len(), 48, "{shown}");
    terminal.send("\r");
    terminal.expect("management key: ");
    terminal.send(&format!("{written}\r"));
    terminal.expect("is on the paper only");
    assert!(terminal.finish().success());
    assert!(!terminal.screen_text().contains(&written[..4]));
    let said = succeeds(&stand.ykman("25000002", &["info"]));
    assert!(!said.contains("protected by PIN"), "{said}");
}
