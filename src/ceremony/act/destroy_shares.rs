//! The parts of a superseded share set are destroyed before witnesses, or stay on a list.

use super::approval::require_approval;
use super::asking::{approved, proceed};
use crate::backup::Manifest;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{
    Approval, Ask, BackupEvent, Ceremony, Check, Choice, EventKind, Next, PartDisposition,
    StepError, SupersededPart,
};
use crate::script::{Act, Step};
use crate::words::Digest;

const DESTROYED: &str = "destroyed";
const RETAINED: &str = "retained";

pub(crate) fn next_destroy_shares(c: &Ceremony, step: &Step) -> Next {
    let (Some(part), Some(manifest)) = (c.next_superseded_part(), c.set_at_hand()) else {
        return proceed(c, step);
    };
    let options = vec![
        Choice::new(DESTROYED, "destroyed, seen by two people"),
        Choice::with_remark(RETAINED, "not destroyed; keep it on the list"),
    ];
    let label = "Result".to_owned();
    let lines = about_part(manifest, part.custodian());
    Next::Ask(approved(c, step, lines, Ask::Choice { label, options }))
}

/// What two people report about the part that the prompt names.
pub(crate) fn event_of_superseded_part(
    c: &Ceremony,
    text: &str,
    reason: String,
    approvals: Vec<Approval>,
) -> Result<EventKind, StepError> {
    let part = c.next_superseded_part().ok_or(StepError::NotAsked)?;
    let custodian = part.custodian().map(str::to_owned);
    let set = c.set_at_hand().ok_or(StepError::NotAsked)?.set();
    Ok(match text {
        DESTROYED => EventKind::Backup(BackupEvent::SupersededPartDestroyed {
            set,
            custodian,
            approvals,
        }),
        RETAINED => EventKind::Backup(BackupEvent::SupersededPartRetained {
            set,
            custodian,
            reason,
            approvals,
        }),
        _ => return Err(StepError::NotAnAnswer),
    })
}

/// What to destroy, and how.
fn about_part(manifest: &Manifest, custodian: Option<&str>) -> Vec<String> {
    let (facts, set) = (manifest.facts(), manifest.set().short_hex());
    let Some(share) = custodian.and_then(|id| manifest.share_of(id)) else {
        return vec![
            format!(
                "Wrapped key of the superseded set {set}: every medium with {}.",
                crate::backup::wrapped_file(&facts.key, &facts.id)
            ),
            "Wipe or break each medium before two people. If a copy cannot be found, report the wrapped key as not destroyed.".to_owned(),
        ];
    };
    let who = share.label().who();
    let mut lines = vec![format!("Superseded share of {who}, set {set}.")];
    if share.file().is_some() {
        lines.push(format!(
            "Break every medium with {}, and shred every sheet with its QR codes, before two people.",
            share.label().share_file()
        ));
    }
    if share.custodian().on_paper {
        lines.push("Shred the sheet with the handwritten words before two people.".to_owned());
    }
    lines
}

pub(crate) fn accounted_for(
    c: &mut Ceremony,
    at: &At<'_>,
    set: Digest,
    custodian: Option<&String>,
    disposition: PartDisposition,
    approvals: &[Approval],
) -> Applied {
    at.require_act(c, |act| *act == Act::DestroyShares)?;
    if let PartDisposition::Retained { reason } = &disposition {
        require(!reason.trim().is_empty(), "a reason is required")?;
    }
    let Some(manifest) = c.set_at_hand() else {
        return Err(contradiction("there is no superseded set"));
    };
    hold(
        Check::BackupReplaced,
        set == manifest.set() && c.is_replacement_proven(),
        "this is not the superseded set, or not every share of its replacement was opened",
    )?;
    let part = SupersededPart::of(custodian);
    require(
        c.next_superseded_part().as_ref() == Some(&part),
        "the prompt names another part of the superseded set",
    )?;
    require_approval(
        c,
        at.event,
        approvals,
        "a superseded share is accounted for",
    )?;
    c.backup_mut().account_for(part, disposition);
    Ok(())
}

pub(crate) fn part_destroyed_sentence(
    set: &Digest,
    custodian: Option<&str>,
    names: &Names<'_>,
) -> String {
    format!(
        "{} saw {} of the superseded set {} destroyed.",
        names.people,
        part(custodian),
        set.short_hex()
    )
}

pub(crate) fn part_retained_sentence(
    set: &Digest,
    custodian: Option<&str>,
    reason: &str,
    names: &Names<'_>,
) -> String {
    format!(
        "{} reported that {} of the superseded set {} was not destroyed. It stays on the list: {reason}.",
        names.people,
        part(custodian),
        set.short_hex()
    )
}

fn part(custodian: Option<&str>) -> String {
    match custodian {
        Some(custodian) => format!("the share of {}", crate::record::visible(custodian)),
        None => "every copy of the wrapped key".to_owned(),
    }
}
