//! Prompts and effects as most acts have them.

use crate::ceremony::{Ask, Ceremony, Effect, NewObject, Next, Prompt};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::{KeyId, KeyPlan, PersonId, Step};

/// An effect on the token of a key. If the token is not known yet, it is found first.
pub(crate) fn with_token(
    c: &Ceremony,
    key: &KeyId,
    effect: impl FnOnce(TokenId) -> Effect,
) -> Next {
    Next::Do(match c.keys[key].token() {
        Some(token) => effect(token.clone()),
        None => Effect::FindToken { key: key.clone() },
    })
}

pub(crate) fn with_key(
    c: &Ceremony,
    key: &KeyId,
    effect: impl FnOnce(TokenId, PublicKey) -> Effect,
) -> Next {
    match c.generated(key) {
        Some(generated) => with_token(c, key, |token| effect(token, generated.public_key.clone())),
        None => Next::Do(Effect::FindToken { key: key.clone() }),
    }
}

/// An effect that makes the announced object of a key.
pub(crate) fn with_new_object(
    c: &Ceremony,
    plan: &KeyPlan,
    (object_id, label): (Vec<u8>, String),
    effect: impl FnOnce(NewObject) -> Effect,
) -> Next {
    let slot = c.token_spec(&plan.id).and_then(|token| token.slot);
    with_token(c, &plan.id, |token| {
        effect(NewObject {
            key: plan.id.clone(),
            token,
            object_id,
            label,
            key_type: plan.key_type,
            policy: slot.map(|slot| slot.policy),
        })
    })
}

pub(crate) fn prompt<L: Into<String>>(
    step: &Step,
    who: Vec<PersonId>,
    lines: impl IntoIterator<Item = L>,
    ask: Ask,
) -> Prompt {
    Prompt {
        step: Some(step.id.clone()),
        who,
        lines: lines.into_iter().map(Into::into).collect(),
        ask,
        approval: false,
    }
}

/// A prompt whose answer two people approve.
pub(crate) fn approved<L: Into<String>>(
    c: &Ceremony,
    step: &Step,
    lines: impl IntoIterator<Item = L>,
    ask: Ask,
) -> Prompt {
    Prompt {
        approval: true,
        ..prompt(step, c.usual_approvers(), lines, ask)
    }
}

/// `action` is what Enter does.
pub(crate) fn confirm<L: Into<String>>(
    c: &Ceremony,
    step: &Step,
    lines: impl IntoIterator<Item = L>,
    action: &str,
) -> Prompt {
    let action = action.to_owned();
    prompt(step, c.people_of(step), lines, Ask::Enter { action })
}

/// There is nothing left to do in the step.
pub(crate) fn proceed(c: &Ceremony, step: &Step) -> Next {
    Next::Ask(confirm(c, step, [""; 0], "Continue"))
}
