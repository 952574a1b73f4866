//! A token is initialized: everything on it is erased.

use super::asking::{confirm, with_token};
use super::identify_token::is_of_another_key;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{Ceremony, Effect, Next};
use crate::certificate::attestation::known_weaknesses;
use crate::record::{Firmware, TokenId};
use crate::script::{Act, KeyId, Step};

pub(crate) fn next_initialize(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    let state = &c.keys[key];
    if let Some(label) = state.announced_label() {
        return with_token(c, key, |token| Effect::InitializeToken {
            key: key.clone(),
            token,
            label: label.clone(),
        });
    }
    let token = state.token().map(ToString::to_string);
    let mut lines = vec![format!("Token: {}.", token.unwrap_or_default())];
    lines.extend(factory_line(c, key));
    lines.extend(weakness_lines(c, key));
    Next::Ask(confirm(c, step, lines, "Initialize the token"))
}

pub(crate) fn factory_line(c: &Ceremony, key: &KeyId) -> Option<String> {
    let names: Vec<String> = c
        .keys
        .get(key)?
        .at_factory_value()
        .iter()
        .map(ToString::to_string)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "Still at the factory default, which is public: {}. Initializing the token and setting the PIN change these values.",
            names.join(", ")
        )
    })
}

/// Known weaknesses of keys that such a token generates.
pub(crate) fn weakness_lines(c: &Ceremony, key: &KeyId) -> Vec<String> {
    let token = c.keys.get(key).and_then(|state| state.token());
    let firmware = token.and_then(|token| token.model.strip_prefix("YubiKey "));
    let firmware = firmware.and_then(|firmware| firmware.parse::<Firmware>().ok());
    let (Some(firmware), Some(plan)) = (firmware, c.script.key(key)) else {
        return Vec::new();
    };
    known_weaknesses(firmware, plan.key_type.algorithm())
        .iter()
        .map(|finding| format!("Known weakness: {finding}."))
        .collect()
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::InitializeToken { .. })
}

pub(crate) fn announced(c: &mut Ceremony, at: &At<'_>, key: &KeyId, label: &str) -> Applied {
    at.key(c, key, is_it)?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.announce_initialization(label)
}

pub(crate) fn initialized(c: &mut Ceremony, at: &At<'_>, key: &KeyId, token: &TokenId) -> Applied {
    at.key(c, key, is_it)?;
    require(
        !is_of_another_key(c, token, key),
        "this token belongs to another key",
    )?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.initialize(token)
}

pub(crate) fn initialize_intended_sentence(key: &KeyId, label: &str) -> String {
    format!("About to initialize the token for {key} as \"{label}\".")
}

pub(crate) fn token_initialized_sentence(key: &KeyId, token: &TokenId) -> String {
    format!("The token for {key} was initialized: {token}.")
}
