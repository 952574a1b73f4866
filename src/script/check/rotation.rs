//! Whether a change of a root accounts for every key, changes something, and can be signed.

use crate::metadata::{Availability, ChangePlan, ChangedKey, RoleKind, RootChange, TrustedRoot};
use crate::script::Kind;
use crate::script::read::{At, ChangeEntry, Draft, Log, Span};
use crate::script::{KeyId, Place, RootKey};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    first_root_is_reached(log, draft);
    let (Some(root), Some(previous)) = (draft.before(), &draft.previous) else {
        return;
    };
    let entries = entries(draft);
    every_key_once(log, &previous.span, root, &entries);
    signable(log, draft);
    if entries.iter().any(|entry| entry.change.is_none()) {
        // A key that could not be read was reported.
        return;
    }
    if draft.kind == Kind::Rotation {
        changes_something(log, &previous.span, draft, &entries);
    }
    reachable(log, draft, root, &entries);
}

/// Only keys that are present sign a first root: there is no trusted root on which a signing request could build.
fn first_root_is_reached(log: &Log<'_>, draft: &Draft) {
    let (Some(threshold), true) = (&draft.root.threshold, draft.kind == Kind::Genesis) else {
        return;
    };
    let here = draft.keys.len();
    let wanted = usize::try_from(threshold.value).unwrap_or(0);
    if wanted > here && wanted <= draft.root_keys() {
        log.error(
            "script.reachability",
            &threshold.span,
            format!("root 1 cannot be signed: {wanted} keys must sign, but only {here} are present"),
            "bring more keys; or make the root with a lower threshold, and raise it with a rotation",
        );
    }
}

/// A key of the script, wherever it is.
struct Entry<'d> {
    id: Option<&'d At<KeyId>>,
    change: Option<&'d ChangeEntry>,
    availability: Availability,
}

impl<'d> Entry<'d> {
    fn before(&self) -> Option<&'d At<RootKey>> {
        self.change.and_then(ChangeEntry::before)
    }
}

fn entries(draft: &Draft) -> Vec<Entry<'_>> {
    let here = draft.keys.iter().map(|key| Entry {
        id: key.id.as_ref(),
        change: key.change.as_ref(),
        availability: Availability::Present,
    });
    let distant = draft.distant.iter().map(|key| Entry {
        id: key.id.as_ref(),
        change: key.change.as_ref(),
        availability: match key.place {
            Place::Site(_) => Availability::Remote,
            Place::Elsewhere(_) | Place::Absent | Place::Lost => Availability::Unavailable,
        },
    });
    here.chain(distant).collect()
}

/// Each key of the trusted root has one table, so that none is dropped by mistake.
fn every_key_once(log: &Log<'_>, place: &Span, root: &TrustedRoot, entries: &[Entry<'_>]) {
    let mut named: Vec<&At<RootKey>> = Vec::new();
    for key in entries.iter().filter_map(Entry::before) {
        let same = |other: &&&At<RootKey>| {
            other.value.id == key.value.id || other.value.key.public() == key.value.key.public()
        };
        match named.iter().find(same) {
            Some(first) => log.error(
                "script.duplicate",
                &key.span,
                format!(
                    "this key of root {} is already named in line {}",
                    root.version(),
                    log.line(&first.span)
                ),
                "use one [[key]] for each root key",
            ),
            None => named.push(key),
        }
    }
    if entries.iter().any(|entry| {
        let unread = entry.change.is_none();
        unread || entry.change.is_some_and(ChangeEntry::is_unread)
    }) {
        return;
    }
    for (id, listed) in root.document().role_keys(RoleKind::Root) {
        let is_named = named
            .iter()
            .any(|key| key.value.id == *id || key.value.key.public() == listed.key().public());
        if !is_named {
            log.error(
                "script.key-unlisted",
                place,
                format!("no [[key]] names the key {id} of root {}", root.version()),
                format!("add a [[key]] with key_id = \"{id}\" and change = \"keep\" or \"remove\""),
            );
        }
    }
}

/// This version can sign with every key that is present.
fn signable(log: &Log<'_>, draft: &Draft) {
    for key in &draft.keys {
        let before = key.change.as_ref().and_then(ChangeEntry::before);
        if let (Some(before), None) = (before, &key.key_type) {
            log.error(
                "script.key-type",
                &before.span,
                format!(
                    "this version cannot sign with this key: it is {}",
                    before.value.key.describe()
                ),
                "write status = \"absent\"; the other keys must reach the threshold",
            );
        }
    }
}

fn changes_something(log: &Log<'_>, place: &Span, draft: &Draft, entries: &[Entry<'_>]) {
    let keys = entries
        .iter()
        .filter_map(|entry| entry.change)
        .any(ChangeEntry::changes);
    let threshold = draft.root.threshold.as_ref().map(|at| at.value);
    let before = draft
        .before()
        .map(|root| root.role(RoleKind::Root).threshold());
    let raised = threshold.is_some_and(|threshold| u64::try_from(threshold).ok() != before);
    if !keys && !raised && draft.root.roles.is_empty() {
        log.error(
            "script.change",
            place,
            "this rotation does not change a key, the threshold or a role",
            "to change only the expiry, write kind = \"renewal\"",
        );
    }
}

fn reachable(log: &Log<'_>, draft: &Draft, root: &TrustedRoot, entries: &[Entry<'_>]) {
    let before = root.role(RoleKind::Root).threshold();
    let wanted = match &draft.root.threshold {
        Some(at) => u64::try_from(at.value).unwrap_or(0),
        None => before,
    };
    let place = draft.root.threshold.as_ref().map(|at| &at.span);
    let place = place.or_else(|| draft.previous.as_ref().map(|previous| &previous.span));
    let Some(place) = place else { return };
    let keys = draft.root_keys() as u64;
    if wanted == 0 || (draft.root.threshold.is_some() && wanted > keys) {
        // It was reported with the other thresholds.
        return;
    }
    if wanted > keys {
        log.error(
            "script.threshold",
            place,
            format!(
                "root {} has a threshold of {wanted}, but the new root has only {keys} keys",
                root.version()
            ),
            "lower the threshold, or add keys",
        );
        return;
    }
    let keys = entries.iter().filter_map(|entry| {
        Some(ChangedKey {
            name: entry.id?.value.to_string(),
            before: entry.before().is_some(),
            after: entry.change?.stays(),
            availability: entry.availability,
        })
    });
    let change = RootChange {
        keys: keys.collect(),
        threshold_before: Some(before),
        threshold_after: wanted,
    };
    let plan = change.plan();
    if plan == ChangePlan::Direct {
        return;
    }
    let reachability = change.reachability();
    let of_before = reachability.before.map_or_else(String::new, |reach| {
        format!("signatures under root {}: {reach}; ", root.version())
    });
    log.error(
        "script.reachability",
        place,
        format!(
            "root {} cannot be signed: {of_before}under root {}: {}",
            root.version() + 1,
            root.version() + 1,
            reachability.after
        ),
        plan.to_string(),
    );
}
