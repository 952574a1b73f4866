//! Each person signs off, and the ceremony is closed.
use super::asking::prompt;
use super::attendance::only;
use crate::ceremony::at::At;
use crate::ceremony::event::{EventKind, ProgressEvent, Verdict};
use crate::ceremony::prompt::{Ask, Choice, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::state::{Ceremony, Ending};
use crate::script::{Act, PersonRole, Step};

pub(crate) fn ask_sign_off(c: &Ceremony, step: &Step) -> Prompt {
    let who: Vec<_> = c.next_to_sign_off().into_iter().collect();
    let name = who
        .first()
        .map_or_else(String::new, |id| c.name(id).to_owned());
    prompt(
        step,
        who,
        Vec::new(),
        Ask::Choice {
            label: name,
            options: VERDICTS.map(choice_of).to_vec(),
        },
    )
}

pub(crate) fn ask_to_close(c: &Ceremony) -> Prompt {
    Prompt {
        step: None,
        who: c.with_role(PersonRole::Administrator, 1),
        lines: vec![format!(
            "All steps are done; the worst verdict is: {}.",
            c.worst_verdict()
        )],
        ask: Ask::Enter {
            action: "Close the ceremony".to_owned(),
        },
        approval: false,
    }
}

pub(crate) fn signed_off(c: &mut Ceremony, at: &At<'_>, verdict: Verdict, remark: &str) -> Applied {
    at.require_act(c, |act| *act == Act::SignOff)?;
    let person = only(at.event, "each person signs off alone")?;
    require(
        verdict == Verdict::Agree || !remark.is_empty(),
        "a reservation or a refusal has a reason",
    )?;
    require(c.participants.is_here(person), "only who is here signs off")?;
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

const VERDICTS: [Verdict; 3] = [Verdict::Agree, Verdict::WithReservation, Verdict::Refuse];

const fn id_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agree => "agree",
        Verdict::WithReservation => "with-reservation",
        Verdict::Refuse => "refuse",
    }
}

fn choice_of(verdict: Verdict) -> Choice {
    let text = verdict.to_string();
    if verdict == Verdict::Agree {
        Choice::new(id_of(verdict), text)
    } else {
        Choice::with_remark(id_of(verdict), text)
    }
}

pub(crate) fn answered(choice: &str, remark: String) -> Result<EventKind, StepError> {
    let verdict = VERDICTS
        .into_iter()
        .find(|verdict| id_of(*verdict) == choice)
        .ok_or(StepError::NotAnAnswer)?;
    Ok(EventKind::Progress(ProgressEvent::SignedOff {
        verdict,
        remark,
    }))
}
