//! The custody list that a script carries, seals and breaks; cards and labels.

use std::collections::BTreeMap;

use conclave::record::{CustodyLine, CustodyList, Moved, TokenId};
use conclave::script::{self, Act, KeyId, Medium, PinnedFileSource as _};
use conclave::words::Digest;

use super::{genesis, parse};

fn line(bag: &str, serial: &str, repository: &str) -> CustodyLine {
    CustodyLine {
        bag: bag.to_owned(),
        contents: "the token of key holder 1".to_owned(),
        fingerprint: None,
        holder: Some("Key holder 1".to_owned()),
        mode: "production".to_owned(),
        moved: Moved::Sealed,
        people: vec!["Witness 1".to_owned(), "Witness 2".to_owned()],
        place: Some("Safe".to_owned()),
        repository: repository.to_owned(),
        script: "00".repeat(32),
        seq: 0,
        time: "2026-11-01T09:00:00Z".parse().unwrap(),
        token: Some(TokenId {
            profile: "softhsm2".to_owned(),
            manufacturer: "SoftHSM project".to_owned(),
            model: "SoftHSM v2".to_owned(),
            serial: serial.to_owned(),
            label: "conclave-key-1".to_owned(),
        }),
    }
}

/// The ready genesis with this list, and a token for key 1 that is told so.
fn with(list: &CustodyList, token: &str) -> (String, BTreeMap<String, Vec<u8>>) {
    let bytes = list.to_bytes();
    let carried = format!(
        "repository = \"example.com/updates\"\ncustody_log = {{ file = \"previous/custody.jsonl\", sha256 = \"{}\" }}",
        Digest::of(&bytes)
    );
    let text = genesis()
        .text
        .replacen("repository = \"example.com/updates\"", &carried, 1)
        .replacen(
            "label = \"conclave-key-1\" }",
            &format!("label = \"conclave-key-1\", {token} }}"),
            1,
        );
    let mut files: BTreeMap<String, Vec<u8>> = ["timestamp", "snapshot", "targets"]
        .map(|role| {
            let name = format!("online/{role}.pub.pem");
            let bytes = genesis().read(&name).unwrap();
            (name, bytes)
        })
        .into();
    files.insert("previous/custody.jsonl".to_owned(), bytes);
    (text, files)
}

fn list(lines: &[CustodyLine]) -> CustodyList {
    let mut list = CustodyList::default();
    for line in lines {
        list.push(line.clone());
    }
    list
}

#[test]
fn a_list_that_is_carried_tells_where_tokens_are() {
    let list = list(&[line("A1", "77", "example.com/updates")]);
    let (text, files) = with(&list, "serial = \"77\"");
    let script = parse(&text, &files).unwrap();
    assert_eq!(*script.custody(), list);
    assert_eq!(script.custody().bag_of("77"), Some("A1"));
    let (text, files) = with(&list, "serial = \"77\", bag = \"A1\"");
    assert!(parse(&text, &files).is_ok());
}

#[test]
fn a_list_and_a_script_that_contradict_each_other_are_refused() {
    let ours = "example.com/updates";
    for (list, token, told) in [
        (
            list(&[line("A1", "77", ours)]),
            "serial = \"77\", bag = \"A2\"",
            "in bag \"A2\" by the script, and in bag \"A1\" by the custody log",
        ),
        (
            list(&[line("A1", "77", ours)]),
            "serial = \"78\", bag = \"A1\"",
            "bag \"A1\" contains token \"77\"",
        ),
        (
            list(&[line("A1", "77", "example.org/other")]),
            "serial = \"77\"",
            "is about \"example.org/other\"",
        ),
    ] {
        let (text, files) = with(&list, token);
        let errors = parse(&text, &files).unwrap_err();
        assert_eq!(errors[0].check, "script.custody", "{errors}");
        assert!(errors[0].to_string().contains(told), "{errors}");
    }
}

#[test]
fn a_list_that_was_changed_is_refused() {
    let list = list(&[line("A1", "77", "example.com/updates")]);
    let (text, mut files) = with(&list, "serial = \"77\"");
    let bytes = files.get_mut("previous/custody.jsonl").unwrap();
    *bytes = String::from_utf8(bytes.clone())
        .unwrap()
        .replace("A1", "A2")
        .into_bytes();
    let errors = parse(&text, &files).unwrap_err();
    assert_eq!(errors[0].check, "script.hash", "{errors}");
}

#[test]
fn a_break_stands_anywhere_but_inside_a_key_or_before_the_beginning() {
    let lunch = "[[step]]\nact = \"break\"\ntext = \"Lunch\"\n\n";
    let before = |act: &str| {
        let place = format!("[[step]]\nact = \"{act}\"");
        genesis()
            .text
            .replacen(&place, &format!("{lunch}{place}"), 1)
    };
    for (act, is_sound) in [
        ("attest-clock", false),
        ("read-script", false),
        ("identify-token", true),
        ("set-pin", false),
        ("compose-root", true),
        ("sign-root", true),
        ("sign-off", true),
    ] {
        let parsed = parse(&before(act), genesis());
        assert_eq!(parsed.is_ok(), is_sound, "before {act}");
        if let Err(errors) = parsed {
            assert_eq!(errors[0].check, "script.order");
        }
    }
    let twice = before("compose-root").replacen(
        "[[step]]\nact = \"sign-root\"",
        &format!("{lunch}[[step]]\nact = \"sign-root\""),
        1,
    );
    let script = parse(&twice, genesis()).unwrap();
    let breaks: Vec<&str> = script
        .steps()
        .iter()
        .filter(|step| matches!(step.act, Act::Break { .. }))
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(breaks, ["break-1", "break-2"]);
}

#[test]
fn a_token_is_sealed_once_and_when_it_is_not_needed_any_more() {
    let seal = "[[step]]\nact = \"seal\"\nkey = \"key-1\"\nplace = \"Elsewhere\"\n\n";
    let twice = genesis().text.replacen(
        "[[step]]\nact = \"sign-off\"",
        &format!("{seal}[[step]]\nact = \"sign-off\""),
        1,
    );
    assert_eq!(
        parse(&twice, genesis()).unwrap_err()[0].check,
        "script.step-duplicate"
    );
    let ours = "[[step]]\nact = \"seal\"\nkey = \"key-1\"\nplace = \"Safe of the key holder\"\nminutes = 2\n\n";
    let without = genesis().text.replacen(ours, "", 1);
    assert!(parse(&without, genesis()).is_ok());
    let early = without.replacen(
        "[[step]]\nact = \"sign-root\"",
        &format!("{seal}[[step]]\nact = \"sign-root\""),
        1,
    );
    assert_eq!(
        parse(&early, genesis()).unwrap_err()[0].check,
        "script.order"
    );
    let stranger = genesis().text.replacen(
        "place = \"Safe of the key holder\"",
        "place = \"Safe\"\nreceiver = \"nobody\"",
        1,
    );
    assert_eq!(
        parse(&stranger, genesis()).unwrap_err()[0].check,
        "script.person"
    );
}

#[test]
fn a_custodian_may_be_there_to_receive_a_bag() {
    let text = genesis().text.replacen(
        "[[person]]\nid = \"holder-1\"",
        "[[person]]\nid = \"custodian-1\"\nname = \"Custodian 1\"\nroles = [\"custodian\"]\n\n[[person]]\nid = \"holder-1\"",
        1,
    );
    assert_eq!(
        parse(&text, genesis()).unwrap_err()[0].check,
        "script.unused"
    );
    let text = text.replacen(
        "place = \"Safe of the key holder\"",
        "place = \"Safe\"\nreceiver = \"custodian-1\"",
        1,
    );
    let script = parse(&text, genesis()).unwrap();
    let step = script.step(&"seal:key-1".parse().unwrap()).unwrap();
    assert!(
        step.act
            .instructions(&script)
            .iter()
            .any(|line| line == "Custodian 1: take the bag. Keep it here: Safe."),
        "{:?}",
        step.act.instructions(&script)
    );
}

#[test]
fn slips_say_whose_a_token_is_and_nothing_that_helps_a_thief() {
    let text = genesis()
        .text
        .replacen("Key holder 1", "Ada <b>Lindgren</b>", 1);
    let script = parse(&text, genesis()).unwrap();
    let planned = |key: &KeyId| script::planned(&script, key);
    for slips in [
        script::cards(&script, None, planned),
        script::bag_labels(&script, None, planned, |medium: &Medium| {
            script::planned_medium(&script, medium)
        }),
    ] {
        let (text, html) = (slips.to_text(), slips.to_html());
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(text.contains("Ada <b>Lindgren</b>") && text.contains("Safe of the key holder"));
        assert!(html.contains("Ada &lt;b&gt;Lindgren&lt;/b&gt;"), "{html}");
        for page in [&text, &html] {
            let plain = page.to_lowercase();
            for word in ["pin", "puk", "threshold", "3 of 5", "password"] {
                let spoken = plain.split(|c: char| !c.is_alphanumeric() && c != ' ');
                let hit = spoken
                    .flat_map(|part| part.split(' '))
                    .any(|part| part == word)
                    || (word.contains(' ') && plain.contains(word));
                assert!(!hit, "{word}");
            }
        }
    }
}
