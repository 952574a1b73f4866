//! Titles of keys and their tokens, as they are read aloud and printed.

use crate::script::{KeyId, PersonId};

use super::{PersonRole, Script};

impl Script {
    /// `key holder 3`: numbered by their IDs if all are like `holder-3`, otherwise in the order of the script.
    pub fn holder_title(&self, key: &KeyId) -> String {
        let holder = self.key(key).map(|key| &key.holder);
        let holders = || self.with_role(PersonRole::KeyHolder);
        let number = |id: &PersonId| id.as_str().strip_prefix("holder-")?.parse::<u32>().ok();
        let place = if holders().all(|person| number(&person.id).is_some()) {
            holder.and_then(number)
        } else {
            holders()
                .zip(1..)
                .find(|(person, _)| Some(&person.id) == holder)
                .map(|(_, place)| place)
        };
        match place {
            Some(number) => format!("key holder {number}"),
            None => format!("the holder of {key}"),
        }
    }

    /// `the key of key holder 3`, or `key-6 of key holder 3` when that person holds several.
    pub fn key_title(&self, key: &KeyId) -> String {
        if let Some(distant) = self.distant_key(key) {
            return format!("{key} of {}", distant.title());
        }
        let holder = self.holder_title(key);
        if self.holds_several(key) {
            format!("{key} of {holder}")
        } else {
            format!("the key of {holder}")
        }
    }

    /// `the token of key holder 3`, or `the token for key-6 of key holder 3`.
    pub fn token_title(&self, key: &KeyId) -> String {
        format!("{} of {}", self.token_short(key), self.holder_title(key))
    }

    /// `key holder 3`, or `key holder 3 for key-6` when that person has several tokens.
    pub(in crate::script) fn pin_title(&self, key: &KeyId) -> String {
        let holder = self.holder_title(key);
        if self.holds_several(key) {
            format!("{holder} for {key}")
        } else {
            holder
        }
    }

    /// `the token`, or `the token for key-6` when its holder has several.
    pub(in crate::script) fn token_short(&self, key: &KeyId) -> String {
        if self.holds_several(key) {
            format!("the token for {key}")
        } else {
            "the token".to_owned()
        }
    }

    fn holds_several(&self, key: &KeyId) -> bool {
        let owner = self.key(key).map(|key| &key.holder);
        let held = self.keys.iter().filter(|key| Some(&key.holder) == owner);
        held.count() > 1
    }
}
