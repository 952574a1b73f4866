//! The tables `[[spare]]`.

use super::MOST;
use super::fields::Fields;
use super::keys::{self, TokenEntry};
use super::log::At;
use crate::script::{KeyId, Spare, SpareId};

/// A spare token as it was read.
pub(in crate::script) struct SpareEntry {
    pub(in crate::script) id: Option<At<SpareId>>,
    pub(in crate::script) token: Option<TokenEntry>,
    pub(in crate::script) keys: Vec<At<KeyId>>,
}

pub(super) fn read(tables: Vec<Fields<'_, '_>>) -> Vec<SpareEntry> {
    tables.into_iter().map(spare).collect()
}

fn spare(mut fields: Fields<'_, '_>) -> SpareEntry {
    let id = fields
        .required("id", "id = \"spare-1\"")
        .and_then(|value| value.at(value.id()));
    let token = fields
        .required(
            "token",
            "token = { profile = \"softhsm2\", label = \"conclave-spare-1\" }",
        )
        .and_then(|value| value.table("\"token\""))
        .map(keys::token);
    let list = fields.optional("keys");
    let items = list.as_ref().and_then(|value| value.items(MOST));
    if let (Some(list), Some([])) = (&list, items.as_deref()) {
        list.fault(
            "script.spare",
            "\"keys\" is empty",
            "name the keys for which the spare may be taken, or leave it out: then it may be for any",
        );
    }
    let keys = items.unwrap_or_default();
    let keys = keys.iter().filter_map(|item| item.at(item.id()));
    let keys = keys.collect();
    fields.finish();
    SpareEntry { id, token, keys }
}

impl SpareEntry {
    pub(in crate::script) fn complete(self) -> Option<Spare> {
        Some(Spare {
            id: self.id?.value,
            token: self.token?.complete()?,
            keys: self.keys.into_iter().map(|at| at.value).collect(),
        })
    }
}
