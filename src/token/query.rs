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

    /// The query of a PKCS#11 URI for a token (RFC 7512), such as `pkcs11:token=root%201;serial=12ab`. `None` for any other
    /// text, including a URI with other attributes: none may be ignored.
    pub fn from_uri(profile: &str, uri: &str) -> Option<Self> {
        let mut query = Self::of(profile);
        for attribute in uri.strip_prefix("pkcs11:")?.split(';') {
            let (name, value) = attribute.split_once('=')?;
            let field = match name {
                "token" => &mut query.label,
                "manufacturer" => &mut query.manufacturer,
                "model" => &mut query.model,
                "serial" => &mut query.serial,
                _ => return None,
            };
            if field.replace(percent_decoded(value)?).is_some() {
                return None;
            }
        }
        Some(query)
    }

    /// Whether a token identifies itself as the query says, whatever its state.
    pub fn names(&self, id: &TokenId) -> bool {
        let same = |wanted: &Option<String>, reported: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == reported)
        };
        self.profile == id.profile
            && same(&self.manufacturer, &id.manufacturer)
            && same(&self.model, &id.model)
            && same(&self.serial, &id.serial)
            && same(&self.label, &id.label)
    }

    pub fn matches(&self, seen: &Seen) -> bool {
        // Other tools leave the factory default PUK on a YubiKey whose holder has set a PIN: it signs with that PIN.
        let is_wanted = if self.blank {
            !seen.state.initialized
        } else {
            seen.state.initialized || seen.state.pin_set
        };
        is_wanted && self.names(&seen.id)
    }
}

/// The PKCS#11 URI of a token (RFC 7512), without the attributes that it does not report.
pub fn token_uri(id: &TokenId) -> String {
    let attributes = [
        ("token", &id.label),
        ("manufacturer", &id.manufacturer),
        ("model", &id.model),
        ("serial", &id.serial),
    ];
    let attributes = attributes
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)));
    format!("pkcs11:{}", attributes.collect::<Vec<_>>().join(";"))
}

fn percent_encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    if text.contains(['?', '/', '#']) {
        return None;
    }
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.as_bytes().split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        bytes.extend_from_slice(rest);
    }
    String::from_utf8(bytes).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_the_token_that_it_was_made_of() {
        let id = TokenId {
            profile: "softhsm2".to_owned(),
            manufacturer: "SoftHSM project".to_owned(),
            model: "SoftHSM v2".to_owned(),
            serial: "8f4ea2b0".to_owned(),
            label: "root; 100 % é".to_owned(),
        };
        let uri = token_uri(&id);
        assert!(uri.starts_with("pkcs11:token=root%3B%20100%20%25%20%C3%A9;manufacturer="));
        let query = TokenQuery::from_uri("softhsm2", &uri).unwrap();
        assert!(query.names(&id));
        assert!(!query.names(&TokenId {
            serial: "8f4ea2b1".to_owned(),
            ..id
        }));
    }

    #[test]
    fn a_uri_with_another_attribute_is_not_a_query() {
        for text in [
            "root 1",
            "pkcs11:",
            "pkcs11:token=a;object=b",
            "pkcs11:token=a;token=a",
            "pkcs11:token=a?pin-value=1",
            "pkcs11:token=%4",
            "pkcs11:token=%zz",
            "pkcs11:slot-id=1",
        ] {
            assert_eq!(TokenQuery::from_uri("softhsm2", text), None, "{text}");
        }
    }
}
