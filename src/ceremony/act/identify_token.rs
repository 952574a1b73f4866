//! The token of a key is found and is the one that the script names.

use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::{Ceremony, Check, Whereabouts};
use crate::record::{FactorySecret, TokenId, TokenInterface};
use crate::script::{Act, KeyId};

/// By the custody list of the script, the token was in the bag that was opened.
pub(crate) fn require_from_its_bag(c: &Ceremony, key: &KeyId, serial: &str) -> Applied {
    let Some(listed) = c.script.custody().bag_of(serial) else {
        return Ok(());
    };
    let came_in = match c.whereabouts(&c.item_of(key)) {
        Some(Whereabouts::Out { bag }) => Some(bag.as_str()),
        _ => None,
    };
    hold(
        Check::CustodyBag,
        came_in == Some(listed),
        &format!("by the custody list, this token is in bag {listed}, which was not opened"),
    )
}

pub(crate) fn is_of_another_key(c: &Ceremony, token: &TokenId, key: &KeyId) -> bool {
    c.key_of_token(token).is_some_and(|other| other != key)
}

pub(crate) fn found(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    token: &TokenId,
    at_factory_value: &[FactorySecret],
) -> Applied {
    at.key(c, key, is_it)?;
    require(
        !c.keys.is_set_aside(token),
        "this token was replaced by a spare",
    )?;
    require(
        token.label.is_empty() || !is_of_another_key(c, token, key),
        "this token belongs to another key",
    )?;
    require_from_its_bag(c, key, &token.serial)?;
    let is_set_up_here = c.script.initializes(key);
    let is_in_use = c.keys[key].generated().is_some();
    require(
        at_factory_value.is_empty() || is_set_up_here || is_in_use,
        "the token has factory default secrets, and no step initializes it",
    )?;
    c.custody_mut().use_token();
    c.keys_mut()
        .change(key)?
        .find_token(token, at_factory_value);
    Ok(())
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::IdentifyToken { .. })
}

pub(crate) fn token_found_sentence(
    key: &KeyId,
    token: &TokenId,
    blank: bool,
    at_factory_value: &[FactorySecret],
    interface: Option<&TokenInterface>,
) -> String {
    let interface = interface.map_or_else(String::new, |interface| format!(" ({interface})"));
    format!(
        "The token for {key} was found: {token}{}{}{interface}.",
        if blank && !token.label.is_empty() {
            ", blank"
        } else {
            ""
        },
        from_factory(at_factory_value)
    )
}

fn from_factory(secrets: &[FactorySecret]) -> String {
    let names: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; still at the factory default: {}", names.join(", "))
    }
}
