//! The tables `[[step]]`.

use std::collections::BTreeMap;

use super::fields::{Fields, Value};
use super::log::{At, Log, Span};
use crate::script::act::{Description, Values};
use crate::script::plan::Step;
use crate::script::{Act, KeyId, MediumId, PersonId, StepId};

/// A step as it was read.
pub(in crate::script) struct StepEntry {
    /// Of the act's name.
    pub(in crate::script) span: Span,
    pub(in crate::script) line: usize,
    /// `None` if the act or one of its fields is invalid.
    pub(in crate::script) act: Option<Act>,
    pub(in crate::script) key: Option<At<KeyId>>,
    pub(in crate::script) medium: Option<At<MediumId>>,
    pub(in crate::script) initials: Vec<At<PersonId>>,
    pub(in crate::script) receiver: Option<At<PersonId>>,
    pub(in crate::script) custodian: Option<At<PersonId>>,
    pub(in crate::script) id: Option<At<StepId>>,
    minutes: Option<u32>,
}

pub(super) fn read(log: &Log<'_>, tables: Vec<Fields<'_, '_>>) -> Vec<StepEntry> {
    let mut repeated: BTreeMap<&str, usize> = BTreeMap::new();
    let mut steps = Vec::new();
    for table in tables {
        let mut step = step(log, table);
        if let Some(act) = &step.act {
            let made = if act.description().repeats {
                let count = repeated.entry(act.name()).or_default();
                *count += 1;
                StepId::numbered(act.name(), *count)
            } else {
                StepId::of(act.name(), act.object())
            };
            step.id.get_or_insert(At {
                value: made,
                span: step.span.clone(),
            });
        }
        steps.push(step);
    }
    steps
}

fn step(log: &Log<'_>, mut fields: Fields<'_, '_>) -> StepEntry {
    let header = fields.span.clone();
    let line = log.line(&header);
    let named = fields.value("act");
    let span = named.as_ref().map_or(header, |value| value.span.clone());
    let described = named.and_then(|value| value.one_of("script.act", &Act::by_name()));
    let mut entry = StepEntry {
        span,
        line,
        act: None,
        key: None,
        medium: None,
        initials: Vec::new(),
        receiver: None,
        custodian: None,
        id: None,
        minutes: None,
    };
    let Some(described) = described else {
        // The fields of an unknown act are unknown.
        return entry;
    };
    fields.rename(format!("a step {:?}", described.name));
    fields.extend(described.fields);
    entry.id = fields.read("id", Value::id);
    entry.minutes = fields.value("minutes").and_then(|value| minutes(&value));
    entry.act = act(described, &mut fields, &mut entry);
    fields.finish();
    entry
}

/// Reads the fields that the act has. An invalid field counts as missing; but with an invalid `key`, the act is not read
/// as one without a key.
fn act(described: &Description, fields: &mut Fields<'_, '_>, entry: &mut StepEntry) -> Option<Act> {
    let has = |name: &str| described.fields.iter().any(|field| field.name == name);
    let mut values = Values::default();
    if has("medium") {
        entry.medium = fields.read("medium", Value::id);
        values.medium = value_of(entry.medium.as_ref());
    }
    let key = if !has("key") || fields.has("medium") {
        None
    } else if has("medium") {
        fields.required("key")
    } else {
        fields.value("key")
    };
    entry.key = key.as_ref().and_then(|value| value.at(value.id()));
    values.key = value_of(entry.key.as_ref());
    if has("place") {
        values.place = fields.value("place").and_then(|value| value.line());
    }
    if has("receiver") {
        entry.receiver = fields.read("receiver", Value::id);
        values.receiver = value_of(entry.receiver.as_ref());
    }
    if has("custodian") {
        entry.custodian = fields.read("custodian", Value::id);
        values.custodian = value_of(entry.custodian.as_ref());
    }
    if has("text") {
        values.text = fields.value("text").and_then(|value| value.line());
    }
    if has("initials")
        && let Some(people) = fields.value("initials").and_then(|value| initials(&value))
    {
        let ids = people.iter().map(|at| at.value.clone());
        values.initials = Some(ids.collect());
        entry.initials = people;
    }
    let is_faulty = key.is_some() && values.key.is_none();
    (described.construct)(values).filter(|_| !is_faulty)
}

fn value_of<T: Clone>(read: Option<&At<T>>) -> Option<T> {
    read.map(|at| at.value.clone())
}

fn initials(people: &Value<'_, '_>) -> Option<Vec<At<PersonId>>> {
    let items = people.items()?;
    if items.is_empty() {
        people.error(
            "script.note",
            "\"initials\" is empty",
            "name at least one person, for example [\"witness-1\"]",
        );
    }
    let mut read: Vec<At<PersonId>> = Vec::new();
    for item in &items {
        if let Some(person) = item.at(item.id::<PersonId>()) {
            if read.iter().any(|known| known.value == person.value) {
                item.error(
                    "script.duplicate",
                    format!("\"initials\" has {person:?} twice"),
                    "remove one of them",
                );
            }
            read.push(person);
        }
    }
    Some(read)
}

fn minutes(value: &Value<'_, '_>) -> Option<u32> {
    let number = value.integer()?;
    let range = value.range();
    let minutes = u32::try_from(number).ok();
    let minutes = minutes.filter(|_| range.contains(&number));
    if minutes.is_none() {
        value.error(
            "script.minutes",
            format!("a step cannot take {number} minutes"),
            format!("use {} to {}, or leave it out", range.start(), range.end()),
        );
    }
    minutes
}

impl StepEntry {
    pub(in crate::script) fn complete(self, index: usize) -> Option<Step> {
        Some(Step {
            index,
            id: self.id?.value,
            act: self.act?,
            minutes: self.minutes,
            line: self.line,
        })
    }
}
