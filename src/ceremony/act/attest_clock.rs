//! Two people compare the machine's clock with their own.

use jiff::Timestamp;

use super::approval::require_approval;
use super::asking::approved;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, broken, hold, require};
use crate::ceremony::{Approval, Ask, Ceremony, Check, EventKind, HostEvent, Prompt, StepError};
use crate::script::{Act, Step};

/// Within this tolerance the machine's time is kept: people read their watches a little late.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

pub(crate) fn attest_clock(
    c: &Ceremony,
    text: &str,
    machine: Timestamp,
    approvals: Vec<Approval>,
) -> Result<EventKind, StepError> {
    let machine = c.machine_time(machine);
    let stated = if text.is_empty() {
        machine
    } else {
        text.parse()
            .map_err(|_| StepError::NotATime(text.to_owned()))?
    };
    let difference = stated.as_second() - machine.as_second();
    let attested = if difference.abs() <= CLOCK_TOLERANCE_SECONDS {
        machine
    } else {
        stated
    };
    Ok(EventKind::Host(HostEvent::ClockAttested {
        machine,
        attested,
        offset: attested.as_second() - machine.as_second(),
        approvals,
    }))
}

/// No time is attested that is earlier than a recorded time.
pub(crate) fn require_not_earlier(c: &Ceremony, time: Timestamp) -> Applied {
    match c.latest_known() {
        Some(latest) if time < latest => Err(broken(
            Check::ClockForward,
            format!("{time} is earlier than {latest}, the latest time on record"),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn ask_clock(c: &Ceremony, step: &Step) -> Prompt {
    approved(c, step, [""; 0], Ask::Clock)
}

pub(crate) fn attested(
    c: &mut Ceremony,
    at: &At<'_>,
    machine: Timestamp,
    attested: Timestamp,
    offset: i64,
    approvals: &[Approval],
) -> Applied {
    at.require_act(c, |act| *act == Act::AttestClock)?;
    require_approval(c, at.event, approvals, "the clock is attested")?;
    require(
        attested.as_second() - machine.as_second() == offset,
        "the offset is not the attested time minus the machine time",
    )?;
    let (not_before, expires) = (c.script.not_before(), c.script.root().expires);
    hold(
        Check::ClockNotBefore,
        attested >= not_before,
        &format!(
            "{attested} is earlier than {not_before}, the earliest time that the script allows"
        ),
    )?;
    require_not_earlier(c, attested)?;
    hold(
        Check::ClockForward,
        attested < expires,
        &format!("{attested} is not before {expires}, when the root expires"),
    )?;
    c.host_mut().attest_clock(attested, offset);
    Ok(())
}

pub(crate) fn clock_attested_sentence(
    attested: Timestamp,
    offset: i64,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let difference = if offset == 0 {
        String::new()
    } else {
        format!(", {offset:+} seconds from the machine's clock")
    };
    let people = names.approving(approvals);
    format!("{people} attested the time: {attested}{difference}.")
}
