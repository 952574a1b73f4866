//! The key holder sets the PIN of the token.

use crate::ceremony::at::At;
use crate::ceremony::effect::Effect;
use crate::ceremony::event::{EventKind, KeyEvent};
use crate::ceremony::next::Next;
use crate::ceremony::replay::Applied;
use crate::ceremony::state::Ceremony;
use crate::ceremony::telling::Telling;
use crate::script::{Act, KeyId};

use super::asking::with_token;

pub(crate) fn next(c: &Ceremony, key: &KeyId) -> Next {
    with_token(c, key, |token| Effect::SetPin {
        key: key.clone(),
        token,
    })
}

pub(crate) fn pin_set(c: &mut Ceremony, at: &At<'_>, key: &KeyId) -> Applied {
    at.key(c, key, is_it)?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.set_pin();
    Ok(())
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].is_pin_set() && c.envelope_due().is_none()
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::SetPin { .. })
}

pub(crate) fn pin_set_sentence(key: &KeyId, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    format!("{people} set the PIN of the token for {key}.")
}

pub(crate) fn event_of_pin(c: &Ceremony, key: KeyId) -> EventKind {
    EventKind::Keys(if c.is_unblocking() {
        KeyEvent::PinUnblocked { key }
    } else {
        KeyEvent::PinSet { key }
    })
}
