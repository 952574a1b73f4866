//! A share is given up, or a drill ends as failed.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::event::{EventKind, RestoreEvent};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::request::parsed;
use crate::ceremony::request::{Field, Pick, Request, RequestKind};
use crate::ceremony::state::Ceremony;
use crate::script::{Act, PersonId};
/// The form of a request about shares: whose is given up, or whether the drill has failed.
pub(in crate::ceremony) fn form_of_restore(c: &Ceremony, kind: RequestKind) -> Vec<Field> {
    let act = c.current_step().map(|step| &step.act);
    let choices = match (kind, act) {
        (RequestKind::GiveUpShare, Some(Act::OpenShare { custodian })) => {
            vec![Pick::new(custodian, c.name(custodian))]
        }
        (
            RequestKind::FailDrill,
            Some(Act::RestoreKey { .. } | Act::ProveRestore { .. } | Act::Destroy { .. }),
        ) if c.may_fail_drill() => vec![Pick::new(
            c.script.repository(),
            format!("the drill of {}", c.set_name()),
        )],
        _ => Vec::new(),
    };
    vec![Field::chosen("which", choices), Field::typed("why")]
}

pub(in crate::ceremony) fn fact_of_restore_request(
    request: &Request,
) -> Result<EventKind, StepError> {
    let [subject, reason] = request.values.as_slice() else {
        return Err(StepError::NotAnAnswer);
    };
    let reason = reason.trim().to_owned();
    Ok(match request.kind {
        RequestKind::GiveUpShare => EventKind::Restore(RestoreEvent::ShareGivenUp {
            custodian: parsed(subject)?,
            reason,
            approvals: Vec::new(),
        }),
        _ => EventKind::Restore(RestoreEvent::DrillFailed {
            reason,
            approvals: Vec::new(),
        }),
    })
}

pub(in crate::ceremony) fn read_aloud_of_restore(
    c: &Ceremony,
    fact: &EventKind,
) -> Option<Vec<String>> {
    match fact {
        EventKind::Restore(RestoreEvent::ShareGivenUp {
            custodian, reason, ..
        }) => Some(vec![
            format!(
                "The share of {} counts as lost. The ceremony goes on without it, and its record says so.",
                c.name(custodian)
            ),
            format!("Why: {reason}"),
        ]),
        EventKind::Restore(RestoreEvent::DrillFailed { reason, .. }) => Some(vec![
            format!("The drill of {} ends as failed.", c.set_name()),
            format!("Why: {reason}"),
        ]),
        _ => None,
    }
}

pub(in crate::ceremony) fn share_given_up(
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
    c.restore_mut().give_up_share(custodian, reason);
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
