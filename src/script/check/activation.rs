//! The secrets of a token: each that its profile has, once, set by a person who may know it, and kept safely.

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

/// Tokens of the profile have such a secret.
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
            format!(
                "tokens of profile {} have no {}",
                make.name,
                secret.value.as_str()
            ),
            format!("use one of: {}", names.join(", ")),
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
            "a discarded user-pin makes its key unusable",
            "use disposition = \"memorized\" or \"sealed\"",
        ),
        (TokenSecret::ManagementKey, DispositionWord::Memorized | DispositionWord::Discarded) => {
            wrong(
                "a management-key cannot be memorized or discarded: without it, the token cannot generate another key",
                "use disposition = \"pin-protected\" or \"sealed\"",
            );
        }
        (secret, DispositionWord::PinProtected) if secret != TokenSecret::ManagementKey => wrong(
            "only a management-key can be pin-protected",
            "use disposition = \"memorized\" or \"sealed\"",
        ),
        (_, DispositionWord::Sealed) if entry.bag.is_none() && entry.is_read => wrong(
            "a sealed secret has no bag number",
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
            "only a sealed secret has a bag",
            "use disposition = \"sealed\", or remove \"bag\"",
        );
    }
}

/// A secret that is sealed or discarded is set in a step of this ceremony.
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
            format!("no step sets the secrets of the token of {id:?}"),
            "add a step set-pin, or remove this entry if the token arrives with its PINs",
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
            "nobody sets a secret that is discarded or pin-protected",
            "remove \"set_by\", or use disposition = \"memorized\" or \"sealed\"",
        ),
        (None, DispositionWord::Memorized | DispositionWord::Sealed) if entry.is_read => log.error(
            CHECK,
            &entry.span,
            format!("no person sets the {secret}"),
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
                format!("{by:?} does not hold this key"),
                "let the key holder set the user-pin: nobody else may learn it",
            );
        }
        _ => {}
    }
}
