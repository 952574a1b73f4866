//! Tables, field by field. What nobody asked for is a fault.

use std::str::FromStr;

use jiff::Timestamp;
use toml::de::{DeTable, DeValue};

use super::log::{At, Log, Span};
use crate::script::IdError;
use crate::words::Digest;

/// A table that is being read.
pub(in crate::script) struct Fields<'l, 't> {
    log: &'l Log<'t>,
    table: &'l DeTable<'l>,
    /// The header, or what stands in its place.
    pub(in crate::script) span: Span,
    /// As messages call it: `[root]`.
    what: String,
    known: Vec<&'static str>,
}

/// A value that is being read.
pub(in crate::script) struct Value<'l, 't> {
    log: &'l Log<'t>,
    found: &'l DeValue<'l>,
    pub(in crate::script) span: Span,
    /// As messages call it: `"threshold"`.
    what: String,
}

impl<'l, 't> Fields<'l, 't> {
    pub(in crate::script) fn new(
        log: &'l Log<'t>,
        table: &'l DeTable<'l>,
        span: Span,
        what: impl Into<String>,
    ) -> Self {
        Self {
            log,
            table,
            span,
            what: what.into(),
            known: Vec::new(),
        }
    }

    pub(in crate::script) fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    /// A field that may be left out.
    pub(in crate::script) fn optional(&mut self, name: &'static str) -> Option<Value<'l, 't>> {
        self.known.push(name);
        let value = self.table.get(name)?;
        Some(Value {
            log: self.log,
            found: value.get_ref(),
            span: value.span(),
            what: format!("\"{name}\""),
        })
    }

    /// A field that must be there; `example` is a line that could be it.
    pub(in crate::script) fn required(
        &mut self,
        name: &'static str,
        example: &str,
    ) -> Option<Value<'l, 't>> {
        let value = self.optional(name);
        if value.is_none() {
            self.missing(name, example);
        }
        value
    }

    /// That a field is not there, nor what may stand in its place.
    pub(in crate::script) fn missing(&self, name: &str, example: &str) {
        self.log.fault(
            "script.field-missing",
            &self.span,
            format!("{} has no \"{name}\"", self.what),
            format!("add, for example: {example}"),
        );
    }

    /// The tables of an array `[[name]]`, at most `most`; none when there is no such array.
    pub(in crate::script) fn tables(
        &mut self,
        name: &'static str,
        most: usize,
    ) -> Vec<Fields<'l, 't>> {
        let what = format!("[[{name}]]");
        let Some(value) = self.optional(name) else {
            return Vec::new();
        };
        let items = value.items(most).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item.table(what.clone()))
            .collect()
    }

    /// Ends the table: any field that was not asked for is a fault.
    pub(in crate::script) fn finish(self) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            // A PIN is a fault of its own, louder than this one.
            if self.known.contains(&name) || self.log.has("script.pin", &key.span()) {
                continue;
            }
            self.log.fault(
                "script.field-unknown",
                &key.span(),
                format!("{} has no use for {name:?}", self.what),
                format!(
                    "take it out, or mend the spelling; known here: {}",
                    self.known.join(", ")
                ),
            );
        }
    }
}

impl<'l, 't> Value<'l, 't> {
    pub(in crate::script) fn fault(
        &self,
        check: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.log.fault(check, &self.span, message, hint);
    }

    pub(in crate::script) fn at<T>(&self, value: Option<T>) -> Option<At<T>> {
        value.map(|value| At {
            value,
            span: self.span.clone(),
        })
    }

    fn wants(&self, wanted: &str, hint: &str) {
        self.fault(
            "script.type",
            format!("{} wants {wanted}, not {}", self.what, kind_of(self.found)),
            hint,
        );
    }

    /// Any string, unchecked: for values that are compared with a list.
    pub(in crate::script) fn raw(&self) -> Option<&'l str> {
        if let DeValue::String(text) = self.found {
            return Some(text);
        }
        self.wants("a text in quotes", "write it as \"…\"");
        None
    }

    /// One line of at most `longest` characters.
    pub(in crate::script) fn line(&self, longest: usize) -> Option<String> {
        let text = self.raw()?;
        self.checked(text, longest, char::is_control)
    }

    /// Several lines of at most `longest` characters together.
    pub(in crate::script) fn lines(&self, longest: usize) -> Option<String> {
        let text = self.raw()?;
        self.checked(text, longest, |c| c.is_control() && c != '\n')
    }

    fn checked(&self, text: &str, longest: usize, bad: fn(char) -> bool) -> Option<String> {
        if text.trim().is_empty() {
            self.fault(
                "script.text",
                format!("{} is empty", self.what),
                "write what belongs there",
            );
        } else if text.chars().count() > longest {
            self.fault(
                "script.text",
                format!(
                    "{} has {} characters; {longest} are the most",
                    self.what,
                    text.chars().count()
                ),
                "make it shorter",
            );
        } else if let Some(c) = text.chars().find(|c| bad(*c) || is_invisible(*c)) {
            self.fault(
                "script.characters",
                format!("{} has the character U+{:04X} in it", self.what, c as u32),
                "take it out: what cannot be seen cannot be read aloud",
            );
        } else {
            return Some(text.to_owned());
        }
        None
    }

    pub(in crate::script) fn id<T: FromStr<Err = IdError>>(&self) -> Option<T> {
        let text = self.raw()?;
        text.parse()
            .map_err(|error| {
                self.fault(
                    "script.id",
                    format!("{} cannot be {text:?}", self.what),
                    format!("{error}"),
                );
            })
            .ok()
    }

    /// One of a list of words.
    pub(in crate::script) fn one_of<T: Copy>(
        &self,
        check: &'static str,
        spellings: &[(&str, T)],
    ) -> Option<T> {
        let text = self.raw()?;
        let found = spellings.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = spellings.iter().map(|(word, _)| *word).collect();
            self.fault(
                check,
                format!("{} cannot be {text:?}", self.what),
                format!("known here: {}", known.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }

    pub(in crate::script) fn integer(&self) -> Option<i64> {
        if let DeValue::Integer(number) = self.found
            && let Ok(number) = i64::from_str_radix(number.as_str(), number.radix())
        {
            return Some(number);
        }
        self.wants("a whole number", "write it without quotes, as in 3");
        None
    }

    pub(in crate::script) fn boolean(&self) -> Option<bool> {
        if let DeValue::Boolean(value) = self.found {
            return Some(*value);
        }
        self.wants("true or false", "write true or false, without quotes");
        None
    }

    /// A time in the one form that scripts have.
    pub(in crate::script) fn time(&self) -> Option<Timestamp> {
        const HINT: &str =
            "write it in UTC as \"YYYY-MM-DDTHH:MM:SSZ\", as in \"2026-12-01T09:00:00Z\"";
        let DeValue::String(text) = self.found else {
            self.wants("a time in quotes", HINT);
            return None;
        };
        // The round trip refuses offsets, fractions, leap seconds and any other spelling.
        let time: Option<Timestamp> = text.parse().ok();
        let exact = time.filter(|time| text.len() == 20 && time.to_string() == **text);
        if exact.is_none() {
            self.fault(
                "script.time",
                format!("{} is not a time: {text:?}", self.what),
                HINT,
            );
        }
        exact
    }

    /// A SHA-256 in hex; the caller says what to do when it is none.
    pub(in crate::script) fn digest(&self) -> Option<Result<Digest, ()>> {
        self.raw()
            .map(|text| Digest::from_hex(text).map_err(|_| ()))
    }

    /// The items of a list, at most `most` of them.
    pub(in crate::script) fn items(&self, most: usize) -> Option<Vec<Value<'l, 't>>> {
        let DeValue::Array(array) = self.found else {
            self.wants("a list", "write it in brackets, as in [\"…\"]");
            return None;
        };
        if array.len() > most {
            self.fault(
                "script.size",
                format!("{} has {} entries", self.what, array.len()),
                format!("{most} are the most"),
            );
            return None;
        }
        let items = array.iter().map(|item| Value {
            log: self.log,
            found: item.get_ref(),
            span: item.span(),
            what: format!("an item of {}", self.what),
        });
        Some(items.collect())
    }

    pub(in crate::script) fn table(&self, what: impl Into<String>) -> Option<Fields<'l, 't>> {
        if let DeValue::Table(table) = self.found {
            return Some(Fields::new(self.log, table, self.span.clone(), what));
        }
        self.wants("a table", "write it as { name = …, name = … }");
        None
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Characters that change how others look, or cannot be seen at all.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
