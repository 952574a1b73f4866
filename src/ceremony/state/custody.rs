//! Where each item is, which bags were used, and the state of a pause.

use std::collections::{BTreeMap, BTreeSet};

use crate::ceremony::replay::{Applied, require};
use crate::script::{ItemId, PersonId};
use crate::words::Digest;

/// Where a token or a medium is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// It came out of this bag.
    Out {
        bag: String,
    },
    In(Bag),
}

/// A closed bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bag {
    pub number: String,
    pub receiver: PersonId,
    /// None for the time of a pause.
    pub place: Option<String>,
}

/// The number of a new bag, as one person read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ceremony) struct Reading {
    item: ItemId,
    person: PersonId,
    bag: String,
}

impl Reading {
    pub(in crate::ceremony) const fn item(&self) -> &ItemId {
        &self.item
    }

    pub(in crate::ceremony) const fn person(&self) -> &PersonId {
        &self.person
    }

    pub(in crate::ceremony) fn bag(&self) -> &str {
        &self.bag
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::ceremony) enum Pause {
    #[default]
    None,
    /// Tokens and media go into bags.
    Begun,
    Paused,
    /// Continued by a process; `digest` is the transcript digest that is to be compared with the one on paper.
    Resumed {
        digest: Option<Digest>,
    },
}

#[derive(Debug, Clone, Default)]
pub(in crate::ceremony) struct Custody {
    items: BTreeMap<ItemId, Whereabouts>,
    /// Items that two people decided to leave without a bag.
    unsealed: BTreeSet<ItemId>,
    used: BTreeSet<String>,
    reading: Option<Reading>,
    /// Whether all tokens are logged out and removed.
    tokens_removed: bool,
    pause: Pause,
}

impl Custody {
    pub(in crate::ceremony) fn whereabouts(&self, item: &ItemId) -> Option<&Whereabouts> {
        self.items.get(item)
    }

    pub(in crate::ceremony) fn is_bag_used(&self, bag: &str) -> bool {
        self.used.contains(bag)
    }

    pub(in crate::ceremony) const fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    pub(in crate::ceremony) const fn are_tokens_removed(&self) -> bool {
        self.tokens_removed
    }

    pub(in crate::ceremony) const fn pause(&self) -> Pause {
        self.pause
    }

    pub(in crate::ceremony) fn is_unsealed(&self, item: &ItemId) -> bool {
        self.unsealed.contains(item)
    }

    pub(in crate::ceremony) fn is_in_bag(&self, item: &ItemId) -> bool {
        matches!(self.whereabouts(item), Some(Whereabouts::In(_)))
    }

    /// Whether it is in its bag for good, or two people decided to leave it without one.
    pub(in crate::ceremony) fn is_kept(&self, item: &ItemId) -> bool {
        matches!(self.whereabouts(item), Some(Whereabouts::In(bag)) if bag.place.is_some())
            || self.is_unsealed(item)
    }

    pub(in crate::ceremony) fn sealed_for_pause(&self) -> impl Iterator<Item = (&ItemId, &Bag)> {
        self.items
            .iter()
            .filter_map(|(item, whereabouts)| match whereabouts {
                Whereabouts::In(bag) if bag.place.is_none() => Some((item, bag)),
                Whereabouts::In(_) | Whereabouts::Out { .. } => None,
            })
    }
}

/// Changes.
impl Custody {
    pub(in crate::ceremony) fn begin_pause(&mut self) {
        self.reading = None;
        self.pause = Pause::Begun;
        self.tokens_removed = false;
    }

    pub(in crate::ceremony) fn remove_tokens(&mut self) {
        self.tokens_removed = true;
    }

    /// A token is used again.
    pub(in crate::ceremony) fn use_token(&mut self) {
        self.tokens_removed = false;
    }

    pub(in crate::ceremony) fn read_new_bag(&mut self, item: &ItemId, person: PersonId, bag: &str) {
        self.reading = Some(Reading {
            item: item.clone(),
            person,
            bag: bag.to_owned(),
        });
    }

    /// The second reading takes the first one away, whether they agree or not.
    pub(in crate::ceremony) fn take_reading(&mut self) -> Option<Reading> {
        self.reading.take()
    }

    pub(in crate::ceremony) fn seal(&mut self, item: &ItemId, bag: Bag) {
        self.used.insert(bag.number.clone());
        self.items.insert(item.clone(), Whereabouts::In(bag));
    }

    pub(in crate::ceremony) fn open_bag(&mut self, item: &ItemId, bag: &str) {
        self.used.insert(bag.to_owned());
        self.take_out(item, bag);
    }

    /// The bag is not as it was left, and two people decided to continue.
    pub(in crate::ceremony) fn take_out(&mut self, item: &ItemId, bag: &str) {
        let bag = bag.to_owned();
        self.items.insert(item.clone(), Whereabouts::Out { bag });
        self.settle_pause();
    }

    /// Two people decided to leave it without a bag.
    pub(in crate::ceremony) fn leave_unsealed(&mut self, item: &ItemId) {
        self.reading = None;
        self.unsealed.insert(item.clone());
    }

    pub(in crate::ceremony) fn pause_now(&mut self) {
        self.pause = Pause::Paused;
    }

    /// The transcript digest was compared with the one on paper, or two people decided to continue without that.
    pub(in crate::ceremony) fn accept_digest(&mut self) {
        self.pause = Pause::Resumed { digest: None };
        self.settle_pause();
    }

    pub(in crate::ceremony) fn resume(&mut self, digest: Digest) {
        self.reading = None;
        self.tokens_removed = false;
        self.unsealed.clear();
        self.pause = match self.pause {
            Pause::None => return,
            Pause::Begun => Pause::Resumed { digest: None },
            Pause::Paused => Pause::Resumed {
                digest: Some(digest),
            },
            resumed @ Pause::Resumed { .. } => resumed,
        };
        self.settle_pause();
    }

    fn settle_pause(&mut self) {
        if self.pause == (Pause::Resumed { digest: None })
            && self.sealed_for_pause().next().is_none()
        {
            self.pause = Pause::None;
        }
    }

    pub(in crate::ceremony) fn require_no_pause(&self) -> Applied {
        require(self.pause == Pause::None, "a pause has already begun")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> ItemId {
        "key-1".parse().unwrap()
    }

    fn bag(number: &str, place: Option<&str>) -> Bag {
        Bag {
            number: number.to_owned(),
            receiver: "ada".parse().unwrap(),
            place: place.map(str::to_owned),
        }
    }

    /// Paused, with the tokens of two keys in bags.
    fn paused() -> (Custody, ItemId) {
        let mut custody = Custody::default();
        let other = "key-2".parse().unwrap();
        custody.begin_pause();
        custody.seal(&token(), bag("B1", None));
        custody.seal(&other, bag("B2", None));
        custody.pause_now();
        (custody, other)
    }

    #[test]
    fn a_bag_stays_used_after_it_was_opened() {
        let mut custody = Custody::default();
        assert!(!custody.is_bag_used("B1"));
        custody.seal(&token(), bag("B1", Some("safe")));
        custody.open_bag(&token(), "B1");
        assert!(custody.is_bag_used("B1"));
        assert!(!custody.is_in_bag(&token()));

        custody.open_bag(&token(), "A0");
        assert!(
            custody.is_bag_used("A0"),
            "it was sealed before this ceremony"
        );
    }

    #[test]
    fn an_item_is_kept_in_a_bag_with_a_place_or_by_decision() {
        let mut custody = Custody::default();
        custody.seal(&token(), bag("B1", None));
        assert!(custody.is_in_bag(&token()));
        assert!(!custody.is_kept(&token()));
        custody.seal(&token(), bag("B2", Some("safe")));
        assert!(custody.is_kept(&token()));
        custody.open_bag(&token(), "B2");
        assert!(!custody.is_kept(&token()));
        custody.leave_unsealed(&token());
        assert!(custody.is_kept(&token()));
    }

    #[test]
    fn only_bags_without_a_place_are_sealed_for_a_pause() {
        let (mut custody, other) = paused();
        custody.seal(&other, bag("B3", Some("safe")));
        let items: Vec<_> = custody.sealed_for_pause().map(|(item, _)| item).collect();
        assert_eq!(items, [&token()]);
    }

    #[test]
    fn a_second_reading_takes_the_first_one_away() {
        let mut custody = Custody::default();
        custody.read_new_bag(&token(), "ada".parse().unwrap(), "B1");
        assert_eq!(custody.take_reading().unwrap().bag(), "B1");
        assert_eq!(custody.reading(), None);
    }

    #[test]
    fn a_reading_does_not_outlive_a_pause_a_resume_or_a_decision() {
        let changes: [fn(&mut Custody); 3] = [
            Custody::begin_pause,
            |custody| custody.resume(Digest::of(b"")),
            |custody| custody.leave_unsealed(&token()),
        ];
        for change in changes {
            let mut custody = Custody::default();
            custody.read_new_bag(&token(), "ada".parse().unwrap(), "B1");
            change(&mut custody);
            assert_eq!(custody.reading(), None);
        }
    }

    #[test]
    fn tokens_stay_removed_until_one_is_used_or_a_pause_begins() {
        let changes: [fn(&mut Custody); 3] =
            [Custody::begin_pause, Custody::use_token, |custody| {
                custody.resume(Digest::of(b""));
            }];
        for change in changes {
            let mut custody = Custody::default();
            custody.remove_tokens();
            assert!(custody.are_tokens_removed());
            change(&mut custody);
            assert!(!custody.are_tokens_removed());
        }
    }

    #[test]
    fn a_pause_begins_once() {
        let mut custody = Custody::default();
        custody.require_no_pause().unwrap();
        custody.begin_pause();
        assert!(custody.require_no_pause().is_err());
        custody.pause_now();
        assert!(custody.require_no_pause().is_err());
    }

    #[test]
    fn a_pause_ends_when_the_digest_is_accepted_and_the_last_bag_is_open() {
        let (mut custody, other) = paused();
        let digest = Digest::of(b"transcript");
        custody.resume(digest);
        assert_eq!(
            custody.pause(),
            Pause::Resumed {
                digest: Some(digest)
            }
        );
        custody.accept_digest();
        assert_eq!(custody.pause(), Pause::Resumed { digest: None });
        custody.open_bag(&token(), "B1");
        assert!(custody.require_no_pause().is_err());
        custody.take_out(&other, "B2");
        custody.require_no_pause().unwrap();
    }

    #[test]
    fn open_bags_do_not_end_a_pause_before_the_digest_is_accepted() {
        let (mut custody, other) = paused();
        custody.resume(Digest::of(b"transcript"));
        custody.open_bag(&token(), "B1");
        custody.open_bag(&other, "B2");
        assert!(custody.require_no_pause().is_err());
        custody.accept_digest();
        custody.require_no_pause().unwrap();
    }

    #[test]
    fn a_second_resume_compares_the_same_digest() {
        let (mut custody, _) = paused();
        let digest = Digest::of(b"transcript");
        custody.resume(digest);
        custody.resume(Digest::of(b"longer transcript"));
        assert_eq!(
            custody.pause(),
            Pause::Resumed {
                digest: Some(digest)
            }
        );
    }

    #[test]
    fn a_pause_that_only_began_is_resumed_without_a_digest() {
        let mut custody = Custody::default();
        custody.begin_pause();
        custody.resume(Digest::of(b"transcript"));
        custody.require_no_pause().unwrap();
        custody.begin_pause();
        custody.seal(&token(), bag("B1", None));
        custody.resume(Digest::of(b"transcript"));
        assert_eq!(custody.pause(), Pause::Resumed { digest: None });
    }

    #[test]
    fn a_decision_to_leave_an_item_unsealed_ends_with_the_process() {
        let mut custody = Custody::default();
        custody.leave_unsealed(&token());
        custody.resume(Digest::of(b"transcript"));
        assert!(!custody.is_unsealed(&token()));
    }
}
