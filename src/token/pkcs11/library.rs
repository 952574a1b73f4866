//! One loaded library and the sessions with it.
//!
//! Finalizing a library ends every session of the process, and a session's number may be
//! given out again afterwards: closing a stale one would close a stranger's. So the library
//! knows every session, and closes them before it is finalized.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use crate::profile::{Profile, Rescan};
use crate::record::TokenId;
use crate::storage::real_path;

use super::super::query::only_one;
use super::super::{Seen, TokenError, lock};
use super::{device, info};

/// A library, initialized.
pub(super) struct Library {
    context: Pkcs11,
    sessions: Mutex<Vec<Weak<Mutex<TokenSession>>>>,
    /// Whether tokens may have come or gone that it has not noticed.
    is_stale: AtomicBool,
    /// Whether it was loaded just now, and nobody has looked yet: it knows what is in.
    is_new: AtomicBool,
}

/// The session with one token.
#[derive(Default)]
pub(super) struct TokenSession {
    /// The slot in which the token was found and the session with it; `None` until it is needed.
    pub(super) open: Option<(Slot, Session)>,
    pub(super) logged_in: bool,
}

/// The libraries that this process has loaded: initializing one twice is an error.
static LOADED: Mutex<Option<HashMap<PathBuf, Weak<Library>>>> = Mutex::new(None);

impl Library {
    pub(super) fn load(profile: &Profile) -> Result<Arc<Self>, TokenError> {
        let failed = |path: Option<&Path>, why: String| TokenError::Module {
            path: path.map(Path::to_owned),
            why,
            install: profile.install.clone(),
        };
        let paths = &profile.module.paths;
        let path = paths.iter().find(|path| path.exists()).ok_or_else(|| {
            let tried: Vec<_> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            failed(None, format!("there is none at {}", tried.join(", ")))
        })?;
        let real =
            real_path(path).map_err(|error| failed(Some(path), error.problem.to_string()))?;

        let mut loaded = lock(&LOADED);
        let loaded = loaded.get_or_insert_default();
        if let Some(library) = loaded.get(&real).and_then(Weak::upgrade) {
            return Ok(library);
        }
        let context = Pkcs11::new(&real).map_err(|error| failed(Some(path), error.to_string()))?;
        initialize(&context).map_err(|error| failed(Some(path), error.to_string()))?;
        let library = Arc::new(Self {
            context,
            sessions: Mutex::default(),
            is_stale: AtomicBool::new(false),
            is_new: AtomicBool::new(true),
        });
        loaded.insert(real, Arc::downgrade(&library));
        Ok(library)
    }

    pub(super) const fn context(&self) -> &Pkcs11 {
        &self.context
    }

    /// A session that is not open yet.
    pub(super) fn new_session(&self) -> Arc<Mutex<TokenSession>> {
        let session = Arc::default();
        let mut sessions = lock(&self.sessions);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(&session));
        session
    }

    /// Whether nothing is lost by initializing again.
    fn nobody_is_logged_in(&self) -> bool {
        lock(&self.sessions)
            .iter()
            .filter_map(Weak::upgrade)
            .all(|session| !lock(&session).logged_in)
    }

    /// Closes every session, which logs out.
    fn close_sessions(&self) {
        for session in lock(&self.sessions).iter().filter_map(Weak::upgrade) {
            *lock(&session) = TokenSession::default();
        }
    }

    /// Closes every session, and has the library notice what came or went before anything else is asked of it.
    pub(super) fn reset(&self) {
        self.close_sessions();
        self.is_stale.store(true, Ordering::SeqCst);
    }

    /// Makes the library notice what came or went, if it was reset since.
    pub(super) fn refresh_if_stale(&self, rescan: Rescan) -> Result<(), TokenError> {
        if self.is_stale.load(Ordering::SeqCst) {
            self.refresh(rescan)?;
        }
        Ok(())
    }

    /// Makes the library notice what came or went, unless that would end a login.
    pub(super) fn refresh_if_possible(&self, rescan: Rescan) -> Result<(), TokenError> {
        let is_new = self.is_new.load(Ordering::SeqCst);
        if !is_new && self.nobody_is_logged_in() {
            return self.refresh(rescan);
        }
        self.refresh_if_stale(rescan)
    }

    /// Makes the library notice tokens that came or went. Ends every session where that takes it.
    fn refresh(&self, rescan: Rescan) -> Result<(), TokenError> {
        self.is_stale.store(false, Ordering::SeqCst);
        match rescan {
            Rescan::List => Ok(()),
            Rescan::Reinitialize => {
                self.close_sessions();
                self.context.clone().finalize().map_err(device)?;
                initialize(&self.context).map_err(device)
            }
        }
    }

    /// The tokens in their slots. One that does not answer who it is counts as not there:
    /// SoftHSM says `CKR_GENERAL_ERROR` of a token whose files are gone.
    pub(super) fn tokens(&self, profile: &str) -> Result<Vec<(Slot, Seen)>, TokenError> {
        self.is_new.store(false, Ordering::SeqCst);
        let mut tokens = Vec::new();
        for slot in self.context.get_slots_with_token().map_err(device)? {
            match self.context.get_token_info(slot) {
                Ok(info) => tokens.push((slot, info::seen(profile, &info))),
                Err(Error::Pkcs11(..)) => {}
                Err(unreadable) => return Err(device(unreadable)),
            }
        }
        Ok(tokens)
    }

    /// The slot of the one token that names itself so.
    pub(super) fn find(&self, id: &TokenId) -> Result<Slot, TokenError> {
        let mut found = self.tokens(&id.profile)?;
        found.retain(|(_, seen)| seen.id == *id);
        let name = |(_, seen): &(Slot, Seen)| seen.id.clone();
        let (slot, _) = only_one(found, name, || format!("token {id}"))?;
        Ok(slot)
    }
}

fn initialize(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another part of the process holds it, and finalizes it when it is done.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // Nobody is left who could be told of a failure, and the process goes on without it.
        let _ = self.context.clone().finalize();
    }
}
