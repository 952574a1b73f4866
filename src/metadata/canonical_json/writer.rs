//! The canonical form that is signed: OLPC canonical JSON, not RFC 8785.
//!
//! Members are sorted by code point, there is no white space, all numbers are integers, and strings escape only `"` and
//! `\`. A newline is not escaped, so the canonical form of a PEM key is not valid JSON. [`parse_canonical`] reads it.

use serde_json::{Map, Value};

use super::reader::{JsonError, MAX_INTEGER, parse};

/// # Errors
/// If a number is not an integer within ±2^53.
pub fn canonical(value: &Value) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::new();
    write(&mut out, value)?;
    Ok(out)
}

pub(in crate::metadata) fn canonical_object(
    members: &Map<String, Value>,
) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::new();
    write_object(&mut out, members)?;
    Ok(out)
}

/// Reads the value whose [`canonical`] form is exactly `bytes`.
///
/// # Errors
/// If there is no such value.
pub fn parse_canonical(bytes: &[u8]) -> Result<Value, JsonError> {
    let value = parse(&escape_controls(bytes))?;
    if canonical(&value)? == bytes {
        Ok(value)
    } else {
        Err(JsonError::NotCanonical)
    }
}

/// Converts a canonical form to JSON. Control characters are valid only inside strings; elsewhere, the reader refuses
/// the escape sequence.
fn escape_controls(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    for byte in bytes {
        if *byte < 0x20 {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.push(*byte);
        }
    }
    out
}

fn write(out: &mut Vec<u8>, value: &Value) -> Result<(), JsonError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let integer = number
                .as_i64()
                .filter(|integer| integer.unsigned_abs() <= MAX_INTEGER)
                .ok_or_else(|| JsonError::CanonicalNumber(number.to_string()))?;
            out.extend_from_slice(integer.to_string().as_bytes());
        }
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, item)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(out, members)?,
    }
    Ok(())
}

fn write_object(out: &mut Vec<u8>, members: &Map<String, Value>) -> Result<(), JsonError> {
    let mut sorted: Vec<_> = members.iter().collect();
    // UTF-8 bytes sort in code point order.
    sorted.sort_unstable_by_key(|(name, _)| *name);
    out.push(b'{');
    for (index, (name, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(out, name);
        out.push(b':');
        write(out, member)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if text.contains(['"', '\\']) {
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_form_is_olpc() {
        let value = json!({"b": "line\nfeed", "a": [1, -2, true, null], "\\": "\"\t\u{7f}é"});
        assert_eq!(
            canonical(&value).unwrap(),
            "{\"\\\\\":\"\\\"\t\u{7f}é\",\"a\":[1,-2,true,null],\"b\":\"line\nfeed\"}".as_bytes()
        );
    }

    #[test]
    fn members_are_sorted_by_code_point_not_by_utf_16() {
        let value = json!({"\u{10000}": 1, "\u{ffff}": 2});
        assert_eq!(
            canonical(&value).unwrap(),
            "{\"\u{ffff}\":2,\"\u{10000}\":1}".as_bytes()
        );
    }

    #[test]
    fn numbers_that_the_reader_refuses_have_no_canonical_form() {
        for (value, number) in [
            (json!([1.5]), "1.5"),
            (json!(9_007_199_254_740_993_u64), "9007199254740993"),
            (json!(-9_007_199_254_740_993_i64), "-9007199254740993"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            let refused = Err(JsonError::CanonicalNumber(number.into()));
            assert_eq!(canonical(&value), refused);
        }
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        for text in [
            "{\"b\":1,\"a\":2}",
            "{ }",
            "\n{}",
            "[1, 2]",
            "\"\\n\"",
            "\"\\u0041\"",
        ] {
            assert!(parse_canonical(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(parse_canonical(b"\"\n\"").unwrap(), json!("\n"));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1i64 << 53)..=(1i64 << 53)).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(value in value()) {
            let bytes = canonical(&value).unwrap();
            prop_assert_eq!(parse_canonical(&bytes).unwrap(), value.clone());
            prop_assert_eq!(super::super::parse(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}
