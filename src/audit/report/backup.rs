//! The backup of a key in the report: who keeps a share, and who was seen to open it.

use crate::ceremony::{Ceremony, KeyBackup, OpenedBy, PartFate, WrappedIn};
use crate::document::Document;
use crate::script::KeyId;

/// What is told of the backup of a key; nothing where it has none.
pub(super) fn backup(page: &mut Document, ceremony: &Ceremony, state: &KeyBackup) {
    for id in state.void() {
        page.facts([(
            "Void set",
            format!("{id}: the key that it was of was given up; what was written of it was removed, and any paper of it is to be destroyed"),
        )]);
    }
    let Some(made) = state.made() else {
        return;
    };
    let manifest = &made.manifest;
    let mut facts = vec![
        (
            "Backup",
            format!("set {}, ID {}", manifest.set(), manifest.facts().id),
        ),
        (
            "Wrapped",
            match made.wrapped_in {
                WrappedIn::Token => "in its token; it leaves the token no more".to_owned(),
                WrappedIn::Memory => "in the locked memory of this machine".to_owned(),
            },
        ),
        (
            "Shares on",
            format!("{} ({})", made.shares_on.medium, made.shares_on.device),
        ),
        (
            "Wrapped key on",
            format!(
                "{} ({}), SHA-256 {}",
                made.wrapped_on.medium,
                made.wrapped_on.device,
                manifest.wrapped().sha256
            ),
        ),
        (
            "Computed from memory",
            format!(
                "all {} quorums restored the key-encryption key, which was then wiped",
                made.quorums
            ),
        ),
    ];
    let people = ceremony.script().backup();
    for person in people
        .into_iter()
        .flat_map(crate::script::BackupPlan::custodians)
    {
        let name = ceremony.display_names().name(ceremony.script(), person);
        let how = state.opened().get(person).map(|by| OpenedBy::title(*by));
        facts.push((
            "Opened by the custodian",
            match how {
                Some(how) => format!("{name}: {how}"),
                None => format!("{name}: NOT OPENED"),
            },
        ));
    }
    page.facts(facts);
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
    let mut facts = vec![("Old set", old.set().to_string())];
    if made.made().is_none() {
        let why = if ceremony.owes_reissue() {
            "none was made"
        } else {
            "none was needed: no share was given up"
        };
        facts.push(("New set", why.to_owned()));
    }
    page.facts(facts);
    backup(page, ceremony, made);
    old_parts(page, ceremony);
}

/// What became of an old set: nothing where nobody was asked.
pub(super) fn old_parts(page: &mut Document, ceremony: &Ceremony) {
    let parts = ceremony.old_parts().iter();
    let facts: Vec<_> = parts
        .map(|(part, fate)| {
            let what = match part.custodian() {
                Some(custodian) => format!("the share of {custodian}"),
                None => "every copy of the wrapped key".to_owned(),
            };
            match fate {
                PartFate::Destroyed => ("Old set, destroyed", what),
                PartFate::Left { reason } => {
                    ("Old set, NOT DESTROYED", format!("{what}: {reason}"))
                }
            }
        })
        .collect();
    page.facts(facts);
}
