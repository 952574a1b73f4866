//! Further repositories: each has a root with the very keys of the script's own, so that one change serves all.

use std::collections::BTreeSet;

use super::twice;
use crate::certificate::PublicKey;
use crate::metadata::{RoleKind, TrustedRoot};
use crate::script::plan::{folder_of, root_key};
use crate::script::read::{At, ChangeEntry, Draft, Log, RepositoryEntry};
use crate::transfer::Destination;

const CHECK: &str = "script.repositories";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let Some(first) = draft.further.first() else {
        return;
    };
    let destination = draft.root.destination.as_ref().map(|at| at.value);
    if destination != Some(Destination::NotaryV1) {
        log.error(
            CHECK,
            &first.span,
            "roots of several repositories are changed in one ceremony where one key serves all: for Notary",
            "write destination = \"notary-v1\", or hold a ceremony for each repository",
        );
        return;
    }
    let own = draft.previous.as_ref().map(|previous| &previous.span);
    let own = draft.repository.as_ref().zip(own).map(|(name, span)| At {
        value: name.clone(),
        span: span.clone(),
    });
    let names = || draft.further.iter().filter_map(|entry| entry.name.as_ref());
    twice(log, "repository", own.iter().chain(names()));
    let folders: Vec<At<String>> = names()
        .map(|name| At {
            value: folder_of(&name.value),
            span: name.span.clone(),
        })
        .collect();
    twice(log, "folder of the export", folders.iter());
    if let Some(key) = draft.distant.first() {
        log.error(
            CHECK,
            &key.span,
            "the roots of several repositories are signed by the keys in the room alone",
            "have the token of this key here, or hold a ceremony for each repository",
        );
        return;
    }
    let Some(before) = draft.before() else { return };
    for entry in &draft.further {
        same_keys(log, before, entry);
        certificates(log, draft, entry);
    }
}

fn publics(root: &TrustedRoot) -> BTreeSet<&[u8]> {
    root.document()
        .role_keys(RoleKind::Root)
        .filter_map(|(_, listed)| listed.key().public().map(PublicKey::as_der))
        .collect()
}

fn same_keys(log: &Log<'_>, own: &TrustedRoot, entry: &RepositoryEntry) {
    let Some(root) = &entry.root else { return };
    let threshold = |root: &TrustedRoot| root.role(RoleKind::Root).threshold();
    if own.document().format() != root.value.document().format() {
        log.error(
            CHECK,
            &root.span,
            "this root is in another format than the one in [previous]",
            "carry in the root.json that the server of Notary serves",
        );
    } else if publics(own) != publics(&root.value) || threshold(own) != threshold(&root.value) {
        log.error(
            CHECK,
            &root.span,
            "this root has other root keys, or another threshold, than the one in [previous]",
            "hold a ceremony of its own for it: what becomes of a key is said once for all repositories of this one",
        );
    }
}

/// A certificate names one repository, or the beginning of several; and one that stays must outlive the root.
fn certificates(log: &Log<'_>, draft: &Draft, entry: &RepositoryEntry) {
    let policy = draft.root.notary.as_ref();
    let given = policy.and_then(|policy| policy.certificate_name.as_ref());
    if let (Some(given), Some(name)) = (given, &entry.name) {
        let beginning = given.value.strip_suffix('*');
        if !beginning.is_some_and(|text| name.value.starts_with(text)) {
            log.error(
                "script.certificate",
                &name.span,
                format!("a certificate for {:?} is not one for {:?}", given.value, name.value),
                "take certificate_name out, and each repository has a certificate of its own; or shorten the beginning that it names",
            );
        }
    }
    let (Some(root), Some(expires)) = (&entry.root, &draft.root.expires) else {
        return;
    };
    let Some(not_before) = draft.not_before else {
        return;
    };
    let stays = |change: &&ChangeEntry| change.stays() && !change.is_moved();
    let changes = draft.keys.iter().filter_map(|key| key.change.as_ref());
    for change in changes.filter(stays) {
        let public = change.before().and_then(|before| before.value.key.public());
        let key = public.and_then(|public| root_key(&root.value, public));
        let certificates = key.as_ref().map(|key| key.key.certificates());
        let gun = entry.name.as_ref().map(|name| name.value.as_str());
        let time = (not_before, expires.value);
        super::notary::kept(log, &root.span, certificates.unwrap_or_default(), gun, time);
    }
}
