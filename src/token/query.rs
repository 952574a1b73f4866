//! A query for a token.

use std::fmt;

use crate::record::TokenId;

use super::{Seen, TokenError};

/// A query for a token: every given field must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenQuery {
    pub profile: String,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub label: Option<String>,
    /// Whether to match only uninitialized tokens; otherwise only tokens that are initialized or have a PIN.
    pub blank: bool,
}

impl TokenQuery {
    /// Any initialized token of a profile.
    pub fn of(profile: &str) -> Self {
        Self {
            profile: profile.to_owned(),
            ..Self::default()
        }
    }

    /// A blank token of a profile.
    pub fn blank(profile: &str) -> Self {
        Self {
            blank: true,
            ..Self::of(profile)
        }
    }

    /// The token with this identity.
    pub fn exactly(id: &TokenId) -> Self {
        Self {
            profile: id.profile.clone(),
            manufacturer: Some(id.manufacturer.clone()),
            model: Some(id.model.clone()),
            serial: Some(id.serial.clone()),
            label: Some(id.label.clone()),
            blank: id.label.is_empty(),
        }
    }

    pub fn matches(&self, seen: &Seen) -> bool {
        let same = |wanted: &Option<String>, said: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == said)
        };
        // Other tools leave the factory default PUK on a YubiKey whose holder has set a PIN: it signs with that PIN.
        let is_wanted = if self.blank {
            !seen.state.initialized
        } else {
            seen.state.initialized || seen.state.pin_set
        };
        self.profile == seen.id.profile
            && is_wanted
            && same(&self.manufacturer, &seen.id.manufacturer)
            && same(&self.model, &seen.id.model)
            && same(&self.serial, &seen.id.serial)
            && same(&self.label, &seen.id.label)
    }
}

impl fmt::Display for TokenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blank {
            f.write_str("blank ")?;
        }
        write!(f, "{} token", self.profile)?;
        for (name, wanted) in [
            ("manufacturer", &self.manufacturer),
            ("model", &self.model),
            ("serial", &self.serial),
            ("label", &self.label),
        ] {
            if let Some(wanted) = wanted.as_deref().filter(|wanted| !wanted.is_empty()) {
                write!(f, ", {name} {wanted:?}")?;
            }
        }
        Ok(())
    }
}

/// The only one of those found. Errors identify each by `name`, and the search by `wanted`.
pub(super) fn only_one<T>(
    mut found: Vec<T>,
    name: impl Fn(&T) -> TokenId,
    wanted: impl FnOnce() -> String,
) -> Result<T, TokenError> {
    match found.pop() {
        Some(only) if found.is_empty() => Ok(only),
        Some(last) => {
            found.push(last);
            Err(TokenError::Ambiguous {
                found: found.iter().map(name).collect(),
            })
        }
        None => Err(TokenError::NotFound { wanted: wanted() }),
    }
}
