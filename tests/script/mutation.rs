//! Whatever the text is: a script or errors, and never a panic.

use proptest::prelude::*;

use super::{genesis, parse};

/// One change to a text: what stands from `at` on, for `cut` bytes, becomes `new`.
#[derive(Debug, Clone)]
struct Change {
    at: prop::sample::Index,
    cut: usize,
    new: Vec<u8>,
}

fn change() -> impl Strategy<Value = Change> {
    let fragment = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            "\n",
            "\"",
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            ".",
            "#",
            "'''",
            "-1",
            "nan",
            "[[step]]\n",
            "[root]\n",
            "a.b = 1\n",
            "key = \"key-1\"\n",
            "1979-05-27",
            "\\u0007",
            "\u{202e}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (any::<prop::sample::Index>(), 0..20_usize, fragment).prop_map(|(at, cut, new)| Change {
        at,
        cut,
        new,
    })
}

proptest! {
    #[test]
    fn any_change_gives_a_script_or_errors_with_places(changes in prop::collection::vec(change(), 1..4)) {
        let mut bytes = genesis().text.as_bytes().to_vec();
        for Change { at, cut, new } in changes {
            let start = at.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, new);
        }
        let text = String::from_utf8_lossy(&bytes);
        match parse(&text, genesis()) {
            Ok(script) => {
                prop_assert_eq!(script.text(), &*text);
                let again = parse(script.text(), genesis()).unwrap();
                prop_assert_eq!(again.steps(), script.steps());
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                let lines = text.split('\n').count();
                for error in errors {
                    prop_assert!((1..=lines).contains(&error.line), "{}", error);
                    prop_assert!(error.column >= 1, "{}", error);
                    prop_assert!(!error.hint.is_empty(), "{}", error);
                    prop_assert!(!error.message.chars().any(char::is_control), "{}", error);
                }
            }
        }
    }

    #[test]
    fn a_pin_is_refused_wherever_it_stands_and_never_repeated(
        line in any::<prop::sample::Index>(),
        field in prop::sample::select(vec!["pin", "so_pin", "user-pin", "PUK", "password", "passphrase"]),
        pin in "[0-9]{6,8}",
    ) {
        let mut lines: Vec<String> = genesis().text.lines().map(str::to_owned).collect();
        let place = line.index(lines.len());
        lines.insert(place, format!("{field} = \"{pin}\""));
        let errors = parse(&lines.join("\n"), genesis()).unwrap_err();
        let told = errors.iter().find(|error| error.check == "script.pin");
        prop_assert_eq!(told.map(|error| error.line), Some(place + 1));
        for error in errors {
            let told = format!("{error} {}", error.hint);
            prop_assert!(!told.contains(&pin), "{}", told);
        }
    }
}
