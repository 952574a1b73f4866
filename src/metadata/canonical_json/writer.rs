//! The canonical form that is signed: OLPC's, not RFC 8785's.
//!
//! Members sorted by code point, no white space, integers only, and in strings
//! only `"` and `\` escaped: a newline stands as it is. So the canonical form of
//! a key in PEM is not itself JSON, and [`parse_canonical`] reads it back.

use serde_json::Value;

use super::reader::{JsonError, read};
use super::tree::{Kind, Node, Tree};

/// Why a value has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// A number that the reader would refuse.
    #[error("{0} is not an integer within ±2^53")]
    Number(String),
    /// Bytes that are not the canonical form of any value.
    #[error("not in canonical form")]
    NotCanonical,
    /// Bytes that are not even JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Writes the canonical form of a value.
///
/// # Errors
/// When a number is not an integer within ±2^53.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    Ok(write(Tree::of(value)?.root()))
}

/// Writes the canonical form of what was read.
pub(in crate::metadata) fn write(node: Node<'_>) -> Vec<u8> {
    // A root with a handful of keys fits.
    let mut out = Vec::with_capacity(8 << 10);
    write_node(&mut out, node);
    out
}

/// Reads a canonical form back: the value whose [`canonical`] form is exactly `bytes`.
///
/// # Errors
/// When there is no such value.
pub fn parse_canonical(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let tree = read(&escape_controls(bytes))?;
    if write(tree.root()) == bytes {
        Ok(tree.root().to_value())
    } else {
        Err(CanonicalError::NotCanonical)
    }
}

/// Makes JSON of a canonical form. Control characters occur in it within strings
/// only; where one stands elsewhere, the reader refuses its escape.
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

fn write_node(out: &mut Vec<u8>, node: Node<'_>) {
    match node.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool(true) => out.extend_from_slice(b"true"),
        Kind::Bool(false) => out.extend_from_slice(b"false"),
        Kind::Integer(integer) => out.extend_from_slice(integer.to_string().as_bytes()),
        Kind::Text(text) => {
            out.push(b'"');
            if node.is_plain() {
                out.extend_from_slice(text.as_bytes());
            } else {
                write_text(out, text);
            }
            out.push(b'"');
        }
        Kind::Array => {
            out.push(b'[');
            for (index, item) in node.items().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_node(out, item);
            }
            out.push(b']');
        }
        Kind::Object if node.is_sorted() => write_members(out, node.named()),
        Kind::Object => {
            let mut sorted: Vec<_> = node.named().collect();
            // The order of UTF-8 bytes is the order of code points.
            sorted.sort_unstable_by_key(|(name, _)| name.as_str());
            write_members(out, sorted);
        }
    }
}

fn write_members<'a>(out: &mut Vec<u8>, sorted: impl IntoIterator<Item = (Node<'a>, Node<'a>)>) {
    out.push(b'{');
    for (index, (name, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_node(out, name);
        out.push(b':');
        write_node(out, member);
    }
    out.push(b'}');
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_form_is_that_of_olpc() {
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
    fn what_the_reader_refuses_has_no_canonical_form() {
        for (value, number) in [
            (json!([1.5]), "1.5"),
            (json!(9_007_199_254_740_993_u64), "9007199254740993"),
            (json!(-9_007_199_254_740_993_i64), "-9007199254740993"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            let refused = Err(CanonicalError::Number(number.into()));
            assert_eq!(canonical(&value), refused);
        }
    }

    #[test]
    fn only_the_canonical_form_itself_reads_back() {
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
