//! Bags and pauses: where each token is, what is read from bags, and what stands between a pause and going on.

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Act, Holds, ItemId, KeyId, PersonId, PersonRole, Step};
use crate::words::Digest;

use super::StepError;
use super::approval::Approval;
use super::check::Check;
use super::effect::{Effect, Moment};
use super::event::EventKind;
use super::next::Next;
use super::prompt::{Ask, Prompt};
use super::state::Ceremony;

/// How many words of the head are typed from the ink: nobody finds another record that has the same.
const HEAD_WORDS: usize = 8;

/// What is known of bags and pauses.
#[derive(Debug, Clone, Default)]
pub(super) struct Custody {
    /// Where a token or a medium is; not here: nobody knows yet.
    pub(super) items: BTreeMap<ItemId, Whereabouts>,
    /// What two people decided to leave without a bag, since the ceremony was last taken up.
    pub(super) unsealed: BTreeSet<ItemId>,
    /// Numbers of bags that were opened or sealed here: none is used a second time.
    pub(super) used: BTreeSet<String>,
    /// The first of two readings of a new bag.
    pub(super) reading: Option<Reading>,
    /// Whether all tokens were logged out and taken out, and none was used since.
    pub(super) put_away: bool,
    pub(super) pause: Pause,
}

/// Where a token or a medium is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// On the table: its bag was opened.
    Out {
        /// The bag that it came in.
        bag: String,
    },
    /// In a bag.
    In(Bag),
}

/// A bag that was sealed in this ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bag {
    /// Its number.
    pub number: String,
    /// Who took it.
    pub receiver: PersonId,
    /// Where it is kept; none for the time of a pause.
    pub place: Option<String>,
}

/// What one person read from a new bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) item: ItemId,
    pub(super) person: PersonId,
    pub(super) bag: String,
}

/// How far a pause is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Pause {
    /// There is none.
    #[default]
    None,
    /// Tokens are being put away.
    Begun,
    /// The process ends.
    Paused,
    /// Another process took the ceremony up: what was sealed is looked at before anything else goes on.
    Resumed {
        /// The head of the record at the pause, until it was compared with the ink.
        head: Option<Digest>,
    },
}

/// What bags and pauses want next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CustodyRequest {
    /// The script has a break: it begins.
    BeginBreak,
    /// Tokens are logged out and taken out.
    PutAway,
    /// One person reads a new bag.
    FirstReading(ItemId),
    /// Another reads it as well.
    SecondReading(ItemId, PersonId),
    /// All is sealed: the process ends.
    Pause,
    /// The ink is compared with the record.
    CompareHead(Digest),
    /// A bag is read, matched and opened.
    OpenBag(ItemId, String),
}

impl Ceremony {
    /// Whether the ceremony rests until another process takes it up.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.custody.pause == Pause::Paused
    }

    /// Where a token or a medium is; none: nobody knows yet.
    #[must_use]
    pub fn whereabouts(&self, item: &ItemId) -> Option<&Whereabouts> {
        self.custody.items.get(item)
    }

    /// Whether something is in the bag in which it is kept after the ceremony, or two people left it without one.
    pub(super) fn is_kept(&self, item: &ItemId) -> bool {
        matches!(self.whereabouts(item), Some(Whereabouts::In(bag)) if bag.place.is_some())
            || self.custody.unsealed.contains(item)
    }

    /// What is sealed at the end of a key's part: tokens that were given up for a spare, and the one that is used.
    pub(super) fn items_of(&self, key: &KeyId) -> Vec<ItemId> {
        let given_up = self.keys[key].given_up.iter().map(|(item, _)| item.clone());
        given_up.chain([self.item_of(key)]).collect()
    }

    /// Who takes a bag, unless the script says so: the holder of the token, or for a medium the administrator.
    pub(super) fn receiver_of(&self, item: &ItemId) -> Option<PersonId> {
        match self.key_of_item(item) {
            Some(key) => self.script.key(key).map(|plan| plan.holder.clone()),
            None => self.with_role(PersonRole::Administrator, 1).pop(),
        }
    }

    /// The bag in which the token of a key must arrive, by the script or by the custody list that it carries.
    #[must_use]
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
    pub(super) fn is_pausing(&self) -> bool {
        self.custody.pause != Pause::None
    }

    /// Whether the room may make a pause that the script does not have.
    pub(super) fn may_pause(&self) -> bool {
        let act = self.current_step().map(|step| &step.act);
        self.custody.pause == Pause::None
            && act.is_some_and(|act| !is_taken_again(act) && !matches!(act, Act::Break { .. }))
    }

    /// Two people waived what a bag or the ink should have shown.
    pub(super) fn go_on_without(&mut self, check: Check) {
        let wanted = self.current_step().and_then(|step| self.custody_asks(step));
        match (check, wanted) {
            (Check::CustodyBag, Some(CustodyRequest::OpenBag(item, bag))) => {
                self.custody.items.insert(item, Whereabouts::Out { bag });
            }
            (
                Check::CustodySealed,
                Some(CustodyRequest::FirstReading(item) | CustodyRequest::SecondReading(item, _)),
            ) => {
                self.custody.reading = None;
                self.custody.unsealed.insert(item);
            }
            (Check::CustodyDigest, Some(CustodyRequest::CompareHead(_))) => {
                self.custody.pause = Pause::Resumed { head: None };
            }
            _ => {}
        }
        self.settle_pause();
    }

    /// The pause is over when the head was compared and no bag of it is closed.
    pub(super) fn settle_pause(&mut self) {
        if self.custody.pause == (Pause::Resumed { head: None })
            && self.sealed_for_pause().next().is_none()
        {
            self.custody.pause = Pause::None;
        }
    }

    /// What bags and pauses want before the step goes on.
    pub(super) fn custody_wants(&self, step: &Step) -> Option<CustodyRequest> {
        match (&self.custody.pause, &step.act) {
            (Pause::Begun, _) => Some(self.seal_all()),
            (Pause::Resumed { .. }, act) if is_taken_again(act) => None,
            (Pause::Resumed { head: Some(head) }, _) => Some(CustodyRequest::CompareHead(*head)),
            (Pause::Resumed { head: None }, _) => self
                .sealed_for_pause()
                .next()
                .map(|(item, bag)| CustodyRequest::OpenBag(item.clone(), bag.number.clone())),
            (Pause::None, Act::Break { .. }) => Some(CustodyRequest::BeginBreak),
            (Pause::None, Act::Seal { key, .. }) => {
                let items = self.items_of(key);
                let open = items.iter().find(|item| !self.is_kept(item));
                let open = open.filter(|_| self.keys[key].forgone.is_none());
                open.map(|item| self.seal(item))
            }
            (Pause::None, Act::SealMedium { medium, .. }) => Some(self.seal(&medium.into())),
            (Pause::None, Act::OpenToken { key }) => {
                let bag = self.expected_bag(key)?;
                let item = self.item_of(key);
                let is_open = self.custody.items.contains_key(&item);
                (!is_open).then(|| CustodyRequest::OpenBag(item, bag.to_owned()))
            }
            (Pause::Paused | Pause::None, _) => None,
        }
    }

    /// The same, but for bags that wait for somebody to come first.
    pub(super) fn custody_asks(&self, step: &Step) -> Option<CustodyRequest> {
        let wanted = self.custody_wants(step)?;
        let is_step = self.custody.pause == Pause::None;
        (!is_step || self.attendance_wanted(step).is_none()).then_some(wanted)
    }

    fn seal_all(&self) -> CustodyRequest {
        let is_open = |item: &ItemId| {
            !matches!(self.whereabouts(item), Some(Whereabouts::In(_)))
                && !self.custody.unsealed.contains(item)
        };
        let tokens = self.keys.iter().flat_map(|(key, state)| {
            let own = self.item_of(key);
            let is_here = state.token.is_some() || self.whereabouts(&own).is_some();
            let own = Some(own).filter(|_| is_here && state.forgone.is_none());
            let given_up = state.given_up.iter().map(|(item, _)| item.clone());
            given_up.chain(own)
        });
        let media = self.script.media().iter();
        let mut items = tokens.chain(media.map(|medium| (&medium.id).into()));
        match items.find(is_open) {
            Some(item) => self.seal(&item),
            None if !self.custody.put_away => CustodyRequest::PutAway,
            None => CustodyRequest::Pause,
        }
    }

    fn seal(&self, item: &ItemId) -> CustodyRequest {
        if !self.custody.put_away {
            return CustodyRequest::PutAway;
        }
        match &self.custody.reading {
            Some(reading) if reading.item == *item => {
                CustodyRequest::SecondReading(item.clone(), reading.person.clone())
            }
            _ => CustodyRequest::FirstReading(item.clone()),
        }
    }

    /// What was sealed for a pause, and not opened since.
    pub(super) fn sealed_for_pause(&self) -> impl Iterator<Item = (&ItemId, &Bag)> {
        self.custody
            .items
            .iter()
            .filter_map(|(item, whereabouts)| match whereabouts {
                Whereabouts::In(bag) if bag.place.is_none() => Some((item, bag)),
                _ => None,
            })
    }

    /// What comes next for bags and pauses.
    pub(super) fn next_in_custody(&self, step: &Step, wanted: CustodyRequest) -> Next {
        Next::Ask(match wanted {
            CustodyRequest::PutAway => {
                return Next::Do(Effect::PutAway {
                    tokens: self
                        .keys
                        .iter()
                        .filter_map(|(key, state)| Some((key.clone(), state.token.clone()?)))
                        .collect(),
                });
            }
            CustodyRequest::BeginBreak => self.go_on(
                step,
                vec![
                    "Tokens and media are put away in bags, and this program ends. Nothing is lost: the ceremony is taken up again with conclave resume, also on another day, by other people, on another machine.".to_owned(),
                ],
                "Begin the break",
            ),
            CustodyRequest::FirstReading(item) => self.ask_first_reading(step, &item),
            CustodyRequest::SecondReading(item, first) => self.ask_second_reading(step, &item, &first),
            CustodyRequest::Pause => self.go_on(
                step,
                vec![
                    "All tokens are logged out and in bags, and so are the media. After this line the program ends, and says the head of the record: a witness writes it down in ink. Then switch the machine off.".to_owned(),
                ],
                "Pause the ceremony",
            ),
            CustodyRequest::CompareHead(head) => self.ask_head(step, head),
            CustodyRequest::OpenBag(item, bag) => self.ask_bag(step, &item, bag),
        })
    }

    fn ask_bag(&self, step: &Step, item: &ItemId, bag: String) -> Prompt {
        let holder = self
            .key_of_item(item)
            .and_then(|key| self.script.key(key))
            .map(|plan| plan.holder.clone());
        let mut who: Vec<PersonId> = self.usual_approvers().into_iter().take(1).collect();
        let is_here = |holder: &PersonId| self.attended.contains_key(holder);
        who.extend(holder.filter(|holder| !who.contains(holder) && is_here(holder)));
        Self::prompt(
            step,
            who,
            vec![format!(
                "A witness reads the number from the closed bag of {}, and looks at its seal. It is compared with the record; then the bag is opened in front of all.",
                self.item_title(item)
            )],
            Ask::Reading {
                label: "Number on the bag".to_owned(),
                usual: bag,
            },
        )
    }

    fn ask_first_reading(&self, step: &Step, item: &ItemId) -> Prompt {
        let who = self.usual_approvers().into_iter().take(1).collect();
        Self::prompt(
            step,
            who,
            vec![format!(
                "{} goes into a new tamper-evident bag, closed in front of all{}. One person reads its number; another will read it once more.",
                crate::document::capitalized(&self.item_title(item)),
                self.when_closed(item)
            )],
            Ask::Reading {
                label: "Number of the new bag".to_owned(),
                usual: self.usual_new_bag(item),
            },
        )
    }

    fn ask_second_reading(&self, step: &Step, item: &ItemId, first: &PersonId) -> Prompt {
        let mut who = self.usual_approvers();
        // Who has not read yet is asked first.
        who.sort_by_key(|person| person == first);
        let prompt = Self::prompt(
            step,
            who,
            vec![format!(
                "The number of the new bag of {}, read by a second person from the bag and not from the screen. Both approve that it is this one.",
                self.item_title(item)
            )],
            Ask::Reading {
                label: "The number once more".to_owned(),
                usual: self
                    .custody
                    .reading
                    .as_ref()
                    .map_or_else(String::new, |reading| reading.bag.clone()),
            },
        );
        Prompt {
            approval: true,
            ..prompt
        }
    }

    /// The mirror is written to until this program has ended.
    fn when_closed(&self, item: &ItemId) -> &'static str {
        let medium = self.script.medium(item);
        match medium.map(|medium| medium.holds) {
            Some(Holds::Mirror) => " as soon as this program has ended",
            _ => "",
        }
    }

    /// What a rehearsal that plays by itself says that it read: no bag is there.
    fn usual_new_bag(&self, item: &ItemId) -> String {
        let base = format!("twin-bag-{item}");
        let mut numbered = (1..).map(|number| format!("{base}-{number}"));
        numbered
            .find(|bag| !self.knows_bag(bag))
            .unwrap_or_default()
    }

    fn ask_head(&self, step: &Step, head: Digest) -> Prompt {
        let who = self.usual_approvers().into_iter().take(1).collect();
        Self::prompt(
            step,
            who,
            vec![format!(
                "Before the pause a witness wrote down the head of the record. Read its first {HEAD_WORDS} words from the ink: they tell whether this is the record that was left."
            )],
            Ask::Reading {
                label: format!("First {HEAD_WORDS} words of the head, from the ink"),
                usual: head.first_words(HEAD_WORDS),
            },
        )
    }

    /// Whether a bag of that number was used before, here or in an earlier ceremony.
    pub(super) fn knows_bag(&self, bag: &str) -> bool {
        !self.is_new_bag(bag)
    }

    /// The fact that an answer leads to.
    pub(super) fn fact_of_custody(
        &self,
        step: &Step,
        wanted: CustodyRequest,
        text: String,
        approvals: Vec<Approval>,
        moment: &Moment,
    ) -> Result<EventKind, StepError> {
        Ok(match wanted {
            CustodyRequest::PutAway => return Err(StepError::NotAsked),
            CustodyRequest::BeginBreak => EventKind::PauseBegun {
                reason: match &step.act {
                    Act::Break { text: Some(text) } => text.clone(),
                    _ => "a break of the script".to_owned(),
                },
                approvals: Vec::new(),
            },
            CustodyRequest::FirstReading(item) => {
                self.check_new_bag(&text)?;
                EventKind::NewBagRead { item, bag: text }
            }
            CustodyRequest::SecondReading(item, _) => {
                let first = self.custody.reading.as_ref();
                if first.is_some_and(|first| first.bag != text) {
                    return Ok(EventKind::BagReadingsDiffered { item, bag: text });
                }
                let (receiver, place) = self.destination(&step.act);
                let usual = || self.receiver_of(&item);
                EventKind::Sealed {
                    receiver: receiver.or_else(usual).ok_or(StepError::NotAsked)?,
                    item,
                    bag: text,
                    place,
                    approvals,
                }
            }
            CustodyRequest::Pause => EventKind::Paused {
                at: self.time(moment.machine_time),
            },
            CustodyRequest::CompareHead(head) => {
                let expected = head.first_words(HEAD_WORDS);
                if normal(&text) != normal(&expected) {
                    return Err(StepError::AnotherHead);
                }
                EventKind::HeadCompared { words: expected }
            }
            CustodyRequest::OpenBag(item, bag) => {
                if text != bag {
                    return Err(StepError::AnotherBag { read: text });
                }
                EventKind::BagOpened { item, bag }
            }
        })
    }

    /// Who takes what is sealed now, if the script says so, and where it is kept; nowhere for the time of a pause.
    pub(super) fn destination(&self, act: &Act) -> (Option<PersonId>, Option<String>) {
        match act {
            Act::Seal {
                receiver, place, ..
            }
            | Act::SealMedium {
                receiver, place, ..
            } if self.custody.pause == Pause::None => (receiver.clone(), Some(place.clone())),
            _ => (None, None),
        }
    }

    fn check_new_bag(&self, bag: &str) -> Result<(), StepError> {
        if !is_bag_number(bag) {
            return Err(StepError::NotABag);
        }
        if self.knows_bag(bag) {
            return Err(StepError::UsedBag {
                bag: bag.to_owned(),
            });
        }
        Ok(())
    }
}

/// Words as people type them: case and spaces do not count.
fn normal(words: &str) -> Vec<String> {
    words
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect()
}

/// The first words of a head, as they are typed from the ink.
pub(super) fn head_words(head: &Digest) -> String {
    head.first_words(HEAD_WORDS)
}

/// What is printed on bags: letters, digits and a few marks between them.
pub(super) fn is_bag_number(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.trim() == text
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " ./-".contains(c))
}

/// The steps that a process that takes the ceremony up goes through again.
pub(super) const fn is_taken_again(act: &Act) -> bool {
    matches!(act, Act::Attendance | Act::AttestClock | Act::InspectHost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bag_numbers_are_plain() {
        for good in ["A0012345", "1", "AB 12-34/5.6"] {
            assert!(is_bag_number(good), "{good:?}");
        }
        for bad in ["", " A1", "A1 ", "A\u{301}1", "A<1", &"1".repeat(41)] {
            assert!(!is_bag_number(bad), "{bad:?}");
        }
    }
}
