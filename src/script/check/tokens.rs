//! Keys and their tokens.

use std::collections::BTreeSet;

use super::twice;
use crate::script::read::{At, Draft, KeyEntry, Log, PersonEntry, Span, StepEntry, TokenEntry};
use crate::script::{Act, Enrolled};

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
        // An ID that is missing or used twice was reported: its steps are not at error.
        return;
    }
    // A key at another site has no token here, and is enrolled all the same.
    let enrolled = |step: &StepEntry| {
        let Some(Act::EnrollKey { key }) = &step.act else {
            return false;
        };
        let mut distant = draft.distant.iter().filter_map(|key| key.id.as_ref());
        distant.any(|id| id.value == *key)
    };
    let steps = draft.steps.iter().filter(|step| !enrolled(step));
    for key in steps.filter_map(|step| step.key.as_ref()) {
        if !ids.contains(key.value.as_str()) {
            let known: Vec<&str> = ids.iter().copied().collect();
            log.error(
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

/// What only YubiKeys have is said of YubiKeys alone, and nothing is asked of a make that it cannot do.
pub(super) fn abilities(log: &Log<'_>, draft: &Draft) {
    let keys = draft.keys.iter().filter_map(|key| key.token.as_ref());
    let spares = draft.spares.iter().filter_map(|spare| spare.token.as_ref());
    for token in keys.chain(spares) {
        slots(log, token);
    }
    for key in draft.keys.iter().filter(|key| key.is_made()) {
        provenance(log, draft, key);
        import(log, draft, key);
    }
    let here = draft.keys.iter().filter_map(|key| key.enrolled.as_ref());
    let distant = draft.distant.iter().filter_map(|key| key.enrolled.as_ref());
    for enrolled in here.chain(distant) {
        provenance_of_enrolled(log, draft, enrolled);
    }
}

fn slots(log: &Log<'_>, token: &TokenEntry) {
    let Some(profile) = token
        .profile
        .as_ref()
        .filter(|profile| !profile.value.attests())
    else {
        return;
    };
    let said: [(&str, Option<&Span>); 3] = [
        ("slot", token.slot.as_ref().map(|at| &at.span)),
        ("pin_policy", token.pin_policy.as_ref().map(|at| &at.span)),
        (
            "touch_policy",
            token.touch_policy.as_ref().map(|at| &at.span),
        ),
    ];
    for (field, span) in said {
        if let Some(span) = span {
            log.error(
                "script.slot",
                span,
                format!("tokens of {} have no {field}", profile.value),
                "take it out: YubiKeys alone have slots with policies",
            );
        }
    }
}

/// A key that is brought in: only where the token takes it, and where nobody asks for an attestation.
fn import(log: &Log<'_>, draft: &Draft, key: &KeyEntry) {
    let (Some(step), Some(profile)) = (draft.import_of(key), key.profile()) else {
        return;
    };
    if !profile.value.attests() {
        log.error(
            "script.import",
            &step.span,
            format!("tokens of {} take in no keys here", profile.value),
            "make it act = \"generate-key\": the token makes its key itself",
        );
    } else if let Some(wanted) = &draft.root.require_provenance {
        log.error(
            "script.provenance",
            &step.span,
            format!(
                "a key that is brought in is never {}, and [root] requires it",
                wanted.value
            ),
            "make it act = \"generate-key\", or take require_provenance out",
        );
    }
}

fn provenance_of_enrolled(log: &Log<'_>, draft: &Draft, enrolled: &At<Enrolled>) {
    let known = enrolled.value.enrollment.claims().provenance;
    let wanted = draft.root.require_provenance.as_ref();
    if let Some(wanted) = wanted.filter(|wanted| wanted.value != known) {
        log.error(
            "script.provenance",
            &enrolled.span,
            format!(
                "the key of {:?} is {known}, and [root] requires provenance {}",
                enrolled.value.file().file,
                wanted.value
            ),
            "take in a key whose device attests it, or take require_provenance out",
        );
    }
}

fn provenance(log: &Log<'_>, draft: &Draft, key: &KeyEntry) {
    let (Some(wanted), Some(profile)) = (&draft.root.require_provenance, key.profile()) else {
        return;
    };
    if !profile.value.attests() {
        log.error(
            "script.provenance",
            &profile.span,
            format!(
                "tokens of {} cannot prove where a key was made, and [root] requires provenance {}",
                profile.value, wanted.value
            ),
            "put this key on a YubiKey, or take require_provenance out",
        );
    }
}
