//! The tables `[[step]]`.

use std::collections::BTreeMap;

use super::MOST;
use super::fields::{Fields, Value};
use super::log::{At, Log, Span};
use crate::script::act::{Description, FieldValue, Presence, Values};
use crate::script::plan::Step;
use crate::script::{Act, KeyId, MediumId, PersonId, StepId};

/// In characters.
const LONGEST_LINE: usize = 100;
/// In characters.
const LONGEST_TEXT: usize = 2000;

/// A step as it was read.
pub(in crate::script) struct StepEntry {
    /// Of the act's name.
    pub(in crate::script) span: Span,
    pub(in crate::script) line: usize,
    /// `None` when the act or something in it was faulty.
    pub(in crate::script) act: Option<Act>,
    /// The key that the step names, and where.
    pub(in crate::script) key: Option<At<KeyId>>,
    pub(in crate::script) medium: Option<At<MediumId>>,
    /// The people who the step names, and where.
    pub(in crate::script) initials: Vec<At<PersonId>>,
    /// Who takes a bag, and where that stands.
    pub(in crate::script) receiver: Option<At<PersonId>>,
    /// Whose share it is about, and where that stands.
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
    let named = fields.required("act", "act = \"attendance\"");
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
    entry.id = fields.optional("id").and_then(|value| value.at(value.id()));
    entry.minutes = fields.optional("minutes").and_then(|value| minutes(&value));
    entry.act = act(described, &mut fields, &mut entry);
    fields.finish();
    entry
}

/// Reads the fields that the act has. One that is faulty counts as missing; but an act that may name a key is not read
/// as one without.
fn act(described: &Description, fields: &mut Fields<'_, '_>, entry: &mut StepEntry) -> Option<Act> {
    let mut values = Values::default();
    let mut given: Vec<FieldValue> = Vec::new();
    let mut names_faulty_key = false;
    for field in described.fields {
        let name = field.value.name();
        let found = match field.presence {
            Presence::Optional => fields.optional(name),
            Presence::Unless(other) if given.contains(&other) => continue,
            Presence::Required | Presence::Unless(_) => {
                fields.required(name, field.value.example())
            }
        };
        let Some(found) = found else {
            continue;
        };
        given.push(field.value);
        match field.value {
            FieldValue::Key => {
                entry.key = found.at(found.id());
                names_faulty_key = entry.key.is_none();
                values.key = value_of(entry.key.as_ref());
            }
            FieldValue::Medium => {
                entry.medium = found.at(found.id());
                values.medium = value_of(entry.medium.as_ref());
            }
            FieldValue::Custodian => {
                entry.custodian = found.at(found.id());
                values.custodian = value_of(entry.custodian.as_ref());
            }
            FieldValue::Receiver => {
                entry.receiver = found.at(found.id());
                values.receiver = value_of(entry.receiver.as_ref());
            }
            FieldValue::Initials => {
                if let Some(people) = initials(&found) {
                    let ids = people.iter().map(|at| at.value.clone());
                    values.initials = Some(ids.collect());
                    entry.initials = people;
                }
            }
            FieldValue::Line => values.text = found.line(LONGEST_LINE),
            FieldValue::Place => values.place = found.line(LONGEST_LINE),
            FieldValue::Text => values.text = found.lines(LONGEST_TEXT),
        }
    }
    (described.construct)(values).filter(|_| !names_faulty_key)
}

fn value_of<T: Clone>(read: Option<&At<T>>) -> Option<T> {
    read.map(|at| at.value.clone())
}

fn initials(people: &Value<'_, '_>) -> Option<Vec<At<PersonId>>> {
    let items = people.items(MOST)?;
    if items.is_empty() {
        people.fault(
            "script.note",
            "\"initials\" is empty",
            "name at least one person, as in [\"witness-1\"]",
        );
    }
    let mut read: Vec<At<PersonId>> = Vec::new();
    for item in &items {
        if let Some(person) = item.at(item.id::<PersonId>()) {
            if read.iter().any(|known| known.value == person.value) {
                item.fault(
                    "script.twice",
                    format!("\"initials\" has {:?} twice", person.value.as_str()),
                    "take one out",
                );
            }
            read.push(person);
        }
    }
    Some(read)
}

fn minutes(value: &Value<'_, '_>) -> Option<u32> {
    let number = value.integer()?;
    let minutes = u32::try_from(number).ok().filter(|n| (1..=480).contains(n));
    if minutes.is_none() {
        value.fault(
            "script.minutes",
            format!("a step cannot take {number} minutes"),
            "give 1 to 480, or leave it out",
        );
    }
    minutes
}

impl StepEntry {
    pub(in crate::script) fn complete(self) -> Option<Step> {
        Some(Step {
            id: self.id?.value,
            act: self.act?,
            minutes: self.minutes,
            line: self.line,
        })
    }
}
