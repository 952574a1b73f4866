//! With what a custodian opens a share: a passphrase, or an identity file of age or SSH.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};

use age::secrecy::SecretString;
use age::{Callbacks, Decryptor, Identity, IdentityFile, armor, scrypt, ssh};
use zeroize::Zeroizing;

use super::check::{Check, Refusal};
use crate::record::visible;
use crate::secret::Passphrase;

/// The longest file of a share: one takes a two-hundredth of it.
pub(super) const MAX_FILE: usize = 1 << 20;
/// The longest file of an identity.
const MAX_IDENTITY: usize = 1 << 20;
/// The hardest passphrase files that are tried, as of the stock tools: 2^22 rounds take four gigabytes.
const MAX_WORK_FACTOR: u8 = 22;

/// What opens a share.
pub struct Opener(Kind);

enum Kind {
    Passphrase(SecretString),
    Identities(Vec<Box<dyn Identity>>),
}

/// Why a file is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Neither a list of age identities nor a private SSH key.
    #[error("it is neither a file of age identities (AGE-…) nor a private SSH key")]
    Form,
    /// A public key, or a recipient.
    #[error("it is a public key or a recipient: what opens the share is the private half of it")]
    Public,
    /// An SSH key of a kind that cannot decrypt.
    #[error("SSH keys of this kind cannot open a share; ssh-ed25519 and ssh-rsa can")]
    SshKind,
    /// The plugin of an identity is not installed here, or does not run.
    #[error("the plugin of this identity cannot be run: {0}")]
    Plugin(String),
}

impl Opener {
    /// A passphrase.
    pub fn passphrase(passphrase: &Passphrase) -> Self {
        Self(Kind::Passphrase(SecretString::from(passphrase.expose())))
    }

    /// What an identity file holds: identities of age and of its plugins, one a line, or one private SSH key.
    /// `callbacks` is what a plugin may ask of the person before it, and where the passphrase of an SSH key comes from.
    ///
    /// # Errors
    /// [`IdentityError`]. Nothing of the file is repeated.
    pub fn identities(
        file: &Zeroizing<Vec<u8>>,
        callbacks: &impl Callbacks,
    ) -> Result<Self, IdentityError> {
        if file.len() > MAX_IDENTITY {
            return Err(IdentityError::Form);
        }
        let text = std::str::from_utf8(file).map_err(|_| IdentityError::Form)?;
        let first = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .ok_or(IdentityError::Form)?;
        if first.starts_with("-----BEGIN") && first.contains("PRIVATE KEY") {
            let identity = ssh::Identity::from_buffer(BufReader::new(text.as_bytes()), None)
                .map_err(|_| IdentityError::Form)?;
            if matches!(identity, ssh::Identity::Unsupported(_)) {
                return Err(IdentityError::SshKind);
            }
            let identity = identity.with_callbacks(callbacks.clone());
            return Ok(Self(Kind::Identities(vec![Box::new(identity)])));
        }
        if first.starts_with("age1") || first.starts_with("ssh-") {
            return Err(IdentityError::Public);
        }
        let identities = IdentityFile::from_buffer(BufReader::new(text.as_bytes()))
            .map_err(|_| IdentityError::Form)?
            .with_callbacks(callbacks.clone())
            .into_identities()
            .map_err(|error| IdentityError::Plugin(visible(&error.to_string())))?;
        let identities = identities
            .into_iter()
            .map(|identity| -> Box<dyn Identity> { identity })
            .collect();
        Ok(Self(Kind::Identities(identities)))
    }

    /// Opens an age file, armored or not. What was opened is wiped when it is dropped.
    ///
    /// # Errors
    /// [`Check::ShareSize`] and [`Check::ShareClosed`], which says why.
    pub fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if file.len() > MAX_FILE {
            return Err(Refusal::new(Check::ShareSize, Check::ShareSize.meaning()));
        }
        let closed = |text: &str| Refusal::new(Check::ShareClosed, text);
        let no_file = || closed("it is no age file, or was changed since it was made");
        let decryptor =
            Decryptor::new_buffered(armor::ArmoredReader::new(file)).map_err(|_| no_file())?;
        let reader = match &self.0 {
            Kind::Passphrase(passphrase) => {
                if !decryptor.is_scrypt() {
                    return Err(closed(
                        "it is encrypted to a recipient, not with a passphrase: give the identity that opens it",
                    ));
                }
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                decryptor.decrypt(std::iter::once(&identity as &dyn Identity))
            }
            Kind::Identities(identities) => {
                if decryptor.is_scrypt() {
                    return Err(closed(
                        "it is encrypted with a passphrase: no identity can open it",
                    ));
                }
                decryptor.decrypt(identities.iter().map(Box::as_ref))
            }
        };
        let reader = reader.map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => {
                closed("it is for another recipient: this identity does not open it")
            }
            age::DecryptError::KeyDecryptionFailed => {
                closed("the passphrase of the identity is wrong")
            }
            age::DecryptError::DecryptionFailed => match &self.0 {
                Kind::Passphrase(_) => closed("the passphrase is wrong"),
                Kind::Identities(_) => no_file(),
            },
            age::DecryptError::InvalidHeader
            | age::DecryptError::InvalidMac
            | age::DecryptError::UnknownFormat => no_file(),
            other => closed(&format!(
                "it could not be opened: {}",
                visible(&other.to_string())
            )),
        })?;
        // Room for all at once: a vector that grows leaves its former places unwiped.
        let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
        reader
            .take(MAX_FILE as u64)
            .read_to_end(&mut text)
            .map_err(|_| no_file())?;
        Ok(text)
    }
}

/// To what kinds of recipients an age file is closed, as its head says, without opening it: `X25519`, `ssh-ed25519`,
/// `scrypt` for a passphrase, or what a plugin calls itself.
///
/// # Errors
/// When it is no age file, or larger than any share.
pub fn closed_to(file: &[u8]) -> Result<Vec<String>, Refusal> {
    if file.len() > MAX_FILE {
        return Err(Refusal::new(Check::ShareSize, Check::ShareSize.meaning()));
    }
    let no_file = || Refusal::new(Check::ShareClosed, "it is no age file");
    let mut reader = BufReader::new(armor::ArmoredReader::new(file).take(MAX_FILE as u64));
    let mut kinds = Vec::new();
    let mut line = Vec::new();
    for number in 0.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|_| no_file())?;
        let text = std::str::from_utf8(&line)
            .map_err(|_| no_file())?
            .trim_end();
        if read == 0 || (number == 0 && text != "age-encryption.org/v1") {
            return Err(no_file());
        }
        if text.starts_with("---") {
            break;
        }
        let stanza = text
            .strip_prefix("-> ")
            .and_then(|rest| rest.split(' ').next());
        // What is there only so that readers get used to the unknown.
        if let Some(kind) = stanza.filter(|kind| !kind.ends_with("-grease")) {
            kinds.push(kind.to_owned());
        }
    }
    Ok(kinds)
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(…)")
    }
}

#[cfg(test)]
mod tests {
    use age::{NoCallbacks, secrecy::ExposeSecret as _, x25519};

    use super::super::recipient::{Recipient, encrypt, encrypt_under};
    use super::*;

    fn opener(identity: &x25519::Identity) -> Opener {
        let text = format!("# a comment\n{}\n", identity.to_string().expose_secret());
        Opener::identities(&Zeroizing::new(text.into_bytes()), &NoCallbacks).unwrap()
    }

    fn phrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn what_was_encrypted_opens_for_its_recipients_alone() {
        let identities: Vec<_> = (0..3).map(|_| x25519::Identity::generate()).collect();
        let recipients: Vec<Recipient> = identities[..2]
            .iter()
            .map(|identity| identity.to_public().to_string().parse().unwrap())
            .collect();
        let file = encrypt(b"canary", &recipients, &NoCallbacks).unwrap();
        assert!(file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
        for identity in &identities[..2] {
            assert_eq!(opener(identity).open(&file).unwrap().as_slice(), b"canary");
        }
        let refused = opener(&identities[2]).open(&file).unwrap_err();
        assert_eq!(refused.check, Check::ShareClosed);
        assert!(refused.detail.contains("another recipient"), "{refused}");
        let one = opener(&identities[0]);
        assert!(one.open(b"canary").is_err());
        let mut unchanged = 0;
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // White space around the armor says nothing: what opens is the text itself, and the manifest's digest
            // of the file tells even that.
            if let Ok(text) = one.open(&changed) {
                assert_eq!(text.as_slice(), b"canary", "bit {bit}");
                unchanged += 1;
            }
        }
        assert!(unchanged < 16, "{unchanged} changes were not noticed");
    }

    #[test]
    fn a_passphrase_opens_what_it_closed() {
        let file = encrypt_under(b"canary", &phrase("one")).unwrap();
        let open = |text: &str| Opener::passphrase(&phrase(text)).open(&file);
        assert_eq!(open("one").unwrap().as_slice(), b"canary");
        let refused = open("two").unwrap_err();
        assert!(refused.detail.contains("passphrase is wrong"), "{refused}");
        let refused = opener(&x25519::Identity::generate())
            .open(&file)
            .unwrap_err();
        assert!(refused.detail.contains("under a passphrase"), "{refused}");
    }

    #[test]
    fn what_is_no_identity_is_told_and_not_repeated() {
        let refused = |text: &str| {
            Opener::identities(&Zeroizing::new(text.as_bytes().to_vec()), &NoCallbacks).unwrap_err()
        };
        for text in ["", "# nothing", "canary", "AGE-SECRET-KEY-1CANARY", "\u{0}"] {
            assert_eq!(refused(text), IdentityError::Form, "{text:?}");
        }
        let public = x25519::Identity::generate().to_public().to_string();
        assert_eq!(refused(&public), IdentityError::Public);
    }
}
