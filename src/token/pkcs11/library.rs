//! One loaded module and the sessions with it.
//!
//! Finalizing a module ends every session of the process, and the number of a session may be assigned again afterwards:
//! closing a stale session would close someone else's. So the library knows every session, and closes them before it
//! finalizes the module.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use cryptoki_sys::{self as sys, CK_SLOT_ID};
use zeroize::Zeroizing;

use crate::profile::{EqualBlanks, Module, Profile, Rescan};
use crate::record::TokenId;
use crate::storage::{Links, digest, real_path};
use crate::words::Digest;

use super::super::query::only_one;
use super::super::{Seen, TokenError, lock};
use super::raw::{CallError, RawModule, Role, Session, TokenInfo};
use super::{device, failure, info};

/// The pauses before a token that does not identify itself is asked again: a transient error is not a removal.
const ASK_AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(100)];

/// A module that is loaded and initialized.
pub(super) struct Library {
    raw: Arc<RawModule>,
    path: PathBuf,
    /// The digest of that file, from before it was loaded.
    sha256: Digest,
    /// How it is initialized.
    module: Module,
    sessions: Mutex<Vec<Weak<Mutex<TokenSession>>>>,
    /// Whether tokens may have come or gone unnoticed.
    is_stale: AtomicBool,
    /// Whether the last attempt to initialize the module again failed.
    is_down: AtomicBool,
    /// Whether it has just been loaded and nobody has looked yet: it knows which tokens are present.
    is_new: AtomicBool,
}

/// The session with one token.
#[derive(Default)]
pub(super) struct TokenSession {
    /// The slot in which the token was found and the session with it; `None` until it is needed.
    pub(super) open: Option<(CK_SLOT_ID, Session)>,
    pub(super) login: Option<Login>,
}

/// A login, and what renews it: tokens lose logins, and some keys require the PIN for each signature.
pub(super) struct Login {
    pub(super) role: Role,
    /// `None` where the PIN was entered on the device.
    pub(super) pin: Option<Zeroizing<String>>,
}

/// The modules that this process has loaded: initializing one twice is an error.
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
            failed(None, format!("no file at {}", tried.join(", ")))
        })?;
        let real =
            real_path(path).map_err(|error| failed(Some(path), error.problem.to_string()))?;

        let mut loaded = lock(&LOADED);
        let loaded = loaded.get_or_insert_default();
        if let Some(library) = loaded.get(&real).and_then(Weak::upgrade) {
            return Ok(library);
        }
        let sha256 = digest(&real, Links::Follow)
            .map_err(|error| failed(Some(path), error.problem.to_string()))?;
        let raw = RawModule::load(&real).map_err(|why| failed(Some(path), why))?;
        initialize(&raw, &profile.module).map_err(|error| TokenError::Module {
            path: Some(path.clone()),
            why: device(error).to_string(),
            install: not_initialized(path),
        })?;
        let library = Arc::new(Self {
            raw: Arc::new(raw),
            path: real.clone(),
            sha256,
            module: profile.module.clone(),
            sessions: Mutex::default(),
            is_stale: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
            is_new: AtomicBool::new(true),
        });
        loaded.insert(real, Arc::downgrade(&library));
        Ok(library)
    }

    pub(super) const fn raw(&self) -> &Arc<RawModule> {
        &self.raw
    }

    /// A session that is not open yet.
    pub(super) fn new_session(&self) -> Arc<Mutex<TokenSession>> {
        let session = Arc::default();
        let mut sessions = lock(&self.sessions);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(&session));
        session
    }

    fn nobody_is_logged_in(&self) -> bool {
        lock(&self.sessions)
            .iter()
            .filter_map(Weak::upgrade)
            .all(|session| lock(&session).login.is_none())
    }

    /// Closes every session, which logs out.
    fn close_sessions(&self) {
        for session in lock(&self.sessions).iter().filter_map(Weak::upgrade) {
            *lock(&session) = TokenSession::default();
        }
    }

    /// Closes every session. Before its next use the module looks for tokens that came or went.
    pub(super) fn reset(&self) {
        self.close_sessions();
        self.is_stale.store(true, Ordering::SeqCst);
    }

    /// Has the module notice tokens that came or went, if it was reset since.
    pub(super) fn refresh_if_stale(&self, rescan: Rescan) -> Result<(), TokenError> {
        if self.is_stale.load(Ordering::SeqCst) {
            self.refresh(rescan)?;
        }
        Ok(())
    }

    /// Has the module notice tokens that came or went, unless that would end a login.
    pub(super) fn refresh_if_possible(&self, rescan: Rescan) -> Result<(), TokenError> {
        let is_new = self.is_new.load(Ordering::SeqCst);
        if !is_new && self.nobody_is_logged_in() {
            return self.refresh(rescan);
        }
        self.refresh_if_stale(rescan)
    }

    /// Has the module notice tokens that came or went. Ends every session where that is necessary.
    fn refresh(&self, rescan: Rescan) -> Result<(), TokenError> {
        if rescan == Rescan::Reinitialize || self.is_down.load(Ordering::SeqCst) {
            self.restart()?;
        }
        self.is_stale.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Finalizes the module and initializes it, so that it reads its tokens again. An attempt that fails is repeated at
    /// the next look.
    fn restart(&self) -> Result<(), TokenError> {
        self.close_sessions();
        self.is_stale.store(true, Ordering::SeqCst);
        self.is_down.store(true, Ordering::SeqCst);
        match self.raw.finalize() {
            Ok(())
            | Err(CallError {
                code: sys::CKR_CRYPTOKI_NOT_INITIALIZED,
                ..
            }) => {}
            Err(error) => return Err(device(error)),
        }
        initialize(&self.raw, &self.module).map_err(device)?;
        self.is_down.store(false, Ordering::SeqCst);
        self.is_stale.store(false, Ordering::SeqCst);
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn sha256(&self) -> Digest {
        self.sha256
    }

    /// Manufacturer, description and version, as the module reports them.
    pub(super) fn description(&self) -> String {
        self.raw
            .info()
            .unwrap_or_else(|error| format!("C_GetInfo failed: {}", failure::name(error.code)))
    }

    /// The tokens in their slots.
    pub(super) fn tokens(&self, profile: &Profile) -> Result<Vec<(CK_SLOT_ID, Seen)>, TokenError> {
        self.is_new.store(false, Ordering::SeqCst);
        let only = &profile.slots.only;
        let mut tokens = Vec::new();
        for slot in self.raw.slots().map_err(device)? {
            if !only.is_empty() && !only.contains(&slot) {
                continue;
            }
            if let Some(info) = self.token_info(slot)? {
                tokens.push((slot, info::seen(profile, &info)));
            }
        }
        Ok(tokens)
    }

    /// What the token in a slot reports about itself; `None` when there is none.
    pub(super) fn token_info(&self, slot: CK_SLOT_ID) -> Result<Option<TokenInfo>, TokenError> {
        let mut pauses = ASK_AGAIN_AFTER.into_iter();
        loop {
            let error = match self.raw.token_info(slot) {
                Ok(info) => return Ok(Some(info)),
                Err(error) => error,
            };
            if device(error) == TokenError::Removed {
                return Ok(None);
            }
            match pauses.next() {
                Some(pause) => thread::sleep(pause),
                // SoftHSM reports this for a token whose files are gone.
                None if error.code == sys::CKR_GENERAL_ERROR => return Ok(None),
                None => return Err(device(error)),
            }
        }
    }

    /// The slot of the only token that identifies itself so.
    pub(super) fn find(&self, profile: &Profile, id: &TokenId) -> Result<CK_SLOT_ID, TokenError> {
        let mut found = self.tokens(profile)?;
        found.retain(|(_, seen)| seen.id == *id);
        if profile.slots.equal_blanks == EqualBlanks::First
            && found.iter().all(|(_, seen)| !seen.state.initialized)
        {
            found.truncate(1);
        }
        let name = |(_, seen): &(CK_SLOT_ID, Seen)| seen.id.clone();
        let (slot, _) = only_one(found, name, || format!("token {id}"))?;
        Ok(slot)
    }
}

/// The next safe action when a module that exists cannot be initialized. Most often it does not find its configuration.
fn not_initialized(path: &Path) -> String {
    const SOFTHSM: &str = "SOFTHSM2_CONF";
    let is_softhsm = path.to_string_lossy().contains("softhsm");
    match env::var(SOFTHSM) {
        Ok(file) if is_softhsm => format!(
            "check that {file}, to which {SOFTHSM} points, exists and names a directory of tokens that exists"
        ),
        Err(_) if is_softhsm => format!(
            "set {SOFTHSM} to the configuration file of SoftHSM, or create /etc/softhsm/softhsm2.conf"
        ),
        _ => "check the configuration of the module and the environment variables that it reads"
            .to_owned(),
    }
}

fn initialize(raw: &RawModule, module: &Module) -> Result<(), CallError> {
    match raw.initialize(module.init_argument.as_deref(), module.os_locking) {
        // Another part of the process uses it, and finalizes it when it is done.
        Err(CallError {
            code: sys::CKR_CRYPTOKI_ALREADY_INITIALIZED,
            ..
        })
        | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // Nobody is left to handle a failure, and the process no longer needs the module.
        let _ = self.raw.finalize();
    }
}
