//! What bags and pauses require before a step continues: each request is in the file of its act.

use super::{open_bag, pause, seal};
use crate::ceremony::state::CustodyRequest;
use crate::ceremony::{Approval, Ceremony, CustodyEvent, EventKind, Moment, Next, StepError};
use crate::script::Step;

pub(crate) fn next(c: &Ceremony, step: &Step, request: CustodyRequest) -> Next {
    match request {
        CustodyRequest::RemoveTokens => Next::Do(pause::removing_tokens(c)),
        CustodyRequest::BeginBreak => Next::Ask(pause::ask_to_begin(c, step)),
        CustodyRequest::FirstReading(item) => Next::Ask(seal::ask_first_reading(c, step, &item)),
        CustodyRequest::SecondReading(item, first) => {
            Next::Ask(seal::ask_second_reading(c, step, &item, &first))
        }
        CustodyRequest::Pause => Next::Ask(pause::ask_to_pause(c, step)),
        CustodyRequest::CompareDigest(digest) => Next::Ask(pause::ask_digest(c, step, digest)),
        CustodyRequest::OpenBag(item, bag) => Next::Ask(open_bag::ask_bag(c, step, &item, bag)),
    }
}

pub(crate) fn answered(
    c: &Ceremony,
    step: &Step,
    request: CustodyRequest,
    text: String,
    approvals: Vec<Approval>,
    moment: &Moment,
) -> Result<EventKind, StepError> {
    Ok(EventKind::Custody(match request {
        CustodyRequest::RemoveTokens => return Err(StepError::NotAsked),
        CustodyRequest::BeginBreak => pause::beginning(step),
        CustodyRequest::FirstReading(item) => CustodyEvent::NewBagRead { item, bag: text },
        CustodyRequest::SecondReading(item, _) => {
            seal::second_read(c, step, item, text, approvals)?
        }
        CustodyRequest::Pause => pause::pausing(c, moment),
        CustodyRequest::CompareDigest(_) => pause::comparing(&text),
        CustodyRequest::OpenBag(item, _) => CustodyEvent::BagOpened { item, bag: text },
    }))
}
