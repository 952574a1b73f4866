//! What the destination of a root requires, checked before the root is signed.

use super::notary;
use crate::metadata::KeyType;
use crate::script::Kind;
use crate::script::plan::RoleKind;
use crate::script::read::{Draft, Log, RoleEntry, Span};
use crate::transfer::Destination;

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let Some(destination) = &draft.root.destination else {
        return;
    };
    notary::format(log, draft, destination);
    notary::check(log, draft, destination);
    match destination.value {
        Destination::TufOnCi => tuf_on_ci(log, draft, &destination.span),
        _ => nothing_of_tuf_on_ci(log, draft, destination.value),
    }
    if destination.value == Destination::Tough {
        for kind in draft.keys.iter().filter_map(|key| key.key_type.as_ref()) {
            if kind.value == KeyType::EcdsaP384 {
                log.error(
                    "script.destination",
                    &kind.span,
                    "tough does not support P-384: its clients would refuse the root",
                    "use ecdsa-sha2-nistp256 or ed25519",
                );
            }
        }
    }
}

fn nothing_of_tuf_on_ci(log: &Log<'_>, draft: &Draft, destination: Destination) {
    let periods = draft.root.tuf_on_ci.iter().map(|at| &at.span);
    let here = draft.keys.iter().filter_map(|key| key.owner.as_ref());
    let distant = draft.distant.iter().filter_map(|key| key.owner.as_ref());
    let owners = here.chain(distant).map(|owner| &owner.span);
    let online = draft.root.roles.iter().flat_map(|role| &role.keys);
    let online = online.filter(|key| key.value.key.holder().is_some());
    for span in periods.chain(owners).chain(online.map(|key| &key.span)) {
        log.error(
            "script.destination",
            span,
            format!(
                "this is not used with destination = {destination:?}",
                destination = destination.as_str()
            ),
            "remove it, or write destination = \"tuf-on-ci\"",
        );
    }
}

fn tuf_on_ci(log: &Log<'_>, draft: &Draft, place: &Span) {
    let error = |span: &Span, message: String, hint: &str| {
        log.error("script.destination", span, message, hint);
    };
    let here = draft.keys.iter().map(|key| {
        let takes_owner = !key.exists() || key.is_moved();
        (&key.id, &key.owner, takes_owner)
    });
    let distant = draft.distant.iter().map(|key| {
        let change = key.change.as_ref();
        let takes_owner = change.is_some_and(|change| !change.exists() || change.is_moved());
        (&key.id, &key.owner, takes_owner)
    });
    for (id, owner, takes_owner) in here.chain(distant) {
        let Some(id) = id else { continue };
        match (owner, takes_owner) {
            (None, true) => error(
                &id.span,
                format!("tuf-on-ci requires an owner for the key {id:?}"),
                "add the account of its holder: owner = \"@alice\"",
            ),
            (Some(owner), false) => error(
                &owner.span,
                "a key that does not change keeps its owner in the root".to_owned(),
                "remove \"owner\", or write change = \"move-id\": a key with another owner has another ID",
            ),
            _ => {}
        }
    }
    let roles = &draft.root.roles;
    for key in roles.iter().flat_map(|role| &role.keys) {
        if key.value.key.holder().is_none() {
            error(
                &key.span,
                format!(
                    "tuf-on-ci requires an owner or a service for the key in {:?}",
                    key.value.file
                ),
                "add uri = \"awskms:…\" for the key of a service, or owner = \"@alice\" for the key of a person",
            );
        }
    }
    let of = |kind| roles.iter().find(|role| role.kind == kind);
    if let (Some(timestamp), Some(snapshot)) = (of(RoleKind::Timestamp), of(RoleKind::Snapshot)) {
        let ids = |role: &RoleEntry| {
            let ids = role.keys.iter().map(|key| key.value.key.id().clone());
            ids.collect::<std::collections::BTreeSet<_>>()
        };
        let thresholds =
            [timestamp, snapshot].map(|role| role.threshold.as_ref().map(|at| at.value));
        if ids(timestamp) != ids(snapshot) || thresholds[0] != thresholds[1] {
            error(
                &snapshot.span,
                "tuf-on-ci requires the same keys for timestamp and snapshot".to_owned(),
                "give both roles the same keys and the same threshold",
            );
        }
    }
    if draft.kind != Kind::Genesis {
        return;
    }
    if draft.root.consistent_snapshot == Some(false) {
        error(
            place,
            "tuf-on-ci requires consistent snapshots".to_owned(),
            "write consistent_snapshot = true",
        );
    }
    let periods = draft
        .root
        .tuf_on_ci
        .as_ref()
        .map(|at| at.value)
        .unwrap_or_default();
    if periods.root.is_none() || periods.online.is_none() {
        error(
            place,
            "tuf-on-ci requires the periods after which the root and the online roles are signed again".to_owned(),
            "add [root.tuf-on-ci] with root = { expiry_days = 365, signing_days = 60 } and online = { expiry_days = 7, signing_days = 4 }",
        );
    }
}
