//! A custodian opens or enters their share.

use super::asking::proceed;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{Ceremony, Check, Effect, EnteredBy, Next, RestoreEvent, StepError};
use crate::script::{Act, Entering, PersonId, Step};
use crate::words::Digest;

pub(crate) fn next_open_share(c: &Ceremony, step: &Step, custodian: &PersonId) -> Next {
    match c.entering(custodian) {
        Some(way) => Next::Do(Effect::OpenShare {
            custodian: custodian.clone(),
            way,
        }),
        None => proceed(c, step),
    }
}

pub(crate) fn entered(
    c: &mut Ceremony,
    at: &At<'_>,
    set: Digest,
    custodian: &PersonId,
    by: EnteredBy,
) -> Applied {
    let Act::OpenShare { custodian: of } = &at.step(c)?.act else {
        return Err(at.refuse());
    };
    let manifest = c
        .set_at_hand()
        .ok_or_else(|| contradiction("this ceremony does not restore a key"))?;
    require(
        of == custodian,
        "the step is about another custodian's share",
    )?;
    require(
        at.event.people.contains(custodian) && c.participants.is_here(custodian),
        "a custodian opens their share in person",
    )?;
    hold(
        Check::RestoreShare,
        set == manifest.set() && manifest.share_of(custodian.as_str()).is_some(),
        "the share is not in this set",
    )?;
    hold(
        Check::RestoreShare,
        c.entering(custodian).map(EnteredBy::from) == Some(by),
        "the share was not entered in the way that the script requires",
    )?;
    c.restore_mut().enter_share(custodian, by)
}

pub(crate) fn event_of_share(
    c: &Ceremony,
    custodian: PersonId,
    way: Entering,
) -> Result<RestoreEvent, StepError> {
    let set = c.set_at_hand().ok_or(StepError::NotAsked)?.set();
    let by = EnteredBy::from(way);
    Ok(RestoreEvent::ShareEntered { set, custodian, by })
}

pub(crate) fn share_entered_sentence(set: &Digest, by: EnteredBy, names: &Names<'_>) -> String {
    format!(
        "The share of {}, set {}, was {}.",
        names.people,
        set.short_hex(),
        by.title()
    )
}
