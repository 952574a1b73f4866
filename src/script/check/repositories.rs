//! Further repositories: the root of each has the same keys as the script's own, so that one change applies to all.

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
            "only Notary roots of several repositories can be changed in one ceremony",
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
    twice(log, "export folder", folders.iter());
    if let Some(key) = draft.distant.first() {
        log.error(
            CHECK,
            &key.span,
            "only keys that are present can sign the roots of several repositories",
            "bring the token of this key, or hold a ceremony for each repository",
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
            "this root has another format than the root in [previous]",
            "use the root.json that the Notary server serves",
        );
    } else if publics(own) != publics(&root.value) || threshold(own) != threshold(&root.value) {
        log.error(
            CHECK,
            &root.span,
            "this root has other root keys or another threshold than the root in [previous]",
            "hold a separate ceremony for it: each change of a key applies to all repositories of a script",
        );
    }
}

/// A certificate names one repository or a prefix of several; and a certificate that stays must outlive the root.
fn certificates(log: &Log<'_>, draft: &Draft, entry: &RepositoryEntry) {
    let policy = draft.root.notary.as_ref();
    let given = policy.and_then(|policy| policy.certificate_name.as_ref());
    if let (Some(given), Some(name)) = (given, &entry.name) {
        let beginning = given.value.strip_suffix('*');
        if !beginning.is_some_and(|text| name.value.starts_with(text)) {
            log.error(
                "script.certificate",
                &name.span,
                format!("a certificate for {given:?} is not valid for {name:?}"),
                "remove certificate_name, so that each repository gets its own certificate; or shorten its prefix",
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
