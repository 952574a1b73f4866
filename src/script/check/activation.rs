//! Who sets what opens a token, and what becomes of it: each secret of the make once, in hands that can keep it.

use super::people::{find, nobody};
use super::twice;
use crate::script::read::{DispositionWord, Draft, KeyEntry, Log, SecretEntry};
use crate::script::{Act, TokenSecret};

const CHECK: &str = "script.activation";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    for key in &draft.keys {
        twice(
            log,
            "secret",
            key.activation.iter().filter_map(|e| e.secret.as_ref()),
        );
        for entry in &key.activation {
            known(log, key, entry);
            disposition(log, entry);
            setter(log, draft, key, entry);
            used(log, draft, key, entry);
        }
    }
    let bags = draft.keys.iter().flat_map(|key| {
        let envelopes = key.activation.iter().filter_map(|entry| entry.bag.as_ref());
        envelopes.chain(key.token.as_ref().and_then(|token| token.bag.as_ref()))
    });
    let spares = draft.spares.iter().filter_map(|spare| spare.token.as_ref());
    let bags = bags.chain(spares.filter_map(|token| token.bag.as_ref()));
    twice(log, "bag number", bags);
}

/// Tokens of the make have such a secret.
fn known(log: &Log<'_>, key: &KeyEntry, entry: &SecretEntry) {
    let (Some(make), Some(secret)) = (key.make(), &entry.secret) else {
        return;
    };
    let has = TokenSecret::of(make);
    if !has.contains(&secret.value) {
        let names: Vec<&str> = has.iter().map(|secret| secret.as_str()).collect();
        log.error(
            CHECK,
            &secret.span,
            format!("a token of {} has no {}", make.name, secret.value.as_str()),
            format!("tokens of that make have: {}", names.join(", ")),
        );
    }
}

fn disposition(log: &Log<'_>, entry: &SecretEntry) {
    let (Some(secret), Some(disposition)) = (&entry.secret, &entry.disposition) else {
        return;
    };
    let wrong = |message: &str, hint: &str| log.error(CHECK, &disposition.span, message, hint);
    match (secret.value, disposition.value) {
        (TokenSecret::UserPin, DispositionWord::Discarded) => wrong(
            "a user-pin that nobody knows would lock its key away",
            "give it the disposition memory or envelope",
        ),
        (TokenSecret::ManagementKey, DispositionWord::Memorized | DispositionWord::Discarded) => {
            wrong(
                "a management-key lies on its token behind the PIN, or in an envelope: nobody keeps it in memory, and without it no key is ever made there again",
                "give it the disposition under-pin or envelope",
            )
        }
        (secret, DispositionWord::PinProtected) if secret != TokenSecret::ManagementKey => wrong(
            "nothing but the management-key lies on its token behind the PIN",
            "give it the disposition memory or envelope",
        ),
        (_, DispositionWord::Sealed) if entry.bag.is_none() && entry.is_read => wrong(
            "an envelope without the number of its bag",
            "add, for example: bag = \"B0000001\"",
        ),
        _ => {}
    }
    if let (
        DispositionWord::Memorized | DispositionWord::Discarded | DispositionWord::PinProtected,
        Some(bag),
    ) = (disposition.value, &entry.bag)
    {
        log.error(
            CHECK,
            &bag.span,
            "a bag for what goes into none",
            "give it the disposition envelope, or take the bag out",
        );
    }
}

/// What is sealed or discarded was set in a step of this ceremony.
fn used(log: &Log<'_>, draft: &Draft, key: &KeyEntry, entry: &SecretEntry) {
    let (Some(id), Some(disposition)) = (&key.id, &entry.disposition) else {
        return;
    };
    let sets = |act: &Act| matches!(act, Act::SetPin { key } if *key == id.value);
    let is_set = draft
        .steps
        .iter()
        .any(|step| step.act.as_ref().is_none_or(sets));
    if !matches!(
        disposition.value,
        DispositionWord::Memorized | DispositionWord::PinProtected
    ) && !is_set
    {
        log.error(
            "script.unused",
            &disposition.span,
            format!(
                "no step sets what opens the token of {:?}",
                id.value.as_str()
            ),
            "add a step set-pin, or take this entry out: the token comes with its PINs",
        );
    }
}

fn setter(log: &Log<'_>, draft: &Draft, key: &KeyEntry, entry: &SecretEntry) {
    let (Some(secret), Some(disposition)) = (&entry.secret, &entry.disposition) else {
        return;
    };
    match (&entry.set_by, disposition.value) {
        (Some(by), DispositionWord::Discarded | DispositionWord::PinProtected) => log.error(
            CHECK,
            &by.span,
            "what is random and written down nowhere is set by nobody",
            "take set_by out, or give it the disposition memory or envelope",
        ),
        (None, DispositionWord::Memorized | DispositionWord::Sealed) if entry.is_read => log.error(
            CHECK,
            &entry.span,
            format!("nobody sets the {}", secret.value.as_str()),
            "add, for example: set_by = \"holder-1\"",
        ),
        (Some(by), _) if find(draft, &by.value).is_none() => nobody(log, draft, by),
        (Some(by), _)
            if secret.value == TokenSecret::UserPin
                && key.holder.as_ref().is_some_and(|at| at.value != by.value) =>
        {
            log.error(
                CHECK,
                &by.span,
                format!("{:?} does not hold this key", by.value.as_str()),
                "the user-pin is set by the key's own holder: nobody else ever learns it",
            );
        }
        _ => {}
    }
}
