//! A key, or only its key-encryption key, is restored from shares.

use super::asking::{confirm, proceed, with_new_object};
use crate::backup::Manifest;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{
    Ceremony, Check, Effect, EventKind, Next, ReplayError, RestoreEvent, StepError,
};
use crate::certificate::PublicKey;
use crate::script::{Act, DrillLevel, KeyId, RestorePlan, Step};
use crate::words::Digest;

pub(crate) fn next(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let Some(key) = key else {
        return Next::Do(match c.script.restore().map(|plan| plan.level) {
            Some(DrillLevel::Full) => Effect::RestoreIntoMemory,
            _ => Effect::CombineShares,
        });
    };
    let Some((object_id, label)) = c.keys[key].announced_object().cloned() else {
        let line = "The shares are combined. If they restore the key of the manifest, it is imported into its token.";
        return Next::Ask(confirm(c, step, [line], "Restore the key"));
    };
    let (Some(plan), Some(manifest)) = (c.script.key(key), c.set_at_hand()) else {
        return proceed(c, step);
    };
    let public_key = manifest.facts().public_key.clone();
    with_new_object(c, plan, (object_id, label), |object| {
        Effect::RestoreOntoToken { object, public_key }
    })
}

/// The drill level and the manifest, in a step of such an act.
pub(crate) fn set_of(
    c: &mut Ceremony,
    at: &At<'_>,
    fits: impl FnOnce(&Act) -> bool,
) -> Result<(DrillLevel, Manifest), ReplayError> {
    at.require_act(c, fits)?;
    let (Some(plan), Some(manifest)) = (c.script.restore(), c.set_at_hand()) else {
        return Err(contradiction("this ceremony does not restore a key"));
    };
    Ok((plan.level, manifest.clone()))
}

const IN_MEMORY: Act = Act::RestoreKey { key: None };

pub(crate) fn combined(c: &mut Ceremony, at: &At<'_>, set: Digest) -> Applied {
    let (level, manifest) = set_of(c, at, |act| *act == IN_MEMORY)?;
    require(
        level != DrillLevel::Full,
        "this step restores the key itself, not only the key-encryption key",
    )?;
    combine(c, &manifest, set)
}

pub(crate) fn restored(c: &mut Ceremony, at: &At<'_>, set: Digest, fingerprint: Digest) -> Applied {
    let (level, manifest) = set_of(c, at, |act| *act == IN_MEMORY)?;
    require(
        level == DrillLevel::Full,
        "this step does not restore the key itself",
    )?;
    hold(
        Check::RestoreKey,
        fingerprint == manifest.facts().public_key.fingerprint(),
        "the restored key is not the key of the manifest",
    )?;
    combine(c, &manifest, set)?;
    c.restore_mut().restore();
    Ok(())
}

/// The key was restored onto a token.
pub(super) fn restored_onto(c: &mut Ceremony, public_key: &PublicKey) -> Applied {
    let Some(manifest) = c.set_at_hand().cloned() else {
        return Err(contradiction("this ceremony does not restore a key"));
    };
    hold(
        Check::RestoreKey,
        *public_key == manifest.facts().public_key,
        "the restored key is not the key of the manifest",
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
        "the entered shares are not a quorum of this set",
    )?;
    c.restore_mut().combine()
}

pub(crate) fn is_done(c: &Ceremony) -> bool {
    let state = &c.restore;
    let wants_key = c
        .script
        .restore()
        .is_some_and(|plan| plan.level == DrillLevel::Full);
    state.failed().is_some() || state.is_restored() || !wants_key && !state.combined().is_empty()
}

pub(crate) fn set_of_outcome(c: &Ceremony) -> Result<&Manifest, StepError> {
    c.set_at_hand().ok_or(StepError::NotAsked)
}

pub(crate) fn event_of_combination(c: &Ceremony) -> Result<EventKind, StepError> {
    let set = set_of_outcome(c)?.set();
    Ok(EventKind::Restore(RestoreEvent::SharesCombined { set }))
}

pub(crate) fn event_of_key(c: &Ceremony) -> Result<EventKind, StepError> {
    let manifest = set_of_outcome(c)?;
    Ok(EventKind::Restore(RestoreEvent::KeyRestored {
        set: manifest.set(),
        fingerprint: manifest.facts().public_key.fingerprint(),
    }))
}

pub(crate) fn shares_combined_sentence(set: &Digest) -> String {
    let set = set.short_hex();
    format!("The shares restored the key-encryption key of set {set}, which was then wiped.")
}

pub(crate) fn key_restored_sentence(set: &Digest, fingerprint: &Digest) -> String {
    format!(
        "Key {} was restored from set {} into locked memory.",
        fingerprint.short_hex(),
        set.short_hex()
    )
}
