//! The key holder sets the PIN of the token.

use super::asking::with_token;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::Applied;
use crate::ceremony::{Ceremony, Effect, EventKind, KeyEvent, Next};
use crate::script::{Act, KeyId};

pub(crate) fn next(c: &Ceremony, key: &KeyId) -> Next {
    with_token(c, key, |token| Effect::SetPin {
        key: key.clone(),
        token,
    })
}

pub(crate) fn pin_set(c: &mut Ceremony, at: &At<'_>, key: &KeyId) -> Applied {
    at.key(c, key, |act| matches!(act, Act::SetPin { .. }))?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.set_pin();
    Ok(())
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].is_pin_set() && c.envelope_due().is_none()
}

pub(crate) fn pin_set_sentence(key: &KeyId, names: &Names<'_>) -> String {
    format!("{} set the PIN of the token for {key}.", names.people)
}

pub(crate) fn event_of_pin(c: &Ceremony, key: KeyId) -> EventKind {
    EventKind::Keys(if c.is_unblocking() {
        KeyEvent::PinUnblocked { key }
    } else {
        KeyEvent::PinSet { key }
    })
}
