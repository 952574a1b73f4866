//! Backups: shares for people who can keep them, of keys that tokens can export wrapped, on separate media.

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
            "[backup] is not used: no key has backup = \"shares\"",
            "write backup = \"shares\" for a key, or remove [backup]",
        ),
        (None, Some(span)) => log.error(
            CHECK,
            span,
            "the key is backed up by shares, but nobody gets a share",
            "add a table [backup] with groups = [{ threshold = 2, custodians = [\"custodian-1\", …] }]",
        ),
        (None, None) => {}
    }
}

/// A key that is backed up is exported wrapped from its token, or generated in memory.
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
                "tokens of profile {} cannot export keys of type {}, even wrapped",
                make.name,
                key_type.value
            ),
            "if the key has shares, make new ones from a quorum of them, with [restore] in place of [[key]]; if it has none, replace it with a rotation",
        );
    } else if others.is_empty() {
        log.error(
            CHECK,
            span,
            format!("tokens of profile {} cannot export a key that they generated, even wrapped", make.name),
            "use import-key in place of generate-key, so that the key is wrapped before it is imported; or write backup = \"none\"",
        );
    } else {
        log.error(
            CHECK,
            span,
            format!(
                "tokens of profile {} cannot export keys of type {}, even wrapped",
                make.name, key_type.value
            ),
            format!(
                "use a type that the token can export wrapped: {}; or write backup = \"none\"",
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
                format!("add a table [[medium]] with holds = {spelling:?}: a wrapped key and its shares must be on different media"),
            ),
            (Some(_), 2..) => {
                if let Some(second) = such().nth(1).and_then(|medium| medium.id.as_ref()) {
                    log.error(
                        CHECK,
                        &second.span,
                        format!("there are two media for {}", holds.title()),
                        "keep one: make copies after the ceremony, and check them against the hashes in the manifest",
                    );
                }
            }
            (None, 1..) => {
                if let Some(medium) = such().next().and_then(|medium| medium.id.as_ref()) {
                    log.error(
                        "script.unused",
                        &medium.span,
                        format!("the medium for {} is not used: no key is backed up", holds.title()),
                        "remove it, or write backup = \"shares\" for a key",
                    );
                }
            }
            _ => {}
        }
    }
}

/// A person with a recipient is a custodian.
fn keepers(log: &Log<'_>, draft: &Draft) {
    for person in &draft.people {
        if let Some(keeping) = &person.keeping
            && person.roles.is_some()
            && !person.is(PersonRole::Custodian)
        {
            log.error(
                "script.recipient",
                &keeping.span,
                "a person with a recipient must be a custodian",
                "add \"custodian\" to the roles of this person, or remove the recipient",
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
                    "{:?} already has a share (line {})",
                    custodian.value.as_str(),
                    log.line(&first.span)
                ),
                "name another person: each person gets one share",
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
            "a threshold in [backup] is not a number from 1 to 16, or a group is invalid",
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
            format!("{who:?} is not a custodian"),
            "add \"custodian\" to the roles of this person, or name another person",
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
    if person.keeping.is_none() && person.is_keeping_read {
        log.error(
            CHECK,
            &custodian.span,
            format!("{who:?} gets a share but has no \"recipient\""),
            "add to this person: recipient = \"age1…\", or \"passphrase\", or \"paper\"",
        );
    }
}

/// What SLIP-39 allows, and as many quorums as a ceremony has time to test.
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
            "use 1 to 16 groups of 1 to 16 custodians; a group of several custodians needs a threshold of at least 2 (SLIP-39)",
        );
    } else if plan.quorums() > BackupPlan::MOST_QUORUMS {
        log.error(
            CHECK,
            &entry.span,
            format!(
                "{} quorums would have to be tested; at most {} are allowed",
                plan.quorums(),
                BackupPlan::MOST_QUORUMS
            ),
            "use fewer custodians or groups",
        );
    }
}

/// Two custodians with the same recipient could open each other's share.
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
                    if *owner == custodian.value.as_str() {
                        format!("{custodian:?} has the same recipient twice")
                    } else {
                        let line = log.line(&first.span);
                        format!("{custodian:?} and {owner:?} have the same recipient (line {line})")
                    },
                    "give each custodian their own recipient: nobody may open two shares",
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
