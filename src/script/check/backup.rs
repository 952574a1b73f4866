//! Backups: shares for people who can keep them, of keys that can leave their tokens, on media of their own.

use super::people::{find, nobody};
use crate::backup::recipient::Recipient;
use crate::backup::slip39;
use crate::script::Kind;
use crate::script::plan::{Backup, PersonRole};
use crate::script::read::{At, BackupEntry, Draft, KeyEntry, Log, Span};
use crate::script::{BackupPlan, Holds, PersonId, ShareKeeping};

const CHECK: &str = "script.backup";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let backed_up: Vec<(&KeyEntry, &Span)> = draft
        .keys
        .iter()
        .filter_map(|key| {
            let backup = key.backup.as_ref()?;
            (backup.value == Backup::Shares).then_some((key, &backup.span))
        })
        .collect();
    for (key, span) in &backed_up {
        leaves_its_token(log, draft, key, span);
    }
    let first = backed_up.first().map(|(_, span)| *span);
    let first = first.or_else(|| draft.reissue());
    media(log, draft, first);
    keepers(log, draft);
    match (&draft.backup, first) {
        (Some(entry), Some(_)) => shares(log, draft, entry),
        (Some(entry), None) => log.error(
            "script.unused",
            &entry.span,
            "[backup] says who has shares, and no key is backed up by shares",
            "write backup = \"shares\" at a key, or take [backup] out",
        ),
        (None, Some(span)) => log.error(
            CHECK,
            span,
            "the key is backed up by shares, and nobody has any",
            "add a table [backup] with groups = [{ threshold = 2, custodians = [\"custodian-1\", …] }]",
        ),
        (None, None) => {}
    }
}

/// A key that is backed up leaves its token wrapped, or is made in memory.
fn leaves_its_token(log: &Log<'_>, draft: &Draft, key: &KeyEntry, span: &Span) {
    if draft.import_of(key).is_some() {
        return;
    }
    let (Some(make), Some(key_type)) = (key.make(), &key.key_type) else {
        return;
    };
    if make.wraps(key_type.value) {
        if !make.backup.confine {
            log.error(
                CHECK,
                span,
                format!("a {make} token cannot make a key non-extractable after its backup"),
                "generate the key with import-key, or write backup = \"none\"",
            );
        }
        return;
    }
    let others: Vec<&str> = make.backup.wraps.iter().map(|it| it.as_str()).collect();
    if draft.kind == Kind::Backup {
        log.error(
            CHECK,
            span,
            format!(
                "a token of {} lets no key of type {} out, not even wrapped",
                make.name,
                key_type.value
            ),
            "a key that has shares gets new ones from a quorum of these: [restore] in place of [[key]]; one that has none is replaced by a rotation",
        );
    } else if others.is_empty() {
        log.error(
            CHECK,
            span,
            format!("a token of {} lets no key out that it made, not even wrapped", make.name),
            "make the key with import-key in place of generate-key, so that it is wrapped before it comes into the token; or write backup = \"none\"",
        );
    } else {
        log.error(
            CHECK,
            span,
            format!(
                "a token of {} lets no key of type {} out, not even wrapped",
                make.name, key_type.value
            ),
            format!(
                "types that leave it wrapped: {}; or write backup = \"none\"",
                others.join(", ")
            ),
        );
    }
}

/// One medium for the shares, and another for wrapped keys.
fn media(log: &Log<'_>, draft: &Draft, needed: Option<&Span>) {
    for holds in [Holds::Shares, Holds::WrappedKey] {
        let such = || {
            draft
                .media
                .iter()
                .filter(|medium| medium.holds() == Some(holds))
        };
        let spelling = holds.as_str();
        match (needed, such().count()) {
            (Some(span), 0) if draft.media.iter().all(|medium| medium.holds().is_some()) => log.error(
                CHECK,
                span,
                format!("there is no medium for {}", holds.title()),
                format!("add a table [[medium]] with holds = {spelling:?}: a wrapped key and its shares never lie on the same one"),
            ),
            (Some(_), 2..) => {
                if let Some(second) = such().nth(1).and_then(|medium| medium.id.as_ref()) {
                    log.error(
                        CHECK,
                        &second.span,
                        format!("there are two media for {}", holds.title()),
                        "have one of each: copies are made when the ceremony is over, from files whose hashes stand in the manifest",
                    );
                }
            }
            (None, 1..) => {
                if let Some(medium) = such().next().and_then(|medium| medium.id.as_ref()) {
                    log.error(
                        "script.unused",
                        &medium.span,
                        format!("no key is backed up, and a medium is there for {}", holds.title()),
                        "take it out, or write backup = \"shares\" at a key",
                    );
                }
            }
            _ => {}
        }
    }
}

/// Who has a recipient is a custodian.
fn keepers(log: &Log<'_>, draft: &Draft) {
    for person in &draft.people {
        if let Some(keeping) = &person.keeping
            && person.roles.is_some()
            && !person.is(PersonRole::Custodian)
        {
            log.error(
                "script.recipient",
                &keeping.span,
                "a recipient of somebody who is no custodian",
                "add \"custodian\" to the roles of that person, or take the recipient out",
            );
        }
    }
}

fn shares(log: &Log<'_>, draft: &Draft, entry: &BackupEntry) {
    let mut seen: Vec<&At<PersonId>> = Vec::new();
    for custodian in entry.groups.iter().flat_map(|group| &group.custodians) {
        custodian_can_keep(log, draft, custodian);
        match seen.iter().find(|first| first.value == custodian.value) {
            Some(first) => log.error(
                "script.duplicate",
                &custodian.span,
                format!(
                    "{:?} has a share already (line {})",
                    custodian.value.as_str(),
                    log.line(&first.span)
                ),
                "one share for one person: give this one to somebody else",
            ),
            None => seen.push(custodian),
        }
    }
    recipients(log, draft, entry);
    match entry.plan() {
        Some(plan) => standard(log, entry, &plan),
        None => log.error(
            CHECK,
            &entry.span,
            "a threshold of [backup] is no number from 1 to 16, or a group cannot be read",
            "write groups = [{ threshold = 2, custodians = [\"custodian-1\", …] }]",
        ),
    }
}

fn custodian_can_keep(log: &Log<'_>, draft: &Draft, custodian: &At<PersonId>) {
    let Some(person) = find(draft, &custodian.value) else {
        nobody(log, draft, custodian);
        return;
    };
    let who = custodian.value.as_str();
    if person.roles.is_some() && !person.is(PersonRole::Custodian) {
        log.error(
            CHECK,
            &custodian.span,
            format!("{who:?} is no custodian"),
            "add \"custodian\" to the roles of that person, or name another",
        );
    }
    if let Some(substitute) = &person.substitute {
        log.error(
            CHECK,
            &substitute.span,
            format!("{who:?} has a share, and so no substitute: nobody else opens it"),
            "take the substitute out; who cannot come has no share",
        );
    }
    if person.keeping.is_none() && person.is_keeping_read {
        log.error(
            CHECK,
            &custodian.span,
            format!("nothing says how {who:?} keeps a share"),
            "add to that person: recipient = \"age1…\", or \"passphrase\", or \"paper\"",
        );
    }
}

/// What SLIP-39 allows, and what can be tried in the time that a ceremony has.
fn standard(log: &Log<'_>, entry: &BackupEntry, plan: &BackupPlan) {
    if let Err(error) = split_of(plan) {
        let group = match error {
            slip39::SplitError::Count { group, .. }
            | slip39::SplitError::Threshold { group, .. }
            | slip39::SplitError::SameShares { group, .. } => entry.groups.get(group - 1),
            _ => None,
        };
        log.error(
            CHECK,
            group.map_or(&entry.span, |group| &group.span),
            error.to_string(),
            "shares after SLIP-39: 1 to 16 groups of 1 to 16 custodians, with a threshold of 2 at least where a group has several",
        );
    } else if plan.quorums() > BackupPlan::MOST_QUORUMS {
        log.error(
            CHECK,
            &entry.span,
            format!(
                "{} quorums would be tried, one by one; {} are the most",
                plan.quorums(),
                BackupPlan::MOST_QUORUMS
            ),
            "have fewer custodians or groups",
        );
    }
}

/// Two custodians with one recipient would open each other's share.
fn recipients(log: &Log<'_>, draft: &Draft, entry: &BackupEntry) {
    let mut seen: Vec<(Recipient, &At<ShareKeeping>, &str)> = Vec::new();
    let custodians = entry.groups.iter().flat_map(|group| &group.custodians);
    for custodian in custodians {
        let keeping = find(draft, &custodian.value).and_then(|person| person.keeping.as_ref());
        let Some(keeping) = keeping else { continue };
        let ShareKeeping::Recipient {
            recipient, second, ..
        } = &keeping.value
        else {
            continue;
        };
        let texts = std::iter::once(recipient).chain(second);
        for recipient in texts.filter_map(|text| text.parse::<Recipient>().ok()) {
            if let Some((_, first, owner)) = seen.iter().find(|(known, ..)| *known == recipient) {
                log.error(
                    CHECK,
                    &keeping.span,
                    format!(
                        "{:?} and {owner:?} have the same recipient (line {})",
                        custodian.value.as_str(),
                        log.line(&first.span)
                    ),
                    "give each their own: whoever opens one share must open no other",
                );
            } else {
                seen.push((recipient, keeping, custodian.value.as_str()));
            }
        }
    }
}

fn split_of(plan: &BackupPlan) -> Result<slip39::Split, slip39::SplitError> {
    let groups = plan.groups.iter().map(|group| slip39::Group {
        threshold: group.threshold,
        count: u8::try_from(group.custodians.len()).unwrap_or(u8::MAX),
    });
    slip39::Split::new(plan.group_threshold, groups.collect())
}
