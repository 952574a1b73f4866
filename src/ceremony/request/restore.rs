//! A share is given up, or a drill ends as failed.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
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
                "The share of {} counts as lost. The ceremony goes on without it, and its record says so.",
                c.name(custodian)
            ),
            format!("Why: {reason}"),
        ]),
        RestoreEvent::DrillFailed { reason, .. } => Some(vec![
            format!("The drill of {} ends as failed.", c.set_name()),
            format!("Why: {reason}"),
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
    require_approval(c, at.event, approvals, "a share is given up")?;
    require(!reason.trim().is_empty(), "two people say why")?;
    let is_at_hand = matches!(
        at.current().map(|step| &step.act),
        Some(Act::OpenShare { custodian: of }) if of == custodian
    );
    require(is_at_hand, "that share is not at hand")?;
    c.restore_mut().declare_share_lost(custodian, reason);
    c.progress_mut().forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn drill_failed(
    c: &mut Ceremony,
    at: &At<'_>,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    require_approval(c, at.event, approvals, "a drill has failed")?;
    require(!reason.trim().is_empty(), "two people say why")?;
    require(
        c.may_fail_drill(),
        "a drill fails when something did not work, or no quorum is left",
    )?;
    c.restore_mut().fail(reason);
    c.progress_mut().forget_failure();
    Ok(())
}
