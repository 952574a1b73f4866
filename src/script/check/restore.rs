//! Drills and recoveries: shares of one set, by those who keep them, enough of them, and a place for the key.

use super::people::{find, nobody};
use crate::script::Kind;
use crate::script::plan::PersonRole;
use crate::script::read::{DispositionWord, Draft, Log, RestoreEntry};
use crate::script::{DrillLevel, PersonId, RestorePlan, TokenSecret};

const CHECK: &str = "script.restore";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let Some(entry) = &draft.restore else {
        return;
    };
    let Some(manifest) = &entry.manifest else {
        return;
    };
    let facts = manifest.value.facts();
    if let Some(repository) = &draft.repository
        && *repository != facts.repository
    {
        log.error(
            CHECK,
            &manifest.span,
            format!(
                "the manifest is of {:?}, and the script of {repository:?}",
                facts.repository
            ),
            "carry in the manifest of this repository's key",
        );
    }
    custodians(log, draft, entry);
    keys(log, draft, entry);
    if let Some(spare) = draft.spares.first() {
        let span = spare.id.as_ref().map_or(&entry.span, |id| &id.span);
        log.error(
            "script.unused",
            span,
            "no spare stands in for the token of a key that is restored",
            "take it out: another token is another script",
        );
    }
}

/// Each step open-share is of somebody who keeps a share, by the name that the manifest has; and they are enough.
fn custodians(log: &Log<'_>, draft: &Draft, entry: &RestoreEntry) {
    let Some(manifest) = &entry.manifest else {
        return;
    };
    let mut there: Vec<&PersonId> = Vec::new();
    for named in draft
        .steps
        .iter()
        .filter_map(|step| step.custodian.as_ref())
    {
        let Some(person) = find(draft, &named.value) else {
            nobody(log, draft, named);
            continue;
        };
        let who = named.value.as_str();
        let Some(share) = manifest.value.share_of(who) else {
            let known = manifest.value.shares().iter();
            let known: Vec<&str> = known
                .map(|share| share.label().custodian.as_str())
                .collect();
            log.error(
                CHECK,
                &named.span,
                format!("{who:?} keeps no share of this set"),
                format!("custodians of the set: {}", known.join(", ")),
            );
            continue;
        };
        let name = share.label().name.as_str();
        if let Some(written) = person.name.as_ref().filter(|at| at.value != name) {
            log.error(
                CHECK,
                &written.span,
                format!("{who:?} is {name:?} in the manifest"),
                "write the name as the manifest has it: shares stay with people; a new name is corrected in the room",
            );
        }
        if person.roles.is_some() && !person.is(PersonRole::Custodian) {
            log.error(
                CHECK,
                &named.span,
                format!("{who:?} is no custodian"),
                "add \"custodian\" to the roles of that person",
            );
        }
        if let Some(substitute) = &person.substitute {
            log.error(
                CHECK,
                &substitute.span,
                format!("{who:?} has a share, and so no substitute: nobody else opens it"),
                "take the substitute out",
            );
        }
        there.push(&named.value);
    }
    let is_enough = entry.level.is_none_or(|level| level == DrillLevel::Custody)
        || RestorePlan::is_quorum(&manifest.value, &there);
    if draft.is_replaced() {
        return;
    }
    if draft.steps.iter().all(|step| step.custodian.is_none()) {
        log.error(
            CHECK,
            &entry.span,
            "no share comes in",
            "add a [[step]] with act = \"open-share\", custodian = \"…\" for each custodian",
        );
        return;
    }
    let all_read = draft.steps.iter().all(|step| step.act.is_some());
    if all_read && !is_enough {
        let groups = manifest.value.facts().groups.iter().map(|group| {
            let ids: Vec<&str> = group.custodians.iter().map(|one| one.id.as_str()).collect();
            format!("{} of {}", group.threshold, ids.join(", "))
        });
        let groups: Vec<String> = groups.collect();
        log.error(
            CHECK,
            &entry.span,
            "the custodians of the steps open-share cannot restore the key: they are too few",
            format!(
                "have a step open-share for each of a quorum: {}",
                groups.join("; ")
            ),
        );
    }
}

/// A token for the key where it is restored to one, of the key's name and type; none elsewhere.
fn keys(log: &Log<'_>, draft: &Draft, entry: &RestoreEntry) {
    let (Some(manifest), Some(level)) = (&entry.manifest, entry.level) else {
        return;
    };
    let facts = manifest.value.facts();
    if let Some(second) = draft.keys.get(1).and_then(|key| key.id.as_ref()) {
        log.error(
            "script.unused",
            &second.span,
            "one set of shares restores one key",
            "take this key out, and have a script of its own for it",
        );
    }
    if draft.kind == Kind::Backup {
        // It comes onto no token, which the rules of backups tell.
        return;
    }
    let Some(key) = draft.keys.first() else {
        if draft.kind == Kind::Recovery {
            log.error(
                CHECK,
                &entry.span,
                "nothing says onto which token the key is restored",
                "add a table [[key]] with its holder and its new token",
            );
        }
        return;
    };
    let of_management = key.activation.iter().find(|entry| {
        let secret = entry.secret.as_ref().map(|at| at.value);
        let disposition = entry.disposition.as_ref().map(|at| at.value);
        secret == Some(TokenSecret::ManagementKey) && disposition == Some(DispositionWord::Sealed)
    });
    if let Some(entry) = of_management {
        log.error(
            CHECK,
            &entry.span,
            "the management key of a token that takes a restored key in stays on it",
            "write another disposition for it",
        );
    }
    let (Some(id), Some(key_type)) = (&key.id, &key.key_type) else {
        return;
    };
    if level != DrillLevel::Full {
        log.error(
            "script.unused",
            &id.span,
            "nothing is unwrapped in a drill of this level, and so nothing comes onto a token",
            "take the key out, or write level = \"full\"",
        );
        return;
    }
    if id.value.as_str() != facts.key {
        log.error(
            CHECK,
            &id.span,
            format!("the set is of the key {:?}", facts.key),
            "give the key the name that it has in the manifest",
        );
    }
    if key_type.value.algorithm() != facts.public_key.algorithm() {
        log.error(
            CHECK,
            &key_type.span,
            format!("the key is one of {}", facts.public_key.algorithm()),
            "write the type that the manifest's public key has",
        );
    }
    if let Some(make) = key.make()
        && make.kind != crate::profile::Kind::YubikeyPiv
        && !make.backup.unwraps.contains(&key_type.value)
    {
        log.error(
            CHECK,
            &key_type.span,
            format!(
                "a {} token cannot restore a key of type {}",
                make.name,
                key_type.value
            ),
            "use another make of token; or, in a drill, restore to locked memory: remove the [[key]]",
        );
    }
}
