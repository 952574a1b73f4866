//! The tables `[[medium]]`.

use super::fields::{Fields, Value};
use super::log::At;
use crate::script::MediumId;
use crate::script::medium::{Holds, Medium};

pub(in crate::script) struct MediumEntry {
    pub(in crate::script) id: Option<At<MediumId>>,
    pub(in crate::script) serial: Option<At<String>>,
    pub(in crate::script) holds: Option<At<Holds>>,
}

pub(super) fn read(mut fields: Fields<'_, '_>) -> MediumEntry {
    let entry = MediumEntry {
        id: fields.read("id", Value::id),
        serial: fields.read("serial", Value::line),
        holds: fields.read("holds", |value| {
            value.word("script.medium", Holds::SPELLINGS)
        }),
    };
    fields.finish();
    entry
}

impl MediumEntry {
    pub(in crate::script) fn holds(&self) -> Option<Holds> {
        Some(self.holds.as_ref()?.value)
    }

    pub(super) fn complete(self) -> Option<Medium> {
        Some(Medium {
            id: self.id?.value,
            serial: self.serial.map(|serial| serial.value),
            holds: self.holds?.value,
        })
    }
}
