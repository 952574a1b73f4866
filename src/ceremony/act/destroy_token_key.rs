//! A root key is destroyed in its token while two people watch: a key that the root no longer lists, or each key of a
//! retired root. The token must show that the key is gone.

use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::effect::{DoomedObject, Effect};
use crate::ceremony::event::{EventKind, KeyEvent};
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::state::{Ceremony, Intent};
use crate::script::{Act, KeyId, Step};
use crate::words::Digest;

use super::approval::require_approval;
use super::asking::{approved, with_key};
use super::read_script::lines_of;

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::DestroyTokenKey { .. })
}

fn word(key: &KeyId) -> String {
    format!("DESTROY {key}")
}

fn fingerprint(c: &Ceremony, key: &KeyId) -> Option<Digest> {
    Some(c.generated(key)?.public_key.fingerprint())
}

pub(crate) fn next(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    let object = match c.keys[key].destruction() {
        Intent::None => return Next::Ask(ask(c, step, key)),
        Intent::Recorded(()) => DoomedObject::Held,
        Intent::Interrupted(()) => DoomedObject::MaybeGone,
    };
    with_key(c, key, |token, public_key| Effect::DestroyKey {
        key: key.clone(),
        spare: c.keys[key].spare().cloned(),
        token,
        object,
        public_key,
    })
}

fn ask(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let title = c.script.key_title(key);
    let mut lines = vec![
        format!("{title} will be destroyed in its token. It cannot be restored from the token."),
        "Compare its fingerprint with the run sheet:".to_owned(),
    ];
    if let Some(fingerprint) = fingerprint(c, key) {
        lines.extend(lines_of(&fingerprint));
    }
    lines.push("Shares or copies of the key, if any exist, can still restore it.".to_owned());
    let word = word(key);
    approved(c, step, lines, Ask::Word { word })
}

pub(crate) fn answered(c: &Ceremony, key: &KeyId, approvals: Vec<Approval>) -> Option<EventKind> {
    Some(EventKind::Keys(KeyEvent::DestructionIntended {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        approvals,
    }))
}

pub(crate) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    of_key: Digest,
    approvals: &[Approval],
) -> Applied {
    at.key(c, key, is_it)?;
    require_approval(c, at.event, approvals, "a root key is destroyed")?;
    require_same(c, key, of_key)?;
    require(
        !c.exported().is_empty(),
        "the new root must be exported before a root key is destroyed",
    )?;
    c.keys_mut().change(key)?.announce_destruction()
}

pub(crate) fn destroyed(c: &mut Ceremony, at: &At<'_>, key: &KeyId, of_key: Digest) -> Applied {
    at.key(c, key, is_it)?;
    require_same(c, key, of_key)?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.destroy()
}

fn require_same(c: &Ceremony, key: &KeyId, of_key: Digest) -> Applied {
    let is = fingerprint(c, key).ok_or_else(|| contradiction("the key does not exist yet"))?;
    require(is == of_key, "the fingerprint is not that of this key")
}

/// The event of a destruction in a step of this act.
pub(crate) fn event_of_destruction(c: &Ceremony, step: &Step) -> Option<EventKind> {
    let key = step.act.key().filter(|_| is_it(&step.act))?;
    Some(EventKind::Keys(KeyEvent::TokenKeyDestroyed {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
    }))
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].is_destroyed()
}

pub(crate) fn intended_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "About to destroy {key}, fingerprint {}, in its token. Approved by {}.",
        fingerprint.short_hex(),
        names.approving(approvals)
    )
}

pub(crate) fn destroyed_sentence(key: &KeyId, fingerprint: &Digest) -> String {
    format!(
        "{key}, fingerprint {}, was destroyed. Its token no longer holds it.",
        fingerprint.short_hex()
    )
}
