//! Two people compare the clock of the machine with their own.
use super::approval::require_approval;
use super::asking::approved;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::event::{EventKind, HostEvent};
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, broken, hold, require};
use crate::ceremony::state::Ceremony;
use crate::script::{Act, Step};
use jiff::Timestamp;

/// Within this, the machine is right and people read their watches a little late.
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
    if attested < c.script.not_before() {
        return Err(StepError::TooEarly {
            time: attested,
            not_before: c.script.not_before(),
        });
    }
    if let Some(latest) = c.latest_known().filter(|latest| attested < *latest) {
        return Err(StepError::Backwards {
            time: attested,
            latest,
        });
    }
    let expires = c.script.root().expires;
    if attested >= expires {
        return Err(StepError::TooLate {
            time: attested,
            expires,
        });
    }
    Ok(EventKind::Host(HostEvent::ClockAttested {
        machine,
        attested,
        offset: attested.as_second() - machine.as_second(),
        approvals,
    }))
}

/// Time goes on: no clock is attested that is behind what is on record already.
pub(crate) fn require_not_earlier(c: &Ceremony, time: Timestamp) -> Applied {
    match c.latest_known() {
        Some(latest) if time < latest => Err(broken(
            Check::ClockForward,
            format!(
                "{time} is earlier than {latest}, when something happened that is on record already"
            ),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn ask_clock(c: &Ceremony, step: &Step) -> Prompt {
    approved(c, step, Vec::new(), Ask::Clock)
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
        "the offset is not attested time minus machine time",
    )?;
    hold(
        Check::ClockNotBefore,
        attested >= c.script.not_before(),
        "the attested time is earlier than the script allows",
    )?;
    require_not_earlier(c, attested)?;
    hold(
        Check::ClockForward,
        attested < c.script.root().expires,
        "the root of the script has expired by the attested time",
    )?;
    c.host_mut().attest_clock(attested, offset);
    Ok(())
}
