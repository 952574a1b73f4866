//! A bag is opened before a witness.

use super::asking::prompt;
use super::seal::require_witness;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::state::CustodyRequest;
use crate::ceremony::{Ask, Ceremony, Check, Prompt};
use crate::script::{ItemId, PersonId, Step};

pub(crate) fn ask_bag(c: &Ceremony, step: &Step, item: &ItemId, bag: String) -> Prompt {
    let holder = c
        .key_of_item(item)
        .and_then(|key| c.script.key(key))
        .map(|plan| plan.holder.clone());
    let mut who: Vec<PersonId> = c.usual_approvers().into_iter().take(1).collect();
    let is_here = |holder: &PersonId| c.participants.is_here(holder);
    who.extend(holder.filter(|holder| !who.contains(holder) && is_here(holder)));
    prompt(
        step,
        who,
        [format!(
            "Witness: check the seal of the closed bag with {}, and read the number on the bag. Open the bag only after the program has confirmed the number.",
            c.item_title(item)
        )],
        Ask::Reading {
            label: "Number on the bag".to_owned(),
            usual: bag,
        },
    )
}

pub(crate) fn opened(c: &mut Ceremony, at: &At<'_>, item: &ItemId, bag: &str) -> Applied {
    let (_, request) = at.custody_request(c)?;
    let Some(CustodyRequest::OpenBag(wanted, number)) = request else {
        return Err(at.refuse());
    };
    require(*item == wanted, "another bag must be opened now")?;
    require_witness(c, &at.event.people)?;
    hold(
        Check::CustodyBag,
        bag == number,
        &format!("bag {bag:?} is not the recorded bag"),
    )?;
    c.custody_mut().open_bag(item, bag);
    Ok(())
}

pub(crate) fn bag_opened_sentence(item: &ItemId, bag: &str, names: &Names<'_>) -> String {
    format!(
        "{} read {bag} on the bag with {}. The number matched, and the bag was opened.",
        names.people,
        names.item(item)
    )
}
