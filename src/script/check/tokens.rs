//! Keys and their tokens.

use std::collections::BTreeSet;

use super::twice;
use crate::script::Act;
use crate::script::read::{At, Draft, Log, PersonEntry};

pub(super) fn names(log: &Log<'_>, draft: &Draft) {
    let distant = draft.distant.iter().filter_map(|key| key.id.as_ref());
    let here = draft.keys.iter().filter_map(|key| key.id.as_ref());
    twice(log, "ID", here.chain(distant));
    let ids: BTreeSet<&str> = draft
        .keys
        .iter()
        .filter_map(|key| key.id.as_ref())
        .map(|id| id.value.as_str())
        .collect();
    if ids.len() < draft.keys.len() {
        // An ID that is missing or used twice was reported: its steps are not at fault.
        return;
    }
    // A key at another site has no token here, and is enrolled all the same.
    let enrolled = |step: &crate::script::read::StepEntry| {
        let Some(Act::EnrolKey { key }) = &step.act else {
            return false;
        };
        let mut distant = draft.distant.iter();
        distant.any(|entry| entry.id.as_ref().is_some_and(|id| id.value == *key))
    };
    let steps = draft.steps.iter().filter(|step| !enrolled(step));
    for key in steps.filter_map(|step| step.key.as_ref()) {
        if !ids.contains(key.value.as_str()) {
            let known: Vec<&str> = ids.iter().copied().collect();
            log.fault(
                "script.key",
                &key.span,
                format!("there is no key {:?}", key.value.as_str()),
                format!("keys of this script: {}", known.join(", ")),
            );
        }
    }
}

/// Two keys on one token would fall together, and so would a key and its spare; and who approves by a token has it
/// for nothing else.
pub(super) fn apart(log: &Log<'_>, draft: &Draft) {
    let tokens = || {
        let keys = draft.keys.iter().filter_map(|key| key.token.as_ref());
        let own = draft.people.iter().filter_map(PersonEntry::approval);
        keys.chain(draft.spares.iter().filter_map(|spare| spare.token.as_ref()))
            .chain(own.filter_map(|own| own.token.as_ref()))
    };
    let serials: Vec<At<String>> = tokens()
        .filter_map(|token| {
            // Serial numbers repeat between makes.
            let (profile, serial) = (token.profile.as_ref()?, token.serial.as_ref()?);
            Some(At {
                value: format!("{} of {}", serial.value, profile.value),
                span: serial.span.clone(),
            })
        })
        .collect();
    twice(log, "serial number", serials.iter());
    twice(
        log,
        "token label",
        tokens().filter_map(|token| token.label.as_ref()),
    );
}
