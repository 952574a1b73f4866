//! The few things of a script that two people may change in the room. The script itself, and its digest, stay.

use serde::{Deserialize, Serialize};

use crate::record::visible;
use crate::script::{Act, KeyId, PersonId, Step, StepId, TokenSecret};

use super::state::Ceremony;

/// A change to what the script says: from what, to what. Nothing else of a script is ever amended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Amendment {
    /// The name of a person.
    Name {
        /// Whose.
        person: PersonId,
        /// As it was.
        from: String,
        /// As it is.
        to: String,
    },
    /// The substitute whom the script lists takes a person's place, or gives it back.
    Substitute {
        /// Whose place.
        person: PersonId,
        /// Who had it.
        from: String,
        /// Who has it.
        to: String,
    },
    /// The text of a note.
    Note {
        /// Which.
        step: StepId,
        /// As it was.
        from: String,
        /// As it is.
        to: String,
    },
    /// The minutes that a step is thought to take.
    Minutes {
        /// Which.
        step: StepId,
        /// As it was; none where the script says nothing.
        from: Option<u32>,
        /// As it is.
        to: u32,
    },
    /// The number of the bag in which a token arrives.
    Bag {
        /// The key that the token is for.
        key: KeyId,
        /// As it was; none where the script says nothing.
        from: Option<String>,
        /// As it is.
        to: String,
    },
    /// The number of the bag into which a secret of a token is sealed.
    Envelope {
        /// The key that the token is for.
        key: KeyId,
        /// Which secret.
        secret: TokenSecret,
        /// As it was.
        from: String,
        /// As it is.
        to: String,
    },
}

impl Amendment {
    /// What is changed, in words: `the name of holder-2`.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Name { person, .. } => format!("the name of {person}"),
            Self::Substitute { person, .. } => format!("who stands for {person}"),
            Self::Note { step, .. } => format!("the text of {step}"),
            Self::Minutes { step, .. } => format!("the minutes of {step}"),
            Self::Bag { key, .. } => format!("the bag of the token for {key}"),
            Self::Envelope { key, secret, .. } => {
                format!("the bag of the {} of the token for {key}", secret.title())
            }
        }
    }

    /// What it was and what it is, to be read aloud.
    #[must_use]
    pub fn change(&self) -> (String, String) {
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
        match self {
            Self::Name { from, to, .. }
            | Self::Substitute { from, to, .. }
            | Self::Note { from, to, .. }
            | Self::Envelope { from, to, .. } => (from.clone(), to.clone()),
            Self::Minutes { from, to, .. } => (
                or_nothing(from.map(|from| from.to_string())),
                to.to_string(),
            ),
            Self::Bag { from, to, .. } => (or_nothing(from.clone()), to.clone()),
        }
    }
}

/// The longest of each, as in a script.
const LONGEST_NAME: usize = 60;
const LONGEST_NOTE: usize = 2000;
const LONGEST_BAG: usize = 40;
const MOST_MINUTES: u32 = 1440;

impl Ceremony {
    /// What the script says, with what two people changed of it.
    #[must_use]
    pub fn amendments(&self) -> &[Amendment] {
        &self.amendments
    }

    /// What two people changed of a step, with what the script says: both are shown.
    #[must_use]
    pub fn amended(&self, step: &Step) -> Vec<String> {
        let concerns = |amendment: &&Amendment| match amendment {
            Amendment::Note { step: of, .. } | Amendment::Minutes { step: of, .. } => {
                *of == step.id
            }
            Amendment::Bag { key, .. } => step.act == Act::OpenToken { key: key.clone() },
            _ => false,
        };
        let amendments = self.amendments.iter().filter(concerns);
        amendments
            .map(|amendment| {
                let (from, to) = amendment.change();
                format!(
                    "Amended: {}, now \"{to}\"; the script says \"{from}\".",
                    amendment.subject()
                )
            })
            .collect()
    }

    /// The text of a note as it is now.
    #[must_use]
    pub fn note<'c>(&'c self, step: &StepId) -> Option<&'c str> {
        let amended = self.amendments.iter().rev().find_map(|done| match done {
            Amendment::Note { step: of, to, .. } if of == step => Some(to.as_str()),
            _ => None,
        });
        amended.or_else(|| match &self.script.step(step)?.act {
            Act::Note { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }

    /// The minutes of a step as they are now.
    #[must_use]
    pub fn minutes(&self, step: &StepId) -> Option<u32> {
        let amended = self.amendments.iter().rev().find_map(|done| match done {
            Amendment::Minutes { step: of, to, .. } if of == step => Some(*to),
            _ => None,
        });
        amended.or_else(|| self.script.step(step)?.minutes)
    }

    /// The number of the bag of a key's token as it is now.
    #[must_use]
    pub fn bag<'c>(&'c self, key: &KeyId) -> Option<&'c str> {
        let amended = self.amendments.iter().rev().find_map(|done| match done {
            Amendment::Bag { key: of, to, .. } if of == key => Some(to.as_str()),
            _ => None,
        });
        amended.or_else(|| self.script.key(key)?.token.bag.as_deref())
    }

    /// The number of the bag into which a secret of a token is sealed, as it is now.
    #[must_use]
    pub fn envelope_bag<'c>(&'c self, key: &KeyId, secret: TokenSecret) -> Option<&'c str> {
        let amended = self.amendments.iter().rev().find_map(|done| match done {
            Amendment::Envelope {
                key: of,
                secret: which,
                to,
                ..
            } if of == key && *which == secret => Some(to.as_str()),
            _ => None,
        });
        amended.or_else(|| {
            let mut envelopes = self.script.key(key)?.envelopes();
            let named = envelopes.find(|(which, _)| *which == secret);
            named.map(|(_, bag)| bag)
        })
    }

    /// Who else the script lists for a person: the substitute, or the one whose place the substitute has.
    #[must_use]
    pub fn stand_in(&self, person: &PersonId) -> Option<String> {
        let plan = self.script.person(person)?;
        let substitute = plan.substitute.as_deref()?;
        let other = if self.substituted.contains(person) {
            plan.name.as_str()
        } else {
            substitute
        };
        Some(self.corrected(person, other))
    }

    /// A name of the script as it was corrected for a person, or itself.
    fn corrected(&self, of: &PersonId, name: &str) -> String {
        let mut name = name.to_owned();
        for done in &self.amendments {
            if let Amendment::Name { person, from, to } = done
                && person == of
                && *from == name
            {
                name.clone_from(to);
            }
        }
        name
    }

    /// Why an amendment is none that the room may make now; nothing, if it may.
    pub(super) fn objection(&self, amendment: &Amendment) -> Option<String> {
        let (from, to) = amendment.change();
        let fault = |text: &str| Some(text.to_owned());
        if from == to {
            return fault("an amendment changes something");
        }
        if to.trim().is_empty() || visible(&to) != to {
            return fault("what is amended is text that people can read");
        }
        let (is, longest) = match amendment {
            Amendment::Name { person, to, .. } => {
                let taken = |other: &PersonId| {
                    other != person && self.name(other).to_lowercase() == to.to_lowercase()
                };
                if self.script.people().iter().any(|other| taken(&other.id)) {
                    return fault("another person has that name");
                }
                (self.known_name(person), LONGEST_NAME)
            }
            Amendment::Substitute { person, to, .. } => {
                if self.stand_in(person).as_ref() != Some(to) {
                    return fault("the script lists no such substitute");
                }
                if self.attended.contains_key(person) {
                    return fault("that person is here: only who is not is replaced");
                }
                (self.known_name(person), LONGEST_NAME)
            }
            Amendment::Note { step, .. } => {
                if self.done.contains(step) {
                    return fault("that note is done");
                }
                (self.note(step).map(str::to_owned), LONGEST_NOTE)
            }
            Amendment::Minutes { step, to, .. } => {
                if self.script.step(step).is_none() {
                    return fault("the script has no such step");
                }
                if *to == 0 || *to > MOST_MINUTES {
                    return fault("a step takes between 1 and 1440 minutes");
                }
                let is = self
                    .minutes(step)
                    .map_or_else(|| "nothing".to_owned(), |minutes| minutes.to_string());
                (Some(is), LONGEST_BAG)
            }
            Amendment::Bag { key, .. } => {
                let opened = self.keys.get(key).map(|state| state.token.is_some());
                if opened != Some(false) {
                    return fault("that token is out of its bag");
                }
                let is = self.bag(key).unwrap_or("nothing");
                (Some(is.to_owned()), LONGEST_BAG)
            }
            Amendment::Envelope {
                key, secret, to, ..
            } => {
                let sealed = self
                    .keys
                    .get(key)
                    .map(|state| state.envelopes.contains_key(secret));
                if sealed != Some(false) {
                    return fault("that bag is sealed");
                }
                if !self.is_new_bag(to) {
                    return fault("another bag has that number");
                }
                (
                    self.envelope_bag(key, *secret).map(str::to_owned),
                    LONGEST_BAG,
                )
            }
        };
        if is.as_ref() != Some(&from) {
            return fault("what the amendment changes is not what the script says now");
        }
        if to.chars().count() > longest {
            return Some(format!("{longest} characters are the most here"));
        }
        None
    }

    fn known_name(&self, person: &PersonId) -> Option<String> {
        self.script.person(person)?;
        Some(self.name(person).to_owned())
    }

    /// Takes in an amendment that two people approved.
    pub(super) fn amend(&mut self, amendment: &Amendment) {
        if let Amendment::Substitute { person, .. } = amendment {
            self.replace(person);
        }
        self.amendments.push(amendment.clone());
    }

    /// The substitute takes a person's place, or gives it back.
    pub(super) fn replace(&mut self, person: &PersonId) {
        if !self.substituted.remove(person) {
            self.substituted.insert(person.clone());
        }
    }
}
