//! The backup of a key in the report: the custodians of its shares, and who opened a share.

use crate::ceremony::{Ceremony, KeyBackup, OpenedBy, PartDisposition, WrappedIn};
use crate::document::Document;
use crate::script::KeyId;

pub(super) fn backup(page: &mut Document, ceremony: &Ceremony, state: &KeyBackup) {
    for id in state.void() {
        page.fact(
            "Void share set",
            format!("{id}: its key was replaced; its files were removed, and its share sheets must be destroyed"));
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
        WrappedIn::Token => "by its token; the token no longer exports the key",
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
        "Quorums tested",
        format!(
            "all {} quorums restored the key-encryption key in memory, which was then erased",
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

/// The key whose shares were reissued.
pub(super) fn reissue(page: &mut Document, ceremony: &Ceremony, key: &KeyId) {
    let Some(old) = ceremony.set_at_hand() else {
        return;
    };
    page.subheading(format!("{key}: reissued shares"));
    let Some(made) = ceremony.reissued_backup() else {
        return;
    };
    page.fact("Old share set", old.set());
    if made.made().is_none() {
        let status = if ceremony.owes_reissue() {
            "not made"
        } else {
            "not required, because no share was lost"
        };
        page.fact("New share set", status);
    }
    backup(page, ceremony, made);
    superseded_parts(page, ceremony);
}

/// The destruction of an old share set.
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
