//! Bags and pauses: where each token is, what is read from bags, and what stands between a pause and going on.

use std::collections::{BTreeMap, BTreeSet};

use crate::script::{Act, KeyId, PersonId, Step};
use crate::words::Digest;

use super::StepError;
use super::approval::Approval;
use super::check::Check;
use super::effect::{Effect, Moment};
use super::event::Fact;
use super::next::Next;
use super::prompt::{Ask, Prompt};
use super::state::Ceremony;

/// How many words of the head are typed from the ink: nobody finds another record that has the same.
const HEAD_WORDS: usize = 8;

/// What is known of bags and pauses.
#[derive(Debug, Clone, Default)]
pub(super) struct Custody {
    /// Where the token of a key is; not here: nobody knows yet.
    pub(super) tokens: BTreeMap<KeyId, Whereabouts>,
    /// Numbers of bags that were opened or sealed here: none is used a second time.
    pub(super) used: BTreeSet<String>,
    /// The first of two readings of a new bag.
    pub(super) reading: Option<Reading>,
    /// Whether all tokens were logged out and taken out, and none was used since.
    pub(super) put_away: bool,
    pub(super) pause: Pause,
}

/// Where a token is.
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
    pub(super) key: KeyId,
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
pub(super) enum Wanted {
    /// The script has a break: it begins.
    BeginBreak,
    /// Tokens are logged out and taken out.
    PutAway,
    /// One person reads a new bag.
    FirstReading(KeyId),
    /// Another reads it as well.
    SecondReading(KeyId, PersonId),
    /// All is sealed: the process ends.
    Pause,
    /// The ink is compared with the record.
    CompareHead(Digest),
    /// A bag is read, matched and opened.
    OpenBag(KeyId, String),
}

impl Ceremony {
    /// Whether the ceremony rests until another process takes it up.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.custody.pause == Pause::Paused
    }

    /// Where the token of a key is; none: nobody knows yet.
    #[must_use]
    pub fn whereabouts(&self, key: &KeyId) -> Option<&Whereabouts> {
        self.custody.tokens.get(key)
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
            (Check::CustodyBag, Some(Wanted::OpenBag(key, bag))) => {
                self.custody.tokens.insert(key, Whereabouts::Out { bag });
            }
            (Check::CustodyInk, Some(Wanted::CompareHead(_))) => {
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
    pub(super) fn custody_wants(&self, step: &Step) -> Option<Wanted> {
        match (&self.custody.pause, &step.act) {
            (Pause::Begun, _) => Some(self.seal_all()),
            (Pause::Resumed { .. }, act) if is_taken_again(act) => None,
            (Pause::Resumed { head: Some(head) }, _) => Some(Wanted::CompareHead(*head)),
            (Pause::Resumed { head: None }, _) => self
                .sealed_for_pause()
                .next()
                .map(|(key, bag)| Wanted::OpenBag(key.clone(), bag.number.clone())),
            (Pause::None, Act::Break { .. }) => Some(Wanted::BeginBreak),
            (Pause::None, Act::Seal { key, .. }) => {
                self.keys[key].forgone.is_none().then(|| self.seal(key))
            }
            (Pause::None, Act::OpenToken { key }) => {
                let bag = self.expected_bag(key)?;
                let is_open = self.custody.tokens.contains_key(key);
                (!is_open).then(|| Wanted::OpenBag(key.clone(), bag.to_owned()))
            }
            (Pause::Paused | Pause::None, _) => None,
        }
    }

    /// The same, but for bags that wait for somebody to come first.
    pub(super) fn custody_asks(&self, step: &Step) -> Option<Wanted> {
        let wanted = self.custody_wants(step)?;
        let is_step = self.custody.pause == Pause::None;
        (!is_step || self.attendance_wanted(step).is_none()).then_some(wanted)
    }

    fn seal_all(&self) -> Wanted {
        let open = self.keys.iter().find(|(key, state)| {
            let is_in_bag = matches!(self.whereabouts(key), Some(Whereabouts::In(_)));
            let is_here = state.token.is_some() || self.whereabouts(key).is_some();
            is_here && !is_in_bag && state.forgone.is_none()
        });
        match open {
            Some((key, _)) => self.seal(key),
            None if !self.custody.put_away => Wanted::PutAway,
            None => Wanted::Pause,
        }
    }

    fn seal(&self, key: &KeyId) -> Wanted {
        if !self.custody.put_away {
            return Wanted::PutAway;
        }
        match &self.custody.reading {
            Some(reading) if reading.key == *key => {
                Wanted::SecondReading(key.clone(), reading.person.clone())
            }
            _ => Wanted::FirstReading(key.clone()),
        }
    }

    /// What was sealed for a pause, and not opened since.
    pub(super) fn sealed_for_pause(&self) -> impl Iterator<Item = (&KeyId, &Bag)> {
        self.custody
            .tokens
            .iter()
            .filter_map(|(key, whereabouts)| match whereabouts {
                Whereabouts::In(bag) if bag.place.is_none() => Some((key, bag)),
                _ => None,
            })
    }

    /// What comes next for bags and pauses.
    pub(super) fn next_in_custody(&self, step: &Step, wanted: Wanted) -> Next {
        Next::Ask(match wanted {
            Wanted::PutAway => {
                return Next::Do(Effect::PutAway {
                    tokens: self
                        .keys
                        .iter()
                        .filter_map(|(key, state)| Some((key.clone(), state.token.clone()?)))
                        .collect(),
                });
            }
            Wanted::BeginBreak => self.go_on(
                step,
                vec![
                    "The tokens are put away in bags, and this program ends. Nothing is lost: the ceremony is taken up again with conclave resume, also on another day, by other people, on another machine.".to_owned(),
                ],
                "Begin the break",
            ),
            Wanted::FirstReading(key) => self.ask_first_reading(step, &key),
            Wanted::SecondReading(key, first) => self.ask_second_reading(step, &key, &first),
            Wanted::Pause => self.go_on(
                step,
                vec![
                    "All tokens are logged out and in bags. After this line the program ends, and says the head of the record: a witness writes it down in ink. Then switch the machine off.".to_owned(),
                ],
                "Pause the ceremony",
            ),
            Wanted::CompareHead(head) => self.ask_head(step, head),
            Wanted::OpenBag(key, bag) => self.ask_bag(step, &key, bag),
        })
    }

    fn ask_bag(&self, step: &Step, key: &KeyId, bag: String) -> Prompt {
        let holder = self.script.key(key).map(|plan| plan.holder.clone());
        let mut who: Vec<PersonId> = self.usual_approvers().into_iter().take(1).collect();
        let is_here = |holder: &PersonId| self.attended.contains_key(holder);
        who.extend(holder.filter(|holder| !who.contains(holder) && is_here(holder)));
        Self::prompt(
            step,
            who,
            vec![format!(
                "A witness reads the number from the closed bag of {}, and looks at its seal. It is compared with the record; then the bag is opened in front of all.",
                self.script.token_title(key)
            )],
            Ask::Reading {
                label: "Number on the bag".to_owned(),
                usual: bag,
            },
        )
    }

    fn ask_first_reading(&self, step: &Step, key: &KeyId) -> Prompt {
        let who = self.usual_approvers().into_iter().take(1).collect();
        Self::prompt(
            step,
            who,
            vec![format!(
                "{} goes into a new tamper-evident bag, closed in front of all. One person reads its number; another will read it once more.",
                crate::script::capitalised(&self.script.token_title(key))
            )],
            Ask::Reading {
                label: "Number of the new bag".to_owned(),
                usual: self.usual_new_bag(key),
            },
        )
    }

    fn ask_second_reading(&self, step: &Step, key: &KeyId, first: &PersonId) -> Prompt {
        let mut who = self.usual_approvers();
        // Who has not read yet is asked first.
        who.sort_by_key(|person| person == first);
        let prompt = Self::prompt(
            step,
            who,
            vec![format!(
                "The number of the new bag of {}, read by a second person from the bag and not from the screen. Both approve that it is this one.",
                self.script.token_title(key)
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

    /// What a rehearsal that plays by itself says that it read: no bag is there.
    fn usual_new_bag(&self, key: &KeyId) -> String {
        let base = format!("twin-bag-{key}");
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
        wanted: Wanted,
        text: String,
        approvals: Vec<Approval>,
        moment: &Moment,
    ) -> Result<Fact, StepError> {
        Ok(match wanted {
            Wanted::PutAway => return Err(StepError::NotAsked),
            Wanted::BeginBreak => Fact::PauseBegun {
                reason: match &step.act {
                    Act::Break { text: Some(text) } => text.clone(),
                    _ => "a break of the script".to_owned(),
                },
                approvals: Vec::new(),
            },
            Wanted::FirstReading(key) => {
                self.check_new_bag(&text)?;
                Fact::NewBagRead { key, bag: text }
            }
            Wanted::SecondReading(key, _) => {
                let first = self.custody.reading.as_ref();
                if first.is_some_and(|first| first.bag != text) {
                    return Ok(Fact::BagReadingsDiffered { key, bag: text });
                }
                let (receiver, place) = match &step.act {
                    Act::Seal {
                        receiver, place, ..
                    } if self.custody.pause == Pause::None => {
                        (receiver.clone(), Some(place.clone()))
                    }
                    _ => (None, None),
                };
                let holder = self.script.key(&key).map(|plan| plan.holder.clone());
                Fact::Sealed {
                    receiver: receiver.or(holder).ok_or(StepError::NotAsked)?,
                    key,
                    bag: text,
                    place,
                    approvals,
                }
            }
            Wanted::Pause => Fact::Paused {
                at: self.time(moment.machine_time),
            },
            Wanted::CompareHead(head) => {
                let expected = head.first_words(HEAD_WORDS);
                if normal(&text) != normal(&expected) {
                    return Err(StepError::AnotherHead);
                }
                Fact::HeadCompared { words: expected }
            }
            Wanted::OpenBag(key, bag) => {
                if text != bag {
                    return Err(StepError::AnotherBag { read: text });
                }
                Fact::BagOpened { key, bag }
            }
        })
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
    matches!(
        act,
        Act::Attendance | Act::AttestClock | Act::InspectStation
    )
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
