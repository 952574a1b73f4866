//! Exceptions: departures from the script that two people decide.

use super::approval::{require_approval, require_decision};
use super::asking::approved;
use crate::ceremony::approval::people_of;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::state::CustodyRequest;
use crate::ceremony::{
    Approval, Ask, Ceremony, Check, Event, EventKind, ExceptionReport, ProgressEvent, Prompt,
    StepError,
};
use crate::script::Step;

pub(crate) fn decide_exception(
    c: &Ceremony,
    report: ExceptionReport,
    waives: Option<Check>,
    approvals: Vec<Approval>,
) -> Result<Event, StepError> {
    let texts = [&report.expected, &report.happened, &report.decided];
    if texts.iter().any(|text| text.trim().is_empty()) {
        return Err(StepError::Empty);
    }
    let people = people_of(&approvals);
    let event = EventKind::Progress(ProgressEvent::ExceptionRecorded {
        report,
        waives,
        approvals,
    });
    Ok(c.at_step(people, event))
}

/// Only a check that blocks the ceremony now can be waived, and never a final check.
pub(crate) fn require_waivable(c: &Ceremony, check: Check) -> Applied {
    hold(
        check,
        check.is_waivable(),
        "this check is final and cannot be waived",
    )?;
    require(
        c.waivable().contains(&check),
        "this check does not block the ceremony now",
    )
}

pub(crate) fn ask_without_rehearsal(c: &Ceremony, step: &Step) -> Prompt {
    let lines = vec![
        "No completed rehearsal of this script was given. To continue without a rehearsal, two people decide on an exception and give the reason. Otherwise abort, rehearse, and start again with --rehearsal DIR.".to_owned(),
    ];
    let label = "Reason to continue without a rehearsal".to_owned();
    approved(
        c,
        step,
        lines,
        Ask::Text {
            label,
            default: None,
        },
    )
}

/// The exception report of a production without a rehearsal.
pub(crate) fn unrehearsed(c: &Ceremony, decided: String) -> ExceptionReport {
    ExceptionReport {
        expected: format!(
            "a completed rehearsal of the script {}",
            c.script.sha256().short_hex()
        ),
        happened: "no rehearsal was given".to_owned(),
        decided,
    }
}

pub(crate) fn recorded(
    c: &mut Ceremony,
    at: &At<'_>,
    report: &ExceptionReport,
    waives: Option<Check>,
    approvals: &[Approval],
) -> Applied {
    require_decision(c, at.event, approvals, "an exception is decided")?;
    c.progress_mut()
        .record_exception(at.event.step.clone(), report);
    if let Some(check) = waives {
        require_waivable(c, check)?;
        require_approval(c, at.event, approvals, "a check is waived")?;
        waive(c, check);
    }
    Ok(())
}

fn waive(c: &mut Ceremony, check: Check) {
    let request = c.current_step().and_then(|step| c.custody_asks(step));
    c.progress_mut().waive(check);
    match check {
        Check::CustodyBag => {
            if let Some(CustodyRequest::OpenBag(item, bag)) = request {
                c.custody_mut().take_out(&item, &bag);
            }
        }
        Check::CustodySealed => {
            if let Some(
                CustodyRequest::FirstReading(item) | CustodyRequest::SecondReading(item, _),
            ) = request
            {
                c.custody_mut().leave_unsealed(&item);
            }
        }
        Check::CustodyDigest => {
            if let Some(CustodyRequest::CompareDigest(_)) = request {
                c.custody_mut().accept_digest();
            }
        }
        // Without a rehearsal the same step continues; the other checks end their step.
        Check::RehearsalShown => {}
        _ => {
            if let Some(step) = c.current_step().map(|step| step.index) {
                c.progress_mut().finish(step);
            }
        }
    }
}

pub(crate) fn exception_recorded_sentence(
    report: &ExceptionReport,
    waives: Option<Check>,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let ExceptionReport {
        expected,
        happened,
        decided,
    } = report;
    let check = waives.map_or_else(String::new, |check| format!(" Waived check: {check}."));
    let people = names.approving(approvals);
    format!(
        "Exception. Expected: {expected}. Happened: {happened}. Decided by {people}: {decided}.{check}"
    )
}
