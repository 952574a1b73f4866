//! Rehearsals on virtual YubiKeys, which the program itself finds and starts.

use std::fs;

use serde_json::Value;

use crate::support::rehearse::{Rehearsal, assert_chained, assert_done, events, output, told};

/// The facts of one kind in the record of a ceremony of a rehearsal.
fn facts(rehearsal: &Rehearsal, ceremony: &str, kind: &str) -> Vec<Value> {
    let path = rehearsal.out().join(ceremony).join("transcript.jsonl");
    let transcript = fs::read(path).unwrap();
    assert_chained(&transcript);
    let mut lines = events(&transcript);
    lines.retain(|line| line["event"] == kind);
    lines
        .into_iter()
        .map(|mut line| line["data"].take())
        .collect()
}

fn assert_accepted(rehearsal: &Rehearsal, ceremonies: &[&str]) {
    for ceremony in ceremonies {
        let mut command = rehearsal.conclave();
        let path = rehearsal.out().join(ceremony);
        assert_done(&output(command.args(["transcript", "verify"]).arg(path)));
    }
    let mut command = rehearsal.conclave();
    assert_done(&output(
        command.args(["root", "verify"]).arg(rehearsal.export()),
    ));
}

#[test]
fn a_whole_life_is_rehearsed_on_virtual_yubikeys() {
    let rehearsal = Rehearsal::played(&[
        "--token-kind",
        "yubikey",
        "--tokens",
        "3",
        "--threshold",
        "2",
    ]);
    assert_accepted(&rehearsal, &["genesis", "rotation"]);
    let opened = facts(&rehearsal, "genesis", "opened");
    let root = opened[0]["simulated_attestation_root"].as_str().unwrap();
    assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
    let made = facts(&rehearsal, "genesis", "key-generated");
    assert_eq!(made.len(), 3);
    let more = facts(&rehearsal, "rotation", "key-generated");
    assert_eq!(more.len(), 1);
    for key in made.iter().chain(&more) {
        assert_eq!(key["token"]["profile"], "yubikey-piv");
        assert_eq!(key["provenance"], "attested");
    }
    // The keys of the first root were found again, on the very same cards.
    let found = facts(&rehearsal, "rotation", "token-found");
    assert_eq!(found[0]["token"]["serial"], made[0]["token"]["serial"]);
    let said = rehearsal.out().join("genesis/keys/key-1.attestation.txt");
    let said = fs::read_to_string(said).unwrap();
    assert!(said.starts_with("*** REHEARSAL: "), "{said}");
}

/// The cards sign the certificates of their keys, and a root of Docker Content Trust with them.
#[test]
fn a_root_for_docker_content_trust_lives_on_yubikeys() {
    let gun = "docker.example/team/app";
    let rehearsal = Rehearsal::new();
    let script = rehearsal.beside("notary.toml");
    let mut new = rehearsal.conclave();
    new.args(["script", "new", "notary", "--out"])
        .arg(&script)
        .args(["--repository", gun, "--profile", "yubikey-piv"])
        .args(["--tokens", "2", "--threshold", "1"])
        .args(["--not-before", "2026-11-01T09:00:00Z"])
        .args(["--expires", "2036-11-01T00:00:00Z"]);
    assert_done(&output(&mut new));
    let script = script.to_str().unwrap().to_owned();
    assert_done(&rehearsal.play(&[&script, "--token-kind", "yubikey"]));
    assert_accepted(&rehearsal, &["genesis"]);
    let certified = facts(&rehearsal, "genesis", "key-certified");
    assert_eq!(certified.len(), 2);
    for key in facts(&rehearsal, "genesis", "key-generated") {
        assert_eq!(key["token"]["profile"], "yubikey-piv");
    }
    let mut lint = rehearsal.conclave();
    lint.args(["root", "lint", "--json", "--gun", gun])
        .arg(rehearsal.genesis().join("root/1.root.json"));
    let linted = output(&mut lint);
    assert_done(&linted);
    let remarks: Value = serde_json::from_slice(&linted.stdout).unwrap();
    assert_eq!(remarks["remarks"], serde_json::json!([]), "{remarks}");
}

/// Three SoftHSM tokens and two YubiKeys in one root, by the script.
#[test]
fn hsms_and_yubikeys_are_mixed_freely() {
    let rehearsal = Rehearsal::new();
    let script = rehearsal.beside("mixed.toml");
    let mut new = rehearsal.conclave();
    new.args(["script", "new", "genesis", "--out"])
        .arg(&script)
        .args(["--repository", "example.com/updates"])
        .args([
            "--not-before",
            "2026-11-01T09:00:00Z",
            "--expires",
            "2027-11-01T00:00:00Z",
        ]);
    assert_done(&output(&mut new));
    let mut text = fs::read_to_string(&script).unwrap();
    for (number, more) in [
        (4, ""),
        (
            5,
            ", slot = \"9a\", pin_policy = \"once\", touch_policy = \"cached\"",
        ),
    ] {
        text = text.replace(
            &format!("profile = \"softhsm2\", label = \"conclave-key-{number}\""),
            &format!(
                "profile = \"yubikey-piv\", model = \"YubiKey 5.4.3\", serial = \"2500000{number}\", label = \"conclave-key-{number}\"{more}"
            ),
        );
        text = text.replace(
            &format!("type = \"so-pin\", set_by = \"holder-{number}\""),
            &format!("type = \"puk\", set_by = \"holder-{number}\""),
        );
    }
    // One management key goes into the safe.
    text = text.replace(
        "    { type = \"puk\", set_by = \"holder-4\"",
        "    { type = \"management-key\", set_by = \"holder-4\", disposition = \"sealed\", bag = \"B0000044\" },\n    { type = \"puk\", set_by = \"holder-4\"",
    );
    // A break in the middle: the cards keep what they have while no power is on them.
    text = text.replace(
        "[[step]]\nact = \"compose-root\"",
        "[[step]]\nact = \"break\"\ntext = \"Lunch\"\n\n[[step]]\nact = \"compose-root\"",
    );
    fs::write(&script, text).unwrap();
    let script = script.to_str().unwrap();
    assert_done(&rehearsal.play(&[script, "--token-kind", "yubikey"]));
    assert_accepted(&rehearsal, &["genesis"]);
    let made = facts(&rehearsal, "genesis", "key-generated");
    let told: Vec<_> = made
        .iter()
        .map(|key| {
            (
                key["token"]["profile"].as_str().unwrap(),
                key["provenance"].as_str().unwrap(),
            )
        })
        .collect();
    let (softhsm, yubikey) = (("softhsm2", "claimed"), ("yubikey-piv", "attested"));
    assert_eq!(told, [softhsm, softhsm, softhsm, yubikey, yubikey]);
    assert_eq!(
        facts(&rehearsal, "genesis", "management-key-written").len(),
        1
    );
    assert_eq!(made[4]["token"]["serial"], "25000005");
    assert_eq!(made[4]["token"]["model"], "YubiKey 5.4.3");

    // The same script with SoftHSM for everything: what its tokens cannot attest is stood in for.
    let other = Rehearsal::new();
    assert_done(&other.play(&[script]));
    assert_accepted(&other, &["genesis"]);
    let register = other.genesis().join("keys/register.json");
    let register: Value = serde_json::from_slice(&fs::read(register).unwrap()).unwrap();
    assert_eq!(register["keys"][3]["attestation_simulated"], true);
    assert_eq!(register["keys"][0].get("attestation_simulated"), None);
}

/// The power is cut in the middle: another process finds the cards as they were.
#[test]
fn a_rehearsal_that_was_left_goes_on_with_the_same_cards() {
    let rehearsal = Rehearsal::new();
    let answers = rehearsal.beside("answers");
    fs::write(&answers, "\n".repeat(34)).unwrap();
    let mut play = rehearsal.conclave();
    play.args([
        "rehearse",
        "--plain",
        "--token-kind",
        "yubikey",
        "--tokens",
        "2",
    ])
    .args(["--threshold", "1", "--until", "genesis", "--out"])
    .arg(rehearsal.out())
    .stdin(fs::File::open(answers).unwrap());
    let left = output(&mut play);
    assert_eq!(left.status.code(), Some(130), "{}", told(&left));
    assert_eq!(facts(&rehearsal, "genesis", "key-generated").len(), 2);
    assert_eq!(facts(&rehearsal, "genesis", "signed").len(), 0);
    assert_done(&rehearsal.resume());
    assert_accepted(&rehearsal, &["genesis"]);
    assert_eq!(facts(&rehearsal, "genesis", "signed").len(), 2);
}

#[test]
fn without_the_program_of_virtual_yubikeys_the_rehearsal_says_so() {
    let rehearsal = Rehearsal::new();
    let mut play = rehearsal.unattended(&["--token-kind", "yubikey"]);
    let output = output(play.env("PATH", rehearsal.beside("nothing")));
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert!(told(&output).contains("cannot start the virtual YubiKeys"));
}
