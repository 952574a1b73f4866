//! The tables `[[medium]]`.

use super::fields::{Fields, Value};
use super::log::At;
use crate::script::MediumId;
use crate::script::medium::{Holds, Medium};

/// A medium as it was read.
pub(in crate::script) struct MediumEntry {
    pub(in crate::script) id: Option<At<MediumId>>,
    pub(in crate::script) serial: Option<At<String>>,
    holds: Option<Holds>,
}

pub(super) fn read(tables: Vec<Fields<'_, '_>>) -> Vec<MediumEntry> {
    tables.into_iter().map(medium).collect()
}

fn medium(mut fields: Fields<'_, '_>) -> MediumEntry {
    let id = fields
        .required("id", "id = \"stick-a\"")
        .and_then(|value| value.at(value.id()));
    let serial = fields
        .optional("serial")
        .and_then(|value| value.at(value.line(64)));
    let holds = fields
        .required("holds", "holds = \"export\"")
        .and_then(|value| holds(&value));
    fields.finish();
    MediumEntry { id, serial, holds }
}

fn holds(value: &Value<'_, '_>) -> Option<Holds> {
    let text = value.raw()?;
    if ["shares", "wrapped-key"].contains(&text) {
        value.fault(
            "script.unsupported",
            format!("holds {text:?} is not supported by this version"),
            "write \"export\" or \"mirror\"",
        );
        return None;
    }
    value.one_of("script.medium", Holds::SPELLINGS)
}

impl MediumEntry {
    pub(in crate::script) fn complete(self) -> Option<Medium> {
        Some(Medium {
            id: self.id?.value,
            serial: self.serial.map(|serial| serial.value),
            holds: self.holds?,
        })
    }
}
