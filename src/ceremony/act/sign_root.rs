//! Each key signs the frozen root.

use super::asking::{proceed, prompt, with_key};
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, contradiction, hold, require};
use crate::ceremony::state::Intent;
use crate::ceremony::{
    Ask, Ceremony, Check, Effect, EventKind, Next, ReplayError, RootEvent, StepError,
};
use crate::metadata::{self, Count, SignedRoot};
use crate::record::Signature;
use crate::script::{Act, KeyId, KeyPlan, PersonId, Step};
use crate::words::Digest;

pub(crate) fn frozen_digest(c: &Ceremony) -> Result<crate::words::Digest, StepError> {
    c.root()
        .frozen()
        .map(|root| root.digest())
        .ok_or(StepError::NotAsked)
}

pub(crate) fn next_sign(c: &Ceremony, step: &Step) -> Next {
    let (Some(plan), Some(frozen)) = (c.next_signer(), c.root().frozen()) else {
        return proceed(c, step);
    };
    let intent = c.root().signing(&plan.id);
    if intent == Intent::Recorded(()) {
        let message = frozen.signed_bytes().to_vec();
        let scheme = signing_scheme(c, &plan.id);
        return with_key(c, &plan.id, |token, public_key| Effect::Sign {
            key: plan.id.clone(),
            token,
            scheme,
            public_key,
            message,
        });
    }
    let mut lines = match c.root().base() {
        None => {
            let Count { have, need } = c.signatures();
            vec![format!(
                "Signatures for root {}: {have} of {need} required, from {} keys.",
                frozen.version(),
                c.keys.len()
            )]
        }
        Some(_) => signing_lines(c, plan),
    };
    if intent == Intent::Interrupted(()) {
        lines.push(
            "The ceremony was interrupted while this key was signing. It signs the same bytes again, and the transcript records the repetition."
                .to_owned(),
        );
    }
    let action = format!("Sign with {}", plan.id);
    let who = vec![plan.holder.clone()];
    Next::Ask(prompt(step, who, lines, Ask::Enter { action }))
}

/// The signature scheme of a key, if it is not the usual TUF scheme for such keys.
pub(crate) fn signing_scheme(c: &Ceremony, key: &KeyId) -> Option<metadata::Scheme> {
    let ids = c.root_key_ids(key);
    let mut keys = c
        .root()
        .signed()
        .into_iter()
        .flat_map(metadata::SignedRoot::root_keys);
    let (_, key) = keys.find(|(id, key)| key.is_of_notary() && ids.contains(id))?;
    key.scheme()
}

/// The counters, the token to insert, and the signatures that are still missing.
pub(crate) fn signing_lines(c: &Ceremony, plan: &KeyPlan) -> Vec<String> {
    let token = c.keys.get(&plan.id).and_then(|state| state.token());
    let token = token.map_or_else(|| c.script.token_title(&plan.id), ToString::to_string);
    let bag = plan.token.bag.as_ref();
    let bag = bag.map_or_else(String::new, |bag| format!(", bag {bag}"));
    let mut lines = vec![
        format!("Signatures: {}.", c.counters()),
        format!(
            "Next token: {token}{bag}, for {} ({}).",
            plan.id,
            c.name(&plan.holder)
        ),
    ];
    let owing: Vec<String> = c
        .script
        .distant_keys()
        .iter()
        .filter(|key| {
            c.root()
                .owed()
                .get(&key.id)
                .is_some_and(|owed| !owed.is_settled())
        })
        .map(|key| format!("{} ({})", key.title(), key.id))
        .collect();
    if !owing.is_empty() {
        lines.push(format!(
            "Signatures still missing from other sites: {}.",
            owing.join(", ")
        ));
    }
    lines
}

pub(crate) fn signing(c: &Ceremony) -> Result<EventKind, StepError> {
    let mut plans = c.script.keys().iter();
    let plan = plans
        .find(|plan| c.owes_signature(&plan.id))
        .ok_or(StepError::NotAsked)?;
    Ok(EventKind::Root(RootEvent::SignIntended {
        key: plan.id.clone(),
        sha256: frozen_digest(c)?,
        repeat: c.root().signing(&plan.id) == Intent::Interrupted(()),
    }))
}

/// The holder of the key, and the event.
pub(crate) fn event_of_signature(
    c: &Ceremony,
    signature: Vec<u8>,
) -> Result<(PersonId, EventKind), StepError> {
    let mut plans = c.script.keys().iter();
    let plan = plans
        .find(|plan| c.is_signing(&plan.id) && c.owes_signature(&plan.id))
        .ok_or(StepError::NotAsked)?;
    let key_id = c.root_key_ids(&plan.id).pop().ok_or(StepError::NotAsked)?;
    let event = EventKind::Root(RootEvent::Signed {
        key: plan.id.clone(),
        key_id,
        signature: signature.into(),
    });
    Ok((plan.holder.clone(), event))
}

pub(crate) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    sha256: Digest,
    repeat: bool,
) -> Applied {
    at.require_act(c, |act| *act == Act::SignRoot)?;
    let frozen = c.root().require_frozen()?;
    hold(
        Check::RootDigest,
        frozen.digest() == sha256,
        "only the root whose bytes are fixed may be signed",
    )?;
    require(c.root().is_reviewed(), "the root was not reviewed")?;
    let state = c
        .keys
        .get(key)
        .ok_or_else(|| contradiction(format!("the script has no key {key:?}")))?;
    require(!c.has_signed(key), "the key has already signed")?;
    require(
        state.skipped().is_none(),
        "two people decided to continue without this key",
    )?;
    require(c.generated(key).is_some(), "the key does not exist")?;
    require(state.token().is_some(), "the token was not identified yet")?;
    c.custody_mut().use_token();
    c.root_mut().announce_signature(key, repeat)
}

pub(crate) fn signed(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    key_id: &metadata::KeyId,
    signature: &Signature,
) -> Applied {
    at.require_act(c, |act| *act == Act::SignRoot)?;
    require_composed(c)?;
    c.root().require_signature_announced(key)?;
    let signed = attached(c, key, key_id, signature)?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.right_pin();
    c.root_mut().sign(key, signature, signed);
    Ok(())
}

fn require_composed(c: &Ceremony) -> Result<&SignedRoot, ReplayError> {
    c.root()
        .signed()
        .ok_or_else(|| contradiction("the root was not composed yet"))
}

/// The root with one more signature, which counts under each ID of its key.
pub(super) fn attached(
    c: &Ceremony,
    key: &KeyId,
    key_id: &metadata::KeyId,
    signature: &Signature,
) -> Result<SignedRoot, ReplayError> {
    let mut signed = require_composed(c)?.clone();
    let ids = c.root_key_ids(key);
    require(
        ids.last() == Some(key_id),
        "the signature is from another key",
    )?;
    for id in &ids {
        signed
            .attach(id, signature.as_bytes())
            .map_err(|error| broken(Check::RootSignature, error.to_string()))?;
    }
    Ok(signed)
}

pub(crate) fn sign_intended_sentence(key: &KeyId, repeat: bool) -> String {
    if repeat {
        return format!(
            "About to sign the same bytes again with {key}: an earlier attempt was interrupted."
        );
    }
    format!("About to sign with {key}.")
}

pub(crate) fn signed_sentence(key: &KeyId, key_id: &metadata::KeyId) -> String {
    format!(
        "{key} signed, and the signature was verified. Key ID: {}.",
        key_id.short()
    )
}
