//! A key is backed up, and each custodian opens their share.
use super::asking::{go_on, with_key};
use crate::backup::{Closing, Custodian};
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::effect::{Effect, Moment};
use crate::ceremony::event::{BackedUp, BackupEvent, Event, EventKind, Mode, OpenedBy, WrappedIn};
use crate::ceremony::next::Next;
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, hold, require};
use crate::ceremony::state::{Ceremony, KeyBackup};
use crate::record::KeyAttributes;
use crate::script::{Act, Holds, KeyId, PersonId, ShareKeeping, Step};
use crate::words::Digest;

pub(in crate::ceremony) fn next_back_up(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let is_in_memory = key.is_none();
    let Some(key) = c.key_of_backup(key) else {
        return Next::Ask(go_on(c, step, Vec::new(), "Go on"));
    };
    let (Some(backup), key) = (c.backup_of(&key), &key) else {
        return Next::Ask(go_on(c, step, Vec::new(), "Go on"));
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
            "The key is wrapped under a fresh key-encryption key, which is split for {}. Each of {quorums} quorums is tried.",
            counted(
                plan.map_or(0, |plan| plan.custodians().count()),
                "custodian"
            )
        )];
        if !backup.void().is_empty() {
            lines.push(
                "What was written for the key that was given up is removed from both media first."
                    .to_owned(),
            );
        }
        return Next::Ask(go_on(c, step, lines, "Back the key up"));
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
                None => Next::Ask(go_on(c, step, Vec::new(), "Go on")),
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

pub(in crate::ceremony) fn next_prove_backup(
    c: &Ceremony,
    step: &Step,
    key: Option<&KeyId>,
) -> Next {
    let key = c.key_of_backup(key);
    let custodian = key.as_ref().and_then(|key| c.next_unopened_share(key));
    if let (Some(key), Some(custodian)) = (&key, custodian) {
        return Next::Do(Effect::OpenOwnShare {
            key: key.clone(),
            custodian: custodian.clone(),
        });
    }
    Next::Ask(go_on(c, step, Vec::new(), "Go on"))
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

pub(in crate::ceremony) fn intend_backup(
    c: &Ceremony,
    key: Option<&KeyId>,
    moment: &Moment,
) -> Result<EventKind, StepError> {
    Ok(EventKind::Backup(BackupEvent::BackupIntended {
        key: c.key_of_backup(key).ok_or(StepError::NotAsked)?,
        id: hex::encode(moment.fresh),
    }))
}

pub(in crate::ceremony) fn require_key(c: &Ceremony, of_step: &KeyId, named: &KeyId) -> Applied {
    require(
        named == of_step && c.backup_of(named).is_some(),
        &format!("the step is about {of_step}, not about {named}"),
    )
}

pub(in crate::ceremony) fn require_custodian(
    c: &Ceremony,
    event: &Event,
    custodian: &PersonId,
) -> Applied {
    require(
        event.people.contains(custodian) && c.participants.is_here(custodian),
        "a custodian opens what is the custodian's own, and is here for it",
    )?;
    require(c.script.takes_share(custodian), "that person has no share")
}

pub(in crate::ceremony) fn backed_up(c: &mut Ceremony, at: &At<'_>, made: &BackedUp) -> Applied {
    let (of_step, is_in_memory) = of_step(c, at, of_back_up)?;
    require_key(c, &of_step, &made.key)?;
    let key = &made.key;
    let facts = made.manifest.facts();
    let backup = c.backup_of(key);
    require(
        backup.is_some_and(|backup| backup.announced() == Some(&facts.id)),
        "the set is another than was announced",
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
        "the manifest is of another key, another repository or another kind of ceremony",
    )?;
    hold(
        Check::BackupManifest,
        is_share_plan(c, facts),
        "the manifest has other groups, custodians or recipients than the script",
    )?;
    let supersedes = c.superseded_sets(key);
    hold(
        Check::BackupManifest,
        facts.supersedes == supersedes,
        "the manifest does not name the sets that it replaces",
    )?;
    hold(
        Check::BackupQuorums,
        Some(made.quorums) == c.script.backup().map(crate::script::BackupPlan::quorums),
        "not every quorum of shares was tried",
    )?;
    let medium = |holds| c.script.medium_for(holds).map(|medium| &medium.id);
    hold(
        Check::BackupSeparateMedia,
        medium(Holds::Shares) == Some(&made.shares_on.medium)
            && medium(Holds::WrappedKey) == Some(&made.wrapped_on.medium)
            && made.shares_on.device != made.wrapped_on.device,
        "the wrapped key and its shares are not on two media",
    )?;
    let by_hand: Vec<&str> = facts
        .groups
        .iter()
        .flat_map(|group| &group.custodians)
        .filter(|custodian| custodian.by_hand)
        .map(|custodian| custodian.id.as_str())
        .collect();
    let typed: Vec<&str> = made.typed_back.iter().map(PersonId::as_str).collect();
    hold(
        Check::BackupOpened,
        by_hand == typed,
        "somebody who keeps a share on paper did not type it back",
    )?;
    let was_in_memory = is_in_memory || c.script.imports(key);
    require(
        made.wrapped_in == WrappedIn::Token || was_in_memory,
        "a key that its token made was in this machine's memory",
    )?;
    require(
        made.wrapped_in == WrappedIn::Memory || !is_in_memory,
        "a key that is in memory was wrapped in a token",
    )?;
    // What was wrapped in memory came into its token as a key that cannot leave it.
    let is_non_extractable = made.wrapped_in == WrappedIn::Memory;
    c.backup_mut().change(key)?.make(made, is_non_extractable);
    Ok(())
}

/// The recipients that the script has for a custodian; none for who keeps a share otherwise.
pub(in crate::ceremony) fn recipients_of(c: &Ceremony, custodian: &PersonId) -> Vec<String> {
    let person = c.script.person(custodian);
    match person.and_then(|person| person.keeping.as_ref()) {
        Some(ShareKeeping::Recipient {
            recipient, second, ..
        }) => std::iter::once(recipient).chain(second).cloned().collect(),
        _ => Vec::new(),
    }
}

/// Whether a set is for the people of the script, in its groups, closed to the recipients that were seen to open.
pub(in crate::ceremony) fn is_share_plan(c: &Ceremony, facts: &crate::backup::SetFacts) -> bool {
    let Some(plan) = c.script.backup() else {
        return false;
    };
    let is_custodian = |person: &PersonId, custodian: &Custodian| {
        let proven = c.backup.recipients(person);
        let is_closed = match (&custodian.closing, c.opening_of(person)) {
            (None, Some(OpenedBy::Paper)) => custodian.by_hand,
            (Some(Closing::Passphrase), Some(OpenedBy::Passphrase)) => proven.is_some(),
            (
                Some(Closing::Recipients(recipients)),
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

/// Sixteen characters of hex, which stand in names of files.
fn is_set_id(id: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    id.len() == 16 && id.chars().all(is_hex)
}

/// The key that a backup event names has to be the one of the step.
fn of_step<'e>(
    c: &mut Ceremony,
    at: &At<'e>,
    fits: impl Fn(&'e Act) -> Option<&'e Option<KeyId>>,
) -> Result<(KeyId, bool), ReplayError> {
    let key = fits(&at.step(c)?.act).ok_or_else(|| at.refuse())?;
    let is_in_memory = key.is_none();
    let key = c
        .key_of_backup(key.as_ref())
        .ok_or_else(|| contradiction("no key is backed up here"))?;
    Ok((key, is_in_memory))
}

fn of_back_up(act: &Act) -> Option<&Option<KeyId>> {
    if let Act::BackUpKey { key } = act {
        Some(key)
    } else {
        None
    }
}

fn of_proof(act: &Act) -> Option<&Option<KeyId>> {
    if let Act::VerifyBackup { key } = act {
        Some(key)
    } else {
        None
    }
}

pub(in crate::ceremony) fn recipient_proven(
    c: &mut Ceremony,
    at: &At<'_>,
    custodian: &PersonId,
    recipients: &[String],
    by: OpenedBy,
) -> Applied {
    of_step(c, at, of_back_up)?;
    require_custodian(c, at.event, custodian)?;
    hold(
        Check::BackupRecipient,
        c.opening_of(custodian) == Some(by) && by != OpenedBy::Paper,
        "the test message was opened in another way than the script has it",
    )?;
    let wanted = recipients_of(c, custodian);
    // A simulated custodian has recipients of its own, as many as the script names.
    let is_stood_in = c.mode() == Mode::Rehearsal && wanted.len() == recipients.len();
    hold(
        Check::BackupRecipient,
        is_stood_in || wanted == recipients,
        "the test message was for another recipient than the script's",
    )?;
    c.backup_mut().prove_recipient(custodian, recipients)
}

pub(in crate::ceremony) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    id: &str,
) -> Applied {
    let (of_step, is_in_memory) = of_step(c, at, of_back_up)?;
    require_key(c, &of_step, key)?;
    require(
        c.next_unproven_recipient().is_none(),
        "a custodian's recipient was not seen to open yet",
    )?;
    let is_proven = if is_in_memory {
        c.restore.is_proven() && !c.restore.is_destroyed() && c.owes_reissue()
    } else {
        c.keys[key].is_proven() || !c.is_made_here(key)
    };
    require(is_proven, "the key was not proven yet, or is there no more")?;
    let of_old = c.set_at_hand().map(|set| set.facts().id.as_str());
    let is_fresh = of_old != Some(id) && !c.backup.iter().any(|(_, backup)| backup.has_been(id));
    require(is_set_id(id) && is_fresh, "that names no fresh set")?;
    c.backup_mut().change(key)?.announce(id)
}

pub(in crate::ceremony) fn extraction_disabled(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    attributes: KeyAttributes,
) -> Applied {
    let (of_step, _) = of_step(c, at, of_back_up)?;
    require_key(c, &of_step, key)?;
    hold(
        Check::KeyNonExtractable,
        attributes.sensitive != Some(false) && attributes.extractable == Some(false),
        "the token says that the private key can be read or taken out still",
    )?;
    c.backup_mut().change(key)?.disable_extraction()?;
    c.keys_mut().change(key)?.disable_extraction(attributes);
    Ok(())
}

pub(in crate::ceremony) fn share_opened(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    set: Digest,
    custodian: &PersonId,
    by: OpenedBy,
) -> Applied {
    let (of_step, _) = of_step(c, at, of_proof)?;
    require_key(c, &of_step, key)?;
    require_custodian(c, at.event, custodian)?;
    let expected = c.opening_of(custodian);
    let made = c.backup_of(key).and_then(KeyBackup::made);
    hold(
        Check::BackupOpened,
        made.is_some_and(|made| made.manifest.set() == set),
        "the share is of another set than the one that was made",
    )?;
    hold(
        Check::BackupOpened,
        expected == Some(by) && by != OpenedBy::Paper,
        "the share was opened in another way than the script has it",
    )?;
    c.backup_mut().change(key)?.open(custodian, by)
}

pub(in crate::ceremony) fn is_done(c: &Ceremony, key: Option<&KeyId>) -> bool {
    if key.is_none() && !c.owes_reissue() {
        return true;
    }
    let key = c.key_of_backup(key);
    let backup = key.and_then(|key| c.backup_of(&key));
    backup.is_some_and(KeyBackup::is_complete)
}

pub(in crate::ceremony) fn is_proven(c: &Ceremony, key: Option<&KeyId>) -> bool {
    match key {
        Some(key) => is_done(c, Some(key)) && c.next_unopened_share(key).is_none(),
        None => !c.owes_reissue() || c.is_replacement_proven(),
    }
}

/// The key of the current step, for an outcome.
pub(in crate::ceremony) fn key_of_outcome(c: &Ceremony, step: &Step) -> Option<KeyId> {
    let key = of_back_up(&step.act).or_else(|| of_proof(&step.act))?;
    c.key_of_backup(key.as_ref())
}

pub(in crate::ceremony) fn event_of_share(
    c: &Ceremony,
    step: &Step,
    custodian: PersonId,
    by: OpenedBy,
) -> Result<BackupEvent, StepError> {
    let key = key_of_outcome(c, step).ok_or(StepError::NotAsked)?;
    let made = c.backup_of(&key).and_then(KeyBackup::made);
    let set = made.ok_or(StepError::NotAsked)?.manifest.set();
    Ok(BackupEvent::ShareOpened {
        key,
        set,
        custodian,
        by,
    })
}
