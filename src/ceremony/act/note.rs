//! A note of the script, with initials.

use super::asking::prompt;
use super::attendance::only;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{Ask, Ceremony, Prompt};
use crate::script::{Act, PersonId, Step};

pub(crate) fn ask_initials(c: &Ceremony, step: &Step, initials: &[PersonId]) -> Prompt {
    let who: Vec<_> = c.next_to_initial(step, initials).into_iter().collect();
    let ask = match who.first() {
        Some(person) => Ask::Text {
            label: format!("Initials of {}", c.name(person)),
            default: Some(initials_of(c.name(person))),
        },
        None => Ask::Enter {
            action: "Continue".to_owned(),
        },
    };
    prompt(step, who, c.note(&step.id), ask)
}

/// The first letters of a name's words.
fn initials_of(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .collect()
}

pub(crate) fn initialed(c: &mut Ceremony, at: &At<'_>, typed: &str) -> Applied {
    let step = at.step(c)?;
    let Act::Note { initials, .. } = &step.act else {
        return Err(at.refuse());
    };
    let person = only(at.event, "each person initials a note alone")?;
    require(
        initials.contains(person) && c.participants.is_here(person),
        "the script does not ask this person for initials, or the person is not present",
    )?;
    c.progress_mut()
        .initial(step.id.clone(), person.clone(), typed)
}

pub(crate) fn is_done(c: &Ceremony, step: &Step, initials: &[PersonId]) -> bool {
    initials
        .iter()
        .all(|person| c.progress.has_initialed(&step.id, person))
}

pub(crate) fn initialed_sentence(initials: &str, names: &Names<'_>) -> String {
    format!("{} initialed the note: {initials}.", names.people)
}
