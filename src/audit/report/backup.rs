//! The backup of a key in the report: who keeps a share, and who was seen to open it.

use crate::ceremony::{Ceremony, KeyBackup, OpenedBy, WrappedIn};

use super::html::Page;

/// What is told of the backup of a key; nothing where it has none.
pub(super) fn backup(page: &mut Page, ceremony: &Ceremony, state: &KeyBackup) {
    for id in state.void() {
        page.facts(&[(
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
                WrappedIn::Memory => {
                    "in the locked memory of this machine, before it was brought in".to_owned()
                }
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
        let name = ceremony.cast().name(ceremony.script(), person);
        let how = state.opened().get(person).map(|by| OpenedBy::title(*by));
        facts.push((
            "Opened by the custodian",
            match how {
                Some(how) => format!("{name}: {how}"),
                None => format!("{name}: NOT OPENED"),
            },
        ));
    }
    page.facts(&facts);
}
