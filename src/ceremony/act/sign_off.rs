//! Each person signs off, and the ceremony is closed, or it is aborted.

use super::asking::prompt;
use super::attendance::only;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{
    Ask, Ceremony, Choice, Ending, EventKind, ProgressEvent, Prompt, StepError, Verdict,
};
use crate::script::{Act, PersonRole, Step};

const AGREE: &str = "agree";
const WITH_RESERVATION: &str = "with-reservation";
const REFUSE: &str = "refuse";

pub(crate) fn ask_sign_off(c: &Ceremony, step: &Step) -> Prompt {
    let who = c.next_to_sign_off();
    let label = who.as_ref().map_or("", |id| c.name(id)).to_owned();
    let options = vec![
        Choice::new(AGREE, "agree"),
        Choice::with_remark(WITH_RESERVATION, "agree with a reservation"),
        Choice::with_remark(REFUSE, "refuse"),
    ];
    let ask = Ask::Choice { label, options };
    prompt(step, who.into_iter().collect(), [""; 0], ask)
}

pub(crate) fn ask_to_close(c: &Ceremony) -> Prompt {
    Prompt {
        step: None,
        who: c.with_role(PersonRole::Administrator, 1),
        lines: vec![format!(
            "All steps are done. Overall verdict: {}.",
            c.worst_verdict()
        )],
        ask: Ask::Enter {
            action: "Close the ceremony".to_owned(),
        },
        approval: false,
    }
}

pub(crate) fn answered(choice: &str, remark: String) -> Result<EventKind, StepError> {
    let verdict = match choice {
        AGREE => Verdict::Agree,
        WITH_RESERVATION => Verdict::WithReservation,
        REFUSE => Verdict::Refuse,
        _ => return Err(StepError::NotAnAnswer),
    };
    Ok(EventKind::Progress(ProgressEvent::SignedOff {
        verdict,
        remark,
    }))
}

pub(crate) fn signed_off(c: &mut Ceremony, at: &At<'_>, verdict: Verdict, remark: &str) -> Applied {
    at.require_act(c, |act| *act == Act::SignOff)?;
    let person = only(at.event, "each person signs off alone")?;
    require(
        verdict == Verdict::Agree || !remark.is_empty(),
        "a reservation or a refusal needs a reason",
    )?;
    require(
        c.participants.is_here(person),
        "only people who are present sign off",
    )?;
    c.progress_mut().sign_off(person.clone(), verdict, remark)
}

pub(crate) fn is_done(c: &Ceremony) -> bool {
    let mut people = c.participants.attended().keys();
    people.all(|person| c.progress.sign_offs().contains_key(person))
}

pub(crate) fn closed(c: &mut Ceremony, status: Verdict) -> Applied {
    require(
        c.current_step().is_none(),
        "steps of the script are not done yet",
    )?;
    require(
        status == c.worst_verdict(),
        "the status is not the worst verdict of those who signed off",
    )?;
    c.progress_mut().end(Ending::Closed(status));
    Ok(())
}

pub(crate) fn signed_off_sentence(verdict: Verdict, remark: &str, names: &Names<'_>) -> String {
    let remark = if remark.is_empty() {
        String::new()
    } else {
        format!(": {remark}")
    };
    format!("{} signed off: {verdict}{remark}.", names.people)
}

pub(crate) fn closed_sentence(status: Verdict) -> String {
    format!("Closed. Overall verdict: {status}.")
}

pub(crate) fn aborted_sentence(reason: &str) -> String {
    format!("Aborted: {reason}.")
}
