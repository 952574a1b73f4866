//! Whether the parts of a script fit together. Each part was read on its own.

mod activation;
mod backup;
mod custody;
mod destination;
mod enrollment;
mod items;
mod key_files;
mod media;
mod notary;
mod order;
mod people;
mod profiles;
mod reissue;
mod repositories;
mod restore;
mod root;
mod rotation;
mod spares;
mod tokens;

use std::sync::Arc;

use jiff::Timestamp;

use super::KeyId;
use super::read::{At, Draft, KeyEntry, Log};
use crate::profile::Profile;

/// Reports all contradictions.
pub(super) fn check(log: &Log<'_>, draft: &Draft, at: Timestamp) {
    root::thresholds(log, draft);
    root::expiry(log, draft, at);
    people::names(log, draft);
    people::quorum(log, draft);
    people::references(log, draft);
    people::unused(log, draft);
    people::approval_tokens(log, draft);
    tokens::names(log, draft);
    tokens::apart(log, draft);
    tokens::abilities(log, draft);
    profiles::check(log, draft);
    key_files::check(log, draft);
    items::names(log, draft);
    spares::check(log, draft);
    media::check(log, draft);
    activation::check(log, draft);
    backup::check(log, draft);
    restore::check(log, draft);
    reissue::check(log, draft);
    custody::check(log, draft);
    enrollment::check(log, draft);
    rotation::check(log, draft);
    destination::check(log, draft);
    repositories::check(log, draft);
    order::check(log, draft);
}

impl Draft {
    /// The key with that ID whose token is here.
    fn key(&self, id: &KeyId) -> Option<&KeyEntry> {
        let is_it = |key: &&KeyEntry| key.id.as_ref().is_some_and(|at| at.value == *id);
        self.keys.iter().find(is_it)
    }
}

impl KeyEntry {
    fn profile(&self) -> Option<&At<Arc<Profile>>> {
        self.token.as_ref()?.profile.as_ref()
    }

    /// The profile of its token; `None` if it is unknown.
    pub(super) fn make(&self) -> Option<&Profile> {
        Some(&self.profile()?.value)
    }
}

/// Reports that a script has no `[[what]]` with an ID.
fn unknown<'e, T: std::fmt::Debug + std::fmt::Display + 'e>(
    log: &Log<'_>,
    what: &'static str,
    named: &At<T>,
    known: impl Iterator<Item = &'e At<T>>,
) {
    let check = match what {
        "person" => "script.person",
        "medium" => "script.medium",
        _ => "script.key",
    };
    let known: Vec<String> = known.map(ToString::to_string).collect();
    let hint = if known.is_empty() {
        format!("add a table [[{what}]] with this id")
    } else {
        format!("use one of: {}", known.join(", "))
    };
    log.error(
        check,
        &named.span,
        format!("there is no {what} {named:?}"),
        hint,
    );
}

/// Reports each duplicate value, with the line of the first.
fn twice<'e, T: PartialEq + std::fmt::Display + 'e>(
    log: &Log<'_>,
    what: &str,
    entries: impl Iterator<Item = &'e At<T>>,
) {
    let mut seen: Vec<&At<T>> = Vec::new();
    for entry in entries {
        match seen.iter().find(|first| first.value == entry.value) {
            Some(first) => log.error(
                "script.duplicate",
                &entry.span,
                format!(
                    "the {what} {:?} is already used in line {}",
                    entry.value.to_string(),
                    log.line(&first.span)
                ),
                "use a different one for each",
            ),
            None => seen.push(entry),
        }
    }
}
