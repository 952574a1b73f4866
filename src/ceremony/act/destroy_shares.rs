//! What is left of an old share set is destroyed before witnesses, or stays on a list.
use super::approval::require_approval;
use super::asking::{approved, go_on};
use crate::backup::Manifest;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::event::{BackupEvent, EventKind};
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Choice};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::state::{Ceremony, PartDisposition, SupersededPart};
use crate::script::{Act, Step};
use crate::words::Digest;

pub(in crate::ceremony) fn next_destroy_shares(c: &Ceremony, step: &Step) -> Next {
    let (Some(part), Some(manifest)) = (c.next_superseded_part(), c.set_at_hand()) else {
        return Next::Ask(go_on(c, step, Vec::new(), "Go on"));
    };
    let options = vec![
        Choice::new(DESTROYED, "destroyed, and two people saw it"),
        Choice::with_remark(RETAINED, "not destroyed: it stays on the list"),
    ];
    let label = "What became of it".to_owned();
    let lines = about_part(manifest, part.custodian());
    Next::Ask(approved(c, step, lines, Ask::Choice { label, options }))
}

/// What two people say became of the part of the old set that was asked for.
pub(in crate::ceremony) fn event_of_superseded_part(
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

/// What is destroyed, and how.
fn about_part(manifest: &Manifest, custodian: Option<&str>) -> Vec<String> {
    let (facts, set) = (manifest.facts(), manifest.set().short_hex());
    let Some(share) = custodian.and_then(|id| manifest.share_of(id)) else {
        return vec![
            format!(
                "The wrapped key of the old set {set}: every medium with {}.",
                crate::backup::wrapped_file(&facts.key, &facts.id)
            ),
            "Each is wiped or broken before two people. A copy of which nobody knows where it is, is not destroyed.".to_owned(),
        ];
    };
    let who = share.label().who();
    let mut lines = vec![format!("The old share of {who}, set {set}.")];
    if share.file().is_some() {
        lines.push(format!(
            "Every medium with {}, and every sheet with its QR codes, is broken or shredded before two people.",
            share.label().share_file()
        ));
    }
    if share.custodian().by_hand {
        lines
            .push("The sheet with the handwritten words is shredded before two people.".to_owned());
    }
    lines
}

pub(in crate::ceremony) fn accounted_for(
    c: &mut Ceremony,
    at: &At<'_>,
    set: Digest,
    custodian: Option<&String>,
    disposition: PartDisposition,
    approvals: &[Approval],
) -> Applied {
    at.require_act(c, |act| *act == Act::DestroyShares)?;
    if let PartDisposition::Retained { reason } = &disposition {
        require(!reason.trim().is_empty(), "two people say why")?;
    }
    let Some(manifest) = c.set_at_hand() else {
        return Err(contradiction("there is no old set"));
    };
    hold(
        Check::BackupReplaced,
        set == manifest.set() && c.is_replacement_proven(),
        "the set is another, or what takes its place was not seen to open",
    )?;
    let part = SupersededPart::of(custodian);
    require(
        c.next_superseded_part().as_ref() == Some(&part),
        "another part of the old set is asked for",
    )?;
    require_approval(c, at.event, approvals, "an old share is accounted for")?;
    c.backup_mut().account_for(part, disposition);
    Ok(())
}

const DESTROYED: &str = "destroyed";
const RETAINED: &str = "retained";
