//! The tables `[[spare]]`.

use super::fields::{Fields, Value};
use super::keys::{self, TokenEntry};
use super::log::At;
use super::pinned::PinnedFiles;
use crate::script::{KeyId, Spare, SpareId};

pub(in crate::script) struct SpareEntry {
    pub(in crate::script) id: Option<At<SpareId>>,
    pub(in crate::script) token: Option<TokenEntry>,
    pub(in crate::script) keys: Vec<At<KeyId>>,
}

pub(super) fn read(mut fields: Fields<'_, '_>, files: &mut PinnedFiles<'_>) -> SpareEntry {
    let id = fields.read("id", Value::id);
    let token = fields.table("token");
    let token = token.map(|token| keys::token(token, files));
    let list = fields.value("keys");
    let items = list.as_ref().and_then(Value::items);
    if let (Some(list), Some([])) = (&list, items.as_deref()) {
        list.error(
            "script.spare",
            "\"keys\" is empty",
            "name the keys for which the spare may be used, or leave it out to allow any key",
        );
    }
    let keys = items.iter().flatten();
    let keys = keys.filter_map(|item| item.at(item.id())).collect();
    fields.finish();
    SpareEntry { id, token, keys }
}

impl SpareEntry {
    pub(super) fn complete(self) -> Option<Spare> {
        Some(Spare {
            id: self.id?.value,
            token: self.token?.complete()?,
            keys: self.keys.into_iter().map(|at| at.value).collect(),
        })
    }
}
