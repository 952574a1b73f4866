//! A restored key signs a message that cannot be a root.

use super::approval::verifies;
use super::asking::{proceed, with_token};
use super::restore_key::set_of;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::{Ceremony, Check, Effect, Next, restore_canary};
use crate::record::Signature;
use crate::script::{Act, KeyId, Step};

pub(crate) fn next(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let Some(set) = c.set_at_hand() else {
        return proceed(c, step);
    };
    let (set, public_key) = (set.set(), set.facts().public_key.clone());
    match key {
        None => Next::Do(Effect::SignCanary {
            on: None,
            set,
            public_key,
        }),
        Some(key) => with_token(c, key, |token| Effect::SignCanary {
            on: Some((key.clone(), token)),
            set,
            public_key,
        }),
    }
}

pub(crate) fn proven(
    c: &mut Ceremony,
    at: &At<'_>,
    challenge: &[u8; 32],
    signature: &Signature,
) -> Applied {
    let (_, manifest) = set_of(c, at, |act| matches!(act, Act::VerifyRestoredKey { .. }))?;
    require(c.restore.is_restored(), "no key was restored yet")?;
    let message = restore_canary(c.script.sha256(), manifest.set(), challenge);
    hold(
        Check::RestoreProven,
        verifies(&manifest.facts().public_key, &message, signature.as_bytes()),
        "the signature does not verify with the key of the manifest",
    )?;
    c.restore_mut().prove()
}

pub(crate) fn is_done(c: &Ceremony) -> bool {
    c.restore.failed().is_some() || c.restore.is_proven()
}

pub(crate) fn restored_key_proven_sentence() -> String {
    "The restored key signed a message that cannot be a root, and the signature was verified."
        .to_owned()
}
