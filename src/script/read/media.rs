//! The tables `[[medium]]`.

use super::fields::Fields;
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
        .and_then(|value| value.one_of("script.medium", Holds::SPELLINGS));
    fields.finish();
    MediumEntry { id, serial, holds }
}

impl MediumEntry {
    /// What it is for; none where that was not read.
    pub(in crate::script) const fn holds(&self) -> Option<Holds> {
        self.holds
    }

    pub(in crate::script) fn complete(self) -> Option<Medium> {
        Some(Medium {
            id: self.id?.value,
            serial: self.serial.map(|serial| serial.value),
            holds: self.holds?,
        })
    }
}
