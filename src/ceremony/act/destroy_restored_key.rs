//! The key that a drill restored is destroyed.

use super::asking::{proceed, with_key};
use super::restore_key::{set_of, set_of_outcome};
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::{
    Ceremony, Check, DoomedObject, Effect, EventKind, Next, RestoreEvent, StepError,
};
use crate::script::{Act, KeyId, Step};
use crate::words::Digest;

pub(crate) fn next(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let Some(key) = key else {
        return Next::Do(Effect::ForgetRestored);
    };
    let Some((object_id, _)) = c.keys[key].announced_object().cloned() else {
        return proceed(c, step);
    };
    with_key(c, key, |token, public_key| Effect::DestroyKey {
        key: key.clone(),
        spare: None,
        token,
        object: DoomedObject::Known(object_id),
        public_key,
    })
}

pub(crate) fn destroyed(c: &mut Ceremony, at: &At<'_>, fingerprint: Digest) -> Applied {
    let (_, manifest) = set_of(c, at, |act| matches!(act, Act::DestroyRestoredKey { .. }))?;
    require(c.restore.is_restored(), "no key was restored")?;
    hold(
        Check::RestoreDestroyed,
        fingerprint == manifest.facts().public_key.fingerprint(),
        "the destroyed key is not the restored key",
    )?;
    c.restore_mut().destroy()
}

pub(crate) fn is_done(c: &Ceremony) -> bool {
    let state = &c.restore;
    state.is_destroyed() || state.failed().is_some() && !state.is_restored()
}

pub(crate) fn event_of_destruction(c: &Ceremony) -> Result<EventKind, StepError> {
    let fingerprint = set_of_outcome(c)?.facts().public_key.fingerprint();
    Ok(EventKind::Restore(RestoreEvent::RestoredKeyDestroyed {
        fingerprint,
    }))
}

pub(crate) fn restored_key_destroyed_sentence(fingerprint: &Digest) -> String {
    format!(
        "The restored key {} was destroyed, and its absence was checked.",
        fingerprint.short_hex()
    )
}
