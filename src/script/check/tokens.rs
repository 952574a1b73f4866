//! Keys and their tokens.

use std::collections::BTreeSet;

use super::{twice, unknown};
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
        // A missing or duplicate ID was reported; its steps are not an error.
        return;
    }
    // A key at another site has no token here, but is enrolled.
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
            unknown(
                log,
                "key",
                key,
                draft.keys.iter().filter_map(|key| key.id.as_ref()),
            );
        }
    }
}

/// Keys, spares and approvals each have their own token.
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
                value: format!("{serial} of {profile}"),
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

/// Nothing is required of a token that its profile does not support.
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
                format!("tokens of profile {profile} have no {field}"),
                "remove it: only YubiKeys have slots with policies",
            );
        }
    }
}

/// A key is imported only into a token that supports it, and only if no attestation is required.
fn import(log: &Log<'_>, draft: &Draft, key: &KeyEntry) {
    let (Some(step), Some(profile)) = (draft.import_of(key), key.profile()) else {
        return;
    };
    if !profile.value.attests() {
        log.error(
            "script.import",
            &step.span,
            format!("keys cannot be imported into tokens of profile {profile} in a ceremony"),
            "use act = \"generate-key\", so that the token generates its key",
        );
    } else if let Some(wanted) = &draft.root.require_provenance {
        log.error(
            "script.provenance",
            &step.span,
            format!("an imported key is never {wanted}, but [root] requires it"),
            "use act = \"generate-key\", or remove require_provenance",
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
                "the key in {:?} is {known}, but [root] requires provenance {}",
                enrolled.value.file().file,
                wanted.value
            ),
            "enroll a key that its device attests, or remove require_provenance",
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
            format!("tokens of profile {profile} cannot prove where a key was generated, but [root] requires provenance {wanted}"),
            "put this key on a YubiKey, or remove require_provenance",
        );
    }
}
