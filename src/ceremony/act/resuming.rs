//! Another process continues: people, clock and machine may have changed, and what was in memory is gone.

use super::generate_key::regenerate;
use crate::ceremony::replay::Applied;
use crate::ceremony::state::is_repeated;
use crate::ceremony::{Ceremony, KeyBackup};
use crate::script::{Act, DrillLevel, PersonId, ShareKeeping, Step};
use crate::words::Digest;

pub(crate) fn resumed(c: &mut Ceremony, digest: Digest) -> Applied {
    c.custody_mut().resume(digest);
    c.participants_mut().resume();
    c.host_mut().resume();
    reopen(c, |step| is_repeated(&step.act));
    c.keys_mut().interrupt();
    c.change_all_roots(crate::ceremony::state::interrupt);
    forget_what_was_in_memory(c)?;
    forget_what_was_restored(c);
    c.forget_failure();
    Ok(())
}

fn reopen(c: &mut Ceremony, which: impl Fn(&Step) -> bool) {
    let steps = c.script.steps().iter().filter(|step| which(step));
    let again: Vec<usize> = steps.map(|step| step.index).collect();
    c.progress_mut().reopen(again);
}

/// Passphrases of custodians, and keys that were imported but not backed up yet.
fn forget_what_was_in_memory(c: &mut Ceremony) -> Applied {
    let script = c.script.clone();
    c.backup_mut().resume(|custodian: &PersonId| {
        let person = script.person(custodian);
        person.is_some_and(|person| person.keeping == Some(ShareKeeping::Passphrase))
    });
    for plan in script.keys() {
        let is_made = c.backup_of(&plan.id).and_then(KeyBackup::made).is_some();
        if script.backs_up(&plan.id)
            && script.imports(&plan.id)
            && c.keys[&plan.id].generated().is_some()
            && !is_made
        {
            regenerate(c, &plan.id)?;
        }
    }
    Ok(())
}

/// Shares, and a key that was restored into memory.
fn forget_what_was_restored(c: &mut Ceremony) {
    let Some(plan) = c.script.restore() else {
        return;
    };
    let is_custody = plan.level == DrillLevel::Custody;
    let is_in_memory = c.keys.is_empty();
    // New shares of the key in memory are not made yet.
    let reissued = c.reissued_backup().and_then(KeyBackup::made);
    let is_needed = !c.restore.is_proven() || c.owes_reissue() && reissued.is_none();
    c.restore_mut().resume(is_in_memory, is_needed);
    if is_custody || !c.restore.combined().is_empty() {
        return;
    }
    let (restore, script) = (c.restore.clone(), c.script.clone());
    let is_again = |act: &Act| {
        if let Act::OpenShare { custodian } = act {
            !restore.lost().contains_key(custodian)
        } else {
            matches!(act, Act::RestoreKey { .. }) && restore.failed().is_none()
        }
    };
    let steps = script.steps().iter().filter(|step| is_again(&step.act));
    c.progress_mut().reopen(steps.map(|step| step.index));
}

pub(crate) fn resumed_sentence(machine: &str, torn_bytes: u64) -> String {
    if torn_bytes == 0 {
        return format!("Resumed on {machine}.");
    }
    format!("Resumed on {machine}. An incomplete entry of {torn_bytes} bytes was discarded.")
}
