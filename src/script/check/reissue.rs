//! Backups of existing keys: where the key is, and which set supersedes which.

use super::people::find;
use crate::script::Kind;
use crate::script::read::{Draft, Log};
use crate::script::{DrillLevel, KeyId};

const CHECK: &str = "script.backup";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    if draft.kind == Kind::Backup {
        source(log, draft);
    }
    if draft.reissue().is_some() {
        people(log, draft);
        memory(log, draft);
    }
    replaced(log, draft);
}

/// The key is either on its token or restored from its shares.
fn source(log: &Log<'_>, draft: &Draft) {
    let first = draft.keys.first().and_then(|key| key.id.as_ref());
    match (&draft.restore, first) {
        (None, None) if draft.keys.is_empty() => log.error(
            CHECK,
            &draft.start,
            "the script does not say which key gets shares",
            "add a table [[key]] for a key on its token, or [restore] with the manifest of its old shares",
        ),
        (Some(_), Some(key)) => log.error(
            CHECK,
            &key.span,
            "the key is restored from its old shares, and its token is not used",
            "remove the [[key]]; or remove [restore], if the token can export the key wrapped",
        ),
        _ => {}
    }
    if let (true, Some(backup)) = (draft.is_replaced(), &draft.backup) {
        log.error(
            "script.unused",
            &backup.span,
            "the set is already superseded, and nobody gets a share",
            "remove [backup]; or remove \"superseded_by\", to make another set",
        );
    }
}

/// New shares are made while the key is in memory.
fn memory(log: &Log<'_>, draft: &Draft) {
    let (Some(entry), Some(backup)) = (&draft.restore, &draft.backup) else {
        return;
    };
    let fits = match draft.kind {
        Kind::Drill => {
            entry.level.is_none_or(|level| level == DrillLevel::Full) && draft.keys.is_empty()
        }
        Kind::Recovery => false,
        _ => true,
    };
    if !fits {
        log.error(
            CHECK,
            &backup.span,
            format!("this {} cannot make new shares", draft.kind),
            "remove [backup]; new shares are made in a backup, or in a drill with level = \"full\" that restores into locked memory",
        );
    }
    let manifest = entry.manifest.as_ref();
    if let Some(manifest) = manifest
        && manifest.value.facts().key.parse::<KeyId>().is_err()
    {
        log.error(
            CHECK,
            &manifest.span,
            format!(
                "{:?} cannot be the ID of a key in a script",
                manifest.value.facts().key
            ),
            "back the key up from its token: this set was not made by a ceremony",
        );
    }
}

/// An ID is the same person in the old set and in the new one.
fn people(log: &Log<'_>, draft: &Draft) {
    let manifest = draft
        .restore
        .as_ref()
        .and_then(|entry| entry.manifest.as_ref());
    let Some(manifest) = manifest else { return };
    let groups = draft.backup.iter().flat_map(|backup| &backup.groups);
    for custodian in groups.flat_map(|group| &group.custodians) {
        let old = manifest.value.share_of(custodian.value.as_str());
        let name = find(draft, &custodian.value).and_then(|person| person.name.as_ref());
        if let (Some(old), Some(name)) = (old, name)
            && old.label().name != name.value
        {
            log.error(
                CHECK,
                &name.span,
                format!(
                    "{:?} is {:?} in the old set",
                    custodian.value.as_str(),
                    old.label().name
                ),
                "give a new person another ID: it is printed on the share",
            );
        }
    }
}

/// A set that supersedes another is for the same key, and names the other set.
fn replaced(log: &Log<'_>, draft: &Draft) {
    let Some(entry) = &draft.restore else { return };
    let (Some(old), Some(new)) = (&entry.manifest, &entry.superseded_by) else {
        return;
    };
    let (of_old, of_new) = (old.value.facts(), new.value.facts());
    let names_it = of_new
        .supersedes
        .iter()
        .any(|superseded| superseded.set == old.value.set());
    if of_old.public_key != of_new.public_key || !names_it {
        log.error(
            CHECK,
            &new.span,
            format!(
                "set {} does not say that it supersedes set {}",
                new.value.set().short_hex(),
                old.value.set().short_hex()
            ),
            "use the manifest of the set that was made to replace it: the only share set of a key must not be destroyed",
        );
    }
    if of_old.is_rehearsal != of_new.is_rehearsal {
        log.error(
            CHECK,
            &new.span,
            "one of the two sets is from a rehearsal",
            "use two manifests from productions, or two from rehearsals",
        );
    }
}
