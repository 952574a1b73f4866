//! Spare tokens: each can replace the token of some key.

use super::{twice, unknown};
use crate::script::read::{Draft, Log, SpareEntry};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let keys: Vec<_> = draft.keys.iter().filter_map(|k| k.id.as_ref()).collect();
    for spare in &draft.spares {
        twice(log, "key", spare.keys.iter());
        for named in &spare.keys {
            if !keys.iter().any(|key| key.value == named.value) {
                unknown(log, "key", named, keys.iter().copied());
            }
        }
        serves(log, draft, spare);
    }
}

/// It can replace the token of some key, and of each key that it names.
fn serves(log: &Log<'_>, draft: &Draft, spare: &SpareEntry) {
    let Some(profile) = spare.token.as_ref().and_then(|t| t.profile.as_ref()) else {
        return;
    };
    let of_make: Vec<_> = draft
        .keys
        .iter()
        .filter(|key| key.profile().is_none_or(|at| at.value == profile.value))
        .filter_map(|key| key.id.as_ref())
        .collect();
    if of_make.is_empty() && !draft.keys.is_empty() {
        log.error(
            "script.unused",
            &profile.span,
            format!("no key is on a token of profile {profile}"),
            "remove the spare, or give it the profile of a key's token",
        );
    }
    for named in &spare.keys {
        let exists = draft.key(&named.value).is_some();
        if exists && !of_make.iter().any(|id| id.value == named.value) {
            log.error(
                "script.spare",
                &named.span,
                format!("a token of profile {profile} cannot replace the token of {named:?}, which has another profile"),
                "give the spare the profile of the key's token",
            );
        }
    }
}
