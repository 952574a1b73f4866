//! Decrypting share files with a passphrase, or with an identity file of age or SSH.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};

use age::secrecy::SecretString;
use age::{Callbacks, Decryptor, Identity, IdentityFile, armor, scrypt, ssh};
use zeroize::Zeroizing;

use super::check::{Check, Refusal, by_meaning};
use crate::record::visible;
use crate::secret::Passphrase;

/// The maximum size of a share file, about 200 times the usual size.
pub(super) const MAX_FILE: usize = 1 << 20;
/// The maximum size of an identity file.
const MAX_IDENTITY: usize = 1 << 20;
/// The same limit as in age. 2^22 rounds require 4 GiB of memory.
const MAX_WORK_FACTOR: u8 = 22;

/// A passphrase or identities.
pub struct Opener(Kind);

enum Kind {
    Passphrase(SecretString),
    Identities(Vec<Box<dyn Identity>>),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("the file does not contain age identities (AGE-…) or a private SSH key")]
    Form,
    #[error("the file contains a public key or recipient; the private key is required")]
    Public,
    #[error("SSH keys of this type cannot decrypt shares; use ssh-ed25519 or ssh-rsa")]
    SshKind,
    #[error("the plugin for this identity cannot be run: {0}")]
    Plugin(String),
}

impl Opener {
    pub fn passphrase(passphrase: &Passphrase) -> Self {
        Self(Kind::Passphrase(SecretString::from(passphrase.expose())))
    }

    /// Reads an identity file: identities of age and its plugins, one per line, or one private SSH key. `callbacks`
    /// handles requests of plugins and the passphrase of an SSH key.
    ///
    /// # Errors
    /// [`IdentityError`], without any content of the file.
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

    /// Decrypts an age file, armored or not.
    ///
    /// # Errors
    /// [`Check::ShareSize`], or [`Check::ShareDecryption`] with the reason.
    pub fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if file.len() > MAX_FILE {
            return Err(by_meaning(Check::ShareSize));
        }
        let closed = |text: &str| Refusal::new(Check::ShareDecryption, text);
        let no_file = || closed("the file is not an age file, or was changed");
        let decryptor =
            Decryptor::new_buffered(armor::ArmoredReader::new(file)).map_err(|_| no_file())?;
        let reader = match &self.0 {
            Kind::Passphrase(passphrase) => {
                if !decryptor.is_scrypt() {
                    return Err(closed(
                        "the file is encrypted to a recipient and not with a passphrase",
                    ));
                }
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                decryptor.decrypt(std::iter::once(&identity as &dyn Identity))
            }
            Kind::Identities(identities) => {
                if decryptor.is_scrypt() {
                    return Err(closed(
                        "the file is encrypted with a passphrase and not to a recipient",
                    ));
                }
                decryptor.decrypt(identities.iter().map(Box::as_ref))
            }
        };
        let reader = reader.map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => {
                closed("the file is not encrypted to this identity")
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
                "the file cannot be decrypted: {}",
                visible(&other.to_string())
            )),
        })?;
        // Enough capacity, because a growing vector leaves unwiped copies.
        let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
        reader
            .take(MAX_FILE as u64)
            .read_to_end(&mut text)
            .map_err(|_| no_file())?;
        Ok(text)
    }
}

/// The kinds of recipients in the header of an age file: `X25519`, `ssh-ed25519`, `scrypt` for a passphrase, or the name
/// of a plugin.
///
/// # Errors
/// If the file is not an age file, or is too large.
pub fn recipient_kinds(file: &[u8]) -> Result<Vec<String>, Refusal> {
    if file.len() > MAX_FILE {
        return Err(by_meaning(Check::ShareSize));
    }
    let no_file = || Refusal::new(Check::ShareDecryption, "the file is not an age file");
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
        // Random stanzas that test the tolerance of readers.
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
    fn only_recipients_can_open_a_file() {
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
        assert_eq!(refused.check, Check::ShareDecryption);
        assert!(refused.detail.contains("not encrypted to this identity"));
        let one = opener(&identities[0]);
        assert!(one.open(b"canary").is_err());
        let mut unchanged = 0;
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // White space around the armor is ignored here. The digest in the manifest detects it.
            if let Ok(text) = one.open(&changed) {
                assert_eq!(text.as_slice(), b"canary", "bit {bit}");
                unchanged += 1;
            }
        }
        assert!(unchanged < 16, "{unchanged} changes were not detected");
    }

    #[test]
    fn only_the_passphrase_opens_a_file() {
        let file = encrypt_under(b"canary", &phrase("one")).unwrap();
        let open = |text: &str| Opener::passphrase(&phrase(text)).open(&file);
        assert_eq!(open("one").unwrap().as_slice(), b"canary");
        let refused = open("two").unwrap_err();
        assert!(refused.detail.contains("passphrase is wrong"), "{refused}");
        let refused = opener(&x25519::Identity::generate())
            .open(&file)
            .unwrap_err();
        assert!(refused.detail.contains("with a passphrase"), "{refused}");
    }

    #[test]
    fn other_files_are_refused_without_their_content() {
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
