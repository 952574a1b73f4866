//! Tables, field by field, as the schema declares them. A field that was not read is an error.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use toml::de::{DeTable, DeValue};

use super::log::{At, Log, Span};
use crate::script::IdError;
use crate::script::Kind;
use crate::script::schema::{FILE, Field, Need, Pin, Table, Type};
use crate::words::Digest;

/// A table that is being read, by its declaration.
pub(in crate::script) struct Fields<'l, 't> {
    log: &'l Log<'t>,
    table: &'l DeTable<'l>,
    /// The header, or what replaces it.
    pub(in crate::script) span: Span,
    declared: &'static Table,
    /// Fields besides those of the table.
    more: &'static [Field],
    /// As messages name it: `[root]`.
    what: String,
    /// The kind of ceremony, once it is known.
    kind: Option<Kind>,
    known: Vec<&'static str>,
}

/// A value that is being read, by its declaration.
pub(in crate::script) struct Value<'l, 't> {
    log: &'l Log<'t>,
    found: &'l DeValue<'l>,
    pub(in crate::script) span: Span,
    declared: Type,
    /// As messages name it: `"threshold"`.
    what: String,
    kind: Option<Kind>,
}

impl<'l, 't> Fields<'l, 't> {
    pub(super) fn new(
        log: &'l Log<'t>,
        table: &'l DeTable<'l>,
        span: Span,
        declared: &'static Table,
    ) -> Self {
        Self {
            log,
            table,
            span,
            declared,
            more: &[],
            what: declared.name.to_owned(),
            kind: None,
            known: Vec::new(),
        }
    }

    pub(super) fn set_kind(&mut self, kind: Kind) {
        self.kind = Some(kind);
    }

    pub(super) fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    pub(super) fn extend(&mut self, more: &'static [Field]) {
        self.more = more;
    }

    fn declaration(&self, name: &str) -> Option<&'static Field> {
        let more = self.more.iter().find(|field| field.name == name);
        let field = more.or_else(|| self.declared.field(name, self.kind));
        debug_assert!(
            field.is_some() || self.declared.declares(name),
            "{} has no field {name:?}",
            self.declared.name
        );
        field
    }

    /// A field as it is declared; a field that is required in some cases only may be missing.
    pub(super) fn value(&mut self, name: &str) -> Option<Value<'l, 't>> {
        let field = self.declaration(name)?;
        let value = self.read_as(field);
        if value.is_none() && matches!(field.need, Need::Required) {
            self.missing(name);
        }
        value
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// A field that is required in this case.
    pub(super) fn required(&mut self, name: &str) -> Option<Value<'l, 't>> {
        let field = self.declaration(name)?;
        self.required_as(name, field.example)
    }

    /// The same, with another example than the declared one.
    pub(super) fn required_as(&mut self, name: &str, example: &str) -> Option<Value<'l, 't>> {
        let value = self.read_as(self.declaration(name)?);
        if value.is_none() {
            self.missing_as(name, example);
        }
        value
    }

    fn read_as(&mut self, field: &'static Field) -> Option<Value<'l, 't>> {
        self.allow(field.name);
        #[cfg(test)]
        self.log
            .asked
            .borrow_mut()
            .insert((self.declared.name, field.name));
        let value = self.table.get(field.name)?;
        Some(Value {
            log: self.log,
            found: value.get_ref(),
            span: value.span(),
            declared: field.value,
            what: format!("\"{}\"", field.name),
            kind: self.kind,
        })
    }

    /// Allows a field without reading it.
    pub(super) fn allow(&mut self, name: &'static str) {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
    }

    /// Reports that a field is missing, with its example.
    pub(super) fn missing(&self, name: &str) {
        let field = self.declaration(name);
        self.missing_as(name, field.map_or("", |field| field.example));
    }

    fn missing_as(&self, name: &str, example: &str) {
        self.log.error(
            "script.field-missing",
            &self.span,
            format!("{} has no \"{name}\"", self.what),
            format!("add, for example: {example}"),
        );
    }

    /// The result of a function on a field, with its place.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        of: impl FnOnce(&Value<'l, 't>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.value(name)?;
        value.at(of(&value))
    }

    /// The table of a field.
    pub(super) fn table(&mut self, name: &str) -> Option<Fields<'l, 't>> {
        self.value(name)?.table()
    }

    /// The tables of a field; none if it is missing or invalid.
    pub(super) fn tables(&mut self, name: &str) -> Vec<Fields<'l, 't>> {
        let items = self.value(name).and_then(|value| value.items());
        let items = items.unwrap_or_default();
        items.iter().filter_map(Value::table).collect()
    }

    /// Ends the table: any field that was not read is an error.
    pub(super) fn finish(self) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            // A PIN has been reported already, with another hint.
            if self.known.contains(&name) || self.log.has("script.pin", &key.span()) {
                continue;
            }
            self.log.error(
                "script.field-unknown",
                &key.span(),
                format!("{} has no field {name:?}", self.what),
                format!(
                    "remove it, or correct the spelling; known fields: {}",
                    self.known.join(", ")
                ),
            );
        }
    }
}

impl<'l, 't> Value<'l, 't> {
    pub(super) fn error(
        &self,
        check: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.log.error(check, &self.span, message, hint);
    }

    pub(super) fn at<T>(&self, value: Option<T>) -> Option<At<T>> {
        value.map(|value| At {
            value,
            span: self.span.clone(),
        })
    }

    fn wants(&self, wanted: &str, hint: &str) {
        self.error(
            "script.type",
            format!(
                "{} must be {wanted}, not {}",
                self.what,
                kind_of(self.found)
            ),
            hint,
        );
    }

    /// Any string, unchecked: for values that are compared with a list.
    pub(super) fn raw(&self) -> Option<&'l str> {
        if let DeValue::String(text) = self.found {
            return Some(text);
        }
        self.wants("a text in quotes", "write it as \"…\"");
        None
    }

    /// A text of as many characters, and one line or several, as is declared.
    pub(super) fn line(&self) -> Option<String> {
        let text = self.raw()?;
        let longest = self.declared.most();
        let has_lines = matches!(self.declared, Type::Lines(_));
        let bad = |c: char| c.is_control() && !(has_lines && c == '\n');
        if text.trim().is_empty() {
            self.error(
                "script.text",
                format!("{} is empty", self.what),
                "fill it in",
            );
        } else if text.chars().count() > longest {
            self.error(
                "script.text",
                format!(
                    "{} has {} characters; at most {longest} are allowed",
                    self.what,
                    text.chars().count()
                ),
                "shorten it",
            );
        } else if let Some(c) = text.chars().find(|c| bad(*c) || is_invisible(*c)) {
            self.error(
                "script.characters",
                format!("{} contains the character U+{:04X}", self.what, c as u32),
                "remove it: a character that cannot be seen cannot be read aloud",
            );
        } else {
            return Some(text.to_owned());
        }
        None
    }

    pub(super) fn id<T: FromStr<Err = IdError>>(&self) -> Option<T> {
        let text = self.raw()?;
        text.parse()
            .map_err(|error| {
                self.error(
                    "script.id",
                    format!("{} cannot be {text:?}", self.what),
                    format!("choose another ID: {error}"),
                );
            })
            .ok()
    }

    /// One of the declared words, by its meaning.
    pub(super) fn word<T: Copy>(&self, check: &'static str, spellings: &[(&str, T)]) -> Option<T> {
        let Type::Word(words) = self.declared else {
            debug_assert!(false, "{} is not a word", self.what);
            return None;
        };
        debug_assert!(
            words
                .iter()
                .map(|(word, _)| word)
                .eq(spellings.iter().map(|(word, _)| word)),
            "{} is declared with other words",
            self.what
        );
        self.one_of(check, spellings)
    }

    /// One of a list of words.
    pub(super) fn one_of<T: Copy>(
        &self,
        check: &'static str,
        spellings: &[(&str, T)],
    ) -> Option<T> {
        let text = self.raw()?;
        let found = spellings.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = spellings.iter().map(|(word, _)| *word).collect();
            self.error(
                check,
                format!("{} cannot be {text:?}", self.what),
                format!("use one of: {}", known.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn integer(&self) -> Option<i64> {
        if let DeValue::Integer(number) = self.found
            && let Ok(number) = i64::from_str_radix(number.as_str(), number.radix())
        {
            return Some(number);
        }
        self.wants("a whole number", "write it without quotes, for example 3");
        None
    }

    /// The range that is declared for a number.
    pub(super) fn range(&self) -> RangeInclusive<i64> {
        match self.declared {
            Type::Integer(least, most) => least..=most,
            _ => i64::MIN..=i64::MAX,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        if let DeValue::Boolean(value) = self.found {
            return Some(*value);
        }
        self.wants("true or false", "write true or false, without quotes");
        None
    }

    /// A time in the only form that scripts allow.
    pub(super) fn time(&self) -> Option<Timestamp> {
        const HINT: &str =
            "write it in UTC as \"YYYY-MM-DDTHH:MM:SSZ\", for example \"2026-12-01T09:00:00Z\"";
        let DeValue::String(text) = self.found else {
            self.wants("a time in quotes", HINT);
            return None;
        };
        // The round trip refuses offsets, fractions, leap seconds and any other spelling.
        let time: Option<Timestamp> = text.parse().ok();
        let exact = time.filter(|time| text.len() == 20 && time.to_string() == **text);
        if exact.is_none() {
            self.error(
                "script.time",
                format!("{} is not a time: {text:?}", self.what),
                HINT,
            );
        }
        exact
    }

    /// A SHA-256 in hex; the caller reports an invalid one.
    pub(super) fn digest(&self) -> Option<Result<Digest, ()>> {
        self.raw()
            .map(|text| Digest::from_hex(text).map_err(|_| ()))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Value<'l, 't>>> {
        let DeValue::Array(array) = self.found else {
            self.wants("a list", "write it in brackets, for example [\"…\"]");
            return None;
        };
        let most = self.declared.most();
        if array.len() > most {
            self.error(
                "script.size",
                format!(
                    "{} has {} entries; at most {most} are allowed",
                    self.what,
                    array.len()
                ),
                "shorten the list",
            );
            return None;
        }
        let items = array.iter().map(|item| Value {
            log: self.log,
            found: item.get_ref(),
            span: item.span(),
            declared: self.declared.item(),
            what: format!("an item of {}", self.what),
            kind: self.kind,
        });
        Some(items.collect())
    }

    /// The table, as it is declared.
    pub(super) fn table(&self) -> Option<Fields<'l, 't>> {
        let (declared, what) = match self.declared {
            Type::Table(table) => (table, table.name),
            _ => (&FILE, self.what.as_str()),
        };
        let DeValue::Table(table) = self.found else {
            self.wants("a table", "write it as { name = …, name = … }");
            return None;
        };
        let mut fields = Fields::new(self.log, table, self.span.clone(), declared);
        fields.rename(what);
        fields.kind = self.kind;
        Some(fields)
    }

    pub(super) const fn is_table(&self) -> bool {
        matches!(self.found, DeValue::Table(_))
    }

    pub(super) fn pin(&self) -> Option<Pin> {
        match self.declared {
            Type::File(pin) | Type::Profile(pin) => Some(pin),
            _ => None,
        }
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

/// Characters that change how others look, or that cannot be seen.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
