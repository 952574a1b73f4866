//! What is allowed, but better known.

use std::fmt::Write as _;

use super::{genesis, parse};

/// The warnings of an edited genesis, without those of its sample keys.
fn warned(edits: &[(&str, &str)]) -> String {
    let text = edits
        .iter()
        .fold(genesis().text.to_owned(), |text, (cut, put)| {
            assert!(text.contains(cut), "nothing to cut: {cut}");
            text.replacen(cut, put, 1)
        });
    let script = parse(&text, genesis()).unwrap_or_else(|errors| panic!("{errors}"));
    let mut warned = String::new();
    for warning in script
        .warnings()
        .iter()
        .filter(|w| w.check != "script.sample-key")
    {
        writeln!(
            warned,
            "{}: {}: {}",
            warning.line, warning.check, warning.message
        )
        .unwrap();
        assert!(!warning.hint.is_empty());
    }
    warned
}

#[test]
fn too_few_spare_keys() {
    assert_eq!(
        warned(&[("threshold = 3 ", "threshold = 4 ")]),
        "27: script.spare-keys: with a threshold of 4 and 5 root keys, no root can be signed if two keys are lost\n"
    );
    assert_eq!(
        warned(&[("threshold = 3 ", "threshold = 5 ")]),
        "27: script.spare-keys: with a threshold of 5 and 5 root keys, no root can be signed if one key is lost\n"
    );
}

#[test]
fn one_person_alone() {
    assert_eq!(
        warned(&[("threshold = 3 ", "threshold = 1 ")]),
        "27: script.one-person: \"holder-1\" holds 1 key and can sign a root alone\n"
    );
    assert_eq!(
        warned(&[
            ("threshold = 3 ", "threshold = 2 "),
            ("holder = \"holder-5\"", "holder = \"holder-4\""),
            ("set_by = \"holder-5\"", "set_by = \"holder-4\""),
            ("set_by = \"holder-5\"", "set_by = \"holder-4\""),
            (
                "\n[[person]]\nid = \"holder-5\"\nname = \"Key holder 5\"\nroles = [\"key-holder\"]\n",
                ""
            ),
        ]),
        "27: script.one-person: \"holder-4\" holds 2 keys and can sign a root alone\n"
    );
}

#[test]
fn an_administrator_with_a_key() {
    assert_eq!(
        warned(&[
            (
                "roles = [\"administrator\"]",
                "roles = [\"administrator\", \"key-holder\"]"
            ),
            ("holder = \"holder-5\"", "holder = \"administrator\"",),
            ("set_by = \"holder-5\"", "set_by = \"administrator\""),
            ("set_by = \"holder-5\"", "set_by = \"administrator\""),
            (
                "\n[[person]]\nid = \"holder-5\"\nname = \"Key holder 5\"\nroles = [\"key-holder\"]\n",
                ""
            )
        ]),
        "63: script.administrator: the administrator \"administrator\" holds a key\n"
    );
}

#[test]
fn a_key_type_that_clients_refuse() {
    assert_eq!(
        warned(&[(
            "type = \"ecdsa-sha2-nistp256\"",
            "type = \"ecdsa-sha2-nistp384\""
        )]),
        "125: script.key-type: tough and tuf-js do not support P-384\n"
    );
}

#[test]
fn secrets_of_which_nothing_is_said() {
    assert_eq!(
        warned(&[(
            "    { type = \"so-pin\", set_by = \"holder-2\", disposition = \"memorized\" },\n",
            ""
        )]),
        "133: script.activation: \"key-2\" does not say who sets so-pin: by default, its holder sets and memorizes it\n"
    );
}

/// The token of the first key as a YubiKey, with more said of it.
fn yubikey(more: &str) -> String {
    format!("token = {{ profile = \"yubikey-piv\"{more} }}")
}

#[test]
fn what_weakens_a_key_on_a_yubikey() {
    let token = "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }";
    let so_pin = "{ type = \"so-pin\", set_by = \"holder-1\"";
    let puk = "{ type = \"puk\", set_by = \"holder-1\"";
    let careful = yubikey(", slot = \"9a\", pin_policy = \"once\", touch_policy = \"cached\"");
    assert_eq!(warned(&[(token, &careful), (so_pin, puk)]), "");
    let careless = yubikey(", touch_policy = \"never\"");
    assert_eq!(
        warned(&[(token, &careless), (so_pin, puk)]),
        "124: script.policy: a key that does not require a touch signs for any program that has its PIN\n"
    );
}

#[test]
fn own_keys_instead_of_samples() {
    let script = parse(genesis().text, genesis()).unwrap();
    let samples = script
        .warnings()
        .iter()
        .filter(|w| w.check == "script.sample-key");
    assert_eq!(samples.map(|w| w.line).collect::<Vec<_>>(), [42, 46, 50]);
}

#[test]
fn whoever_holds_several_keys_is_told_which() {
    let text = genesis()
        .text
        .replacen("holder = \"holder-5\"", "holder = \"holder-4\"", 1)
        .replace("set_by = \"holder-5\"", "set_by = \"holder-4\"")
        .replacen(
            "\n[[person]]\nid = \"holder-5\"\nname = \"Key holder 5\"\nroles = [\"key-holder\"]\n",
            "",
            1,
        );
    let script = parse(&text, genesis()).unwrap();
    let titles: Vec<String> = script
        .steps()
        .iter()
        .filter(|step| step.act.key().is_some_and(|key| key.as_str() == "key-5"))
        .map(|step| step.act.title(&script))
        .collect();
    assert_eq!(
        titles,
        [
            "Identify the token for key-5 of key holder 4",
            "Initialize the token for key-5 of key holder 4",
            "Set the PIN of key holder 4 for key-5",
            "Generate key-5 of key holder 4",
            "Verify the token for key-5 of key holder 4",
            "Seal the token for key-5 of key holder 4",
        ]
    );
}
