//! The strict JSON reader. It refuses everything that parsers interpret differently.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The maximum nesting of arrays and objects. Root metadata has five levels.
pub const MAX_DEPTH: usize = 120;

/// The largest magnitude of an integer. Some readers round larger integers.
pub const MAX_INTEGER: u64 = 1 << 53;

/// Bytes that are not JSON, or that readers interpret differently. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// RFC 8259, section 8.1.
    #[error("the text begins with a byte order mark")]
    ByteOrderMark,
    #[error("the text is not UTF-8 at byte offset {offset}")]
    Utf8 { offset: usize },
    #[error("the member {name:?} appears twice in one object")]
    DuplicateMember { name: String },
    /// A fraction, an exponent, a negative zero, or an integer beyond ±2^53.
    #[error("a number at line {line} is not an integer within ±2^53")]
    Number { line: usize },
    #[error("arrays and objects are nested deeper than {MAX_DEPTH} levels")]
    Depth,
    #[error("unexpected text after the JSON value at line {line}, column {column}")]
    Trailing { line: usize, column: usize },
    #[error("invalid JSON at line {line}, column {column}: {what}")]
    Syntax {
        line: usize,
        column: usize,
        what: String,
    },
    #[error("{0} is not an integer within ±2^53")]
    CanonicalNumber(String),
    #[error("the text is not canonical JSON")]
    NotCanonical,
}

/// Reads one JSON text (RFC 8259). Objects keep the order of their members.
///
/// # Errors
/// If the text is not JSON, or readers interpret it differently.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::Utf8 {
        offset: error.valid_up_to(),
    })?;
    let mut refusal = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        depth: 0,
        refusal: &mut refusal,
    };
    let value = strict
        .deserialize(&mut deserializer)
        .map_err(|error| match refusal.take() {
            Some(JsonError::Number { .. }) => JsonError::Number { line: error.line() },
            Some(refusal) => refusal,
            None => syntax(&error),
        })?;
    deserializer.end().map_err(|error| JsonError::Trailing {
        line: error.line(),
        column: error.column(),
    })?;
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    JsonError::Syntax {
        line: error.line(),
        column: error.column(),
        what: what.to_owned(),
    }
}

/// Builds a [`Value`]. serde transports errors only as text, so the visitor stores its own error separately.
struct Strict<'a> {
    depth: usize,
    refusal: &'a mut Option<JsonError>,
}

impl Strict<'_> {
    fn refuse<T, E: de::Error>(self, refusal: JsonError) -> Result<T, E> {
        *self.refusal = Some(refusal);
        Err(E::custom("refused"))
    }

    fn inner(&mut self) -> Strict<'_> {
        Strict {
            depth: self.depth + 1,
            refusal: self.refusal,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_INTEGER {
            return self.refuse(JsonError::Number { line: 0 });
        }
        Ok(Value::from(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return self.refuse(JsonError::Number { line: 0 });
        }
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        self.refuse(JsonError::Number { line: 0 })
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            return self.refuse(JsonError::Depth);
        }
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    /// Errors inside the object take precedence over duplicate names. Of several, the first by code point is reported.
    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        if self.depth >= MAX_DEPTH {
            return self.refuse(JsonError::Depth);
        }
        let mut object = Map::new();
        let mut twice: Option<String> = None;
        while let Some(name) = members.next_key::<String>()? {
            let member = members.next_value_seed(self.inner())?;
            if object.contains_key(&name) {
                twice = Some(twice.map_or(name.clone(), |other| other.min(name)));
            } else {
                object.insert(name, member);
            }
        }
        match twice {
            Some(name) => self.refuse(JsonError::DuplicateMember { name }),
            None => Ok(Value::Object(object)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(text: &str) -> JsonError {
        parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn plain_json_is_read_in_order() {
        let value = parse(br#"{"b":[1,-2,true,null],"a":"\u00fc\n"}"#).unwrap();
        assert_eq!(value, json!({"b": [1, -2, true, null], "a": "ü\n"}));
        let names: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn duplicate_members_are_refused_however_they_are_escaped() {
        let twice = JsonError::DuplicateMember { name: "a".into() };
        assert_eq!(refused(r#"{"a":1,"a":1}"#), twice);
        assert_eq!(refused(r#"[{"a":1,"\u0061":2}]"#), twice);
        assert!(
            parse("{\"x-u\u{308}\":1,\"x-ü\":2}".as_bytes()).is_ok(),
            "names are compared by code point"
        );
    }

    #[test]
    fn only_integers_that_all_readers_preserve_are_accepted() {
        for text in [
            "2.0",
            "1e2",
            "-0",
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551616",
        ] {
            assert_eq!(refused(text), JsonError::Number { line: 1 }, "{text}");
        }
        for text in ["0", "9007199254740992", "-9007199254740992"] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
        assert_eq!(refused("[1,\n2.5]"), JsonError::Number { line: 2 });
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(refused(&nested(MAX_DEPTH + 1)), JsonError::Depth);
        assert_eq!(refused(&"[".repeat(1_000_000)), JsonError::Depth);
        assert_eq!(refused(&r#"{"a":"#.repeat(1_000_000)), JsonError::Depth);
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(refused("\u{feff}{}"), JsonError::ByteOrderMark);
        assert_eq!(
            parse(b"\"\xff\"").unwrap_err(),
            JsonError::Utf8 { offset: 1 }
        );
        assert_eq!(refused("{} x"), JsonError::Trailing { line: 1, column: 4 });
        for text in [
            "",
            "NaN",
            "01",
            "{\"a\":1,}",
            r#""\ud800""#,
            "\"\n\"",
            "'a'",
        ] {
            assert!(matches!(refused(text), JsonError::Syntax { .. }), "{text}");
        }
    }
}
