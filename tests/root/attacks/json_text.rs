//! The file as text: what two readers could understand differently is refused.

use serde_json::{Value, json};

use super::world::{World, signed_file};
use super::{Case, accepted, refused};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let signers = [&world.a, &world.b, &world.c];
    let good = String::from_utf8(signed_file(&world.tree(2), &signers)).unwrap();
    let mut noted = world.tree(2);
    noted["x-note"] = json!("NOTE");
    let noted = String::from_utf8(signed_file(&noted, &signers)).unwrap();
    let mut cases = Vec::new();
    let mut bytes = |name: &str, why, expected, second: Vec<u8>| {
        cases.push(world.second(name, why, expected, second));
    };

    let why = "not one JSON text in UTF-8";
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, check, text) in [
        (
            "byte order mark",
            "json.bom",
            format!("\u{feff}{good}").into_bytes(),
        ),
        ("UTF-16", "json.syntax", utf16),
        (
            "Latin-1",
            "json.utf8",
            noted
                .replace("NOTE", "\u{1}")
                .bytes()
                .map(|b| if b == 1 { 0xfc } else { b })
                .collect(),
        ),
        (
            "overlong UTF-8",
            "json.utf8",
            [good.as_bytes(), b"\xc0\xaf"].concat(),
        ),
        (
            "UTF-8 surrogate",
            "json.utf8",
            [b"\xed\xa0\x80", good.as_bytes()].concat(),
        ),
        ("empty", "json.syntax", Vec::new()),
        ("white space only", "json.syntax", b" \n".to_vec()),
        (
            "cut short",
            "json.syntax",
            good.as_bytes()[..good.len() / 2].to_vec(),
        ),
        (
            "last brace missing",
            "json.syntax",
            good.as_bytes()[..good.len() - 1].to_vec(),
        ),
        (
            "trailing NUL",
            "json.trailing",
            format!("{good}\0").into_bytes(),
        ),
        (
            "trailing text",
            "json.trailing",
            format!("{good}x").into_bytes(),
        ),
        (
            "trailing brace",
            "json.trailing",
            format!("{good}}}").into_bytes(),
        ),
        (
            "two documents",
            "json.trailing",
            format!("{good}\n{good}").into_bytes(),
        ),
        ("HTML", "json.syntax", b"<!doctype html>".to_vec()),
        ("random bytes", "json.utf8", vec![0x9d; 64]),
        ("gzip", "json.utf8", vec![0x1f, 0x8b, 8, 0]),
    ] {
        bytes(name, why, refused(1, check), text);
    }

    let why = "not JSON";
    for (name, from, to) in [
        ("comment", "{", "{ /* */"),
        ("line comment", "{", "{ // \n"),
        ("trailing comma", "\n}", ",\n}"),
        ("single quotes", "\"_type\"", "'_type'"),
        ("bare name", "\"_type\"", "_type"),
        ("NaN", "\"NOTE\"", "NaN"),
        ("Infinity", "\"NOTE\"", "Infinity"),
        ("leading zero", "\"version\": 2", "\"version\": 02"),
        ("plus sign", "\"version\": 2", "\"version\": +2"),
        ("hex number", "\"version\": 2", "\"version\": 0x2"),
        ("bare fraction", "\"version\": 2", "\"version\": .2"),
        ("no value", "\"version\": 2", "\"version\":"),
        ("raw newline in a string", "NOTE", "NO\nTE"),
        ("raw NUL in a string", "NOTE", "NO\0TE"),
        ("unknown escape", "NOTE", "\\x41"),
        ("lone high surrogate", "NOTE", "\\ud800"),
        ("lone low surrogate", "NOTE", "\\udc00"),
        ("swapped surrogates", "NOTE", "\\udc00\\ud800"),
        ("Python True", "true", "True"),
    ] {
        assert!(noted.contains(from), "{name}");
        bytes(
            name,
            why,
            refused(1, "json.syntax"),
            noted.replacen(from, to, 1).into_bytes(),
        );
    }

    let why = "readers keep different numbers";
    for number in ["2.0", "2e0", "20e-1", "2.5", "1E400", "1e-400"] {
        let text = noted.replacen("\"version\": 2", &format!("\"version\": {number}"), 1);
        let check = if number == "1E400" {
            "json.syntax"
        } else {
            "json.number"
        };
        bytes(
            &format!("version {number}"),
            why,
            refused(1, check),
            text.into_bytes(),
        );
    }
    for number in [
        "-0",
        "1.0",
        "9007199254740993",
        "-9007199254740993",
        "18446744073709551616",
    ] {
        let text = noted.replacen("\"NOTE\"", number, 1);
        bytes(
            &format!("note {number}"),
            why,
            refused(1, "json.number"),
            text.into_bytes(),
        );
    }

    let why = "readers take different members";
    for (name, from, to) in [
        (
            "version twice",
            "\"version\": 2",
            "\"version\": 1, \"version\": 2",
        ),
        (
            "version twice, equal",
            "\"version\": 2",
            "\"version\": 2, \"version\": 2",
        ),
        (
            "version twice, escaped",
            "\"version\": 2",
            "\"version\": 2, \"v\\u0065rsion\": 1",
        ),
        (
            "signed twice",
            "\"signed\": {",
            "\"signed\": {}, \"signed\": {",
        ),
        (
            "signatures twice",
            "\"signatures\": [",
            "\"signatures\": [], \"signatures\": [",
        ),
        ("keyid twice", "\"keyid\":", "\"keyid\": \"x\", \"keyid\":"),
        ("sig twice", "\"sig\":", "\"sig\": \"\", \"sig\":"),
        (
            "threshold twice",
            "\"threshold\": 2",
            "\"threshold\": 1, \"threshold\": 2",
        ),
        (
            "twice in a custom member",
            "\"NOTE\"",
            "[{\"a\": 1, \"a\": 1}]",
        ),
    ] {
        assert!(noted.contains(from), "{name}");
        let text = noted.replacen(from, to, 1).into_bytes();
        bytes(name, why, refused(1, "json.duplicate-member"), text);
    }

    let why = "no stack overflows";
    for (name, open, close) in [("arrays", "[", "]"), ("objects", "{\"a\":", "}")] {
        for depth in [119, 100_000] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text = noted.replacen("\"NOTE\"", &nested, 1).into_bytes();
            bytes(
                &format!("{depth} {name}"),
                why,
                refused(1, "json.depth"),
                text,
            );
        }
    }
    bytes(
        "100000 open brackets",
        why,
        refused(1, "json.depth"),
        "[".repeat(100_000).into_bytes(),
    );
    let mut nested = world.tree(2);
    nested["x-deep"] = (0..110).fold(json!(1), |inner, _| json!([inner]));
    bytes(
        "110 arrays, signed",
        "within the bound",
        accepted(2, ""),
        signed_file(&nested, &signers),
    );

    let why = "a bound on what is read";
    let mut large = good.clone();
    large.push_str(&" ".repeat((4 << 20) - large.len()));
    bytes(
        "4 MiB of white space",
        why,
        accepted(2, "file.large"),
        large.clone().into_bytes(),
    );
    large.push(' ');
    bytes(
        "more than 4 MiB",
        why,
        refused(1, "file.size"),
        large.into_bytes(),
    );

    let why = "the signature is over the canonical form, not the text";
    let value: Value = serde_json::from_str(&good).unwrap();
    for (name, text) in [
        ("minified", value.to_string()),
        ("CRLF", good.replace('\n', "\r\n")),
        ("tabs", good.replace("  ", "\t")),
        ("final newlines", format!("{good}\n\n")),
        ("escaped solidus", good.replace('/', "\\/")),
        (
            "escaped names",
            good.replace("\"version\"", "\"\\u0076ersion\""),
        ),
        (
            "signed first",
            format!(
                "{{\"signed\":{},\"signatures\":{}}}",
                value["signed"], value["signatures"]
            ),
        ),
    ] {
        bytes(name, why, accepted(2, ""), text.into_bytes());
    }

    let why = "an object with `signed` and `signatures`";
    for (name, text) in [
        ("null", json!(null)),
        ("a number", json!(1)),
        ("a text", json!(good)),
        ("a list", json!([value])),
        ("an empty object", json!({})),
        ("the signed part alone", value["signed"].clone()),
        (
            "signed is a text",
            json!({"signed": value["signed"].to_string(), "signatures": value["signatures"]}),
        ),
        (
            "signed is a list",
            json!({"signed": [value["signed"]], "signatures": value["signatures"]}),
        ),
        ("an envelope around", json!({"payload": value})),
    ] {
        bytes(
            name,
            why,
            refused(1, "file.form"),
            text.to_string().into_bytes(),
        );
    }
    cases
}
