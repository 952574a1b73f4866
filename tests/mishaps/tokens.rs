//! Tokens that fail, at a terminal and on real SoftHSM tokens: a PIN that locks, a key made anew, a spare taken.

use std::fs;

use crate::support::operator::Operator;
use crate::support::rehearse::{Rehearsal, assert_done};
use serde_json::{Value, json};

const WRONG: &str = "99999999";

/// How many objects a simulated token holds.
fn objects(rehearsal: &Rehearsal, token: &str) -> usize {
    let simulated = rehearsal.tokens().join(token);
    let folders = fs::read_dir(simulated).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.ends_with(".object") && name != "token.object")
        .count()
}

fn register(rehearsal: &Rehearsal) -> Value {
    let file = rehearsal.genesis().join("keys/register.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// What was left is what it says, by our own check and by stock tools.
fn assert_holds(rehearsal: &Rehearsal) {
    let mut verify = rehearsal.conclave();
    verify
        .args(["transcript", "verify"])
        .arg(rehearsal.genesis());
    assert_done(&verify.output().unwrap());
    let checked = rehearsal
        .command("sh")
        .arg("VERIFY.txt")
        .current_dir(rehearsal.genesis())
        .output()
        .unwrap();
    assert_done(&checked);
}

#[test]
fn a_pin_that_locks_at_the_signing_is_unblocked_by_its_owner() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Sign with key-1");
    for left in ["3 attempts left", "2 attempts left"] {
        let shown = operator.answer_and_see("").to_owned();
        assert!(shown.contains(left), "{shown}");
        let shown = operator.answer_and_see(WRONG).to_owned();
        assert!(shown.contains("the PIN is wrong"), "{shown}");
    }
    let shown = operator.answer_and_see("").to_owned();
    assert!(shown.contains("LAST TRY"), "{shown}");
    // Anything else keeps the try.
    let shown = operator.answer_and_see("last try").to_owned();
    assert!(shown.contains("LEAVE"), "{shown}");
    operator.answer_and_see("");
    operator.answer_and_see("LAST TRY");
    let shown = operator.answer_and_see(WRONG).to_owned();
    assert!(shown.contains("the PIN is locked"), "{shown}");
    assert!(shown.contains("1 unblock the PIN"), "{shown}");
    // Trying again without unblocking asks no token.
    let shown = operator.answer_and_see("2").to_owned();
    assert!(shown.contains("the PIN is locked"), "{shown}");
    let shown = operator.answer_and_see("1").to_owned();
    assert!(shown.contains("SO PIN"), "{shown}");
    operator.play_to_the_end();
    assert_holds(&rehearsal);
    let kinds: Vec<Value> = rehearsal.data_of("failed");
    let kinds: Vec<&Value> = kinds.iter().map(|data| &data["failure"]["kind"]).collect();
    assert_eq!(
        kinds,
        [
            &json!({"wrong-pin": {"tries": {"exactly": 2}}}),
            &json!({"wrong-pin": {"tries": {"exactly": 1}}}),
            &json!("pin-locked"),
            &json!("pin-locked"),
        ]
    );
    assert_eq!(
        rehearsal.data_of("pin-unblocked"),
        [json!({"key": "key-1"})]
    );
}

#[test]
fn a_key_is_made_anew_and_a_spare_takes_a_place() {
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("Initialize the token: press Enter");
    operator.ask_for("Postpone the steps", "key-1", None);
    operator.play_until("Compose the root");
    operator.ask_for("Regenerate a key", "key-1", Some("it was dropped"));
    operator.play_until("Compose the root");
    assert_eq!(objects(&rehearsal, "key-1"), 2, "one pair, the new one");
    operator.ask_for(
        "Use a spare token",
        "spare-1 for key-2",
        Some("its case is cracked"),
    );
    operator.play_until("Compose the root");
    assert_eq!(objects(&rehearsal, "key-2"), 0, "the old key is destroyed");
    assert_eq!(objects(&rehearsal, "spare-1"), 2);
    operator.play_to_the_end();
    assert_holds(&rehearsal);

    let order: Vec<Value> = rehearsal.data_of("key-generated");
    let order: Vec<&str> = order
        .iter()
        .map(|data| data["key"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["key-2", "key-1", "key-1", "key-2"]);
    for kind in ["regeneration-decided", "spare-taken"] {
        let approvals = &rehearsal.data_of(kind)[0]["approvals"];
        assert_eq!(approvals.as_array().unwrap().len(), 2);
        assert_eq!(approvals[0]["strength"], "code");
    }
    let register = register(&rehearsal);
    assert_eq!(register["keys"][0]["former"][0]["disposition"], "destroyed");
    assert_eq!(register["keys"][1]["former"][0]["disposition"], "destroyed");
    assert_eq!(register["keys"][1]["spare"], "spare-1");
    assert_eq!(register["keys"][1]["token"]["label"], "conclave-spare-1");
    let report = fs::read_to_string(rehearsal.genesis().join("report.html")).unwrap();
    for told in [
        "spare-1 replaces the token in the script",
        "its case is cracked",
        "it was dropped",
        "Former key",
    ] {
        assert!(report.contains(told), "{told}");
    }
}

#[test]
fn letters_in_a_pin_want_a_keyboard_that_was_tested() {
    const LINE: &str = "aqwzymAQWZYM0123456789-_.:;,+*/!?";
    let rehearsal = Rehearsal::new();
    let mut operator = Operator::rehearse(&rehearsal);
    operator.play_until("  new PIN: ");
    operator.answer_and_see("Zymurgy");
    let shown = operator.answer_and_see("Zymurgy").to_owned();
    assert!(shown.contains("characters other than digits"), "{shown}");
    // Another layout gives another line.
    operator.ask_for(
        "Test the keyboard",
        "Key holder 1",
        Some(&LINE.replace('z', "y")),
    );
    operator.play_until("  new PIN: ");
    operator.answer_and_see("Zymurgy");
    let shown = operator.answer_and_see("Zymurgy").to_owned();
    assert!(shown.contains("characters other than digits"), "{shown}");
    operator.ask_for("Test the keyboard", "Key holder 1", Some(LINE));
    operator.pin = "Zymurgy";
    operator.play_to_the_end();
    rehearsal.assert_complete();
    assert_eq!(rehearsal.data_of("keyboard-tested").len(), 1);
    assert_eq!(rehearsal.data_of("pin-set").len(), 2);
}
