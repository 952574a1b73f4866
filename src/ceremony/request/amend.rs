//! Two people amend one of the few things of the script that can change.
use crate::ceremony::act::approval::require_approval;
use crate::ceremony::amendment::Amendment;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, contradiction};
use crate::ceremony::state::Ceremony;
use crate::record::visible;
use crate::script::PersonId;
const LONGEST_NAME: usize = 60;
const LONGEST_NOTE: usize = 2000;
const LONGEST_BAG: usize = 40;
const MOST_MINUTES: u32 = 1440;

/// Why an amendment is none that the room may make now; nothing, if it may.
pub(in crate::ceremony) fn objection(c: &Ceremony, amendment: &Amendment) -> Option<String> {
    let (from, to) = amendment.change();
    let fault = |text: &str| Some(text.to_owned());
    if from == to {
        return fault("an amendment changes something");
    }
    if to.trim().is_empty() || visible(&to) != to {
        return fault("what is amended is text that people can read");
    }
    let (is, longest) = match amendment {
        Amendment::Name { person, to, .. } => {
            let taken = |other: &PersonId| {
                other != person && c.name(other).to_lowercase() == to.to_lowercase()
            };
            if c.script.people().iter().any(|other| taken(&other.id)) {
                return fault("another person has that name");
            }
            (known_name(c, person), LONGEST_NAME)
        }
        Amendment::Substitute { person, to, .. } => {
            if c.stand_in(person).as_ref() != Some(to) {
                return fault("the script lists no such substitute");
            }
            if c.participants.is_here(person) {
                return fault("that person is here: only who is not is replaced");
            }
            (known_name(c, person), LONGEST_NAME)
        }
        Amendment::Note { step, .. } => {
            let note = c.script.step(step);
            if note.is_some_and(|note| c.progress.is_done(note.index)) {
                return fault("that note is done");
            }
            (c.note(step).map(str::to_owned), LONGEST_NOTE)
        }
        Amendment::Minutes { step, to, .. } => {
            if c.script.step(step).is_none() {
                return fault("the script has no such step");
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
                return fault("that token is out of its bag");
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
                return fault("that bag is sealed");
            }
            if !c.is_new_bag(to) {
                return fault("another bag has that number");
            }
            (c.envelope_bag(key, *secret).map(str::to_owned), LONGEST_BAG)
        }
    };
    if is.as_ref() != Some(&from) {
        return fault("what the amendment changes is not what the script says now");
    }
    if to.chars().count() > longest {
        return Some(format!("{longest} characters are the most here"));
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
