//! Who inserts and removes tokens: people, or a rehearsal.

use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::ceremony::SecretPurpose;
use crate::script::{KeyId, MediumId, PersonId, TokenSpec};
use crate::token::TokenQuery;

/// Who inserts and removes tokens. In a production each method that gives something returns `None`: people provide it.
pub trait Hands: Send {
    /// Inserts one token and removes all others. Its name in the script is that of its key, or of the spare.
    ///
    /// # Errors
    /// When a rehearsal cannot switch its tokens.
    fn put_in(&mut self, token: &str) -> io::Result<()>;

    /// Removes all tokens.
    ///
    /// # Errors
    /// When a rehearsal cannot switch its tokens.
    fn take_out(&mut self) -> io::Result<()>;

    /// The simulated token that replaces a token, by its name in the script.
    fn simulated(&self, token: &str, spec: &TokenSpec) -> Option<TokenQuery>;

    /// The signature of a simulated key at another site.
    fn simulated_signature(&mut self, key: &KeyId, message: &[u8]) -> Option<io::Result<Vec<u8>>>;

    /// The PIN that a rehearsal enters, so that nobody types a real one.
    fn given_pin(&self, token: &str, purpose: SecretPurpose) -> Option<String>;

    /// The folder that replaces a medium.
    fn medium(&self, medium: &MediumId) -> Option<io::Result<PathBuf>>;

    /// The recipients of a simulated custodian, as many as in the script.
    fn simulated_recipients(
        &self,
        custodian: &PersonId,
        count: usize,
    ) -> Option<io::Result<Vec<String>>>;

    /// The identity file of a simulated custodian: it decrypts what is encrypted to its recipients.
    fn simulated_identity(&self, custodian: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>>;

    /// The path of a file of a share set in a rehearsal.
    fn kept(&self, folder: &str, file: &str) -> Option<io::Result<PathBuf>>;

    /// The passphrase that a rehearsal enters.
    fn given_passphrase(&self, custodian: &PersonId) -> Option<String>;

    /// The approval code that a rehearsal enters.
    fn given_code(&self, person: &PersonId) -> Option<String>;
}

/// In a production, people insert and remove tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct PeoplesHands;

impl Hands for PeoplesHands {
    fn put_in(&mut self, _token: &str) -> io::Result<()> {
        Ok(())
    }

    fn take_out(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn simulated(&self, _token: &str, _spec: &TokenSpec) -> Option<TokenQuery> {
        None
    }

    fn simulated_signature(
        &mut self,
        _key: &KeyId,
        _message: &[u8],
    ) -> Option<io::Result<Vec<u8>>> {
        None
    }

    fn given_pin(&self, _token: &str, _purpose: SecretPurpose) -> Option<String> {
        None
    }

    fn medium(&self, _medium: &MediumId) -> Option<io::Result<PathBuf>> {
        None
    }

    fn simulated_recipients(
        &self,
        _custodian: &PersonId,
        _count: usize,
    ) -> Option<io::Result<Vec<String>>> {
        None
    }

    fn simulated_identity(&self, _custodian: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>> {
        None
    }

    fn kept(&self, _folder: &str, _file: &str) -> Option<io::Result<PathBuf>> {
        None
    }

    fn given_passphrase(&self, _custodian: &PersonId) -> Option<String> {
        None
    }

    fn given_code(&self, _person: &PersonId) -> Option<String> {
        None
    }
}
