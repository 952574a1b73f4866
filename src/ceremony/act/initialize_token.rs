//! A token is initialized: everything on it is erased.
use super::asking::{go_on, with_token};
use super::identify_token::is_of_another_key;
use crate::ceremony::at::At;
use crate::ceremony::effect::Effect;
use crate::ceremony::next::Next;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::state::Ceremony;
use crate::certificate::attestation::known_weaknesses;
use crate::record::{Firmware, TokenId};
use crate::script::{Act, KeyId, Step};

pub(in crate::ceremony) fn next_initialize(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    let state = &c.keys[key];
    if let Some(label) = state.announced_label() {
        return with_token(c, key, |token| Effect::InitializeToken {
            key: key.clone(),
            token,
            label: label.clone(),
        });
    }
    let token = state.token().map(ToString::to_string);
    let mut lines = vec![format!("This is the token: {}.", token.unwrap_or_default())];
    lines.extend(factory_line(c, key));
    lines.extend(weakness_lines(c, key));
    Next::Ask(go_on(c, step, lines, "Initialize the token"))
}

/// What a token still had as it left the factory, for those who are about to change it.
pub(in crate::ceremony) fn factory_line(c: &Ceremony, key: &KeyId) -> Option<String> {
    let names: Vec<String> = c
        .keys
        .get(key)?
        .at_factory_value()
        .iter()
        .map(ToString::to_string)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "Still as every such token leaves the factory, and so known to everybody: {}. All of them are changed now and with the PIN.",
            names.join(", ")
        )
    })
}

/// What is known to be wrong with keys that are made in such a token.
pub(in crate::ceremony) fn weakness_lines(c: &Ceremony, key: &KeyId) -> Vec<String> {
    let token = c.keys.get(key).and_then(|state| state.token());
    let firmware = token.and_then(|token| token.model.strip_prefix("YubiKey "));
    let firmware = firmware.and_then(|firmware| firmware.parse::<Firmware>().ok());
    let (Some(firmware), Some(plan)) = (firmware, c.script.key(key)) else {
        return Vec::new();
    };
    known_weaknesses(firmware, plan.key_type.algorithm())
        .iter()
        .map(|finding| format!("Known of it: {finding}."))
        .collect()
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::InitializeToken { .. })
}

pub(in crate::ceremony) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    label: &str,
) -> Applied {
    at.key(c, key, is_it)?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.announce_initialization(label)
}

pub(in crate::ceremony) fn initialized(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    token: &TokenId,
) -> Applied {
    at.key(c, key, is_it)?;
    require(
        !is_of_another_key(c, token, key),
        "that token is another key's",
    )?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.initialize(token)
}

pub(in crate::ceremony) fn initialize_intended_sentence(key: &KeyId, label: &str) -> String {
    format!("The token for {key} is about to be initialized as \"{label}\".")
}

pub(in crate::ceremony) fn token_initialized_sentence(key: &KeyId, token: &TokenId) -> String {
    format!("The token for {key} is initialized: {token}.")
}
