//! Requests about tokens and their keys.
use crate::ceremony::act::approval::{decided, known};
use crate::ceremony::act::attendance::only;
use crate::ceremony::act::destroy_token_key;
use crate::ceremony::act::generate_key::{regenerate, undo};
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::display_names::Names;
use crate::ceremony::event::KeyEvent;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::request::Pick;
use crate::ceremony::state::{Ceremony, FormerDisposition, KEYBOARD_LINE};
use crate::script::{KeyId, SpareId};
use crate::words::Digest;

pub(in crate::ceremony) fn key_text(c: &Ceremony, key: &KeyId) -> String {
    let holder = c.script.key(key).map_or("", |plan| c.name(&plan.holder));
    format!("{key} of {holder}")
}

/// Every spare for every key that it may serve now: the key at hand first.
pub(in crate::ceremony) fn spare_picks(c: &Ceremony) -> Vec<Pick> {
    let at_hand = c.key_at_hand();
    let mut keys: Vec<&KeyId> = c.script.keys().iter().map(|plan| &plan.id).collect();
    keys.sort_by_key(|key| Some(*key) != at_hand);
    let picks = keys.into_iter().flat_map(|key| {
        let spares = c.spares_for(key).into_iter();
        spares.map(move |spare| {
            let text = format!("{} for {}", spare.id, key_text(c, key));
            Pick::new(&format!("{key} {}", spare.id), text)
        })
    });
    picks.collect()
}

pub(in crate::ceremony) fn envelope_picks(c: &Ceremony) -> Vec<Pick> {
    let keys = c.script.keys().iter();
    let picks = keys.flat_map(|plan| {
        let open = plan
            .envelopes()
            .filter(|(secret, _)| !c.keys[&plan.id].envelopes().contains_key(secret));
        open.filter_map(|(secret, _)| {
            let bag = c.envelope_bag(&plan.id, secret)?;
            let title = format!("{} of {}: {bag}", secret.title(), key_text(c, &plan.id));
            Some(Pick::new(&format!("{} {secret}", plan.id), title))
        })
    });
    picks.collect()
}

/// The lines that are read aloud before two people approve a decision about tokens; none for other events.
pub(in crate::ceremony) fn read_aloud_of_tokens(
    c: &Ceremony,
    event: &KeyEvent,
) -> Option<Vec<String>> {
    let line = |text: String, reason: &str| Some(vec![text, format!("Reason: {reason}")]);
    match event {
        KeyEvent::RegenerationDecided { key, reason, .. } => line(
            format!(
                "{} will be destroyed on its token and generated again there.",
                key_text(c, key)
            ),
            reason,
        ),
        KeyEvent::SpareTaken {
            key, spare, reason, ..
        } => {
            let old = if c.keys[key].generated().is_some() {
                " The key on the replaced token is destroyed first, or listed as an orphan."
            } else {
                ""
            };
            line(
                format!(
                    "{spare} permanently replaces {}. The steps of the key start again.{old}",
                    c.token_title(key)
                ),
                reason,
            )
        }
        KeyEvent::KeyOrphaned { key, reason, .. } => line(
            format!(
                "The former key of {} will not be destroyed. It is listed as an orphan: a person with its token and PIN can sign with it, but no root trusts it.",
                key_text(c, key)
            ),
            reason,
        ),
        KeyEvent::KeySkipped { key, reason, .. } => {
            let what = if c.has_signed(key) {
                "will not be proven again"
            } else {
                "will not sign this root and will not be proven again"
            };
            line(
                format!("{} {what}. It stays in the root.", key_text(c, key)),
                reason,
            )
        }
        KeyEvent::KeyFilesAttested { files, .. } => {
            Some(destroy_token_key::read_aloud_of_attested(files))
        }
        KeyEvent::KeyFilesFound { .. }
        | KeyEvent::DestructionIntended { .. }
        | KeyEvent::TokenKeyDestroyed { .. }
        | KeyEvent::TokenFound { .. }
        | KeyEvent::InitializeIntended { .. }
        | KeyEvent::TokenInitialized { .. }
        | KeyEvent::PinSet { .. }
        | KeyEvent::ManagementKeyWritten { .. }
        | KeyEvent::GenerateIntended { .. }
        | KeyEvent::KeyGenerated { .. }
        | KeyEvent::PossessionProven { .. }
        | KeyEvent::EnrollmentCompared { .. }
        | KeyEvent::KeyDestroyed { .. }
        | KeyEvent::UnblockDecided { .. }
        | KeyEvent::PinUnblocked { .. }
        | KeyEvent::EnvelopeSealed { .. } => None,
    }
}

pub(in crate::ceremony) fn postponed(c: &mut Ceremony, key: &KeyId) -> Applied {
    known(c, key)?;
    require(
        c.may_postpone(key),
        "the steps of this key cannot be postponed: they are done, or there is no other step before the root is composed",
    )?;
    c.progress_mut().postpone(key);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn brought_forward(c: &mut Ceremony, key: &KeyId) -> Applied {
    known(c, key)?;
    require(
        c.may_bring_forward(key),
        "the steps of this key cannot be brought forward: its holder is not present, or steps other than those of keys come first",
    )?;
    c.progress_mut().bring_forward(key);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn regeneration_decided(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    decided(c, at, key, reason, approvals, "a key is regenerated")?;
    require(
        c.may_regenerate(key),
        "a key can be regenerated only by its holder, after it was generated here and before the root is composed",
    )?;
    regenerate(c, key)?;
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn spare_taken(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    spare: &SpareId,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    decided(
        c,
        at,
        key,
        reason,
        approvals,
        "a token is replaced by a spare",
    )?;
    let is_free = c.spares_for(key).iter().any(|free| free.id == *spare);
    require(
        is_free,
        "this spare is not for this key, was used already, or the root is already composed",
    )?;
    let item = c.item_of(key);
    let was_here = c.keys[key].token().is_some() || c.whereabouts(&item).is_some();
    c.backup_mut().discard(key);
    c.keys_mut()
        .take_spare(key, spare, was_here.then_some(item))?;
    undo(c, key, |_| true);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn key_destroyed(
    c: &mut Ceremony,
    key: &KeyId,
    fingerprint: &Digest,
) -> Applied {
    let state = c.keys_mut().change(key)?;
    state.end_former(fingerprint, FormerDisposition::Destroyed)?;
    state.right_pin();
    c.custody_mut().use_token();
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn key_orphaned(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    fingerprint: &Digest,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    decided(
        c,
        at,
        key,
        reason,
        approvals,
        "a former key is listed as an orphan",
    )?;
    let reason = reason.to_owned();
    let disposition = FormerDisposition::Orphan { reason };
    c.keys_mut()
        .change(key)?
        .end_former(fingerprint, disposition)?;
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn unblocking_decided(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    bag: Option<&String>,
) -> Applied {
    known(c, key)?;
    let plan = c.script.key(key).and_then(|plan| plan.unblocked_by());
    let plan = plan.ok_or_else(|| {
        contradiction("this PIN cannot be unblocked: no person has the secret for it")
    })?;
    let (secret, owner) = (plan.secret, plan.set_by.clone());
    let owner_is_here = owner
        .as_ref()
        .is_some_and(|owner| c.participants.is_here(owner) && at.event.people.contains(owner));
    require(
        owner_is_here,
        "the person with the secret that unblocks the PIN is not present",
    )?;
    require(
        c.key_at_hand() == Some(key) && !c.is_holder_away(key),
        "this token is not in use now, or its holder is not present",
    )?;
    c.keys_mut().change(key)?.begin_unblocking(secret, bag)?;
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn pin_unblocked(c: &mut Ceremony, key: &KeyId) -> Applied {
    c.keys_mut().change(key)?.unblock()?;
    c.custody_mut().use_token();
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn skipped(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    decided(c, at, key, reason, approvals, "a key is skipped")?;
    hold(
        Check::RootReachability,
        c.is_reached_without(key),
        "without this key the root cannot reach its threshold",
    )?;
    require(
        c.may_skip(key),
        "a key can be skipped only if its holder is not present or its token fails",
    )?;
    c.keys_mut().change(key)?.skip(reason);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn keyboard_tested(c: &mut Ceremony, at: &At<'_>, typed: &str) -> Applied {
    require(
        typed == KEYBOARD_LINE,
        "the typed line is not the keyboard test line",
    )?;
    let person = only(at.event, "one person types the test line")?;
    require(
        c.participants.is_here(person),
        "a person who is present must type the test line",
    )?;
    c.host_mut().test_keyboard();
    Ok(())
}

pub(in crate::ceremony) fn postponed_sentence(key: &KeyId) -> String {
    format!("The steps of {key} were postponed.")
}

pub(in crate::ceremony) fn brought_forward_sentence(key: &KeyId) -> String {
    format!("The steps of {key} were brought forward.")
}

pub(in crate::ceremony) fn keyboard_tested_sentence(names: &Names<'_>) -> String {
    format!("{} typed the keyboard test line correctly.", names.people)
}

pub(in crate::ceremony) fn regeneration_decided_sentence(
    key: &KeyId,
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let people = names.approving(approvals);
    format!("{people} decided to destroy {key} and generate it again: {reason}.")
}

pub(in crate::ceremony) fn spare_taken_sentence(
    key: &KeyId,
    spare: &SpareId,
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "{} decided to replace {} with {spare}: {reason}.",
        names.approving(approvals),
        names.script.token_title(key)
    )
}

pub(in crate::ceremony) fn key_skipped_sentence(
    key: &KeyId,
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let people = names.approving(approvals);
    format!("{people} decided to continue without {key}: {reason}.")
}

pub(in crate::ceremony) fn key_destroyed_sentence(key: &KeyId, fingerprint: &Digest) -> String {
    format!(
        "The former key of {key}, fingerprint {}, was destroyed. Its token no longer holds it.",
        fingerprint.short_hex()
    )
}

pub(in crate::ceremony) fn key_orphaned_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "{} decided not to destroy the former key of {key}, fingerprint {}. It is listed as an orphan: {reason}.",
        names.approving(approvals),
        fingerprint.short_hex()
    )
}

pub(in crate::ceremony) fn unblock_decided_sentence(
    key: &KeyId,
    bag: Option<&str>,
    names: &Names<'_>,
) -> String {
    let bag = bag.map_or_else(String::new, |bag| format!(" Bag {bag} is opened for this."));
    format!(
        "{} decided to unblock the PIN of the token for {key}.{bag}",
        names.people
    )
}

pub(in crate::ceremony) fn pin_unblocked_sentence(key: &KeyId, names: &Names<'_>) -> String {
    format!(
        "The PIN of the token for {key} was unblocked. {} set a new PIN.",
        names.people
    )
}
