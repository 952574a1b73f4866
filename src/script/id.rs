//! The IDs of people, keys, media and steps in a script.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const LONGEST: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// IDs are used in file names, labels and transcripts.
    #[error("an ID is 1 to 40 of a-z, 0-9 and \"-\", and starts with a letter")]
    Form,
}

fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Made from an act and what it is done to: `generate-key:key-3`.
fn is_step(text: &str) -> bool {
    match text.split_once(':') {
        Some((act, object)) => is_plain(act) && is_plain(object),
        None => is_plain(text),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                if $check(&text) { Ok(Self(text)) } else { Err(IdError::Form) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        /// In quotes, as error messages show it.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// A person: `holder-3`.
    PersonId,
    is_plain
);
id!(
    /// A key: `key-3`.
    KeyId,
    is_plain
);
id!(
    /// A medium: `stick-a`.
    MediumId,
    is_plain
);
id!(
    /// What is in a bag: the token of a key under the key's ID, or a spare or a medium. Keys, spares and media of a script
    /// have different IDs.
    ItemId,
    is_plain
);

impl From<&KeyId> for ItemId {
    fn from(id: &KeyId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&SpareId> for ItemId {
    fn from(id: &SpareId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&MediumId> for ItemId {
    fn from(id: &MediumId) -> Self {
        Self(id.0.clone())
    }
}
id!(
    /// A spare token: `spare-1`.
    SpareId,
    is_plain
);
id!(
    /// A step: `generate-key:key-3`, `note-2`, or the `id` in the script.
    StepId,
    is_step
);

impl StepId {
    /// The default ID of a step.
    pub(super) fn of(act: &str, object: Option<&str>) -> Self {
        match object {
            Some(object) => Self(format!("{act}:{object}")),
            None => Self(act.to_owned()),
        }
    }

    /// The default ID of a step whose act may repeat.
    pub(super) fn numbered(act: &str, ordinal: usize) -> Self {
        Self(format!("{act}-{ordinal}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain() {
        for good in ["a", "holder-3", "site-lisbon"] {
            assert_eq!(good.parse::<PersonId>().unwrap().as_str(), good);
        }
        let long = "a".repeat(41);
        for bad in ["", "3-holder", "Holder", "a b", "a:b", "ключ", "-a", &long] {
            assert_eq!(bad.parse::<PersonId>(), Err(IdError::Form), "{bad:?}");
        }
    }

    #[test]
    fn step_ids_name_act_and_object() {
        assert!("generate-key:key-3".parse::<StepId>().is_ok());
        assert!("a:b:c".parse::<StepId>().is_err());
        let json = serde_json::to_string(&StepId::numbered("note", 2)).unwrap();
        assert_eq!(json, "\"note-2\"");
        assert!(serde_json::from_str::<StepId>("\"NOTE\"").is_err());
    }
}
