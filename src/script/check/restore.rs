//! Drills and recoveries: a quorum of custodians of one set, and a token for the key where it is kept.

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
                "the manifest is for {:?}, but the script is for {repository:?}",
                facts.repository
            ),
            "use the manifest of a key of this repository",
        );
    }
    custodians(log, draft, entry);
    keys(log, draft, entry);
    if let Some(spare) = draft.spares.first() {
        let span = spare.id.as_ref().map_or(&entry.span, |id| &id.span);
        log.error(
            "script.unused",
            span,
            "a restored key cannot use a spare token",
            "remove it; for another token, write another script",
        );
    }
}

/// Each step open-share names a custodian of the set as in the manifest, and they are a quorum.
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
                format!("{who:?} has no share of this set"),
                format!("use one of the custodians of the set: {}", known.join(", ")),
            );
            continue;
        };
        let name = share.label().name.as_str();
        if let Some(written) = person.name.as_ref().filter(|at| at.value != name) {
            log.error(
                CHECK,
                &written.span,
                format!("{who:?} is {name:?} in the manifest"),
                "use the name in the manifest; a changed name can be corrected in the ceremony",
            );
        }
        if person.roles.is_some() && !person.is(PersonRole::Custodian) {
            log.error(
                CHECK,
                &named.span,
                format!("{who:?} is not a custodian"),
                "add \"custodian\" to the roles of this person",
            );
        }
        if let Some(substitute) = &person.substitute {
            log.error(
                CHECK,
                &substitute.span,
                format!("{who:?} has a share and cannot have a substitute"),
                "remove the substitute: nobody else can open the share",
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
            "no step opens a share",
            "add a [[step]] with act = \"open-share\" and custodian = \"…\" for each custodian",
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
            "the custodians in the steps open-share are too few to restore the key",
            format!(
                "add a step open-share for each custodian of a quorum: {}",
                groups.join("; ")
            ),
        );
    }
}

/// A token for the key where it is restored onto one, with the name and type of the key.
fn keys(log: &Log<'_>, draft: &Draft, entry: &RestoreEntry) {
    let (Some(manifest), Some(level)) = (&entry.manifest, entry.level) else {
        return;
    };
    let facts = manifest.value.facts();
    if let Some(second) = draft.keys.get(1).and_then(|key| key.id.as_ref()) {
        log.error(
            "script.unused",
            &second.span,
            "a share set restores only one key",
            "remove this key, and write a separate script for it",
        );
    }
    if draft.kind == Kind::Backup {
        // It is not restored onto a token; the rules for backups check that.
        return;
    }
    let Some(key) = draft.keys.first() else {
        if draft.kind == Kind::Recovery {
            log.error(
                CHECK,
                &entry.span,
                "the script does not say onto which token the key is restored",
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
            "the management-key of a token that receives a restored key cannot be sealed",
            "use disposition = \"pin-protected\"",
        );
    }
    let (Some(id), Some(key_type)) = (&key.id, &key.key_type) else {
        return;
    };
    if level != DrillLevel::Full {
        log.error(
            "script.unused",
            &id.span,
            "a drill of this level does not restore a key onto a token",
            "remove the key, or write level = \"full\"",
        );
        return;
    }
    if id.value.as_str() != facts.key {
        log.error(
            CHECK,
            &id.span,
            format!("the set is for the key {:?}", facts.key),
            "use the ID that the key has in the manifest",
        );
    }
    if key_type.value.algorithm() != facts.public_key.algorithm() {
        log.error(
            CHECK,
            &key_type.span,
            format!(
                "the restored key is of type {}",
                facts.public_key.algorithm()
            ),
            "use the type of the public key in the manifest",
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
