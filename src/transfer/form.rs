//! Reading a JSON object strictly: every member is taken by its name, and none may be left.

use serde_json::{Map, Value};

use super::check::{Check, Refusal};
use crate::metadata::canonical_json;
use crate::words::Digest;

/// The checks that speak of the outer form of one kind of file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// What `conclave` says in a file of this kind.
    pub(super) name: &'static str,
    /// The longest file.
    pub(super) limit: usize,
    pub(super) size: Check,
    pub(super) form: Check,
    pub(super) format: Check,
}

/// The one format of each kind that there is so far.
pub(super) const FORMAT: u64 = 1;

/// The members of an object that are not taken yet.
#[derive(Debug)]
pub(super) struct Members {
    what: String,
    left: Map<String, Value>,
    form: Check,
}

impl Kind {
    /// Reads a file of this kind, up to its own members.
    pub(super) fn open(&self, bytes: &[u8]) -> Result<Members, Refusal> {
        if bytes.len() > self.limit {
            let text = format!("the file is larger than {} bytes", self.limit);
            return Err(Refusal::new(self.size, text));
        }
        let value = canonical_json::parse(bytes)
            .map_err(|error| Refusal::new(self.form, error.to_string()))?;
        let mut members = Members::of(value, "the file", self.form)?;
        let named = members.text("conclave")?;
        if named != self.name {
            let text = format!("the file says that it is a {named:?}, not a {}", self.name);
            return Err(Refusal::new(self.format, text));
        }
        match members.number("format")? {
            FORMAT => Ok(members),
            other => Err(Refusal::new(
                self.format,
                format!(
                    "format {other} is not known here; a later version of Conclave may know it"
                ),
            )),
        }
    }
}

impl Members {
    pub(super) fn of(value: Value, what: &str, form: Check) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self {
                what: what.to_owned(),
                left: members,
                form,
            }),
            _ => Err(Refusal::new(form, format!("{what} is not an object"))),
        }
    }

    fn take<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<T, Refusal> {
        let found = self.left.shift_remove(name).and_then(read);
        found.ok_or_else(|| self.refuse(format!("has no {kind} {name:?}")))
    }

    /// A refusal for its form.
    pub(super) fn refuse(&self, what: impl std::fmt::Display) -> Refusal {
        Refusal::new(self.form, format!("{} {what}", self.what))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Refusal> {
        self.take(name, "text", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// A text that says something, in one line.
    pub(super) fn line(&mut self, name: &str) -> Result<String, Refusal> {
        let text = self.text(name)?;
        if text.trim().is_empty() || text.chars().any(char::is_control) || text.len() > 400 {
            return Err(self.refuse(format!(
                "needs in {name:?} one line of at most 400 bytes that says something"
            )));
        }
        Ok(text)
    }

    pub(super) fn number(&mut self, name: &str) -> Result<u64, Refusal> {
        self.take(name, "number", |value| value.as_u64())
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<bool, Refusal> {
        self.take(name, "true or false", |value| value.as_bool())
    }

    /// A version: a number of at least 1.
    pub(super) fn version(&mut self, name: &str) -> Result<u64, Refusal> {
        match self.number(name)? {
            0 => Err(self.refuse(format!("has 0 as {name:?}"))),
            version => Ok(version),
        }
    }

    pub(super) fn digest(&mut self, name: &str) -> Result<Digest, Refusal> {
        let text = self.text(name)?;
        Digest::from_hex(&text)
            .map_err(|error| self.refuse(format!("has a faulty {name:?}: {error}")))
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, Refusal> {
        self.take(name, "list", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Refusal> {
        let items = self.list(name)?;
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(self.refuse(format!("has something else than texts in {name:?}"))),
            })
            .collect()
    }

    /// A list of objects, each read by `read`.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Members) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
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
    pub(super) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.optional(name, read)?
            .ok_or_else(|| self.refuse(format!("has no object {name:?}")))
    }

    /// A mark: true, or not there.
    pub(super) fn mark(&mut self, name: &str) -> Result<bool, Refusal> {
        if !self.left.contains_key(name) {
            return Ok(false);
        }
        self.take(name, "true", |value| value.as_bool().filter(|set| *set))
    }

    /// An object, or null.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
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
    pub(super) fn end(&self) -> Result<(), Refusal> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.refuse(format!("has an unknown member {name:?}"))),
        }
    }
}

/// A file: two spaces of indentation, one line feed at the end.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = format!("{value:#}").into_bytes();
    bytes.push(b'\n');
    bytes
}
