//! One loaded library and the sessions with it.
//!
//! Finalizing a library ends every session of the process, and a session's number may be
//! given out again afterwards: closing a stale one would close a stranger's. So all
//! sessions sit on *seats* that the library knows, and are closed before it is finalized.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use crate::profile::{Profile, Rescan};
use crate::record::TokenId;

use super::super::query::only_one;
use super::super::{Seen, TokenError, lock};
use super::{device, info};

/// A library, initialized.
pub(super) struct Library {
    context: Pkcs11,
    seats: Mutex<Vec<Weak<Mutex<ModuleSlot>>>>,
    /// When it was loaded, until somebody looks.
    loaded: Mutex<Option<Instant>>,
    /// Whether tokens may have come or gone that it has not noticed.
    is_stale: AtomicBool,
    /// What was seen last, and when.
    last_look: Mutex<Option<(Instant, Look)>>,
}

/// The tokens that were seen, in their slots.
type Look = Vec<(Slot, Seen)>;

/// For how long a library knows what is in after it was loaded, or after a look: nobody changes tokens faster.
const KNOWS_FOR: Duration = Duration::from_millis(25);

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
        let real = path
            .canonicalize()
            .map_err(|error| failed(Some(path), error.to_string()))?;

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
            loaded: Mutex::new(Some(Instant::now())),
            is_stale: AtomicBool::new(false),
            last_look: Mutex::default(),
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

    /// Whether it was loaded in this moment, and so knows what is in. True once: whoever looks again wants to know what
    /// changed since.
    pub(super) fn takes_first_look(&self) -> bool {
        let loaded = lock(&self.loaded).take();
        loaded.is_some_and(|when| when.elapsed() < KNOWS_FOR)
    }

    /// Closes every session, and has the library notice what came or went before anything else is asked of it.
    pub(super) fn reset(&self) {
        self.vacate();
        *lock(&self.last_look) = None;
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
        *lock(&self.loaded) = None;
        *lock(&self.last_look) = None;
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

    /// Looks already, if it was loaded in this moment.
    pub(super) fn look_ahead(&self, profile: &str) {
        let is_fresh = lock(&self.loaded).is_some_and(|when| when.elapsed() < KNOWS_FOR);
        if is_fresh {
            // What fails now is told when somebody wants to know.
            let _ = self.look(profile);
        }
    }

    /// What was seen in this moment, if somebody looked.
    pub(super) fn just_seen(&self) -> Option<Look> {
        let last = lock(&self.last_look);
        let (when, look) = last.as_ref()?;
        (when.elapsed() < KNOWS_FOR).then(|| look.clone())
    }

    /// The tokens in their slots. One that does not answer who it is counts as not there:
    /// SoftHSM says `CKR_GENERAL_ERROR` of a token whose files are gone.
    pub(super) fn look(&self, profile: &str) -> Result<Look, TokenError> {
        *lock(&self.last_look) = None;
        let mut tokens = Vec::new();
        for slot in self.context.get_slots_with_token().map_err(device)? {
            match self.context.get_token_info(slot) {
                Ok(info) => tokens.push((slot, info::seen(profile, &info))),
                Err(Error::Pkcs11(..)) => {}
                Err(unreadable) => return Err(device(unreadable)),
            }
        }
        *lock(&self.last_look) = Some((Instant::now(), tokens.clone()));
        Ok(tokens)
    }

    /// The slot of the one token that names itself so.
    pub(super) fn find(&self, id: &TokenId) -> Result<Slot, TokenError> {
        // Whoever is there is asked again who it is before anything is done with it.
        let look = match self.just_seen() {
            Some(look) if look.iter().any(|(_, seen)| seen.id == *id) => look,
            _ => self.look(&id.profile)?,
        };
        let mut found = look;
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
