//! Ceremonies with YubiKeys, for real: found by serial number, set up, their keys attested, used and proven.

use std::fs;

use serde_json::json;

use super::stand::{Stand, succeeds};
use super::table::{Key, Room};
use super::{NEW, OLD};

/// What the review warns of where one flaw would break every key.
const ONE_MAKE: &str = "All root keys are on the same token model and firmware";

#[test]
fn root_keys_that_are_all_on_one_make_and_firmware_are_told_in_the_review() {
    let stand = Stand::start(&[NEW, "25000003:5.7.4"]);
    let room = Room::new(&stand);
    let keys = [Key::on("25000002"), Key::on("25000003")];
    let script = room.genesis(&keys, "", &room.trusts_the_maker());
    let mut table = room.begin(&script);
    let review = table.play_until("Type SIGN ROOT 1");
    let told =
        format!("{ONE_MAKE}, Yubico YubiKey 5.7.4. A single flaw would compromise all of them.");
    assert!(review.contains(&told), "{review}");
    table.kill();
}

#[test]
fn a_genesis_on_two_yubikeys_whose_keys_must_be_attested() {
    let stand = Stand::start(&[OLD, NEW]);
    let room = Room::new(&stand);
    let other = "profile = \"yubikey-piv\", serial = \"25000002\", slot = \"9a\", pin_policy = \"once\", touch_policy = \"cached\"";
    let keys = [Key::on("25000001"), Key::with(other)];
    let policy = "require_provenance = \"attested\"";
    let script = room.genesis(&keys, policy, &room.trusts_the_maker());
    let mut table = room.begin(&script);
    let shown = table.play_until("Initialize the token: press Enter");
    assert!(
        shown.contains("still at the factory default")
            && shown.contains("PIN, PUK, management key"),
        "{shown}"
    );
    assert!(
        shown.contains("YSA-2024-03") || shown.contains("ysa-2024-03"),
        "{shown}"
    );
    table.answer("");
    let review = table.play_until("Type SIGN ROOT 1");
    assert!(!review.contains(ONE_MAKE), "{review}");
    table.answer("SIGN ROOT 1");
    table.play_to_the_end();
    room.assert_accepted();

    let found = room.facts("token-found");
    assert_eq!(found[0]["token"]["serial"], "25000001");
    assert_eq!(
        found[0]["at_factory_value"],
        json!(["pin", "puk", "management-key"])
    );
    let generated = room.facts("key-generated");
    for (key, serial) in generated.iter().zip(["25000001", "25000002"]) {
        assert_eq!(key["provenance"], "attested");
        assert_eq!(key["token"]["serial"], serial);
        assert_eq!(key["attestation"].as_array().unwrap().len(), 2);
    }
    let out = room.path("ceremony");
    let said = fs::read_to_string(out.join("keys/key-2.attestation.txt")).unwrap();
    for line in [
        "device        YubiKey 25000002",
        "firmware      5.7.4",
        "slot          9a",
        "PIN policy    once",
        "touch policy  cached",
        "NOT a root certificate of Yubico",
    ] {
        assert!(said.contains(line), "{line:?}: {said}");
    }
    // Anybody can judge it again, later, against the root that was published.
    let verify = |arguments: &[&str]| {
        let mut command = stand.conclave(&["token", "attestation", "verify"]);
        command
            .arg(&out)
            .arg("--root")
            .arg(out.join("export/1.root.json"));
        command.args(arguments).output().unwrap()
    };
    let maker = room.path("maker.pem");
    let said = succeeds(&verify(&["--additional-root", maker.to_str().unwrap()]));
    assert!(
        said.starts_with("accepted: 2 of 2 attestations are valid"),
        "{said}"
    );
    assert_eq!(verify(&[]).status.code(), Some(1));
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        report.contains("YubiKey 25000001, firmware 5.4.3"),
        "{report}"
    );
}

/// A key that was made in memory is used like any other, and nobody ever takes it for one that a device made.
#[test]
fn a_key_that_is_brought_in_says_so_for_ever() {
    let stand = Stand::start(&[OLD, NEW]);
    let room = Room::new(&stand);
    let mut brought = Key::on("25000002");
    brought.making = "import-key";
    let script = room.genesis(
        &[Key::on("25000001"), brought],
        "",
        &room.trusts_the_maker(),
    );
    let mut table = room.begin(&script);
    table.play_until("Import the key: press Enter");
    stand.act("touch-by-hand 1");
    table.answer("");
    // The power is cut after the key came in, and before it has its certificate.
    table.terminal.expect("TOUCH THE TOKEN");
    table.kill();
    stand.act("deny 1");
    stand.act("touch-at-once 1");
    let mut table = room.resume();
    table.play_to_the_end();
    room.assert_accepted();
    let made = room.facts("key-generated");
    assert_eq!(made[0]["provenance"], "attested");
    assert_eq!(made[1]["provenance"], "imported");
    assert_eq!(made[1]["attributes"]["local"], false);
    assert!(made[1].get("attestation").is_none());
    let register = fs::read_to_string(room.path("ceremony/keys/register.json")).unwrap();
    assert!(
        register.contains("\"provenance\": \"imported\""),
        "{register}"
    );
    assert_eq!(stand.act("show 1")["slots"], json!(["9c"]));
}

/// The management key goes into the safe: shown once, typed back, and the YubiKey keeps it no more.
#[test]
fn a_management_key_is_written_down_for_the_safe() {
    for card in [OLD, NEW] {
        let stand = Stand::start(&[card]);
        let room = Room::new(&stand);
        let (serial, _) = card.split_once(':').unwrap();
        let mut key = Key::on(serial);
        key.more = "activation = [\n\
            { type = \"user-pin\", set_by = \"alone\", disposition = \"memorized\" },\n\
            { type = \"puk\", set_by = \"alone\", disposition = \"memorized\" },\n\
            { type = \"management-key\", set_by = \"alone\", disposition = \"sealed\", bag = \"B0000009\" },\n]\n";
        let script = room.genesis(&[key], "", &room.trusts_the_maker());
        let mut table = room.begin(&script);
        let written = table.copy_down();
        assert_eq!(written.len(), 48 + 11, "{written:?}");
        table.answer("");
        // A digit that was misread is noticed while the YubiKey still has the key.
        table.play_until("  management key: ");
        let wrong = match written.strip_prefix('0') {
            Some(rest) => format!("1{rest}"),
            None => format!("0{}", &written[1..]),
        };
        table.answer(&wrong);
        let shown = table.play_until("Failed: ");
        assert!(
            shown.contains("is not the management key of this token"),
            "{shown}"
        );
        table.answer("");
        assert_eq!(table.copy_down(), written);
        table.answer("");
        table.play_until("  management key: ");
        table.answer(&written);
        let shown = table.play_until("seal it in a bag");
        assert!(shown.contains("Use bag B0000009"), "{shown}");
        table.answer("B0000009");
        table.play_until("Compose the root");
        table.leave_at_a_question();
        let mut table = room.resume();
        table.play_to_the_end();
        room.assert_accepted();
        assert_eq!(room.facts("management-key-written").len(), 1);
        let sealed = room.facts("envelope-sealed");
        assert_eq!(sealed[0]["secret"], "management-key");
        // Nobody else has it: neither the record nor a file, and the maker's tool wants it typed.
        let digits = written.replace(' ', "");
        let found = std::process::Command::new("grep")
            .args(["-rE", &format!("{digits}|{written}")])
            .arg(room.path("ceremony"))
            .output()
            .unwrap();
        assert_eq!(found.status.code(), Some(1));
        let said = succeeds(&stand.ykman(serial, &["info"]));
        assert!(!said.contains("protected by PIN"), "{said}");
        let generate = ["keys", "generate", "9d", "-P", super::PIN, "-a", "ECCP256"];
        let mut arguments = generate.to_vec();
        arguments.extend(["-m", &digits, "-"]);
        succeeds(&stand.ykman(serial, &arguments));
    }
}
