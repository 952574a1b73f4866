//! What goes wrong with YubiKeys in the middle of a ceremony: each thing has its own words, costs what it must and no
//! more, and the ceremony goes on.

use serde_json::json;

use super::stand::{Stand, refuses, succeeds};
use super::table::{Key, Room, Table};
use super::{NEW, OLD, PIN, PUK};

const ATTESTED: &str = "require_provenance = \"attested\"";

/// What a YubiKey types when it is touched by mistake.
const ONE_TIME_PASSWORD: &str = "ccccccjjrgtrcbdtvelvlkkhcrncckiegjkjdcdlrblv";

/// Begins a genesis whose keys live on these YubiKeys, and must be attested.
fn begin<'r>(room: &'r Room<'_>, keys: &[Key]) -> Table<'r> {
    let script = room.genesis(keys, ATTESTED, &room.trusts_the_maker());
    room.begin(&script)
}

#[test]
fn without_a_reader_the_room_waits_and_without_the_service_it_is_told() {
    let stand = Stand::start(&[]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000002")]);
    table.play_until_wait("Insert the token of key holder 1");
    table.terminal.send("\u{3}");
    table.terminal.expect("> ");
    table.answer("LEAVE");
    assert_eq!(table.end().code(), Some(130));

    let mut table = room.resume_without_service();
    let shown = table.play_until("Failed: ");
    assert!(
        shown.contains("the smart card service does not answer")
            && shown.contains("install and start pcscd"),
        "{shown}"
    );
}

#[test]
fn of_two_yubikeys_the_one_that_the_script_names_is_taken() {
    let stand = Stand::start(&[OLD, NEW]);
    let mut room = Room::new(&stand);
    room.cards = vec![1];
    begin(&room, &[Key::on("25000002")]).play_to_the_end();
    room.assert_accepted();
    // Nothing was tried on the other one.
    assert_eq!(stand.commands(0, "20"), 0);
    assert_eq!(stand.commands(0, "24"), 0);
}

#[test]
fn two_yubikeys_of_which_none_is_named_are_told_apart_by_nobody() {
    let stand = Stand::start(&[OLD, NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::with("profile = \"yubikey-piv\"")]);
    let shown = table.play_until("Failed: ");
    assert!(shown.contains("2 tokens match"), "{shown}");
    for card in [0, 1] {
        assert_eq!(stand.commands(card, "20"), 0);
    }
    // The other one is taken out, and it goes on.
    stand.act("pull 0");
    table.answer("");
    table.play_until("Token: YubiKey 5.7.4 25000002");
}

#[test]
fn an_occupied_slot_is_refused_and_stays_as_it_was() {
    let stand = Stand::start(&[OLD, NEW]);
    // Somebody uses the card for something else, and changed none of the factory's values.
    for (card, slot) in [("25000001", "9a"), ("25000002", "9c")] {
        let key = stand.file(&format!("{card}.pem"));
        let key = key.to_str().unwrap();
        succeeds(&stand.ykman(
            card,
            &[
                "keys",
                "generate",
                slot,
                "-m",
                FACTORY_KEY,
                "-a",
                "ECCP256",
                key,
            ],
        ));
    }
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000001")]);
    let shown = table.play_until("Failed: ");
    assert!(
        shown.contains("already holds a public key, in slot 9a")
            && shown.contains("nothing was changed on this token"),
        "{shown}"
    );
    let slots = |card: usize| stand.act(&format!("show {card}"))["slots"].clone();
    assert_eq!(slots(0), json!(["9a"]));
    drop(table);
    refuses(
        &stand.token(
            &["init", "--label", "key", "--token", "25000002"],
            &[PUK, PIN],
        ),
        3,
        "ID 9c",
    );
    assert_eq!(slots(1), json!(["9c"]));
}

/// What every YubiKey leaves the factory with as its management key.
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";

#[test]
fn a_yubikey_that_no_step_sets_up_must_be_set_up() {
    let stand = Stand::start(&[OLD, NEW]);
    succeeds(&stand.token(
        &["init", "--label", "key 2", "--token", "25000002"],
        &[PUK, PIN],
    ));
    // A PIN alone is not enough: everybody could still make keys on it.
    succeeds(&stand.ykman(
        "25000001",
        &["access", "change-puk", "-p", "12345678", "-n", PUK],
    ));
    let mut room = Room::new(&stand);
    room.cards = vec![1];
    let mut ready = Key::on("25000002");
    ready.setting_up = &[];
    begin(&room, &[ready]).play_to_the_end();
    room.assert_accepted();
    assert_eq!(room.facts("initialize-intended").len(), 0);

    let other = Room::new(&stand);
    let mut half = Key::on("25000001");
    half.setting_up = &[];
    let mut table = begin(&other, &[half]);
    table.play_until_wait("Insert the token of key holder 1");
}

#[test]
fn wrong_pins_are_counted_the_last_is_confirmed_and_a_locked_one_is_unblocked() {
    let stand = Stand::start(&[NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000002")]);
    // Signing asks for the PIN, for the ceremony was left once.
    table.play_until("Sign with key-1: press Enter");
    table.leave_at_a_question();
    let mut table = room.resume();
    table.play_until("  PIN: ");
    table.answer(ONE_TIME_PASSWORD);
    let shown = table.play_until("  PIN: ");
    assert!(
        shown.contains("a one-time password, which a YubiKey types"),
        "{shown}"
    );
    assert_eq!(stand.pin_tries(0), 3);
    for left in ["2 attempts left", "1 attempt left"] {
        table.answer("000000");
        let shown = table.play_until("Failed: ");
        assert!(
            shown.contains(&format!("the PIN is wrong; {left}")),
            "{shown}"
        );
        table.answer("");
        if left == "2 attempts left" {
            table.play_until("  PIN: ");
        }
    }
    // The next wrong one locks it: it is spent only by somebody who says so.
    let shown = table.play_until("Type LAST TRY");
    assert!(shown.contains("1 attempt left"), "{shown}");
    assert_eq!(stand.pin_tries(0), 1);
    table.answer("LAST TRY");
    table.play_until("  PIN: ");
    table.answer("000000");
    let shown = table.play_until("unblock the PIN");
    assert!(
        shown.contains("the PIN is locked") && shown.contains("can unblock the PIN with the PUK"),
        "{shown}"
    );
    assert_eq!(stand.pin_tries(0), 0);
    table.answer("1");
    // A wrong PUK is told, and costs a try of the PUK.
    table.play_until("  PUK: ");
    table.answer("00000000");
    table.play_until("  new PIN: ");
    table.answer(PIN);
    table.play_until("again:");
    table.answer(PIN);
    let shown = table.play_until("Failed: ");
    assert!(
        shown.contains("the PUK is wrong; 2 attempts left"),
        "{shown}"
    );
    table.answer("");
    table.play_to_the_end();
    room.assert_accepted();
    assert_eq!(room.facts("pin-unblocked").len(), 1);
    assert_eq!(stand.pin_tries(0), 3);
}

#[test]
fn a_missed_touch_is_asked_for_again_and_costs_no_try() {
    let stand = Stand::start(&[NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000002")]);
    for question in [
        "Generate the key: press Enter",
        "Sign with key-1: press Enter",
    ] {
        table.play_until(question);
        stand.act("touch-by-hand 0");
        let verified = stand.commands(0, "20");
        table.answer("");
        table.terminal.expect("TOUCH THE TOKEN that blinks.");
        stand.act("deny 0");
        let shown = table.play_until("Try again: press Enter");
        assert!(
            shown.contains("the token was not touched in time"),
            "{shown}"
        );
        stand.act("touch-at-once 0");
        table.answer("");
        // It goes on without asking anybody for the PIN again.
        let shown = table.play_until("press Enter");
        assert!(!shown.contains("PIN: "), "{shown}");
        table.put_back(shown);
        assert!(stand.commands(0, "20") > verified);
        assert_eq!(stand.pin_tries(0), 3);
    }
    table.play_to_the_end();
    room.assert_accepted();
    let failures = room.facts("failed");
    assert!(failures.len() == 2, "{failures:?}");
    for failure in failures {
        assert_eq!(failure["failure"]["kind"], "touch-timeout");
    }
}

#[test]
fn pulled_in_the_middle_of_generation_and_signing_it_goes_on() {
    let stand = Stand::start(&[OLD, NEW]);
    let room = Room::new(&stand);
    let keys = [Key::on("25000001"), Key::on("25000002")];
    let mut table = begin(&room, &keys);
    for (question, card) in [
        ("Generate the key: press Enter", 0),
        ("Generate the key: press Enter", 1),
        ("Sign with key-1: press Enter", 0),
    ] {
        table.play_until(question);
        stand.act(&format!("touch-by-hand {card}"));
        table.answer("");
        if question.starts_with("Sign") {
            table.play_until("  PIN: ");
            table.answer(PIN);
        }
        table.terminal.expect("TOUCH THE TOKEN");
        stand.act(&format!("pull {card}"));
        let shown = table.play_until("Try again: press Enter");
        assert!(shown.contains("the token was removed"), "{shown}");
        stand.act(&format!("insert {card}"));
        stand.act(&format!("touch-at-once {card}"));
        table.answer("");
    }
    table.play_to_the_end();
    room.assert_accepted();
    // Nothing was made twice, and nothing is left over.
    assert_eq!(room.facts("key-generated").len(), 2);
    for card in [0, 1] {
        assert_eq!(stand.act(&format!("show {card}"))["slots"], json!(["9c"]));
        assert_eq!(stand.pin_tries(card), 3);
    }
}

#[test]
fn a_yubikey_with_another_key_is_found_out_before_a_pin_is_asked_for() {
    let stand = Stand::start(&[OLD, NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000001")]);
    table.play_until("Sign with key-1: press Enter");
    table.leave_at_a_question();
    // Meanwhile somebody makes another key in its place.
    let key = stand.file("other.pem");
    succeeds(&stand.ykman(
        "25000001",
        &[
            "keys",
            "generate",
            "9c",
            "-P",
            PIN,
            "-a",
            "ECCP256",
            key.to_str().unwrap(),
        ],
    ));
    let tried = stand.commands(0, "20");
    let mut table = room.resume();
    let shown = table.play_until("Failed: ");
    assert!(
        shown.contains("does not hold the expected key") && shown.contains("no PIN was tried"),
        "{shown}"
    );
    assert_eq!(stand.commands(0, "20"), tried);
}

#[test]
fn what_a_yubikey_states_falsely_is_refused_in_its_own_words() {
    let stand = Stand::start(&[NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000002")]);
    table.play_until("Generate the key: press Enter");
    stand.act("lie 0 other-key");
    table.answer("");
    for (next, words) in [
        (
            "lie 0 other-card",
            "attestation.key: the attestation is for the",
        ),
        (
            "lie 0 policy",
            "attestation.serial: the attestation is from YubiKey 25000003",
        ),
        ("lie 0 weak", "attestation.signature: "),
        (
            "lie 0 nothing",
            "the key has PIN policy once and touch policy never, and the script requires PIN policy always and touch policy always",
        ),
    ] {
        let shown = table.play_until("Try again: press Enter");
        assert!(shown.contains(words), "{words:?}: {shown}");
        stand.act(next);
        table.answer("");
    }
    table.play_to_the_end();
    room.assert_accepted();
    assert_eq!(room.facts("key-generated").len(), 1);
    assert_eq!(room.facts("failed").len(), 4);
}

#[test]
fn a_chain_that_leads_nowhere_proves_nothing() {
    let stand = Stand::start(&[OLD, NEW]);
    stand.act("overwrite-f9 0");
    let claimed = || {
        let room = Room::new(&stand);
        let script = room.genesis(&[Key::on("25000001")], "", "");
        room.begin(&script).play_to_the_end();
        room.assert_accepted();
        let key = room.facts("key-generated").remove(0);
        let said = std::fs::read_to_string(room.path("ceremony/keys/key-1.attestation.txt"));
        (key["provenance"].clone(), said.unwrap())
    };
    let (provenance, said) = claimed();
    assert_eq!(provenance, "claimed");
    assert!(
        said.contains("The attestation is not valid: attestation.f9-overwritten"),
        "{said}"
    );

    // The gate: a maker that nobody named, and a device certificate that was written over.
    for (serial, other, more, words) in [
        ("25000002", 0, false, "attestation.chain: the chain ends at"),
        ("25000001", 1, true, "attestation.f9-overwritten: "),
    ] {
        stand.act(&format!("pull {other}"));
        let room = Room::new(&stand);
        let trusts = room.trusts_the_maker();
        let mut key = Key::on(serial);
        if more {
            // It has a key of the ceremony before, in another slot.
            key = Key::with(&format!(
                "profile = \"yubikey-piv\", serial = \"{serial}\", slot = \"9a\""
            ));
            key.setting_up = &[];
        }
        let script = room.genesis(&[key], ATTESTED, if more { &trusts } else { "" });
        let mut table = room.begin(&script);
        let shown = table.play_until("Try again: press Enter");
        assert!(
            shown.contains(
                "the script requires provenance attested, and the provenance of this key is claimed"
            ) && shown.contains(words),
            "{words:?}: {shown}"
        );
        assert_eq!(room.facts("key-generated").len(), 0);
        stand.act(&format!("insert {other}"));
    }
}

/// A break in which the machine loses its power: what was announced is looked for, and nothing is made twice.
#[test]
fn a_ceremony_is_taken_up_again_after_it_was_killed() {
    let stand = Stand::start(&[NEW]);
    let room = Room::new(&stand);
    let mut table = begin(&room, &[Key::on("25000002")]);
    table.play_until("Generate the key: press Enter");
    stand.act("touch-by-hand 0");
    table.answer("");
    table.terminal.expect("TOUCH THE TOKEN");
    table.kill();
    stand.act("deny 0");
    stand.act("touch-at-once 0");
    let mut table = room.resume();
    table.play_to_the_end();
    room.assert_accepted();
    assert_eq!(room.facts("generate-intended").len(), 1);
    assert_eq!(stand.act("show 0")["slots"], json!(["9c"]));
}
