//! Attendance: who is here, who comes later, who stands in for whom.

use super::asking::prompt;
use crate::ceremony::at::At;
use crate::ceremony::event::{Event, ParticipantEvent};
use crate::ceremony::prompt::{Ask, Choice, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::ceremony::state::{Ceremony, Presence};
use crate::script::{Act, PersonId, Step};

/// How a person is known: what is shown, and what the transcript has.
pub(crate) const DOCUMENTS: [&str; 5] = [
    "known personally",
    "passport",
    "identity card",
    "driving license",
    "staff card",
];

const NOT_HERE: &str = "not-here";
const SUBSTITUTE: &str = "substitute";

/// Whether attendance is complete: everybody is here or awaited, with a code, and enough can approve.
pub(crate) fn is_done(c: &Ceremony) -> bool {
    let everybody = c
        .script
        .people()
        .iter()
        .all(|person| c.participants.is_here(&person.id) || c.participants.is_away(&person.id));
    everybody && c.next_without_code().is_none() && c.approvers().len() >= c.approvals_needed()
}

pub(crate) fn only<'e>(event: &'e Event, what: &str) -> Result<&'e PersonId, ReplayError> {
    match event.people.as_slice() {
        [person] => Ok(person),
        _ => Err(contradiction(what)),
    }
}

pub(crate) fn ask_attendance(c: &Ceremony, step: &Step, person: &PersonId) -> Prompt {
    let name = c.name(person);
    let checker = c.checker_of(person);
    let mut lines = Vec::new();
    if !matches!(step.act, Act::Attendance) {
        lines.push(format!(
            "This step needs {name}, who is not here. When {name} comes, the digest of the script is read out again."
        ));
    }
    if let Some(checker) = &checker {
        lines.push(format!(
            "{} looks at the document; its number is written nowhere.",
            c.name(checker)
        ));
    }
    let mut options = DOCUMENTS.map(|kind| Choice::new(kind, kind)).to_vec();
    if matches!(step.act, Act::Attendance) {
        if c.may_be_late(person) {
            options.push(Choice::new(NOT_HERE, "not here yet"));
        }
        options.extend(
            c.stand_in(person)
                .map(|other| Choice::new(SUBSTITUTE, format!("{other} comes instead"))),
        );
    }
    let mut who = vec![person.clone()];
    who.extend(checker);
    prompt(
        step,
        who,
        lines,
        Ask::Choice {
            label: format!("{name} is here, by"),
            options,
        },
    )
}

pub(crate) fn attended(
    c: &mut Ceremony,
    at: &At<'_>,
    document: &str,
    checked_by: Option<&PersonId>,
) -> Applied {
    let person = only(at.event, "attendance is taken person by person")?;
    require(
        c.is_at_attendance() || c.is_away(person),
        "attendance was taken: only who was away can come",
    )?;
    match checked_by {
        Some(checker) => {
            let is_here =
                c.participants.is_here(checker) || c.is_at_attendance() && !c.is_away(checker);
            require(
                checker != person && c.script.person(checker).is_some() && is_here,
                "somebody else who is here looks at a document",
            )?;
        }
        None => require(
            c.script.is_solo(),
            "somebody looks at each person's document",
        )?,
    }
    let presence = Presence {
        document: document.to_owned(),
        checked_by: checked_by.cloned(),
    };
    c.participants_mut().attend(person, presence)
}

pub(crate) fn awaited(c: &mut Ceremony, at: &At<'_>) -> Applied {
    let person = only(at.event, "people are awaited one by one")?;
    require(
        c.is_at_attendance() && c.may_be_late(person),
        "only key holders and custodians may come later, and attendance says so",
    )?;
    c.participants.require_undecided(person)?;
    let has_checked = |here: &Presence| here.checked_by.as_ref() == Some(person);
    require(
        !c.participants.attended().values().any(has_checked),
        "that person looked at a document, and so is here",
    )?;
    c.participants_mut().await_person(person);
    Ok(())
}

pub(crate) fn substituted(c: &mut Ceremony, at: &At<'_>, name: &str) -> Applied {
    let person = only(at.event, "a substitute takes one person's place")?;
    require(
        c.is_at_attendance(),
        "after attendance, a substitute is an amendment",
    )?;
    c.participants.require_undecided(person)?;
    require(
        c.stand_in(person).as_deref() == Some(name),
        "the script lists no such substitute",
    )?;
    c.participants_mut().replace(person);
    c.participants_mut().follow_names(at.event);
    Ok(())
}

pub(crate) fn left(c: &mut Ceremony, at: &At<'_>, reason: &str) -> Applied {
    let person = only(at.event, "people leave one by one")?;
    require(!reason.trim().is_empty(), "who leaves says why")?;
    require(
        !c.is_at_attendance() && c.may_leave(person),
        "the administrator stays, and so do enough people to approve",
    )?;
    c.participants_mut().leave(person);
    Ok(())
}

/// What a choice at attendance means.
pub(crate) fn answered(
    c: &Ceremony,
    person: &PersonId,
    choice: &str,
) -> Result<ParticipantEvent, StepError> {
    if choice == NOT_HERE {
        return Ok(ParticipantEvent::Awaited);
    }
    if choice == SUBSTITUTE {
        let name = c.stand_in(person).ok_or(StepError::NotAnAnswer)?;
        return Ok(ParticipantEvent::Substituted { name });
    }
    Ok(ParticipantEvent::Attended {
        document: choice.to_owned(),
        checked_by: c.checker_of(person),
    })
}
