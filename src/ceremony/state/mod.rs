//! The state of a ceremony: parts that own their fields and rules, and queries across them.

mod amended;
mod backup;
mod backups;
mod custody;
mod custody_requests;
mod destruction;
mod enrolled;
mod exceptions;
mod host;
mod intent;
mod key_state;
mod keys;
mod order;
mod participants;
mod payloads;
mod people;
mod progress;
mod restore;
mod restores;
mod root;
mod roots;
mod tokens;
mod view;

use std::sync::Arc;

use crate::script::Script;

use super::base_root::BaseRoot;
use super::event::Verdict;
use backup::Backup;
use custody::Custody;
use host::Host;
use keys::Keys;
use participants::Participants;
use progress::Progress;
use root::Root;

pub use backup::{KeyBackup, PartDisposition, SupersededPart};

pub use custody::{Bag, Whereabouts};

pub(super) use custody::Pause;

pub(super) use custody_requests::CustodyRequest;

pub use destruction::Destruction;

pub(super) use intent::Intent;

pub use key_state::{Former, FormerDisposition, Generated, KeyState};

pub(super) use order::is_repeated;

pub use participants::Presence;

pub use restore::Restore;

pub use root::Owed;

pub(super) use roots::interrupt;

pub(super) use tokens::{KEYBOARD_LINE, SIMULATED_TRIES};

/// A ceremony. Its parts are shared: a copy costs little, and an event copies only the parts that it changes.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// The script; if a further repository is in focus, as if it were for that repository only.
    pub(super) script: Arc<Script>,
    pub(super) progress: Arc<Progress>,
    pub(super) participants: Arc<Participants>,
    pub(super) host: Arc<Host>,
    pub(super) keys: Arc<Keys>,
    pub(super) custody: Arc<Custody>,
    /// The script's own root, then those of further repositories.
    roots: Arc<Vec<Arc<Root>>>,
    /// The root in focus.
    at: usize,
    pub(super) backup: Arc<Backup>,
    pub(super) restore: Arc<Restore>,
    /// Whether approval tokens have still to sign: their signatures are not required.
    pub(super) is_trial: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Closed(Verdict),
    Aborted { reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Done,
    Now,
    Later,
}

impl Ceremony {
    /// A ceremony in which nothing has happened yet.
    pub fn new(script: Arc<Script>) -> Self {
        let reissued = script.restore().filter(|_| script.reissues());
        let reissued = reissued.and_then(|plan| plan.manifest.facts().key.parse().ok());
        let ids = script.keys().iter().map(|plan| &plan.id);
        let further = script.further().iter();
        let further = further.filter_map(|repository| script.within(repository));
        let roots = std::iter::once(Arc::clone(&script)).chain(further.map(Arc::new));
        let mut ceremony = Self {
            progress: Arc::new(Progress::new()),
            participants: Arc::default(),
            host: Arc::default(),
            keys: Arc::new(Keys::new(ids.clone())),
            custody: Arc::default(),
            backup: Arc::new(Backup::new(ids.cloned().chain(reissued))),
            roots: Arc::new(roots.map(|script| Arc::new(Root::new(script))).collect()),
            at: 0,
            restore: Arc::default(),
            is_trial: false,
            script,
        };
        let base = BaseRoot::of(&ceremony.script);
        ceremony.build_on(base);
        for at in 1..ceremony.roots.len() {
            let base = BaseRoot::of(ceremony.roots[at].script());
            ceremony.build_further_on(at, base);
        }
        ceremony
    }

    pub(super) fn forget_failure(&mut self) {
        if self.progress.failure().is_some() {
            self.progress_mut().forget_failure();
        }
    }

    pub(super) fn progress_mut(&mut self) -> &mut Progress {
        Arc::make_mut(&mut self.progress)
    }

    pub(super) fn participants_mut(&mut self) -> &mut Participants {
        Arc::make_mut(&mut self.participants)
    }

    pub(super) fn host_mut(&mut self) -> &mut Host {
        Arc::make_mut(&mut self.host)
    }

    pub(super) fn keys_mut(&mut self) -> &mut Keys {
        Arc::make_mut(&mut self.keys)
    }

    pub(super) fn custody_mut(&mut self) -> &mut Custody {
        Arc::make_mut(&mut self.custody)
    }

    pub(super) fn backup_mut(&mut self) -> &mut Backup {
        Arc::make_mut(&mut self.backup)
    }

    pub(super) fn restore_mut(&mut self) -> &mut Restore {
        Arc::make_mut(&mut self.restore)
    }
}
