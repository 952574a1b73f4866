//! Reading a JSON object strictly: every member is taken by its name, and none may be left. Whose check speaks when
//! one is wrong is for the kind of file to say.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::check::Check;
use crate::metadata::canonical_json;
use crate::record::Remark;
use crate::words::Digest;

/// The checks that speak of the outer form of one kind of file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind<C = Check> {
    /// What `conclave` says in a file of this kind.
    pub(crate) name: &'static str,
    /// The longest file.
    pub(crate) limit: usize,
    pub(crate) size: C,
    pub(crate) form: C,
    pub(crate) format: C,
}

/// The one format of each kind that there is so far.
pub(crate) const FORMAT: u64 = 1;

/// The members of an object that are not taken yet.
#[derive(Debug)]
pub(crate) struct Members<C = Check> {
    what: String,
    left: Map<String, Value>,
    form: C,
}

impl<C: Copy> Kind<C> {
    /// Reads a file of this kind, up to its own members.
    pub(crate) fn open(&self, bytes: &[u8]) -> Result<Members<C>, Remark<C>> {
        if bytes.len() > self.limit {
            let text = format!("the file is larger than {} bytes", self.limit);
            return Err(Remark::new(self.size, text));
        }
        let value = canonical_json::parse(bytes)
            .map_err(|error| Remark::new(self.form, error.to_string()))?;
        self.of_value(value)
    }

    /// Reads what would stand in a file of this kind, up to its own members.
    pub(crate) fn of_value(&self, value: Value) -> Result<Members<C>, Remark<C>> {
        let mut members = Members::of(value, "the file", self.form)?;
        let named = members.text("conclave")?;
        if named != self.name {
            let text = format!("the file says that it is a {named:?}, not a {}", self.name);
            return Err(Remark::new(self.format, text));
        }
        match members.number("format")? {
            FORMAT => Ok(members),
            other => Err(Remark::new(
                self.format,
                format!(
                    "format {other} is not known here; a later version of Conclave may know it"
                ),
            )),
        }
    }
}

impl<C: Copy> Members<C> {
    pub(crate) fn of(value: Value, what: &str, form: C) -> Result<Self, Remark<C>> {
        match value {
            Value::Object(members) => Ok(Self {
                what: what.to_owned(),
                left: members,
                form,
            }),
            _ => Err(Remark::new(form, format!("{what} is not an object"))),
        }
    }

    fn take<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<T, Remark<C>> {
        let found = self.left.shift_remove(name).and_then(read);
        found.ok_or_else(|| self.refuse(format!("has no {kind} {name:?}")))
    }

    /// A refusal for its form.
    pub(crate) fn refuse(&self, what: impl std::fmt::Display) -> Remark<C> {
        Remark::new(self.form, format!("{} {what}", self.what))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<String, Remark<C>> {
        self.take(name, "text", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// A text, or null.
    pub(crate) fn text_or_null(&mut self, name: &str) -> Result<Option<String>, Remark<C>> {
        self.take(name, "text or null", |value| match value {
            Value::String(text) => Some(Some(text)),
            Value::Null => Some(None),
            _ => None,
        })
    }

    /// A text that says something, in one line.
    pub(crate) fn line(&mut self, name: &str) -> Result<String, Remark<C>> {
        let text = self.text(name)?;
        if text.trim().is_empty() || text.chars().any(char::is_control) || text.len() > 400 {
            return Err(self.refuse(format!(
                "needs in {name:?} one line of at most 400 bytes that says something"
            )));
        }
        Ok(text)
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<u64, Remark<C>> {
        self.take(name, "number", |value| value.as_u64())
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<bool, Remark<C>> {
        self.take(name, "true or false", |value| value.as_bool())
    }

    /// A time in whole seconds, in the one way in which Conclave writes it.
    pub(crate) fn time(&mut self, name: &str) -> Result<Timestamp, Remark<C>> {
        let text = self.text(name)?;
        match text.parse::<Timestamp>() {
            Ok(time) if time.to_string() == text && time.subsec_nanosecond() == 0 => Ok(time),
            _ => Err(self.refuse(format!(
                "has in {name:?} no time of the form 2026-12-01T09:41:00Z"
            ))),
        }
    }

    /// A version: a number of at least 1.
    pub(crate) fn version(&mut self, name: &str) -> Result<u64, Remark<C>> {
        match self.number(name)? {
            0 => Err(self.refuse(format!("has 0 as {name:?}"))),
            version => Ok(version),
        }
    }

    pub(crate) fn digest(&mut self, name: &str) -> Result<Digest, Remark<C>> {
        let text = self.text(name)?;
        Digest::from_hex(&text)
            .map_err(|error| self.refuse(format!("has a faulty {name:?}: {error}")))
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Value>, Remark<C>> {
        self.take(name, "list", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Remark<C>> {
        let items = self.list(name)?;
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(self.refuse(format!("has something else than texts in {name:?}"))),
            })
            .collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// A list of objects, each read by `read`.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Members<C>) -> Result<T, Remark<C>>,
    ) -> Result<Vec<T>, Remark<C>> {
        let form = self.form;
        self.list(name)?
            .into_iter()
            .enumerate()
            .map(|(index, item)| {
                let what = format!("entry {} of {name:?}", index + 1);
                let mut members = Self::of(item, &what, form)?;
                let read = read(&mut members)?;
                members.end()?;
                Ok(read)
            })
            .collect()
    }

    /// An object.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members<C>) -> Result<T, Remark<C>>,
    ) -> Result<T, Remark<C>> {
        self.optional(name, read)?
            .ok_or_else(|| self.refuse(format!("has no object {name:?}")))
    }

    /// A mark: true, or not there.
    pub(crate) fn mark(&mut self, name: &str) -> Result<bool, Remark<C>> {
        if !self.has(name) {
            return Ok(false);
        }
        self.take(name, "true", |value| value.as_bool().filter(|set| *set))
    }

    /// An object, or null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members<C>) -> Result<T, Remark<C>>,
    ) -> Result<Option<T>, Remark<C>> {
        let value = self.take(name, "object or null", |value| {
            (value.is_object() || value.is_null()).then_some(value)
        })?;
        if value.is_null() {
            return Ok(None);
        }
        let mut members = Self::of(value, &format!("{name:?}"), self.form)?;
        let read = read(&mut members)?;
        members.end()?;
        Ok(Some(read))
    }

    /// The end: whatever is left is not known here.
    pub(crate) fn end(&self) -> Result<(), Remark<C>> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.refuse(format!("has an unknown member {name:?}"))),
        }
    }
}

/// A file: two spaces of indentation, one line feed at the end.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = format!("{value:#}").into_bytes();
    bytes.push(b'\n');
    bytes
}
