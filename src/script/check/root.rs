//! Thresholds and dates.

use jiff::Timestamp;

use crate::script::PinnedKey;
use crate::script::read::{At, Draft, Log, RoleEntry, Span};

pub(super) fn thresholds(log: &Log<'_>, draft: &Draft) {
    if draft.restore.is_none() && draft.keys.is_empty() && draft.distant.is_empty() {
        log.error(
            "script.keys",
            &draft.start,
            "the script has no [[key]]",
            "add a [[key]] for each root key",
        );
    } else {
        within(
            log,
            "[root]",
            draft.root.threshold.as_ref(),
            draft.root_keys(),
        );
    }
    for role in &draft.root.roles {
        let what = format!("[root.roles.{}]", role.kind);
        match role.listed {
            None => {}
            Some(0) => log.error(
                "script.keys",
                &role.span,
                format!("{what} has no keys"),
                "name at least one file with a public key",
            ),
            Some(listed) => {
                let different = listed - repeated(log, role);
                within(log, &what, role.threshold.as_ref(), different);
            }
        }
    }
}

/// Reports duplicate keys of a role, and counts them.
fn repeated(log: &Log<'_>, role: &RoleEntry) -> usize {
    let mut seen: Vec<&PinnedKey> = Vec::new();
    for key in &role.keys {
        match seen
            .iter()
            .find(|first| first.key.public() == key.value.key.public())
        {
            Some(first) => log.error(
                "script.duplicate",
                &key.span,
                format!(
                    "{:?} contains the same public key as {:?}",
                    key.value.file, first.file
                ),
                "list each key once: it counts once toward the threshold",
            ),
            None => seen.push(&key.value),
        }
    }
    role.keys.len() - seen.len()
}

fn within(log: &Log<'_>, what: &str, threshold: Option<&At<i64>>, keys: usize) {
    let Some(threshold) = threshold else { return };
    let wanted = threshold.value;
    let most = i64::try_from(keys).unwrap_or(i64::MAX);
    if wanted < 1 {
        log.error(
            "script.threshold",
            &threshold.span,
            format!("{what} has a threshold of {wanted}"),
            "use a threshold of at least 1",
        );
    } else if wanted > most {
        let plural = if keys == 1 { "key" } else { "keys" };
        log.error(
            "script.threshold",
            &threshold.span,
            format!("{what} has a threshold of {wanted}, but only {keys} different {plural}"),
            "lower the threshold, or add keys",
        );
    }
}

pub(super) fn expiry(log: &Log<'_>, draft: &Draft, at: Timestamp) {
    let Some(expires) = &draft.root.expires else {
        return;
    };
    let error = |span: &Span, message: String| {
        log.error(
            "script.expiry",
            span,
            message,
            "choose a later date; a root is usually valid for a year",
        );
    };
    match draft.not_before {
        Some(not_before) if expires.value <= not_before => error(
            &expires.span,
            format!("the root expires at {expires}, which is not after not_before, {not_before}"),
        ),
        _ if expires.value <= at => error(
            &expires.span,
            format!("the root expires at {expires}, which has passed: it is {at}"),
        ),
        _ => {}
    }
}
