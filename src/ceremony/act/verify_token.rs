//! A token proves possession of its key by signing a fresh challenge.

use super::asking::with_key;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, contradiction, require};
use crate::ceremony::{Ceremony, Check, Effect, EventKind, KeyEvent, Mode, Next};
use crate::script::{Act, KeyId, Step};
use crate::transfer::{Occasion, Possession, PossessionError, PossessionProof};

pub(crate) fn prove(c: &Ceremony, key: &KeyId, occasion: Occasion) -> Next {
    with_key(c, key, |token, public_key| Effect::ProvePossession {
        key: key.clone(),
        occasion,
        token,
        public_key,
    })
}

/// The occasion of a proof in a step; none if the step does not ask for one.
const fn occasion_of(act: &Act) -> Option<Occasion> {
    Some(if matches!(act, Act::VerifyToken { .. }) {
        Occasion::Reinsertion
    } else if matches!(act, Act::EnrollKey { .. }) {
        Occasion::Adoption
    } else if matches!(act, Act::GenerateKey { .. } | Act::ImportKey { .. }) {
        Occasion::Generation
    } else {
        return None;
    })
}

pub(crate) fn proven(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    proof: PossessionProof,
) -> Applied {
    let act = at.key(c, key, |act| occasion_of(act).is_some())?;
    let wanted = occasion_of(act);
    require(
        wanted == Some(proof.occasion),
        "the proof is for another occasion",
    )?;
    let possession = Possession {
        script: proof.script,
        key: key.as_str(),
        occasion: proof.occasion,
        is_rehearsal: c.mode() == Mode::Rehearsal,
    };
    let generated = c.keys[key]
        .generated()
        .ok_or_else(|| contradiction("the key does not exist yet"))?;
    possession
        .verify(&generated.public_key, &proof.challenge, &proof.signature)
        .map_err(|error| match error {
            PossessionError::Signature => broken(
                Check::KeyPossession,
                "the token's answer to the challenge does not verify",
            ),
            error @ PossessionError::Scheme => contradiction(error.to_string()),
        })?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.prove(proof);
    Ok(())
}

/// The event of a token's answer in the current step.
pub(crate) fn event_of_answer(
    step: &Step,
    challenge: [u8; 32],
    signature: Vec<u8>,
) -> Option<EventKind> {
    Some(EventKind::Keys(KeyEvent::PossessionProven {
        key: step.act.key()?.clone(),
        occasion: occasion_of(&step.act)?,
        challenge,
        signature: signature.into(),
    }))
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    let state = &c.keys[key];
    (state.is_reinserted() || state.skipped().is_some()) && c.envelope_due().is_none()
}

pub(crate) fn possession_proven_sentence(key: &KeyId, occasion: Occasion) -> String {
    match occasion {
        Occasion::Generation => format!("The token proved possession of {key}."),
        Occasion::Adoption => format!(
            "The token proved possession of {key}, which was generated before this ceremony."
        ),
        Occasion::Reinsertion => {
            format!("After it was inserted again, the token proved possession of {key}.")
        }
    }
}
