//! What happens to bags, and what a pause asks for: nothing goes on past either.

use crate::script::{Act, ItemId, KeyId, PersonId, PersonRole};
use crate::words::Digest;

use crate::ceremony::check::Check;
use crate::ceremony::custody::{
    Bag, CustodyRequest, Pause, Reading, Whereabouts, head_words, is_bag_number, is_taken_again,
};
use crate::ceremony::event::{Event, EventKind, Mode};
use crate::ceremony::state::Ceremony;

use super::{Folded, ReplayError, contradiction, hold, out_of_place, require};

impl Ceremony {
    /// Folds an event about bags and pauses; false when it is of another kind, and may be folded now.
    pub(super) fn fold_custody(&mut self, event: &Event) -> Result<bool, ReplayError> {
        let Some(step) = self.current_step() else {
            return Ok(false);
        };
        let (step_id, act) = (step.id.clone(), step.act.clone());
        let wanted = self.custody_wants(step);
        if !is_of_custody(&event.fact) {
            require(
                wanted.is_none(),
                "bags have to be read before anything else goes on",
            )?;
            self.custody.put_away &= !uses_a_token(&event.fact);
            return Ok(false);
        }
        require(event.step.is_some(), "the event names no step")?;
        match (wanted, &event.fact) {
            (wanted, EventKind::PauseBegun { reason, approvals }) => {
                require(!reason.trim().is_empty(), "a pause has a reason")?;
                require(
                    self.custody.pause == Pause::None && !is_taken_again(&act),
                    "a pause begins once the room is settled, and not twice",
                )?;
                // A break stands in the script: nobody has to decide upon it.
                if wanted != Some(CustodyRequest::BeginBreak) || !approvals.is_empty() {
                    self.require_approval(event, approvals, "a pause is decided")?;
                }
                self.custody.reading = None;
                self.custody.pause = Pause::Begun;
                self.custody.put_away = false;
            }
            (Some(CustodyRequest::PutAway), EventKind::TokensPutAway) => {
                self.custody.put_away = true
            }
            (Some(CustodyRequest::FirstReading(wanted)), EventKind::NewBagRead { item, bag }) => {
                require(*item == wanted, "something else is to be sealed")?;
                self.fold_first_reading(item, bag, &event.people)?;
            }
            (Some(CustodyRequest::SecondReading(wanted, first)), _) => {
                self.fold_second_reading(&wanted, &first, event, &act)?;
            }
            (Some(CustodyRequest::Pause), EventKind::Paused { at }) => {
                self.require_not_earlier(*at)?;
                self.latest = Some(*at);
                self.custody.pause = Pause::Paused;
                if matches!(act, Act::Break { .. }) {
                    self.done.insert(step_id);
                }
            }
            (Some(CustodyRequest::CompareHead(head)), EventKind::HeadCompared { words }) => {
                self.require_witness(&event.people)?;
                hold(
                    Check::CustodyDigest,
                    *words == head_words(&head),
                    "the words are not those of the head at the pause",
                )?;
                self.custody.pause = Pause::Resumed { head: None };
                self.settle_pause();
            }
            (Some(CustodyRequest::OpenBag(wanted, number)), EventKind::BagOpened { item, bag }) => {
                require(*item == wanted, "another bag is to be opened")?;
                self.require_witness(&event.people)?;
                hold(
                    Check::CustodyBag,
                    *bag == number,
                    "the number of the bag is not the one on record",
                )?;
                self.custody.used.insert(number);
                let out = Whereabouts::Out { bag: bag.clone() };
                self.custody.items.insert(wanted, out);
                self.settle_pause();
            }
            (_, fact) => return Err(out_of_place(fact, &step_id)),
        }
        Ok(true)
    }

    fn fold_first_reading(&mut self, item: &ItemId, bag: &str, people: &[PersonId]) -> Folded {
        let person = self.require_reader(people)?;
        require(is_bag_number(bag), "that is no number of a bag")?;
        require(!self.knows_bag(bag), "a bag of that number was used before")?;
        self.custody.reading = Some(Reading {
            item: item.clone(),
            person,
            bag: bag.to_owned(),
        });
        Ok(())
    }

    fn fold_second_reading(
        &mut self,
        wanted: &ItemId,
        first: &PersonId,
        event: &Event,
        act: &Act,
    ) -> Folded {
        let another = |person: &&PersonId| *person != first || self.script.is_solo();
        let second: Vec<PersonId> = event.people.iter().filter(another).cloned().collect();
        require(
            !second.is_empty(),
            "a new bag is read by two different people",
        )?;
        self.require_reader(&second)?;
        let first_bag = self.custody.reading.take().map(|reading| reading.bag);
        match &event.fact {
            EventKind::BagReadingsDiffered { item, bag } => require(
                item == wanted && first_bag.as_ref() != Some(bag),
                "the two readings are the same",
            ),
            EventKind::Sealed {
                item,
                bag,
                receiver,
                place,
                approvals,
            } => {
                self.require_approval(event, approvals, "a bag is sealed")?;
                require(item == wanted, "something else is to be sealed")?;
                require(first_bag.as_ref() == Some(bag), "the two readings differ")?;
                let (planned, kept) = self.destination(act);
                let taker = planned.or_else(|| self.receiver_of(item));
                require(
                    Some(receiver) == taker.as_ref() && *place == kept,
                    "receiver and place are not those of the script",
                )?;
                self.custody.used.insert(bag.clone());
                let bag = Bag {
                    number: bag.clone(),
                    receiver: receiver.clone(),
                    place: kept,
                };
                let item = item.clone();
                self.custody.items.insert(item, Whereabouts::In(bag));
                Ok(())
            }
            fact => Err(contradiction(format!(
                "{} cannot happen while a new bag is read",
                fact.name()
            ))),
        }
    }

    /// Who reads is one person who is here and not the administrator, beside whom the holder may stand.
    fn require_reader(&self, people: &[PersonId]) -> Result<PersonId, ReplayError> {
        let reader = people.iter().find(|id| {
            self.attended.contains_key(*id) && (self.script.is_solo() || !self.is_administrator(id))
        });
        reader.cloned().ok_or_else(|| {
            contradiction(
                "what is written on a bag is read by somebody who is here, and not by the ceremony administrator",
            )
        })
    }

    /// What was left closed, and the ink, are compared by a witness; by somebody else only where no witness is here.
    fn require_witness(&self, people: &[PersonId]) -> Folded {
        self.require_reader(people)?;
        let is_witness = |id: &PersonId| {
            let person = self.script.person(id);
            self.attended.contains_key(id) && person.is_some_and(|p| p.is(PersonRole::Witness))
        };
        require(
            people.iter().any(is_witness) || !self.attended.keys().any(is_witness),
            "a witness compares it, for one is here",
        )
    }

    /// What a rehearsal said of bags is nothing to go by in a production.
    pub(super) fn require_list_of(&self, mode: Mode) -> Folded {
        let lines = self.script.custody().lines();
        let rehearsed = Mode::Rehearsal.to_string();
        require(
            mode == Mode::Rehearsal || lines.iter().all(|line| line.mode != rehearsed),
            "the custody list is of a rehearsal",
        )
    }

    /// A token comes out of the bag in which it was left, by the list that was carried in.
    pub(super) fn require_from_its_bag(&self, key: &KeyId, serial: &str) -> Folded {
        let Some(listed) = self.script.custody().bag_of(serial) else {
            return Ok(());
        };
        let came_in = match self.whereabouts(&self.item_of(key)) {
            Some(Whereabouts::Out { bag }) => Some(bag.as_str()),
            _ => None,
        };
        hold(
            Check::CustodyBag,
            came_in == Some(listed),
            &format!("by the custody list, that token is in bag {listed}, which was not opened"),
        )
    }

    /// Another process took the ceremony up: what was sealed for a pause is looked at.
    pub(super) fn resume_custody(&mut self, head: Digest) {
        self.custody.reading = None;
        self.custody.put_away = false;
        self.custody.unsealed.clear();
        self.custody.pause = match self.custody.pause {
            Pause::None => return,
            Pause::Begun => Pause::Resumed { head: None },
            Pause::Paused => Pause::Resumed { head: Some(head) },
            resumed @ Pause::Resumed { .. } => resumed,
        };
        self.settle_pause();
    }

    /// While it rests, nothing happens but that it is taken up again.
    pub(super) fn require_awake(&self, fact: &EventKind) -> Folded {
        require(
            !self.is_paused() || matches!(fact, EventKind::Resumed { .. }),
            "the ceremony is paused: it has to be taken up again first",
        )?;
        require(
            !self.is_pausing() || !is_about_order(fact),
            "nothing is decided about tokens until the pause is over",
        )
    }
}

const fn is_of_custody(fact: &EventKind) -> bool {
    matches!(
        fact,
        EventKind::BagOpened { .. }
            | EventKind::NewBagRead { .. }
            | EventKind::BagReadingsDiffered { .. }
            | EventKind::Sealed { .. }
            | EventKind::PauseBegun { .. }
            | EventKind::TokensPutAway
            | EventKind::Paused { .. }
            | EventKind::HeadCompared { .. }
    )
}

const fn is_about_order(fact: &EventKind) -> bool {
    matches!(
        fact,
        EventKind::Postponed { .. }
            | EventKind::TakenUp { .. }
            | EventKind::RegenerationDecided { .. }
            | EventKind::SpareTaken { .. }
            | EventKind::KeyDestroyed { .. }
            | EventKind::KeyOrphaned { .. }
            | EventKind::UnblockDecided { .. }
            | EventKind::PinUnblocked { .. }
            | EventKind::EnvelopeSealed { .. }
            | EventKind::Skipped { .. }
            | EventKind::PayloadAbandoned { .. }
            | EventKind::Amended { .. }
    )
}

const fn uses_a_token(fact: &EventKind) -> bool {
    matches!(
        fact,
        EventKind::TokenFound { .. }
            | EventKind::InitializeIntended { .. }
            | EventKind::TokenInitialized { .. }
            | EventKind::PinSet { .. }
            | EventKind::ManagementKeyWritten { .. }
            | EventKind::KeyGenerated { .. }
            | EventKind::PossessionProven { .. }
            | EventKind::SignIntended { .. }
            | EventKind::Signed { .. }
    )
}
