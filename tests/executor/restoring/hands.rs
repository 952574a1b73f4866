//! Who brings what in a test: the simulated tokens move by themselves, and people bring what is their own.

use std::io;
use std::path::PathBuf;

use conclave::ceremony::SecretPurpose;
use conclave::executor::Hands;
use conclave::rehearsal::SimulatedTokens;
use conclave::script::{KeyId, MediumId, PersonId, TokenSpec};
use conclave::token::TokenQuery;
use zeroize::Zeroizing;

/// Hands that move simulated tokens; media and custodians are people's own.
pub(crate) struct OwnThings(pub(crate) SimulatedTokens);

impl Hands for OwnThings {
    fn put_in(&mut self, token: &str) -> io::Result<()> {
        self.0.put_in(token)
    }

    fn take_out(&mut self) -> io::Result<()> {
        self.0.take_out()
    }

    fn simulated(&self, token: &str, spec: &TokenSpec) -> Option<TokenQuery> {
        self.0.simulated(token, spec)
    }

    fn simulated_signature(&mut self, key: &KeyId, message: &[u8]) -> Option<io::Result<Vec<u8>>> {
        self.0.simulated_signature(key, message)
    }

    fn given_pin(&self, token: &str, purpose: SecretPurpose) -> Option<String> {
        self.0.given_pin(token, purpose)
    }

    fn medium(&self, _: &MediumId) -> Option<io::Result<PathBuf>> {
        None
    }

    fn simulated_recipients(&self, _: &PersonId, _: usize) -> Option<io::Result<Vec<String>>> {
        None
    }

    fn simulated_identity(&self, _: &PersonId) -> Option<io::Result<Zeroizing<Vec<u8>>>> {
        None
    }

    fn kept(&self, _: &str, _: &str) -> Option<io::Result<PathBuf>> {
        None
    }

    fn given_passphrase(&self, _: &PersonId) -> Option<String> {
        None
    }

    fn given_code(&self, person: &PersonId) -> Option<String> {
        self.0.given_code(person)
    }
}
