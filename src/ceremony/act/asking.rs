//! Prompts and effects as most acts have them.

use crate::ceremony::{Ask, Ceremony, Effect, Next, Prompt};
use crate::certificate::PublicKey;
use crate::record::TokenId;
use crate::script::{KeyId, PersonId, Step};

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
