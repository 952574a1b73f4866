//! Tokens behind a PKCS#11 module (OASIS PKCS #11 2.40 and later).

mod failure;
mod info;
mod library;
mod objects;
mod raw;
mod signature;
mod template;
mod token;
mod wrapping;

use std::sync::Arc;

use crate::profile::Profile;
use crate::record::TokenId;

use self::failure::device;
use self::library::Library;
use self::token::Pkcs11Token;
use super::{Reader, Seen, Token, TokenError};

/// A module that was loaded: the reader of its tokens.
///
/// Loading the same file twice in one process gives two readers of one library; it is
/// finalized when the last reader and the last token are gone.
pub struct Module {
    library: Arc<Library>,
    profile: Profile,
}

impl Module {
    /// Loads the first module of the profile's paths that exists.
    ///
    /// # Errors
    /// [`TokenError::Module`] when none exists or it is not a PKCS#11 module.
    pub fn load(profile: &Profile) -> Result<Self, TokenError> {
        Ok(Self {
            library: Library::load(profile)?,
            profile: profile.clone(),
        })
    }
}

impl Reader for Module {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn tokens(&mut self) -> Result<Vec<Seen>, TokenError> {
        self.library
            .refresh_if_possible(self.profile.slots.rescan)?;
        let tokens = self.library.tokens(&self.profile)?;
        Ok(tokens.into_iter().map(|(_, seen)| seen).collect())
    }

    fn reset(&mut self) -> Result<(), TokenError> {
        self.library.reset();
        Ok(())
    }

    fn open(&mut self, id: &TokenId) -> Result<Box<dyn Token>, TokenError> {
        self.library.refresh_if_stale(self.profile.slots.rescan)?;
        let slot = self.library.find(&self.profile, id)?;
        Ok(Box::new(Pkcs11Token::new(
            Arc::clone(&self.library),
            self.profile.clone(),
            id.clone(),
            slot,
        )))
    }
}
