//! A key is wrapped, and its key-encryption key is split into shares.

use super::asking::{confirm, proceed, with_key};
use crate::backup::{Custodian, Protection};
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{
    BackedUp, BackupEvent, Ceremony, Check, Effect, Event, EventKind, KeyBackup, Mode, Moment,
    Next, OpenedBy, Randomness, ReplayError, StepError, WrappedIn,
};
use crate::record::KeyAttributes;
use crate::script::{Act, Holds, KeyId, PersonId, ShareKeeping, Step};

pub(crate) fn next(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let is_in_memory = key.is_none();
    let Some(key) = c.key_of_backup(key) else {
        return proceed(c, step);
    };
    let (Some(backup), key) = (c.backup_of(&key), &key) else {
        return proceed(c, step);
    };
    if let Some(custodian) = c.next_unproven_recipient() {
        return Next::Do(Effect::ProveRecipient {
            custodian: custodian.clone(),
        });
    }
    let Some(id) = backup.announced() else {
        let plan = c.script.backup();
        let quorums = plan.map_or(0, crate::script::BackupPlan::quorums);
        let mut lines = vec![format!(
            "The key is wrapped with a new key-encryption key, which is split among {}. Each of the {quorums} quorums is tested.",
            counted(
                plan.map_or(0, |plan| plan.custodians().count()),
                "custodian"
            )
        )];
        if !backup.void().is_empty() {
            lines.push("The files of the former key are removed from both media first.".to_owned());
        }
        return Next::Ask(confirm(c, step, lines, "Back up the key"));
    };
    if backup.made().is_none() {
        let id = id.clone();
        let void = backup.void().to_vec();
        if is_in_memory {
            let public_key = c.set_at_hand().map(|set| set.facts().public_key.clone());
            return match public_key {
                Some(public_key) => Next::Do(Effect::BackUpKey {
                    key: key.clone(),
                    token: None,
                    public_key,
                    id,
                    void,
                }),
                None => proceed(c, step),
            };
        }
        return with_key(c, key, |token, public_key| Effect::BackUpKey {
            key: key.clone(),
            token: Some(token),
            public_key,
            id,
            void,
        });
    }
    with_key(c, key, |token, public_key| Effect::DisableExtraction {
        key: key.clone(),
        token,
        public_key,
    })
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

pub(crate) fn intend_backup(
    c: &Ceremony,
    key: Option<&KeyId>,
    moment: &Moment,
) -> Result<EventKind, StepError> {
    Ok(EventKind::Backup(BackupEvent::BackupIntended {
        key: c.key_of_backup(key).ok_or(StepError::NotAsked)?,
        id: hex::encode(moment.fresh),
    }))
}

pub(crate) fn require_key(c: &Ceremony, of_step: &KeyId, named: &KeyId) -> Applied {
    require(
        named == of_step && c.backup_of(named).is_some(),
        &format!("the step is about {of_step}, not about {named}"),
    )
}

pub(crate) fn require_custodian(c: &Ceremony, event: &Event, custodian: &PersonId) -> Applied {
    require(
        event.people.contains(custodian) && c.participants.is_here(custodian),
        "a custodian opens their share in person",
    )?;
    require(
        c.script.takes_share(custodian),
        "this person does not keep a share",
    )
}

pub(crate) fn backed_up(c: &mut Ceremony, at: &At<'_>, made: &BackedUp) -> Applied {
    let (of_step, is_in_memory) = of_step(c, at, key_of)?;
    require_key(c, &of_step, &made.key)?;
    let key = &made.key;
    let facts = made.manifest.facts();
    let backup = c.backup_of(key);
    require(
        backup.is_some_and(|backup| backup.announced() == Some(&facts.id)),
        "the share set is not the announced one",
    )?;
    require(
        backup.is_some_and(|backup| backup.made().is_none()),
        "the key is backed up already",
    )?;
    if is_in_memory {
        require(
            c.restore.is_restored() && !c.restore.is_destroyed(),
            "the key is not in memory",
        )?;
    }
    let public_key = match c.keys.get(key) {
        Some(state) => state.generated().map(|made| &made.public_key),
        None => c.set_at_hand().map(|set| &set.facts().public_key),
    };
    let provenance = c.provenance_of_backed(key);
    hold(
        Check::BackupManifest,
        public_key == Some(&facts.public_key)
            && provenance.is_none_or(|known| known == facts.provenance)
            && facts.key == key.as_str()
            && facts.repository == c.script.repository()
            && facts.is_rehearsal == (c.mode() == Mode::Rehearsal),
        "the manifest is for another key, repository or kind of ceremony",
    )?;
    hold(
        Check::BackupManifest,
        is_share_plan(c, facts),
        "the groups, custodians or recipients in the manifest are not those of the script",
    )?;
    let supersedes = c.superseded_sets(key);
    hold(
        Check::BackupManifest,
        facts.supersedes == supersedes,
        "the manifest does not list the sets that it supersedes",
    )?;
    hold(
        Check::BackupQuorums,
        Some(made.quorums) == c.script.backup().map(crate::script::BackupPlan::quorums),
        "not every quorum of shares was tested",
    )?;
    let medium = |holds| c.script.medium_for(holds).map(|medium| &medium.id);
    hold(
        Check::BackupSeparateMedia,
        medium(Holds::Shares) == Some(&made.shares_on.medium)
            && medium(Holds::WrappedKey) == Some(&made.wrapped_on.medium)
            && made.shares_on.device != made.wrapped_on.device,
        "the wrapped key and its shares are not on two separate media",
    )?;
    let on_paper: Vec<&str> = facts
        .groups
        .iter()
        .flat_map(|group| &group.custodians)
        .filter(|custodian| custodian.on_paper)
        .map(|custodian| custodian.id.as_str())
        .collect();
    let typed: Vec<&str> = made.typed_back.iter().map(PersonId::as_str).collect();
    hold(
        Check::BackupOpened,
        on_paper == typed,
        "a custodian who keeps a share on paper did not type it back",
    )?;
    let was_in_memory = is_in_memory || c.script.imports(key);
    require(
        made.wrapped_in == WrappedIn::Token || was_in_memory,
        "the event states that a key generated in its token was in the memory of this machine",
    )?;
    require(
        made.wrapped_in == WrappedIn::Memory || !is_in_memory,
        "the event states that a key in memory was wrapped in a token",
    )?;
    // A key that was wrapped in memory is imported as non-extractable.
    let is_non_extractable = made.wrapped_in == WrappedIn::Memory;
    c.backup_mut().change(key)?.make(made, is_non_extractable);
    Ok(())
}

/// The recipients of a custodian in the script; none if the share is kept in another way.
pub(crate) fn recipients_of(c: &Ceremony, custodian: &PersonId) -> Vec<String> {
    let person = c.script.person(custodian);
    match person.and_then(|person| person.keeping.as_ref()) {
        Some(ShareKeeping::Recipient {
            recipient, second, ..
        }) => std::iter::once(recipient).chain(second).cloned().collect(),
        _ => Vec::new(),
    }
}

/// Whether a set is for the groups and custodians of the script, encrypted to the recipients that they proved.
pub(crate) fn is_share_plan(c: &Ceremony, facts: &crate::backup::SetFacts) -> bool {
    let Some(plan) = c.script.backup() else {
        return false;
    };
    let is_custodian = |person: &PersonId, custodian: &Custodian| {
        let proven = c.backup.recipients(person);
        let is_closed = match (&custodian.protection, c.opening_of(person)) {
            (None, Some(OpenedBy::Paper)) => custodian.on_paper,
            (Some(Protection::Passphrase), Some(OpenedBy::Passphrase)) => proven.is_some(),
            (
                Some(Protection::Recipients(recipients)),
                Some(OpenedBy::OwnDevice | OpenedBy::IdentityHere),
            ) => {
                let texts: Vec<String> = recipients.iter().map(ToString::to_string).collect();
                proven == Some(&texts)
            }
            _ => false,
        };
        custodian.id == person.as_str()
            && custodian.name == c.participants.display_names().name(&c.script, person)
            && is_closed
    };
    facts.groups_needed == plan.group_threshold
        && facts.groups.len() == plan.groups.len()
        && facts.groups.iter().zip(&plan.groups).all(|(made, wanted)| {
            made.threshold == wanted.threshold
                && made.custodians.len() == wanted.custodians.len()
                && wanted
                    .custodians
                    .iter()
                    .zip(&made.custodians)
                    .all(|(person, custodian)| is_custodian(person, custodian))
        })
}

/// Sixteen hex characters, used in file names.
fn is_set_id(id: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    id.len() == 16 && id.chars().all(is_hex)
}

/// The key of a step, and whether it is in memory.
pub(crate) fn of_step<'e>(
    c: &mut Ceremony,
    at: &At<'e>,
    fits: impl Fn(&'e Act) -> Option<&'e Option<KeyId>>,
) -> Result<(KeyId, bool), ReplayError> {
    let key = fits(&at.step(c)?.act).ok_or_else(|| at.refuse())?;
    let is_in_memory = key.is_none();
    let key = c
        .key_of_backup(key.as_ref())
        .ok_or_else(|| contradiction("this step does not back up a key"))?;
    Ok((key, is_in_memory))
}

fn key_of(act: &Act) -> Option<&Option<KeyId>> {
    if let Act::BackUpKey { key } = act {
        Some(key)
    } else {
        None
    }
}

pub(crate) fn recipient_proven(
    c: &mut Ceremony,
    at: &At<'_>,
    custodian: &PersonId,
    recipients: &[String],
    by: OpenedBy,
) -> Applied {
    of_step(c, at, key_of)?;
    require_custodian(c, at.event, custodian)?;
    hold(
        Check::BackupRecipient,
        c.opening_of(custodian) == Some(by) && by != OpenedBy::Paper,
        "the test message was not opened in the way that the script requires",
    )?;
    let wanted = recipients_of(c, custodian);
    // A simulated custodian has simulated recipients, as many as in the script.
    let is_simulated = c.mode() == Mode::Rehearsal && wanted.len() == recipients.len();
    hold(
        Check::BackupRecipient,
        is_simulated || wanted == recipients,
        "the test message was not for the recipient in the script",
    )?;
    c.backup_mut().prove_recipient(custodian, recipients)
}

pub(crate) fn announced(c: &mut Ceremony, at: &At<'_>, key: &KeyId, id: &str) -> Applied {
    let (of_step, is_in_memory) = of_step(c, at, key_of)?;
    require_key(c, &of_step, key)?;
    require(
        c.next_unproven_recipient().is_none(),
        "a custodian has not opened the test message yet",
    )?;
    let is_proven = if is_in_memory {
        c.restore.is_proven() && !c.restore.is_destroyed() && c.owes_reissue()
    } else {
        c.keys[key].is_proven() || !c.is_made_here(key)
    };
    require(is_proven, "the key was not proven yet, or no longer exists")?;
    let of_old = c.set_at_hand().map(|set| set.facts().id.as_str());
    let is_fresh = of_old != Some(id) && !c.backup.iter().any(|(_, backup)| backup.has_been(id));
    require(
        is_set_id(id) && is_fresh,
        "the set ID is not valid, or was used before",
    )?;
    c.backup_mut().change(key)?.announce(id)
}

pub(crate) fn extraction_disabled(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    attributes: KeyAttributes,
) -> Applied {
    let (of_step, _) = of_step(c, at, key_of)?;
    require_key(c, &of_step, key)?;
    hold(
        Check::KeyNonExtractable,
        attributes.sensitive != Some(false) && attributes.extractable == Some(false),
        "the token reports that the private key can still be read or exported",
    )?;
    c.backup_mut().change(key)?.disable_extraction()?;
    c.keys_mut().change(key)?.disable_extraction(attributes);
    Ok(())
}

pub(crate) fn is_done(c: &Ceremony, key: Option<&KeyId>) -> bool {
    if key.is_none() && !c.owes_reissue() {
        return true;
    }
    let key = c.key_of_backup(key);
    let backup = key.and_then(|key| c.backup_of(&key));
    backup.is_some_and(KeyBackup::is_complete)
}

pub(crate) fn event_of_extraction(
    c: &Ceremony,
    step: &Step,
    attributes: KeyAttributes,
) -> Result<EventKind, StepError> {
    let key = key_of(&step.act).and_then(|key| c.key_of_backup(key.as_ref()));
    let key = key.ok_or(StepError::NotAsked)?;
    Ok(EventKind::Backup(BackupEvent::ExtractionDisabled {
        key,
        attributes,
    }))
}

pub(crate) fn recipient_proven_sentence(by: OpenedBy, names: &Names<'_>) -> String {
    format!("{} opened a test message {}.", names.people, by.title())
}

pub(crate) fn backup_intended_sentence(key: &KeyId, id: &str) -> String {
    format!("About to back up {key}, in folders named {key}-{id}.")
}

pub(crate) fn backed_up_sentence(made: &BackedUp) -> String {
    let wrapped_in = match made.wrapped_in {
        WrappedIn::Token => "in its token",
        WrappedIn::Memory => "in locked memory",
    };
    let randomness = match made.randomness {
        Randomness::SystemAndToken => "the system and the token",
        Randomness::System => "the system only",
    };
    format!(
        "{} was wrapped {wrapped_in}, and its key-encryption key was split into share set {}. \
         Shares: {} ({}). Wrapped key: {} ({}). All {} quorums restored the key-encryption key in memory, \
         and it was wiped. Randomness: {randomness}.",
        made.key,
        made.manifest.set().short_hex(),
        made.shares_on.medium,
        made.shares_on.device,
        made.wrapped_on.medium,
        made.wrapped_on.device,
        made.quorums,
    )
}

pub(crate) fn extraction_disabled_sentence(key: &KeyId) -> String {
    format!("{key} is now non-extractable (reported by the token).")
}
