//! Questions and effects as most acts have them.
use crate::ceremony::effect::Effect;
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::state::Ceremony;
use crate::script::{KeyId, PersonId, Step};

/// An effect on the token of a key. A token that is not known yet is looked for first.
pub(crate) fn with_token(
    c: &Ceremony,
    key: &KeyId,
    effect: impl FnOnce(crate::record::TokenId) -> Effect,
) -> Next {
    Next::Do(match c.keys[key].token() {
        Some(token) => effect(token.clone()),
        None => Effect::FindToken { key: key.clone() },
    })
}

pub(crate) fn with_key(
    c: &Ceremony,
    key: &KeyId,
    effect: impl FnOnce(crate::record::TokenId, crate::certificate::PublicKey) -> Effect,
) -> Next {
    let public_key = c
        .generated(key)
        .map(|generated| generated.public_key.clone());
    match public_key {
        Some(public_key) => with_token(c, key, |token| effect(token, public_key)),
        None => Next::Do(Effect::FindToken { key: key.clone() }),
    }
}

pub(crate) fn prompt(step: &Step, who: Vec<PersonId>, lines: Vec<String>, ask: Ask) -> Prompt {
    Prompt {
        step: Some(step.id.clone()),
        who,
        lines,
        ask,
        approval: false,
    }
}

/// A question whose answer two people approve.
pub(crate) fn approved(c: &Ceremony, step: &Step, lines: Vec<String>, ask: Ask) -> Prompt {
    Prompt {
        approval: true,
        ..prompt(step, c.usual_approvers(), lines, ask)
    }
}

pub(crate) fn go_on(c: &Ceremony, step: &Step, lines: Vec<String>, action: &str) -> Prompt {
    prompt(
        step,
        c.people_of(step),
        lines,
        Ask::Enter {
            action: action.to_owned(),
        },
    )
}
