//! A key is restored from its shares, proven, and in a drill destroyed.
use super::approval::verifies;
use super::asking::{go_on, with_key, with_token};
use crate::backup::Manifest;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::drill::restore_canary;
use crate::ceremony::effect::{DoomedObject, Effect};
use crate::ceremony::event::{EventKind, RestoreEvent};
use crate::ceremony::next::Next;
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, hold, require};
use crate::ceremony::state::Ceremony;
use crate::certificate::PublicKey;
use crate::record::Signature;
use crate::script::{Act, DrillLevel, KeyId, RestorePlan, Step};
use crate::words::Digest;

pub(in crate::ceremony) fn next_restore(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let Some(key) = key else {
        return Next::Do(match c.script.restore().map(|plan| plan.level) {
            Some(DrillLevel::Full) => Effect::RestoreIntoMemory,
            _ => Effect::CombineShares,
        });
    };
    let Some((object_id, label)) = c.keys[key].announced_object().cloned() else {
        return Next::Ask(go_on(
            c,
            step,
            vec!["The shares are combined, and the key is unwrapped onto its token: only if it is the key of \
                  the manifest.".to_owned()],
            "Restore the key",
        ));
    };
    let (Some(plan), Some(manifest)) = (c.script.key(key), c.set_at_hand()) else {
        return Next::Ask(go_on(c, step, Vec::new(), "Restore the key"));
    };
    let slot = c.token_spec(key).and_then(|token| token.slot);
    let (key_type, policy) = (plan.key_type, slot.map(|slot| slot.policy));
    let public_key = manifest.facts().public_key.clone();
    with_token(c, key, |token| Effect::RestoreOntoToken {
        key: key.clone(),
        token,
        object_id,
        label,
        key_type,
        policy,
        public_key,
    })
}

pub(in crate::ceremony) fn next_prove_restore(
    c: &Ceremony,
    step: &Step,
    key: Option<&KeyId>,
) -> Next {
    let Some(set) = c.set_at_hand() else {
        return Next::Ask(go_on(c, step, Vec::new(), "Go on"));
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

pub(in crate::ceremony) fn next_destroy(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let Some(key) = key else {
        return Next::Do(Effect::ForgetRestored);
    };
    let Some((object_id, _)) = c.keys[key].announced_object().cloned() else {
        return Next::Ask(go_on(c, step, Vec::new(), "Go on"));
    };
    with_key(c, key, |token, public_key| Effect::DestroyKey {
        key: key.clone(),
        spare: None,
        token,
        object: DoomedObject::Known(object_id),
        public_key,
    })
}

/// The level and the manifest, in a step of that act.
fn of_restore(
    c: &mut Ceremony,
    at: &At<'_>,
    fits: impl FnOnce(&Act) -> bool,
) -> Result<(DrillLevel, Manifest), ReplayError> {
    at.require_act(c, fits)?;
    let (Some(plan), Some(manifest)) = (c.script.restore(), c.set_at_hand()) else {
        return Err(contradiction("nothing is restored in this ceremony"));
    };
    Ok((plan.level, manifest.clone()))
}

const IN_MEMORY: Act = Act::RestoreKey { key: None };

pub(in crate::ceremony) fn combined(c: &mut Ceremony, at: &At<'_>, set: Digest) -> Applied {
    let (level, manifest) = of_restore(c, at, |act| *act == IN_MEMORY)?;
    require(level != DrillLevel::Full, "more than that is restored here")?;
    combine(c, &manifest, set)
}

pub(in crate::ceremony) fn restored(
    c: &mut Ceremony,
    at: &At<'_>,
    set: Digest,
    fingerprint: Digest,
) -> Applied {
    let (level, manifest) = of_restore(c, at, |act| *act == IN_MEMORY)?;
    require(level == DrillLevel::Full, "nothing is unwrapped here")?;
    hold(
        Check::RestoreKey,
        fingerprint == manifest.facts().public_key.fingerprint(),
        "what was restored is another key than the manifest's",
    )?;
    combine(c, &manifest, set)?;
    c.restore_mut().restore();
    Ok(())
}

/// The key came onto a token.
pub(super) fn restored_onto(c: &mut Ceremony, public_key: &PublicKey) -> Applied {
    let Some(manifest) = c.set_at_hand().cloned() else {
        return Err(contradiction("nothing is restored in this ceremony"));
    };
    hold(
        Check::RestoreKey,
        *public_key == manifest.facts().public_key,
        "what was restored is another key than the manifest's",
    )?;
    combine(c, &manifest, manifest.set())?;
    c.restore_mut().restore();
    Ok(())
}

fn combine(c: &mut Ceremony, manifest: &Manifest, set: Digest) -> Applied {
    let there = c.restore.in_memory();
    let is_lost = |custodian: &str| !there.iter().any(|person| person.as_str() == custodian);
    hold(
        Check::RestoreQuorum,
        set == manifest.set() && RestorePlan::quorums_without(manifest, is_lost) > 0,
        "the shares that came in are no quorum of this set",
    )?;
    c.restore_mut().combine()
}

pub(in crate::ceremony) fn proven(
    c: &mut Ceremony,
    at: &At<'_>,
    challenge: &[u8; 32],
    signature: &Signature,
) -> Applied {
    let (_, manifest) = of_restore(c, at, |act| matches!(act, Act::VerifyRestoredKey { .. }))?;
    require(c.restore.is_restored(), "nothing was restored yet")?;
    let message = restore_canary(c.script.sha256(), manifest.set(), challenge);
    hold(
        Check::RestoreProven,
        verifies(&manifest.facts().public_key, &message, signature.as_bytes()),
        "what was restored does not sign as the key of the manifest",
    )?;
    c.restore_mut().prove()
}

pub(in crate::ceremony) fn destroyed(
    c: &mut Ceremony,
    at: &At<'_>,
    fingerprint: Digest,
) -> Applied {
    let (_, manifest) = of_restore(c, at, |act| matches!(act, Act::DestroyRestoredKey { .. }))?;
    require(c.restore.is_restored(), "nothing was restored")?;
    hold(
        Check::RestoreDestroyed,
        fingerprint == manifest.facts().public_key.fingerprint(),
        "another key was destroyed than the one that was restored",
    )?;
    c.restore_mut().destroy()
}

pub(in crate::ceremony) fn is_restored(c: &Ceremony) -> bool {
    let state = &c.restore;
    let wants_key = c
        .script
        .restore()
        .is_some_and(|plan| plan.level == DrillLevel::Full);
    state.failed().is_some() || state.is_restored() || !wants_key && !state.combined().is_empty()
}

pub(in crate::ceremony) fn is_proven(c: &Ceremony) -> bool {
    c.restore.failed().is_some() || c.restore.is_proven()
}

pub(in crate::ceremony) fn is_destroyed(c: &Ceremony) -> bool {
    let state = &c.restore;
    state.is_destroyed() || state.failed().is_some() && !state.is_restored()
}

fn set_of_outcome(c: &Ceremony) -> Result<&Manifest, StepError> {
    c.set_at_hand().ok_or(StepError::NotAsked)
}

pub(in crate::ceremony) fn event_of_combination(c: &Ceremony) -> Result<EventKind, StepError> {
    let set = set_of_outcome(c)?.set();
    Ok(EventKind::Restore(RestoreEvent::SharesCombined { set }))
}

pub(in crate::ceremony) fn event_of_key(c: &Ceremony) -> Result<EventKind, StepError> {
    let manifest = set_of_outcome(c)?;
    Ok(EventKind::Restore(RestoreEvent::KeyRestored {
        set: manifest.set(),
        fingerprint: manifest.facts().public_key.fingerprint(),
    }))
}

pub(in crate::ceremony) fn event_of_destruction(c: &Ceremony) -> Result<EventKind, StepError> {
    let fingerprint = set_of_outcome(c)?.facts().public_key.fingerprint();
    Ok(EventKind::Restore(RestoreEvent::RestoredKeyDestroyed {
        fingerprint,
    }))
}
