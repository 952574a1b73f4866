//! A share is declared lost, or a drill ends as failed.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::event::RestoreEvent;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::request::Pick;
use crate::ceremony::state::Ceremony;
use crate::script::{Act, PersonId};

/// The custodian whose share is awaited.
pub(super) fn share_picks(c: &Ceremony) -> Vec<Pick> {
    let act = c.current_step().map(|step| &step.act);
    if let Some(Act::OpenShare { custodian }) = act {
        vec![Pick::new(custodian, c.name(custodian))]
    } else {
        Vec::new()
    }
}

/// The drill, while it may still fail.
pub(super) fn drill_picks(c: &Ceremony) -> Vec<Pick> {
    let is_restoring = c.current_step().is_some_and(|step| {
        matches!(
            step.act,
            Act::RestoreKey { .. } | Act::VerifyRestoredKey { .. } | Act::DestroyRestoredKey { .. }
        )
    });
    if !is_restoring || !c.may_fail_drill() {
        return Vec::new();
    }
    vec![Pick::new(
        c.script.repository(),
        format!("the drill of {}", c.set_name()),
    )]
}

pub(in crate::ceremony) fn read_aloud_of_restore(
    c: &Ceremony,
    event: &RestoreEvent,
) -> Option<Vec<String>> {
    match event {
        RestoreEvent::ShareDeclaredLost {
            custodian, reason, ..
        } => Some(vec![
            format!(
                "The share of {} is declared lost. The ceremony continues without it, and the transcript records this.",
                c.name(custodian)
            ),
            format!("Reason: {reason}"),
        ]),
        RestoreEvent::DrillFailed { reason, .. } => Some(vec![
            format!("The drill of {} ends as failed.", c.set_name()),
            format!("Reason: {reason}"),
        ]),
        RestoreEvent::ShareEntered { .. }
        | RestoreEvent::SharesCombined { .. }
        | RestoreEvent::KeyRestored { .. }
        | RestoreEvent::RestoredKeyProven { .. }
        | RestoreEvent::RestoredKeyDestroyed { .. } => None,
    }
}

pub(in crate::ceremony) fn share_declared_lost(
    c: &mut Ceremony,
    at: &At<'_>,
    custodian: &PersonId,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    require_approval(c, at.event, approvals, "a share is declared lost")?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    let is_at_hand = matches!(
        at.current().map(|step| &step.act),
        Some(Act::OpenShare { custodian: of }) if of == custodian
    );
    require(is_at_hand, "the current step is not about this share")?;
    c.restore_mut().declare_share_lost(custodian, reason);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn drill_failed(
    c: &mut Ceremony,
    at: &At<'_>,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    require_approval(c, at.event, approvals, "a drill is ended as failed")?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    require(
        c.may_fail_drill(),
        "a drill can be ended as failed only after a failure, or if no quorum is left",
    )?;
    c.restore_mut().fail(reason);
    c.forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn share_declared_lost_sentence(
    custodian: &PersonId,
    reason: &str,
    names: &Names<'_>,
) -> String {
    format!(
        "{} declared the share of {custodian} lost: {reason}.",
        names.people
    )
}

pub(in crate::ceremony) fn drill_failed_sentence(reason: &str, names: &Names<'_>) -> String {
    format!("{} ended the drill as failed: {reason}.", names.people)
}
