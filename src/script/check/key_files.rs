//! Root keys in files: each signs one last root, which replaces it.

use crate::script::Kind;
use crate::script::read::{ChangeEntry, Draft, Log, PersonEntry, TokenEntry};
use crate::transfer::Destination;

const CHECK: &str = "script.key-file";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let own = draft.people.iter().filter_map(PersonEntry::approval);
    let own = own.filter_map(|own| own.token.as_ref());
    let spares = draft.spares.iter().filter_map(|spare| spare.token.as_ref());
    for token in spares.chain(own).filter(|token| is_file(token)) {
        if let Some(profile) = &token.profile {
            log.error(
                CHECK,
                &profile.span,
                "a key file cannot be used here",
                "name the profile of a token",
            );
        }
    }
    let destination = draft.root.destination.as_ref().map(|at| at.value);
    for key in &draft.keys {
        let Some(token) = key.token.as_ref().filter(|token| is_file(token)) else {
            continue;
        };
        let Some(profile) = &token.profile else {
            continue;
        };
        let leaves = key
            .change
            .as_ref()
            .is_some_and(|change| change.exists() && !change.stays());
        if draft.kind != Kind::Rotation || destination != Some(Destination::NotaryV1) || !leaves {
            log.error(
                CHECK,
                &profile.span,
                "a key in a file can only sign the root that removes it",
                "write change = \"remove\" in a rotation with destination = \"notary-v1\", and add a [[key]] with a token to replace it; or import it into a token first: conclave token import",
            );
            continue;
        }
        let before = key.change.as_ref().and_then(ChangeEntry::before);
        let wanted = before.and_then(|before| before.value.key.canonical_id());
        let said = token.serial.as_ref().map(|at| at.value.as_str());
        if let Some(wanted) = wanted
            && said != Some(wanted.as_str())
        {
            let place = token.serial.as_ref().map_or(&profile.span, |at| &at.span);
            log.error(
                CHECK,
                place,
                "this is not the file of this key",
                format!("use the name of the key file, which is the ID of the key: serial = \"{wanted}\""),
            );
        }
    }
}

fn is_file(token: &TokenEntry) -> bool {
    let mut profile = token.profile.iter();
    profile.any(|profile| profile.value.is_key_file())
}
