//! To whom a share is encrypted, and with what its custodian opens it: age, in all its forms.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

use age::plugin::RecipientPluginV1;
use age::secrecy::SecretString;
use age::{
    Callbacks, Decryptor, Encryptor, Identity, armor, plugin, scrypt, ssh, tag, tagpq, x25519,
};
use zeroize::Zeroizing;

/// The most that is read of an encrypted share: far more than one is.
const MAX_BYTES: u64 = 1 << 20;

/// A custodian's recipient, as it stands in a script. Public.
#[derive(Clone)]
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

/// Why a text is no recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The text is a private key. It is not repeated here.
    #[error("this is a private identity, not a recipient: whoever has the file can open the share")]
    Private,
    /// Neither `age1…` nor an SSH public key that age takes.
    #[error(
        "it is neither an age recipient (age1…) nor a public SSH key of type ssh-ed25519 or ssh-rsa"
    )]
    Unknown,
}

impl Recipient {
    /// The plugin that is needed beside us, if one is: `age-plugin-NAME`.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plugin(recipient) => Some(recipient.plugin()),
            _ => None,
        }
    }
}

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
            .or_else(|| text.parse().ok().map(|r| Kind::TagPq(Box::new(r))))
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

/// Why something was not encrypted or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The recipient, its plugin or the device behind it did not do its part.
    #[error("it could not be encrypted to its recipient: {0}")]
    Encrypt(String),
    /// It is no age file, or was changed.
    #[error("it is no age file, or was changed since it was made")]
    Form,
    /// The file is for somebody else.
    #[error("it does not open with this: it is for another recipient, or the passphrase is wrong")]
    OtherRecipient,
    /// The identity, its plugin or the device behind it did not do its part.
    #[error("it could not be opened: {0}")]
    Decrypt(String),
}

/// Encrypts a text to a recipient, as an armored age file.
///
/// # Errors
/// [`SealError::Encrypt`].
pub fn encrypt(
    text: &[u8],
    recipient: &Recipient,
    callbacks: impl Callbacks,
) -> Result<Vec<u8>, SealError> {
    let failed = |e: &dyn fmt::Display| SealError::Encrypt(e.to_string());
    let recipient: Box<dyn age::Recipient> = match &recipient.kind {
        Kind::X25519(recipient) => Box::new(recipient.clone()),
        Kind::Tag(recipient) => Box::new(recipient.clone()),
        Kind::TagPq(recipient) => recipient.clone(),
        Kind::Ssh(recipient) => Box::new(recipient.clone()),
        Kind::Plugin(recipient) => {
            let name = recipient.plugin().to_owned();
            let plugin =
                RecipientPluginV1::new(&name, std::slice::from_ref(recipient), &[], callbacks)
                    .map_err(|e| failed(&e))?;
            Box::new(plugin)
        }
    };
    let encryptor =
        Encryptor::with_recipients(std::iter::once(recipient.as_ref())).map_err(|e| failed(&e))?;
    write_armored(encryptor, text).map_err(|e| failed(&e))
}

/// Encrypts a text under a passphrase, as an armored age file.
///
/// # Errors
/// [`SealError::Encrypt`].
pub fn encrypt_under(text: &[u8], passphrase: SecretString) -> Result<Vec<u8>, SealError> {
    write_armored(Encryptor::with_user_passphrase(passphrase), text)
        .map_err(|e| SealError::Encrypt(e.to_string()))
}

fn write_armored(encryptor: Encryptor, text: &[u8]) -> std::io::Result<Vec<u8>> {
    let armored = armor::ArmoredWriter::wrap_output(Vec::new(), armor::Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armored)?;
    writer.write_all(text)?;
    writer.finish()?.finish()
}

/// Opens an age file, armored or not, with any of some identities.
///
/// # Errors
/// When it is no age file, is for somebody else, was changed, or a plugin failed.
pub fn decrypt<'i>(
    file: &[u8],
    identities: impl Iterator<Item = &'i dyn Identity>,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let decryptor =
        Decryptor::new_buffered(armor::ArmoredReader::new(file)).map_err(|_| SealError::Form)?;
    let reader = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys
        | age::DecryptError::KeyDecryptionFailed
        | age::DecryptError::DecryptionFailed => SealError::OtherRecipient,
        age::DecryptError::InvalidHeader
        | age::DecryptError::InvalidMac
        | age::DecryptError::UnknownFormat => SealError::Form,
        other => SealError::Decrypt(other.to_string()),
    })?;
    // Room for all at once: a vector that grows leaves its former places unwiped.
    let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
    reader
        .take(MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(|_| SealError::Form)?;
    Ok(text)
}

/// Opens an age file with a passphrase.
///
/// # Errors
/// As for [`decrypt`].
pub fn decrypt_under(
    file: &[u8],
    passphrase: SecretString,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let identity = scrypt::Identity::new(passphrase);
    decrypt(file, std::iter::once(&identity as &dyn Identity))
}

#[cfg(test)]
mod tests {
    use age::NoCallbacks;

    use super::*;

    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@rust";

    #[test]
    fn what_is_no_recipient_is_told_and_a_private_key_is_not_repeated() {
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

    #[test]
    fn what_was_encrypted_opens_for_its_recipient_alone() {
        let (one, other) = (x25519::Identity::generate(), x25519::Identity::generate());
        let recipient: Recipient = one.to_public().to_string().parse().unwrap();
        let file = encrypt(b"canary", &recipient, NoCallbacks).unwrap();
        assert!(file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
        let open = |file: &[u8], identity: &x25519::Identity| {
            decrypt(file, std::iter::once(identity as &dyn Identity))
        };
        assert_eq!(open(&file, &one).unwrap().as_slice(), b"canary");
        assert!(matches!(
            open(&file, &other),
            Err(SealError::OtherRecipient)
        ));
        assert!(matches!(open(b"canary", &one), Err(SealError::Form)));
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1;
            if let Ok(text) = open(&changed, &one) {
                assert_eq!(text.as_slice(), b"canary", "at {place}");
            }
        }
    }

    #[test]
    fn a_passphrase_opens_what_it_closed() {
        let phrase = |text: &str| SecretString::from(text.to_owned());
        let file = encrypt_under(b"canary", phrase("one")).unwrap();
        assert_eq!(
            decrypt_under(&file, phrase("one")).unwrap().as_slice(),
            b"canary"
        );
        let wrong = decrypt_under(&file, phrase("two")).unwrap_err();
        assert!(matches!(wrong, SealError::OtherRecipient), "{wrong}");
    }
}
