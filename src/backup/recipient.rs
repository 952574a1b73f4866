//! Recipients of shares: age in all its forms.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use age::plugin::RecipientPluginV1;
use age::secrecy::SecretString;
use age::{Callbacks, Encryptor, armor, plugin, ssh, tag, tagpq, x25519};
use serde::{Deserialize, Serialize};

use crate::record::visible;
use crate::secret::Passphrase;

/// A custodian's recipient, which is public.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient {
    text: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    X25519(x25519::Recipient),
    Tag(tag::Recipient),
    TagPq(Box<tagpq::Recipient>),
    Ssh(ssh::Recipient),
    Plugin(plugin::Recipient),
}

/// Contains nothing of the text, which can be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    #[error("this is a PRIVATE identity, not a recipient; anyone who has it can open the share")]
    Private,
    #[error(
        "this is not an age recipient (age1…) or a public SSH key of type ssh-ed25519 or ssh-rsa"
    )]
    Unknown,
}

impl Recipient {
    /// The NAME of the required `age-plugin-NAME`, if any.
    pub fn plugin(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plugin(recipient) => Some(recipient.plugin()),
            _ => None,
        }
    }

    fn for_age(&self, callbacks: &impl Callbacks) -> Result<Box<dyn age::Recipient>, EncryptError> {
        Ok(match &self.kind {
            Kind::X25519(recipient) => Box::new(recipient.clone()),
            Kind::Tag(recipient) => Box::new(recipient.clone()),
            Kind::TagPq(recipient) => recipient.clone(),
            Kind::Ssh(recipient) => Box::new(recipient.clone()),
            Kind::Plugin(recipient) => {
                let name = recipient.plugin();
                let one = std::slice::from_ref(recipient);
                let plugin = RecipientPluginV1::new(name, one, &[], callbacks.clone());
                Box::new(plugin.map_err(|_| EncryptError::Plugin {
                    name: name.to_owned(),
                })?)
            }
        })
    }
}

/// Ignores the comments of SSH keys.
impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        let key = |text: &str| -> Vec<String> {
            text.split_whitespace().take(2).map(str::to_owned).collect()
        };
        key(&self.text) == key(&other.text)
    }
}

impl Eq for Recipient {}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if text.to_ascii_uppercase().starts_with("AGE-") || text.contains("PRIVATE KEY") {
            return Err(RecipientError::Private);
        }
        let kind = None
            .or_else(|| text.parse().ok().map(Kind::X25519))
            .or_else(|| text.parse().ok().map(Kind::Tag))
            .or_else(|| text.parse().ok().map(Box::new).map(Kind::TagPq))
            .or_else(|| text.parse().ok().map(Kind::Ssh))
            .or_else(|| text.parse().ok().map(Kind::Plugin))
            .ok_or(RecipientError::Unknown)?;
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.text)
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, RecipientError> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.text
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    #[error("age-plugin-{name} is not installed or cannot be run")]
    Plugin { name: String },
    #[error("the share cannot be encrypted: {0}")]
    Failed(String),
}

/// Encrypts a text as an armored age file, which each of the recipients can open. `callbacks` handles requests of plugins.
///
/// # Errors
/// [`EncryptError`].
pub fn encrypt(
    text: &[u8],
    recipients: &[Recipient],
    callbacks: &impl Callbacks,
) -> Result<Vec<u8>, EncryptError> {
    let recipients: Vec<Box<dyn age::Recipient>> = recipients
        .iter()
        .map(|recipient| recipient.for_age(callbacks))
        .collect::<Result<_, _>>()?;
    let encryptor = Encryptor::with_recipients(recipients.iter().map(Box::as_ref))
        .map_err(|error| EncryptError::Failed(visible(&error.to_string())))?;
    write_armored(encryptor, text).map_err(|error| EncryptError::Failed(error.to_string()))
}

/// Encrypts a text with a passphrase as an armored age file.
///
/// # Errors
/// [`EncryptError`].
pub fn encrypt_under(text: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, EncryptError> {
    let passphrase = SecretString::from(passphrase.expose());
    write_armored(Encryptor::with_user_passphrase(passphrase), text)
        .map_err(|error| EncryptError::Failed(error.to_string()))
}

fn write_armored(encryptor: Encryptor, text: &[u8]) -> std::io::Result<Vec<u8>> {
    let armored = armor::ArmoredWriter::wrap_output(Vec::new(), armor::Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armored)?;
    writer.write_all(text)?;
    writer.finish()?.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@rust";

    #[test]
    fn other_texts_are_refused() {
        let identity = x25519::Identity::generate();
        let public = identity.to_public().to_string();
        assert_eq!(public.parse::<Recipient>().unwrap().to_string(), public);
        assert!(SSH.parse::<Recipient>().is_ok());
        let private = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        assert_eq!(
            private.parse::<Recipient>().unwrap_err(),
            RecipientError::Private
        );
        for text in ["", "age1", "age1qqqq", "ssh-dss AAAA", &public[..30]] {
            assert_eq!(
                text.parse::<Recipient>().unwrap_err(),
                RecipientError::Unknown,
                "{text}"
            );
        }
    }
}
