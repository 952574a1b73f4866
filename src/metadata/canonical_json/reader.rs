//! The strict reader. Everything that parsers disagree about is refused here, once.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::tree::Tree;

/// The deepest nesting of arrays and objects that is read. Root metadata has five levels.
pub const MAX_DEPTH: usize = 120;

/// The largest magnitude of an integer: beyond 2^53 some readers round.
pub const MAX_INTEGER: u64 = 1 << 53;

/// Why bytes are not JSON that everyone reads alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A byte order mark before the text (RFC 8259, section 8.1).
    #[error("the text begins with a byte order mark")]
    ByteOrderMark,
    /// Not UTF-8.
    #[error("byte {offset} is not UTF-8")]
    Utf8 {
        /// Counted from 0.
        offset: usize,
    },
    /// An object with two members of one name: readers differ in which one they take.
    #[error("the member {name:?} stands twice in one object")]
    DuplicateMember {
        /// The name, after its escapes were resolved.
        name: String,
    },
    /// A fraction, an exponent, a negative zero, or an integer beyond ±2^53.
    #[error("a number at line {line} is not an integer within ±2^53")]
    Number {
        /// Counted from 1.
        line: usize,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("arrays and objects are nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Something stands after the value.
    #[error("something follows the JSON text at line {line}, column {column}")]
    Trailing {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Not JSON, lone surrogates included.
    #[error("not JSON at line {line}, column {column}: {what}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What was expected or found.
        what: String,
    },
}

/// Reads one JSON text (RFC 8259). Objects keep the order of their members.
///
/// # Errors
/// When the text is not JSON, or is JSON that readers understand differently.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    Ok(read(bytes)?.root().to_value())
}

/// [`parse`], into the form that is fast to read.
pub(in crate::metadata) fn read(bytes: &[u8]) -> Result<Tree, JsonError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::Utf8 {
        offset: error.valid_up_to(),
    })?;
    let mut tree = Tree::with_room(bytes.len());
    let mut objection = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        depth: 0,
        tree: &mut tree,
        objection: &mut objection,
    };
    strict.deserialize(&mut deserializer).map_err(|error| {
        objection
            .take()
            .map_or_else(|| syntax(&error), |objection| locate(objection, &error))
    })?;
    deserializer.end().map_err(|error| JsonError::Trailing {
        line: error.line(),
        column: error.column(),
    })?;
    Ok(tree)
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

fn locate(objection: JsonError, error: &serde_json::Error) -> JsonError {
    match objection {
        JsonError::Number { .. } => JsonError::Number { line: error.line() },
        other => other,
    }
}

/// Builds a [`Tree`]. serde carries errors as text only, so the visitor leaves
/// its objection in a slot beside the deserializer.
struct Strict<'a> {
    depth: usize,
    tree: &'a mut Tree,
    objection: &'a mut Option<JsonError>,
}

impl Strict<'_> {
    fn object<E: de::Error>(&mut self, objection: JsonError) -> E {
        *self.objection = Some(objection);
        E::custom("refused")
    }

    /// For what is in an array or object.
    fn inner(&mut self) -> Strict<'_> {
        Strict {
            depth: self.depth + 1,
            tree: self.tree,
            objection: self.objection,
        }
    }

    /// Begins an array or object.
    fn begin<E: de::Error>(&mut self) -> Result<usize, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.object(JsonError::Depth));
        }
        Ok(self.tree.begin())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.tree.add_null();
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.tree.add_bool(value);
        Ok(())
    }

    fn visit_u64<E: de::Error>(mut self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(self.object(JsonError::Number { line: 0 })),
        }
    }

    fn visit_i64<E: de::Error>(mut self, value: i64) -> Result<(), E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return Err(self.object(JsonError::Number { line: 0 }));
        }
        self.tree.add_integer(value);
        Ok(())
    }

    fn visit_f64<E: de::Error>(mut self, _: f64) -> Result<(), E> {
        Err(self.object(JsonError::Number { line: 0 }))
    }

    /// A text that stands in the file as it is: had it a `"` or `\`, there would be an escape.
    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<(), E> {
        self.tree.add_plain_text(value);
        Ok(())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.tree.add_text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let array = self.begin()?;
        while items.next_element_seed(self.inner())?.is_some() {}
        self.tree.end_array(array);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let object = self.begin()?;
        while members.next_key_seed(self.inner())?.is_some() {
            members.next_value_seed(self.inner())?;
        }
        self.tree
            .end_object(object)
            .map_err(|name| self.object(JsonError::DuplicateMember { name }))
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
    fn a_member_that_stands_twice_is_refused_however_it_is_escaped() {
        let twice = JsonError::DuplicateMember { name: "a".into() };
        assert_eq!(refused(r#"{"a":1,"a":1}"#), twice);
        assert_eq!(refused(r#"[{"a":1,"\u0061":2}]"#), twice);
        assert!(
            parse("{\"x-u\u{308}\":1,\"x-ü\":2}".as_bytes()).is_ok(),
            "names are compared by code point"
        );
    }

    #[test]
    fn only_integers_that_every_reader_keeps_are_numbers() {
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
    fn what_is_not_one_json_text_is_refused() {
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
