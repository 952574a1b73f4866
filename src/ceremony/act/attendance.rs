//! Attendance: who is present, who arrives later, who is substituted.

use super::asking::prompt;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::{
    Ask, Ceremony, Choice, Event, ParticipantEvent, Presence, Prompt, ReplayError, StepError,
};
use crate::script::{Act, PersonId, Step};

/// How a person is identified: what is shown, and what the transcript records.
pub(crate) const DOCUMENTS: [&str; 5] = [
    "known personally",
    "passport",
    "identity card",
    "driving license",
    "staff card",
];

const NOT_HERE: &str = "not-here";
const SUBSTITUTE: &str = "substitute";

/// Whether each person is present or awaited, those present have a means of approval, and enough can approve.
pub(crate) fn is_done(c: &Ceremony) -> bool {
    let all = c
        .script
        .people()
        .iter()
        .all(|person| c.participants.is_here(&person.id) || c.participants.is_away(&person.id));
    all && c.next_without_code().is_none() && c.approvers().len() >= c.approvals_needed()
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
            "This step needs {name}, who is not present. When {name} arrives, read the script digest aloud again."
        ));
    }
    if let Some(checker) = &checker {
        lines.push(format!(
            "{}: check the document. Its number is not recorded.",
            c.name(checker)
        ));
    }
    let mut options = DOCUMENTS.map(|kind| Choice::new(kind, kind)).to_vec();
    if matches!(step.act, Act::Attendance) {
        if c.may_be_late(person) {
            options.push(Choice::new(NOT_HERE, "not present yet"));
        }
        options.extend(
            c.stand_in(person)
                .map(|other| Choice::new(SUBSTITUTE, format!("replaced by {other}"))),
        );
    }
    let mut who = vec![person.clone()];
    who.extend(checker);
    prompt(
        step,
        who,
        lines,
        Ask::Choice {
            label: format!("Identification of {name}"),
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
        "attendance is complete: only people who were awaited or have left can arrive",
    )?;
    match checked_by {
        Some(checker) => {
            let is_here =
                c.participants.is_here(checker) || c.is_at_attendance() && !c.is_away(checker);
            require(
                checker != person && c.script.person(checker).is_some() && is_here,
                "a document is checked by another person who is present",
            )?;
        }
        None => require(
            c.script.is_solo(),
            "each person's document is checked by another person",
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
        "only key holders and custodians may arrive later, and only at attendance can this be decided",
    )?;
    c.participants.require_undecided(person)?;
    let has_checked = |here: &Presence| here.checked_by.as_ref() == Some(person);
    require(
        !c.participants.attended().values().any(has_checked),
        "that person checked a document, and so is present",
    )?;
    c.participants_mut().await_person(person);
    Ok(())
}

pub(crate) fn substituted(c: &mut Ceremony, at: &At<'_>, name: &str) -> Applied {
    let person = only(at.event, "a substitute replaces one person")?;
    require(
        c.is_at_attendance(),
        "after attendance, a substitution is an amendment",
    )?;
    c.participants.require_undecided(person)?;
    require(
        c.stand_in(person).as_deref() == Some(name),
        "the script does not list this substitute",
    )?;
    c.participants_mut().replace(person);
    c.participants_mut().follow_names(at.event);
    Ok(())
}

pub(crate) fn left(c: &mut Ceremony, at: &At<'_>, reason: &str) -> Applied {
    let person = only(at.event, "people leave one by one")?;
    require(
        !reason.trim().is_empty(),
        "a person who leaves gives a reason",
    )?;
    require(
        !c.is_at_attendance() && c.may_leave(person),
        "the ceremony administrator cannot leave, and enough people must stay to approve",
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

pub(crate) fn attended_sentence(
    document: &str,
    checked_by: Option<&PersonId>,
    names: &Names<'_>,
) -> String {
    let checked = checked_by.map_or_else(
        || "not checked".to_owned(),
        |checker| format!("checked by {}", names.of(checker)),
    );
    format!(
        "{} is present. Identification: {document}, {checked}.",
        names.people
    )
}

pub(crate) fn awaited_sentence(names: &Names<'_>) -> String {
    format!("{} is not present yet and is expected later.", names.people)
}

pub(crate) fn substituted_sentence(name: &str, names: &Names<'_>) -> String {
    let id = names.ids.first().map_or("", PersonId::as_str);
    format!("{name} replaced {id}, as the script allows.")
}

pub(crate) fn left_sentence(reason: &str, names: &Names<'_>) -> String {
    format!("{} left: {reason}.", names.people)
}
