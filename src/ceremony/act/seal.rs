//! A token or a medium is sealed into a new bag, whose number two people read.
use super::approval::require_approval;
use super::asking::prompt;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::event::CustodyEvent;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, ReplayError, contradiction, require};
use crate::ceremony::state::{Bag, Ceremony, CustodyRequest};
use crate::script::{Holds, ItemId, KeyId, PersonId, PersonRole, Step};

pub(in crate::ceremony) fn ask_first_reading(c: &Ceremony, step: &Step, item: &ItemId) -> Prompt {
    let who = c.usual_approvers().into_iter().take(1).collect();
    prompt(
        step,
        who,
        vec![format!(
            "{} goes into a new tamper-evident bag, closed in front of all{}. One person reads its number; another will read it once more.",
            crate::document::capitalized(&c.item_title(item)),
            when_closed(c, item)
        )],
        Ask::Reading {
            label: "Number of the new bag".to_owned(),
            usual: usual_new_bag(c, item),
        },
    )
}

pub(in crate::ceremony) fn ask_second_reading(
    c: &Ceremony,
    step: &Step,
    item: &ItemId,
    first: &PersonId,
) -> Prompt {
    let mut who = c.usual_approvers();
    // Who has not read yet is asked first.
    who.sort_by_key(|person| person == first);
    let prompt = prompt(
        step,
        who,
        vec![format!(
            "The number of the new bag of {}, read by a second person from the bag and not from the screen. Both approve that it is this one.",
            c.item_title(item)
        )],
        Ask::Reading {
            label: "The number once more".to_owned(),
            usual: c
                .custody
                .reading()
                .map_or_else(String::new, |reading| reading.bag().to_owned()),
        },
    );
    Prompt {
        approval: true,
        ..prompt
    }
}

/// The mirror is written to until this program has ended.
pub(in crate::ceremony) fn when_closed(c: &Ceremony, item: &ItemId) -> &'static str {
    let medium = c.script.medium(item);
    match medium.map(|medium| medium.holds) {
        Some(Holds::Mirror) => " as soon as this program has ended",
        _ => "",
    }
}

/// What a rehearsal that plays by itself says that it read: no bag is there.
pub(in crate::ceremony) fn usual_new_bag(c: &Ceremony, item: &ItemId) -> String {
    let base = format!("simulated-bag-{item}");
    let mut numbered = (1..).map(|number| format!("{base}-{number}"));
    numbered.find(|bag| !c.knows_bag(bag)).unwrap_or_default()
}

pub(in crate::ceremony) fn check_new_bag(c: &Ceremony, bag: &str) -> Result<(), StepError> {
    if !is_bag_number(bag) {
        return Err(StepError::NotABag);
    }
    if c.knows_bag(bag) {
        return Err(StepError::UsedBag {
            bag: bag.to_owned(),
        });
    }
    Ok(())
}

/// What is printed on bags: letters, digits and a few marks between them.
pub(in crate::ceremony) fn is_bag_number(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.trim() == text
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " ./-".contains(c))
}

/// Who reads is one person who is here and not the administrator, beside whom the holder may stand.
pub(in crate::ceremony) fn require_reader(
    c: &Ceremony,
    people: &[PersonId],
) -> Result<PersonId, ReplayError> {
    let reader = people
        .iter()
        .find(|id| c.participants.is_here(id) && (c.script.is_solo() || !c.is_administrator(id)));
    reader.cloned().ok_or_else(|| {
        contradiction(
            "what is written on a bag is read by somebody who is here, and not by the ceremony administrator",
        )
    })
}

/// What was left closed, and the ink, are compared by a witness; by somebody else only where no witness is here.
pub(in crate::ceremony) fn require_witness(c: &Ceremony, people: &[PersonId]) -> Applied {
    require_reader(c, people)?;
    let is_witness = |id: &PersonId| {
        let person = c.script.person(id);
        c.participants.is_here(id) && person.is_some_and(|p| p.is(PersonRole::Witness))
    };
    require(
        people.iter().any(is_witness) || !c.participants.attended().keys().any(is_witness),
        "a witness compares it, for one is here",
    )
}

pub(in crate::ceremony) fn first_read(
    c: &Ceremony,
    item: ItemId,
    bag: String,
) -> Result<CustodyEvent, StepError> {
    check_new_bag(c, &bag)?;
    Ok(CustodyEvent::NewBagRead { item, bag })
}

pub(in crate::ceremony) fn second_read(
    c: &Ceremony,
    step: &Step,
    item: ItemId,
    bag: String,
    approvals: Vec<Approval>,
) -> Result<CustodyEvent, StepError> {
    let first = c.custody.reading();
    if first.is_some_and(|first| first.bag() != bag) {
        return Ok(CustodyEvent::BagReadingsDiffered { item, bag });
    }
    let (receiver, place) = c.destination(&step.act);
    let usual = || c.receiver_of(&item);
    Ok(CustodyEvent::Sealed {
        receiver: receiver.or_else(usual).ok_or(StepError::NotAsked)?,
        item,
        bag,
        place,
        approvals,
    })
}

pub(in crate::ceremony) fn new_bag_read(
    c: &mut Ceremony,
    at: &At<'_>,
    item: &ItemId,
    bag: &str,
) -> Applied {
    let (_, request) = at.custody_request(c)?;
    let Some(CustodyRequest::FirstReading(wanted)) = request else {
        return Err(at.refuse());
    };
    require(*item == wanted, "something else is to be sealed")?;
    let person = require_reader(c, &at.event.people)?;
    require(is_bag_number(bag), "that is no number of a bag")?;
    require(!c.knows_bag(bag), "a bag of that number was used before")?;
    c.custody_mut().read_new_bag(item, person, bag);
    Ok(())
}

/// What is to be sealed, and the number as the first person read it; the second one is another person.
fn second_reading<'e>(
    c: &mut Ceremony,
    at: &At<'e>,
) -> Result<(&'e Step, ItemId, Option<String>), ReplayError> {
    let (step, request) = at.custody_request(c)?;
    let Some(CustodyRequest::SecondReading(wanted, first)) = request else {
        return Err(at.refuse());
    };
    let another = |person: &&PersonId| **person != first || c.script.is_solo();
    let second: Vec<PersonId> = at.event.people.iter().filter(another).cloned().collect();
    require(
        !second.is_empty(),
        "a new bag is read by two different people",
    )?;
    require_reader(c, &second)?;
    let reading = c.custody_mut().take_reading();
    Ok((
        step,
        wanted,
        reading.map(|reading| reading.bag().to_owned()),
    ))
}

pub(in crate::ceremony) fn readings_differed(
    c: &mut Ceremony,
    at: &At<'_>,
    item: &ItemId,
    bag: &str,
) -> Applied {
    let (_, wanted, first) = second_reading(c, at)?;
    require(
        *item == wanted && first.as_deref() != Some(bag),
        "the two readings are the same",
    )
}

pub(in crate::ceremony) fn sealed(
    c: &mut Ceremony,
    at: &At<'_>,
    item: &ItemId,
    bag: Bag,
    approvals: &[Approval],
) -> Applied {
    let (step, wanted, first) = second_reading(c, at)?;
    require_approval(c, at.event, approvals, "a bag is sealed")?;
    require(*item == wanted, "something else is to be sealed")?;
    require(
        first.as_ref() == Some(&bag.number),
        "the two readings differ",
    )?;
    let (planned, place) = c.destination(&step.act);
    let taker = planned.or_else(|| c.receiver_of(item));
    require(
        Some(&bag.receiver) == taker.as_ref() && bag.place == place,
        "receiver and place are not those of the script",
    )?;
    c.custody_mut().seal(item, bag);
    Ok(())
}

pub(in crate::ceremony) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].skipped().is_some() || c.items_of(key).iter().all(|item| c.custody.is_kept(item))
}
