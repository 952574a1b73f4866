//! What bags and pauses require before a step continues.
use crate::script::{Act, ItemId, KeyId, PersonId, PersonRole, Step};
use crate::words::Digest;

use super::order::is_repeated;
use super::{Ceremony, Pause, Whereabouts};

/// What bags and pauses require before anything else happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ceremony) enum CustodyRequest {
    BeginBreak,
    RemoveTokens,
    FirstReading(ItemId),
    /// Not by the person who read first.
    SecondReading(ItemId, PersonId),
    Pause,
    CompareDigest(Digest),
    /// The number that is expected.
    OpenBag(ItemId, String),
}

impl Ceremony {
    /// Whether the ceremony rests until another process takes it up.
    pub fn is_paused(&self) -> bool {
        self.custody.pause() == Pause::Paused
    }

    /// Where a token or a medium is; none before it was recorded.
    pub fn whereabouts(&self, item: &ItemId) -> Option<&Whereabouts> {
        self.custody.whereabouts(item)
    }

    /// The items that are sealed for a key: tokens that a spare replaced, and the token in use.
    pub(in crate::ceremony) fn items_of(&self, key: &KeyId) -> Vec<ItemId> {
        let replaced = self.keys[key]
            .replaced()
            .iter()
            .map(|(item, _)| item.clone());
        replaced.chain([self.item_of(key)]).collect()
    }

    /// The default receiver of a bag: the holder of the token, or for a medium the administrator.
    pub(in crate::ceremony) fn receiver_of(&self, item: &ItemId) -> Option<PersonId> {
        match self.key_of_item(item) {
            Some(key) => self.script.key(key).map(|plan| plan.holder.clone()),
            None => self.with_role(PersonRole::Administrator, 1).pop(),
        }
    }

    /// The bag in which the token of a key must arrive, by the script or by its custody log.
    pub fn expected_bag(&self, key: &KeyId) -> Option<&str> {
        let spec = self.token_spec(key)?;
        let serial = spec.serial.as_deref();
        let listed = serial.and_then(|serial| self.script.custody().bag_of(serial));
        let is_spare = self.script.key(key)?.token != *spec;
        let own = if is_spare {
            spec.bag.as_deref()
        } else {
            self.bag(key)
        };
        own.or(listed)
    }

    /// Whether a pause has begun and is not over.
    pub(in crate::ceremony) fn is_pausing(&self) -> bool {
        self.custody.pause() != Pause::None
    }

    /// Whether a pause that is not in the script is possible.
    pub(in crate::ceremony) fn may_pause(&self) -> bool {
        let act = self.current_step().map(|step| &step.act);
        self.custody.pause() == Pause::None
            && act.is_some_and(|act| !is_repeated(act) && !matches!(act, Act::Break { .. }))
    }

    /// What bags and pauses require before the step continues.
    pub(in crate::ceremony) fn pending_custody(&self, step: &Step) -> Option<CustodyRequest> {
        match self.custody.pause() {
            Pause::Begun => Some(self.seal_all()),
            Pause::Resumed { .. } if is_repeated(&step.act) => None,
            Pause::Resumed {
                digest: Some(digest),
            } => Some(CustodyRequest::CompareDigest(digest)),
            Pause::Resumed { digest: None } => self
                .custody
                .sealed_for_pause()
                .next()
                .map(|(item, bag)| CustodyRequest::OpenBag(item.clone(), bag.number.clone())),
            Pause::Paused => None,
            Pause::None => self.act_wants(&step.act),
        }
    }

    fn act_wants(&self, act: &Act) -> Option<CustodyRequest> {
        if let Act::Break { .. } = act {
            return Some(CustodyRequest::BeginBreak);
        }
        if let Act::Seal { key, .. } = act {
            let items = self.items_of(key);
            let open = items.iter().find(|item| !self.custody.is_kept(item));
            let open = open.filter(|_| self.keys[key].skipped().is_none());
            return open.map(|item| self.seal(item));
        }
        if let Act::SealMedium { medium, .. } = act {
            return Some(self.seal(&medium.into()));
        }
        if let Act::IdentifyToken { key } = act {
            let bag = self.expected_bag(key)?;
            let item = self.item_of(key);
            let is_open = self.whereabouts(&item).is_some();
            return (!is_open).then(|| CustodyRequest::OpenBag(item, bag.to_owned()));
        }
        None
    }

    /// The same, without bags whose receiver must arrive first.
    pub(in crate::ceremony) fn custody_asks(&self, step: &Step) -> Option<CustodyRequest> {
        let wanted = self.pending_custody(step)?;
        let is_step = self.custody.pause() == Pause::None;
        (!is_step || self.required_attendance(step).is_none()).then_some(wanted)
    }

    pub(in crate::ceremony) fn seal_all(&self) -> CustodyRequest {
        let is_open =
            |item: &ItemId| !self.custody.is_in_bag(item) && !self.custody.is_unsealed(item);
        let tokens = self.keys.iter().flat_map(|(key, state)| {
            let own = self.item_of(key);
            let is_here = state.token().is_some() || self.whereabouts(&own).is_some();
            let own = Some(own).filter(|_| is_here && state.skipped().is_none());
            let replaced = state.replaced().iter().map(|(item, _)| item.clone());
            replaced.chain(own)
        });
        let media = self.script.media().iter();
        let mut items = tokens.chain(media.map(|medium| (&medium.id).into()));
        match items.find(is_open) {
            Some(item) => self.seal(&item),
            None if !self.custody.are_tokens_removed() => CustodyRequest::RemoveTokens,
            None => CustodyRequest::Pause,
        }
    }

    pub(in crate::ceremony) fn seal(&self, item: &ItemId) -> CustodyRequest {
        if !self.custody.are_tokens_removed() {
            return CustodyRequest::RemoveTokens;
        }
        match self.custody.reading() {
            Some(reading) if reading.item() == item => {
                CustodyRequest::SecondReading(item.clone(), reading.person().clone())
            }
            Some(_) | None => CustodyRequest::FirstReading(item.clone()),
        }
    }

    /// Whether a bag of that number was used before, here or in an earlier ceremony.
    pub(in crate::ceremony) fn knows_bag(&self, bag: &str) -> bool {
        !self.is_new_bag(bag)
    }

    /// The receiver of a bag, if the script names one, and the place; none for a pause.
    pub(in crate::ceremony) fn destination(&self, act: &Act) -> (Option<PersonId>, Option<String>) {
        if let Act::Seal {
            receiver, place, ..
        }
        | Act::SealMedium {
            receiver, place, ..
        } = act
            && self.custody.pause() == Pause::None
        {
            (receiver.clone(), Some(place.clone()))
        } else {
            (None, None)
        }
    }
}
