//! A token or a medium is sealed in a new tamper-evident bag.
//!
//! All tokens are logged out first. One person reads the number of the new bag. A second person, who does not see the first
//! reading, reads it again, and two people approve. If the readings differ, both people read the number again. Nobody reads
//! twice, and never the ceremony administrator. The sub-state `custody` keeps the first reading and the sealed bag.

use super::approval::require_approval;
use super::asking::{approved, prompt};
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::state::CustodyRequest;
use crate::ceremony::{
    Approval, Ask, Bag, Ceremony, Check, CustodyEvent, Prompt, ReplayError, StepError,
};
use crate::document::capitalized;
use crate::script::{Holds, ItemId, KeyId, PersonId, PersonRole, Step};

pub(crate) fn ask_first_reading(c: &Ceremony, step: &Step, item: &ItemId) -> Prompt {
    let who = c.usual_approvers().into_iter().take(1).collect();
    let medium = c.script.medium(item).map(|medium| medium.holds);
    // The mirror is written to until the program has ended.
    let when = match medium {
        Some(Holds::Mirror) => "as soon as the program has ended",
        _ => "in front of everyone",
    };
    let line = format!(
        "Put {} in a new tamper-evident bag and seal it {when}. First person: read the number on the bag. A second person reads it afterwards.",
        c.item_title(item)
    );
    let ask = Ask::Reading {
        label: "Number of the new bag".to_owned(),
        usual: simulated_bag(c, item),
    };
    prompt(step, who, [line], ask)
}

pub(crate) fn ask_second_reading(
    c: &Ceremony,
    step: &Step,
    item: &ItemId,
    first: &PersonId,
) -> Prompt {
    let line = format!(
        "Second person: read the number of the new bag for {}. Read it from the bag, not from the screen. Then two people approve it.",
        c.item_title(item)
    );
    let first_reading = c.custody.reading().map(|reading| reading.bag().to_owned());
    let ask = Ask::Reading {
        label: "Number of the new bag, second reading".to_owned(),
        usual: first_reading.unwrap_or_default(),
    };
    let mut prompt = approved(c, step, [line], ask);
    // A person who has not read the number yet is asked first.
    prompt.who.sort_by_key(|person| person == first);
    prompt
}

/// The number that an automatic rehearsal enters: no bag exists there.
fn simulated_bag(c: &Ceremony, item: &ItemId) -> String {
    let mut numbered = (1..).map(|number| format!("simulated-bag-{item}-{number}"));
    numbered.find(|bag| !c.knows_bag(bag)).unwrap_or_default()
}

/// Letters, digits and a few marks between them.
fn is_bag_number(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.trim() == text
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " ./-".contains(c))
}

pub(crate) fn second_read(
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

/// A reader is present and not the administrator. The holder of the token may be named in addition.
fn require_reader(c: &Ceremony, people: &[PersonId]) -> Result<PersonId, ReplayError> {
    let reader = people
        .iter()
        .find(|id| c.participants.is_here(id) && (c.script.is_solo() || !c.is_administrator(id)));
    reader.cloned().ok_or_else(|| {
        contradiction(
            "a person who is present, other than the ceremony administrator, must read it",
        )
    })
}

/// A closed bag and the written digest are compared by a witness, if one is present.
pub(crate) fn require_witness(c: &Ceremony, people: &[PersonId]) -> Applied {
    require_reader(c, people)?;
    let is_witness = |id: &PersonId| {
        let person = c.script.person(id);
        c.participants.is_here(id) && person.is_some_and(|p| p.is(PersonRole::Witness))
    };
    require(
        people.iter().any(is_witness) || !c.participants.attended().keys().any(is_witness),
        "a witness is present and must compare it",
    )
}

pub(crate) fn new_bag_read(c: &mut Ceremony, at: &At<'_>, item: &ItemId, bag: &str) -> Applied {
    let (_, request) = at.custody_request(c)?;
    let Some(CustodyRequest::FirstReading(wanted)) = request else {
        return Err(at.refuse());
    };
    require(*item == wanted, "another item is to be sealed now")?;
    let person = require_reader(c, &at.event.people)?;
    hold(
        Check::CustodySealed,
        is_bag_number(bag),
        "not a valid bag number",
    )?;
    hold(
        Check::CustodySealed,
        !c.knows_bag(bag),
        &format!("bag {bag:?} was used before"),
    )?;
    c.custody_mut().read_new_bag(item, person, bag);
    Ok(())
}

/// The item that is to be sealed, and the first reading. The second reader is another person.
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
        "two different people must read the number of a new bag",
    )?;
    require_reader(c, &second)?;
    let reading = c.custody_mut().take_reading();
    Ok((
        step,
        wanted,
        reading.map(|reading| reading.bag().to_owned()),
    ))
}

pub(crate) fn readings_differed(
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

pub(crate) fn sealed(
    c: &mut Ceremony,
    at: &At<'_>,
    item: &ItemId,
    bag: Bag,
    approvals: &[Approval],
) -> Applied {
    let (step, wanted, first) = second_reading(c, at)?;
    require_approval(c, at.event, approvals, "a bag is sealed")?;
    require(*item == wanted, "another item is to be sealed now")?;
    require(
        first.as_ref() == Some(&bag.number),
        "the two readings differ",
    )?;
    let (planned, place) = c.destination(&step.act);
    let receiver = planned.or_else(|| c.receiver_of(item));
    require(
        Some(&bag.receiver) == receiver.as_ref() && bag.place == place,
        "receiver and place are not those of the script",
    )?;
    c.custody_mut().seal(item, bag);
    Ok(())
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].skipped().is_some() || c.items_of(key).iter().all(|item| c.custody.is_kept(item))
}

pub(crate) fn new_bag_read_sentence(item: &ItemId, bag: &str, names: &Names<'_>) -> String {
    format!(
        "{} read the number of the new bag for {}: {bag}.",
        names.people,
        names.item(item)
    )
}

pub(crate) fn bag_readings_differed_sentence(bag: &str, names: &Names<'_>) -> String {
    format!(
        "{} read a different number: {bag}. Both people read the number again.",
        names.people
    )
}

pub(crate) fn sealed_sentence(
    item: &ItemId,
    bag: &str,
    receiver: &str,
    place: Option<&str>,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let place = place.map_or_else(
        || "for the pause".to_owned(),
        |place| format!("to keep it here: {place}"),
    );
    format!(
        "The second reading matched. {} was sealed in bag {bag}. {receiver} received the bag {place}. Approved by {}.",
        capitalized(&names.item(item)),
        names.approving(approvals)
    )
}
