//! The text of a script while it is written: values and tables change, comments are kept.

use std::fmt;

use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::TemplateError;
use crate::script::TokenSecret;
use crate::script::embedded::embedded;
use crate::script::schema::annotate;
use crate::words::Digest;

/// A file of a script: its name there, and its bytes.
pub type NamedFile = (String, Vec<u8>);

pub(in crate::script) struct Document(DocumentMut);

impl Document {
    /// The ready script of that name.
    pub(super) fn ready(name: &str) -> Result<Self, TemplateError> {
        let ready = embedded().iter().find(|ready| ready.name == name);
        Self::parse(ready.ok_or(TemplateError::Missing("text"))?.text)
    }

    pub(in crate::script) fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = text.parse().map_err(|_| TemplateError::Missing("text"))?;
        Ok(Self(document))
    }

    pub(in crate::script) fn header(
        &mut self,
        title: String,
        repository: &str,
        not_before: Timestamp,
    ) {
        set(&mut self.0, "title", title);
        set(&mut self.0, "repository", repository);
        set(&mut self.0, "not_before", not_before.to_string());
    }

    pub(in crate::script) fn root(&mut self) -> &mut Table {
        self.0.as_table_mut()
    }

    pub(in crate::script) fn table(
        &mut self,
        name: &'static str,
    ) -> Result<&mut Table, TemplateError> {
        let table = self.0.get_mut(name).and_then(Item::as_table_mut);
        table.ok_or(TemplateError::Missing(name))
    }

    /// The tables `[[name]]`.
    pub(in crate::script) fn tables(&mut self, name: &str) -> impl Iterator<Item = &mut Table> {
        let tables = self.0.get_mut(name).and_then(Item::as_array_of_tables_mut);
        tables.into_iter().flat_map(ArrayOfTables::iter_mut)
    }

    pub(in crate::script) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(in crate::script) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Replaces the tables `[[name]]`.
    pub(in crate::script) fn rewrite(
        &mut self,
        name: &'static str,
        change: impl FnOnce(Vec<Table>) -> Result<Vec<Table>, TemplateError>,
    ) -> Result<(), TemplateError> {
        let tables = self.0.get_mut(name).and_then(Item::as_array_of_tables_mut);
        let tables = tables.ok_or(TemplateError::Missing(name))?;
        let changed = change(tables.iter().cloned().collect())?;
        tables.clear();
        tables.extend(changed.into_iter().map(unplaced));
        Ok(())
    }

    /// Adds tables before the steps.
    pub(super) fn add(&mut self, name: &str, added: impl IntoIterator<Item = Table>) {
        let item = self.0.entry(name);
        let item = item.or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(tables) = item.as_array_of_tables_mut() {
            tables.extend(added.into_iter().map(unplaced));
        }
        self.steps_last();
    }

    /// Adds a table before the steps.
    pub(super) fn add_table(&mut self, name: &str, table: Table) {
        self.0.insert(name, Item::Table(table));
        self.steps_last();
    }

    fn steps_last(&mut self) {
        let steps = self.0.remove_entry("step");
        // Reparsing gives the tables their places in the text.
        if let Ok(parsed) = self.0.to_string().parse() {
            self.0 = parsed;
        }
        if let Some((key, mut steps)) = steps {
            if let Some(tables) = steps.as_array_of_tables_mut() {
                tables.iter_mut().for_each(|table| table.set_position(None));
            }
            self.0.insert_formatted(&key, steps);
        }
    }
}

/// The text, with the comments from the schema after its fields.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut document = self.0.clone();
        annotate(&mut document);
        document.fmt(f)
    }
}

pub(super) fn text<'t>(table: &'t Table, name: &str) -> &'t str {
    table.get(name).and_then(Item::as_str).unwrap_or_default()
}

/// Replaces a value, and keeps the comment after it.
pub(in crate::script) fn set(table: &mut Table, name: &str, new: impl Into<Value>) {
    let mut new: Value = new.into();
    let item = table.entry(name).or_insert(Item::None);
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = value(new);
}

/// A new table below an empty line.
pub(super) fn table<const N: usize>(fields: [(&str, Value); N]) -> Table {
    let mut table = Table::new();
    uncomment(&mut table);
    for (name, value) in fields {
        set(&mut table, name, value);
    }
    table
}

pub(in crate::script) fn inline<const N: usize>(fields: [(&str, Value); N]) -> Value {
    InlineTable::from_iter(fields).into()
}

pub(super) fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    items.into_iter().collect::<Array>().into()
}

/// `{ file = NAME, sha256 = … }`
pub(in crate::script) fn pinned((name, bytes): &NamedFile) -> Value {
    let digest = Digest::of(bytes).to_string();
    inline([("file", name.as_str().into()), ("sha256", digest.into())])
}

pub(super) fn step(act: &str, key: Option<&str>) -> Table {
    let mut step = table([("act", act.into())]);
    if let Some(key) = key {
        set(&mut step, "key", key);
    }
    step
}

/// A person with one role.
pub(super) fn person(id: &str, name: &str, role: &str) -> Table {
    table([
        ("id", id.into()),
        ("name", name.into()),
        ("roles", list([role])),
    ])
}

/// Sets fields of the token of a key or a spare.
pub(super) fn set_token<const N: usize>(key: &mut Table, fields: [(&str, Value); N]) {
    let token = key.get_mut("token").and_then(Item::as_inline_table_mut);
    if let Some(token) = token {
        token.extend(fields);
    }
}

/// Adapts the secrets of a key's token to its profile and its holder.
pub(super) fn set_activation(key: &mut Table, profile: &str, holder: &str) {
    let secrets = key.get_mut("activation").and_then(Item::as_array_mut);
    let secrets = secrets.into_iter().flat_map(Array::iter_mut);
    let put = |value: &mut Value, new: &str| {
        let decor = value.decor().clone();
        *value = new.into();
        *value.decor_mut() = decor;
    };
    for secret in secrets.filter_map(Value::as_inline_table_mut) {
        if let Some(what) = secret.get_mut("type")
            && what.as_str() == Some(TokenSecret::SoPin.as_str())
        {
            put(what, TokenSecret::ruling(profile).as_str());
        }
        if let Some(by) = secret.get_mut("set_by") {
            put(by, holder);
        }
    }
}

/// Repeats the steps of `key-1` for `count` keys, in each run of repeated steps.
pub(super) fn repeat_steps(
    steps: &[Table],
    count: u8,
    is_repeated: impl Fn(&Table) -> bool,
) -> Vec<Table> {
    let mut written = Vec::new();
    let mut rest = steps;
    while let Some((first, tail)) = rest.split_first() {
        if !is_repeated(first) {
            written.push(first.clone());
            rest = tail;
            continue;
        }
        let length = rest.iter().take_while(|step| is_repeated(step)).count();
        let (run, after) = rest.split_at(length);
        for n in 1..=count {
            for step in run.iter().filter(|step| text(step, "key") == "key-1") {
                let mut step = step.clone();
                if n > 1 {
                    uncomment(&mut step);
                }
                set(&mut step, "key", format!("key-{n}"));
                written.push(step);
            }
        }
        rest = after;
    }
    written
}

/// A table placed by its order in the array.
fn unplaced(mut table: Table) -> Table {
    table.set_position(None);
    table
}

/// Replaces the comment above a copy by an empty line.
pub(super) fn uncomment(table: &mut Table) {
    table.decor_mut().set_prefix("\n");
}

/// A copy without the comment of its pattern.
pub(super) fn uncommented(pattern: &Table) -> Table {
    let mut table = pattern.clone();
    uncomment(&mut table);
    table
}
