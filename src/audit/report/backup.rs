//! The backup of a key in the report: who keeps a share, and who was seen to open it.

use crate::ceremony::{Ceremony, KeyBackup, OpenedBy, PartDisposition, WrappedIn};
use crate::document::Document;
use crate::script::KeyId;

/// What is told of the backup of a key; nothing where it has none.
pub(super) fn backup(page: &mut Document, ceremony: &Ceremony, state: &KeyBackup) {
    for id in state.void() {
        page.fact(
            "Void set",
            format!("{id}: the key that it was of was given up; what was written of it was removed, and any paper of it is to be destroyed"));
    }
    let Some(made) = state.made() else {
        return;
    };
    let manifest = &made.manifest;
    page.fact(
        "Backup",
        format!("set {}, ID {}", manifest.set(), manifest.facts().id),
    );
    let wrapped = match made.wrapped_in {
        WrappedIn::Token => "in its token; it leaves the token no more",
        WrappedIn::Memory => "in the locked memory of this machine",
    };
    page.fact("Wrapped", wrapped);
    page.fact(
        "Shares on",
        format!("{} ({})", made.shares_on.medium, made.shares_on.device),
    );
    page.fact(
        "Wrapped key on",
        format!(
            "{} ({}), SHA-256 {}",
            made.wrapped_on.medium,
            made.wrapped_on.device,
            manifest.wrapped().sha256
        ),
    );
    page.fact(
        "Computed from memory",
        format!(
            "all {} quorums restored the key-encryption key, which was then wiped",
            made.quorums
        ),
    );
    let people = ceremony.script().backup();
    for person in people
        .into_iter()
        .flat_map(crate::script::BackupPlan::custodians)
    {
        let name = ceremony.display_names().name(ceremony.script(), person);
        let how = state.opened().get(person);
        let how = how.map_or("NOT OPENED", |by| OpenedBy::title(*by));
        page.fact("Opened by the custodian", format!("{name}: {how}"));
    }
}

/// What is told of a key that got other shares.
pub(super) fn reissue(page: &mut Document, ceremony: &Ceremony, key: &KeyId) {
    let Some(old) = ceremony.set_at_hand() else {
        return;
    };
    page.subheading(format!("{key}: shares in the place of others"));
    let Some(made) = ceremony.reissued_backup() else {
        return;
    };
    page.fact("Old set", old.set());
    if made.made().is_none() {
        let why = if ceremony.owes_reissue() {
            "none was made"
        } else {
            "none was needed: no share was given up"
        };
        page.fact("New set", why);
    }
    backup(page, ceremony, made);
    superseded_parts(page, ceremony);
}

/// What became of an old set: nothing where nobody was asked.
pub(super) fn superseded_parts(page: &mut Document, ceremony: &Ceremony) {
    for (part, disposition) in ceremony.superseded_parts() {
        let what = match part.custodian() {
            Some(custodian) => format!("the share of {custodian}"),
            None => "every copy of the wrapped key".to_owned(),
        };
        match disposition {
            PartDisposition::Destroyed => page.fact("Old set, destroyed", what),
            PartDisposition::Retained { reason } => {
                page.fact("Old set, NOT DESTROYED", format!("{what}: {reason}"));
            }
        }
    }
}
