//! Two people amend one of the few parts of the script that can be amended.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::amendment::Amendment;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction};
use crate::ceremony::state::Ceremony;
use crate::record::visible;
use crate::script::PersonId;
const LONGEST_NAME: usize = 60;
const LONGEST_NOTE: usize = 2000;
const LONGEST_BAG: usize = 40;
const MOST_MINUTES: u32 = 1440;

/// Why an amendment is not possible now; none if it is.
pub(in crate::ceremony) fn objection(c: &Ceremony, amendment: &Amendment) -> Option<String> {
    let (from, to) = amendment.change();
    let fault = |text: &str| Some(text.to_owned());
    if from == to {
        return fault("the amendment does not change anything");
    }
    if to.trim().is_empty() || visible(&to) != to {
        return fault("the new text is empty or has invisible characters");
    }
    let (is, longest) = match amendment {
        Amendment::Name { person, to, .. } => {
            let taken = |other: &PersonId| {
                other != person && c.name(other).to_lowercase() == to.to_lowercase()
            };
            if c.script.people().iter().any(|other| taken(&other.id)) {
                return fault("another person has this name");
            }
            (known_name(c, person), LONGEST_NAME)
        }
        Amendment::Substitute { person, to, .. } => {
            if c.stand_in(person).as_ref() != Some(to) {
                return fault("the script does not list this substitute");
            }
            if c.participants.is_here(person) {
                return fault("this person is present and cannot be substituted");
            }
            (known_name(c, person), LONGEST_NAME)
        }
        Amendment::Note { step, .. } => {
            let note = c.script.step(step);
            if note.is_some_and(|note| c.progress.is_done(note.index)) {
                return fault("this note is already done");
            }
            (c.note(step).map(str::to_owned), LONGEST_NOTE)
        }
        Amendment::Minutes { step, to, .. } => {
            if c.script.step(step).is_none() {
                return fault("the script does not have this step");
            }
            if *to == 0 || *to > MOST_MINUTES {
                return fault("a step takes between 1 and 1440 minutes");
            }
            let is = c
                .minutes(step)
                .map_or_else(|| "nothing".to_owned(), |minutes| minutes.to_string());
            (Some(is), LONGEST_BAG)
        }
        Amendment::Bag { key, .. } => {
            let opened = c.keys.get(key).map(|state| state.token().is_some());
            if opened != Some(false) {
                return fault("this token was already taken out of its bag");
            }
            let is = c.bag(key).unwrap_or("nothing");
            (Some(is.to_owned()), LONGEST_BAG)
        }
        Amendment::Envelope {
            key, secret, to, ..
        } => {
            let sealed = c
                .keys
                .get(key)
                .map(|state| state.envelopes().contains_key(secret));
            if sealed != Some(false) {
                return fault("this bag is already sealed");
            }
            if !c.is_new_bag(to) {
                return fault("another bag has this number");
            }
            (c.envelope_bag(key, *secret).map(str::to_owned), LONGEST_BAG)
        }
    };
    if is.as_ref() != Some(&from) {
        return fault("the amendment does not start from the current text");
    }
    if to.chars().count() > longest {
        return Some(format!("the text is longer than {longest} characters"));
    }
    None
}

pub(in crate::ceremony) fn known_name(c: &Ceremony, person: &PersonId) -> Option<String> {
    c.script.person(person)?;
    Some(c.name(person).to_owned())
}

pub(in crate::ceremony) fn amended(
    c: &mut Ceremony,
    at: &At<'_>,
    amendment: &Amendment,
    approvals: &[Approval],
) -> Applied {
    require_approval(c, at.event, approvals, "the script is amended")?;
    if let Some(objection) = objection(c, amendment) {
        return Err(contradiction(objection));
    }
    if let Amendment::Substitute { person, .. } = amendment {
        c.participants_mut().replace(person);
    }
    c.progress_mut().amend(amendment);
    c.participants_mut().follow_names(at.event);
    Ok(())
}

pub(in crate::ceremony) fn amended_sentence(
    amendment: &Amendment,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let (from, to) = amendment.change();
    format!(
        "Amendment: {} was \"{from}\" and is now \"{to}\". Read aloud, and approved by {}.",
        amendment.subject(),
        names.approving(approvals)
    )
}
