//! Each custodian opens their share of a new set.

use super::asking::proceed;
use super::back_up_key::{self, of_step, require_custodian, require_key};
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, hold};
use crate::ceremony::{BackupEvent, Ceremony, Check, Effect, KeyBackup, Next, OpenedBy, StepError};
use crate::script::{Act, KeyId, PersonId, Step};
use crate::words::Digest;

fn key_of(act: &Act) -> Option<&Option<KeyId>> {
    if let Act::VerifyBackup { key } = act {
        Some(key)
    } else {
        None
    }
}

pub(crate) fn next(c: &Ceremony, step: &Step, key: Option<&KeyId>) -> Next {
    let key = c.key_of_backup(key);
    let custodian = key.as_ref().and_then(|key| c.next_unopened_share(key));
    match (&key, custodian) {
        (Some(key), Some(custodian)) => Next::Do(Effect::OpenOwnShare {
            key: key.clone(),
            custodian: custodian.clone(),
        }),
        _ => proceed(c, step),
    }
}

pub(crate) fn share_opened(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    set: Digest,
    custodian: &PersonId,
    by: OpenedBy,
) -> Applied {
    let (of_step, _) = of_step(c, at, key_of)?;
    require_key(c, &of_step, key)?;
    require_custodian(c, at.event, custodian)?;
    let made = c.backup_of(key).and_then(KeyBackup::made);
    hold(
        Check::BackupOpened,
        made.is_some_and(|made| made.manifest.set() == set),
        "the share is not in the set that was made",
    )?;
    hold(
        Check::BackupOpened,
        c.opening_of(custodian) == Some(by) && by != OpenedBy::Paper,
        "the share was not opened in the way that the script requires",
    )?;
    c.backup_mut().change(key)?.open(custodian, by)
}

pub(crate) fn is_done(c: &Ceremony, key: Option<&KeyId>) -> bool {
    match key {
        Some(key) => back_up_key::is_done(c, Some(key)) && c.next_unopened_share(key).is_none(),
        None => !c.owes_reissue() || c.is_replacement_proven(),
    }
}

pub(crate) fn event_of_share(
    c: &Ceremony,
    step: &Step,
    custodian: PersonId,
    by: OpenedBy,
) -> Result<BackupEvent, StepError> {
    let key = key_of(&step.act).and_then(|key| c.key_of_backup(key.as_ref()));
    let key = key.ok_or(StepError::NotAsked)?;
    let made = c.backup_of(&key).and_then(KeyBackup::made);
    let set = made.ok_or(StepError::NotAsked)?.manifest.set();
    Ok(BackupEvent::ShareOpened {
        key,
        set,
        custodian,
        by,
    })
}

pub(crate) fn share_opened_sentence(
    key: &KeyId,
    set: &Digest,
    by: OpenedBy,
    names: &Names<'_>,
) -> String {
    format!(
        "{} opened their share of {key}, set {}, {}.",
        names.people,
        set.short_hex(),
        by.title()
    )
}
