//! The few things of a script that two people may change in the room. The script itself, and its digest, stay.

use serde::{Deserialize, Serialize};

use crate::script::{KeyId, PersonId, StepId, TokenSecret};

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
    pub fn subject(&self) -> String {
        match self {
            Self::Name { person, .. } => format!("the name of {person}"),
            Self::Substitute { person, .. } => format!("the person in the place of {person}"),
            Self::Note { step, .. } => format!("the text of {step}"),
            Self::Minutes { step, .. } => format!("the minutes of {step}"),
            Self::Bag { key, .. } => format!("the bag of the token for {key}"),
            Self::Envelope { key, secret, .. } => {
                format!("the bag for the {} of the token for {key}", secret.title())
            }
        }
    }

    /// What it was and what it is, to be read aloud.
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
