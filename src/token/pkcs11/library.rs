//! One loaded library and the sessions with it.
//!
//! Finalizing a library ends every session of the process, and a session's number may be
//! given out again afterwards: closing a stale one would close a stranger's. So all
//! sessions sit on *seats* that the library knows, and are closed before it is finalized.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use crate::profile::{Profile, Rescan};
use crate::record::TokenId;
use crate::storage::real_path;

use super::super::{Seen, TokenError};
use super::{device, info};

/// A library, initialized.
pub(super) struct Library {
    context: Pkcs11,
    seats: Mutex<Vec<Weak<Mutex<ModuleSlot>>>>,
    /// Whether tokens may have come or gone that it has not noticed.
    is_stale: AtomicBool,
}

/// The tokens that were seen, in their slots.
type Look = Vec<(Slot, Seen)>;

/// Where a token's session sits.
#[derive(Default)]
pub(super) struct ModuleSlot {
    /// The slot in which the token was found and its session; `None` until it is needed.
    pub(super) place: Option<(Slot, Session)>,
    /// Whether its user is logged in.
    pub(super) logged_in: bool,
}

/// The libraries that this process has loaded: initializing one twice is an error.
static LOADED: Mutex<Option<HashMap<PathBuf, Weak<Library>>>> = Mutex::new(None);

/// A panic of another thread leaves no half-done state behind these locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Library {
    pub(super) fn load(profile: &Profile) -> Result<Arc<Self>, TokenError> {
        let failed = |path: Option<&Path>, why: String| TokenError::Module {
            path: path.map(Path::to_owned),
            why,
            install: profile.install_hint().to_owned(),
        };
        let paths = profile.module_paths();
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
            seats: Mutex::default(),
            is_stale: AtomicBool::new(false),
        });
        loaded.insert(real, Arc::downgrade(&library));
        Ok(library)
    }

    pub(super) const fn context(&self) -> &Pkcs11 {
        &self.context
    }

    /// A new seat, on which no session sits yet.
    pub(super) fn seat(&self) -> Arc<Mutex<ModuleSlot>> {
        let seat = Arc::default();
        let mut seats = lock(&self.seats);
        seats.retain(|seat| seat.strong_count() > 0);
        seats.push(Arc::downgrade(&seat));
        seat
    }

    /// Whether nothing is lost by initializing again.
    pub(super) fn nobody_is_logged_in(&self) -> bool {
        lock(&self.seats)
            .iter()
            .filter_map(Weak::upgrade)
            .all(|seat| !lock(&seat).logged_in)
    }

    /// Closes every session, which logs out.
    pub(super) fn vacate(&self) {
        for seat in lock(&self.seats).iter().filter_map(Weak::upgrade) {
            *lock(&seat) = ModuleSlot::default();
        }
    }

    /// Closes every session, and has the library notice what came or went before anything else is asked of it.
    pub(super) fn reset(&self) {
        self.vacate();
        self.is_stale.store(true, Ordering::SeqCst);
    }

    /// Makes the library notice what came or went, if it was reset since.
    pub(super) fn refresh_if_stale(&self, rescan: Rescan) -> Result<(), TokenError> {
        if self.is_stale.load(Ordering::SeqCst) {
            self.refresh(rescan)?;
        }
        Ok(())
    }

    /// Makes the library notice tokens that came or went. Ends every session where that takes it.
    pub(super) fn refresh(&self, rescan: Rescan) -> Result<(), TokenError> {
        self.is_stale.store(false, Ordering::SeqCst);
        match rescan {
            Rescan::List => Ok(()),
            Rescan::Reinitialize => {
                self.vacate();
                self.context.clone().finalize().map_err(device)?;
                initialize(&self.context).map_err(device)
            }
        }
    }

    /// The tokens in their slots. One that does not answer who it is counts as not there:
    /// SoftHSM says `CKR_GENERAL_ERROR` of a token whose files are gone.
    pub(super) fn look(&self, profile: &str) -> Result<Look, TokenError> {
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
        let mut slots = self
            .look(&id.profile)?
            .into_iter()
            .filter(|(_, seen)| seen.id == *id)
            .map(|(slot, _)| slot);
        let slot = slots.next().ok_or_else(|| TokenError::NotFound {
            wanted: format!("token {id}"),
        })?;
        let simulated_tokens = slots.count();
        if simulated_tokens > 0 {
            return Err(TokenError::Ambiguous {
                found: vec![id.clone(); simulated_tokens + 1],
            });
        }
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
