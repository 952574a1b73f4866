//! Who puts tokens in and takes them out: people, or a rehearsal's own hands.

use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::ceremony::SecretPurpose;
use crate::script::{KeyId, MediumId, PersonId, TokenSpec};
use crate::token::TokenQuery;

/// Who puts tokens in and takes them out.
pub trait Hands: Send {
    /// Sees to it that one token is the only one that is in, by its name in the script: that of its key, or the
    /// spare's. People do it when they are asked to.
    ///
    /// # Errors
    /// When a rehearsal cannot move its own tokens.
    fn put_in(&mut self, token: &str) -> io::Result<()>;

    /// Takes out whatever is in.
    ///
    /// # Errors
    /// When a rehearsal cannot move its own tokens.
    fn take_out(&mut self) -> io::Result<()>;

    /// The simulated token that stands in for a token, by its name in the script; none in a production, where the
    /// script's own is meant.
    fn simulated(&self, token: &str, spec: &TokenSpec) -> Option<TokenQuery>;

    /// What a simulated key at another site signs; none in a production, where the site sends it.
    fn simulated_signature(&mut self, key: &KeyId, message: &[u8]) -> Option<io::Result<Vec<u8>>>;

    /// The PIN that a rehearsal gives, so that nobody types a real one; none in a production.
    fn given_pin(&self, token: &str, purpose: SecretPurpose) -> Option<String>;

    /// The folder that stands in for a medium; none in a production, where people put it in.
    fn medium(&self, medium: &MediumId) -> Option<io::Result<PathBuf>>;

    /// The recipients of a simulated custodian, as many as the script has; none in a production.
    fn simulated_recipients(
        &self,
        custodian: &PersonId,
        count: usize,
    ) -> Option<io::Result<Vec<String>>>;

    /// The identity file of a simulated custodian: it opens what is closed to its recipients. None in a production,
    /// where each custodian has the own.
    fn simulated_identity(&self, custodian: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>>;

    /// Where the store of a rehearsal has a file of a share set, by its folder and its name; none in a production, where
    /// people bring it.
    fn kept(&self, folder: &str, file: &str) -> Option<io::Result<PathBuf>>;

    /// The passphrase that a rehearsal gives; none in a production.
    fn given_passphrase(&self, custodian: &PersonId) -> Option<String>;

    /// The approval code that a rehearsal gives; none in a production.
    fn given_code(&self, person: &PersonId) -> Option<String>;
}

/// The hands of the people in the room.
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
