//! Spare tokens: each of its own, and of use for a key.

use std::fmt;

use super::twice;
use crate::script::read::{At, Draft, Log};

/// The name of a key or a spare: twins of both stand side by side.
struct Name(String);

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let keys: Vec<_> = draft.keys.iter().filter_map(|k| k.id.as_ref()).collect();
    let as_name = |text: &str, at: &std::ops::Range<usize>| At {
        value: Name(text.to_owned()),
        span: at.clone(),
    };
    let spares = draft.spares.iter().filter_map(|spare| spare.id.as_ref());
    let of_spares = spares.map(|at| as_name(at.value.as_str(), &at.span));
    // A key's ID that is used twice was told already.
    let mut names: Vec<At<Name>> = Vec::new();
    for key in &keys {
        let name = as_name(key.value.as_str(), &key.span);
        if !names.iter().any(|known| known.value == name.value) {
            names.push(name);
        }
    }
    names.extend(of_spares);
    twice(log, "ID", names.iter());

    for spare in &draft.spares {
        twice(log, "key", spare.keys.iter());
        for named in &spare.keys {
            if !keys.iter().any(|key| key.value == named.value) {
                let known: Vec<&str> = keys.iter().map(|key| key.value.as_str()).collect();
                log.fault(
                    "script.key",
                    &named.span,
                    format!("there is no key {:?}", named.value.as_str()),
                    format!("keys of this script: {}", known.join(", ")),
                );
            }
        }
        serves(log, draft, spare);
    }
}

/// It may stand in for some key, and for each that it names.
fn serves(log: &Log<'_>, draft: &Draft, spare: &crate::script::read::SpareEntry) {
    let Some(profile) = spare.token.as_ref().and_then(|t| t.profile.as_ref()) else {
        return;
    };
    let of_make: Vec<_> = draft
        .keys
        .iter()
        .filter(|key| {
            let token = key.token.as_ref().and_then(|token| token.profile.as_ref());
            token.is_none_or(|at| at.value == profile.value)
        })
        .filter_map(|key| key.id.as_ref())
        .collect();
    if of_make.is_empty() && !draft.keys.is_empty() {
        log.fault(
            "script.unused",
            &profile.span,
            format!("no key lives on a token of {}", profile.value),
            "take the spare out, or give it the profile of a key's token",
        );
    }
    for named in &spare.keys {
        let exists = draft
            .keys
            .iter()
            .any(|key| key.id.as_ref().is_some_and(|id| id.value == named.value));
        if exists && !of_make.iter().any(|id| id.value == named.value) {
            log.fault(
                "script.spare",
                &named.span,
                format!(
                    "a token of {} cannot stand in for that of {:?}, which is of another make",
                    profile.value,
                    named.value.as_str()
                ),
                "give the spare the profile of the key's token",
            );
        }
    }
}
