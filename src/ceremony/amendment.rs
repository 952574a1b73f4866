//! The few parts of a script that two people may amend during the ceremony. The script and its digest do not change.

use serde::{Deserialize, Serialize};

use crate::script::{KeyId, PersonId, StepId, TokenSecret};

/// An amendment of the script. Nothing else can be amended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Amendment {
    /// The name of a person.
    Name {
        person: PersonId,
        from: String,
        to: String,
    },
    /// The substitute named in the script replaces a person, or the person returns.
    Substitute {
        person: PersonId,
        from: String,
        to: String,
    },
    /// The text of a note.
    Note {
        step: StepId,
        from: String,
        to: String,
    },
    /// The estimated minutes of a step.
    Minutes {
        step: StepId,
        /// None if the script does not set it.
        from: Option<u32>,
        to: u32,
    },
    /// The number of the bag in which a token arrives.
    Bag {
        /// The key that the token is for.
        key: KeyId,
        /// None if the script does not set it.
        from: Option<String>,
        to: String,
    },
    /// The number of the bag into which a secret of a token is sealed.
    Envelope {
        /// The key that the token is for.
        key: KeyId,
        secret: TokenSecret,
        from: String,
        to: String,
    },
}

impl Amendment {
    /// What is amended: `the name of holder-2`.
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

    /// The old and the new value, to be read aloud.
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
