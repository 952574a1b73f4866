//! What is known in the course of a ceremony, and how others may look at it.

mod backup;
mod key;
mod look;
mod reissue;
mod restore;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::metadata::{FrozenRoot, SignedRoot};
use crate::record::Finding;
use crate::script::{KeyId, PersonId, Place, Script, SpareId, StepId};
use crate::words::Digest;

use super::amendment::Amendment;
use super::base_root::BaseRoot;
use super::check::Check;
use super::custody::Custody;
use super::display_names::DisplayNames;
use super::enrollment::RemoteKey;
use super::event::{ExceptionSheet, ExportedFile, Opening, Verdict};
use super::failure::Failure;
use super::people::Presence;
use super::repositories::Further;

pub use backup::KeyBackup;
pub use key::{Former, FormerFate, KeyState};
pub(super) use key::{Generated, Intent};
pub use reissue::{OldPart, PartFate, ReissueState};
pub use restore::RestoreState;

/// A ceremony: the fold of its events.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations are possible"
)]
pub struct Ceremony {
    pub(super) script: Arc<Script>,
    pub(super) opening: Option<Opening>,
    pub(super) base_root: Option<Arc<BaseRoot>>,
    pub(super) done: BTreeSet<StepId>,
    pub(super) attended: BTreeMap<PersonId, Presence>,
    pub(super) away: BTreeSet<PersonId>,
    /// Everything that happened so far, in a digest: what approvals by own tokens name.
    pub(super) trail: Digest,
    /// Whether it is only tried what an input would lead to: own tokens sign once that is known.
    pub(super) is_trial: bool,
    pub(super) codes: BTreeSet<PersonId>,
    /// Who approves by an own token.
    pub(super) touching: BTreeSet<PersonId>,
    /// Whose own token is not here.
    pub(super) tokenless: BTreeSet<PersonId>,
    pub(super) substituted: BTreeSet<PersonId>,
    pub(super) display_names: DisplayNames,
    pub(super) amendments: Vec<Amendment>,
    pub(super) waived: Vec<Check>,
    pub(super) clock_offset: Option<i64>,
    pub(super) findings: Option<Vec<Finding>>,
    pub(super) script_read: bool,
    pub(super) initials: BTreeMap<(StepId, PersonId), String>,
    pub(super) keys: BTreeMap<KeyId, KeyState>,
    pub(super) remote: BTreeMap<KeyId, RemoteKey>,
    pub(super) frozen: Option<FrozenRoot>,
    pub(super) reviewed: bool,
    pub(super) signed: Option<SignedRoot>,
    pub(super) request: Option<ExportedFile>,
    pub(super) owed: BTreeMap<KeyId, Owed>,
    pub(super) verified: Option<Digest>,
    /// The roots of further repositories.
    pub(super) further: Vec<Further>,
    pub(super) export_intended: bool,
    pub(super) exported: Vec<ExportedFile>,
    pub(super) sign_offs: BTreeMap<PersonId, (Verdict, String)>,
    pub(super) exceptions: Vec<(Option<StepId>, ExceptionSheet)>,
    /// The latest time that people attested.
    pub(super) latest: Option<Timestamp>,
    pub(super) custody: Custody,
    pub(super) deferred: BTreeSet<KeyId>,
    pub(super) taken_up: Option<KeyId>,
    pub(super) used_bags: BTreeSet<String>,
    pub(super) used_spares: BTreeSet<SpareId>,
    pub(super) keyboard_tested: bool,
    /// Payloads of the version at hand that were given up, and why.
    pub(super) given_up: Vec<(Digest, String)>,
    /// By which recipients custodians were seen to open a test message.
    pub(super) recipients: BTreeMap<PersonId, Vec<String>>,
    /// How far a drill or a recovery is.
    pub(super) restore: RestoreState,
    /// How far a re-issue is.
    pub(super) reissue: ReissueState,
    pub(super) failure: Option<Failure>,
    pub(super) ending: Option<Ending>,
}

/// How a ceremony ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All steps were done, and the people signed off with this, the worst of their verdicts.
    Closed(Verdict),
    /// It was broken off.
    Aborted {
        /// Why.
        reason: String,
    },
}

/// How a signature stands that another site owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owed {
    /// It has not come yet.
    Waited,
    /// It is said to be here, and looked for.
    Expected,
    /// It came, and verifies.
    Collected,
    /// It is not waited for.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Owed {
    /// Whether it has come or is not waited for.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Collected | Self::Skipped { .. })
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It is done.
    Done,
    /// It is the one that the room is at.
    Now,
    /// It comes later.
    Later,
}

impl Ceremony {
    /// A ceremony that has not begun.
    #[must_use]
    pub fn new(script: Arc<Script>) -> Self {
        let base_root = BaseRoot::of(&script);
        let further = Further::all_of(&script);
        let keys = script
            .keys()
            .iter()
            .map(|plan| (plan.id.clone(), KeyState::default()))
            .collect();
        let mut ceremony = Self {
            script,
            opening: None,
            base_root: None,
            done: BTreeSet::new(),
            attended: BTreeMap::new(),
            away: BTreeSet::new(),
            trail: Digest::of(b""),
            is_trial: false,
            codes: BTreeSet::new(),
            touching: BTreeSet::new(),
            tokenless: BTreeSet::new(),
            substituted: BTreeSet::new(),
            display_names: DisplayNames::default(),
            amendments: Vec::new(),
            waived: Vec::new(),
            clock_offset: None,
            findings: None,
            script_read: false,
            initials: BTreeMap::new(),
            keys,
            remote: BTreeMap::new(),
            frozen: None,
            reviewed: false,
            signed: None,
            request: None,
            owed: BTreeMap::new(),
            verified: None,
            further,
            export_intended: false,
            exported: Vec::new(),
            sign_offs: BTreeMap::new(),
            exceptions: Vec::new(),
            latest: None,
            custody: Custody::default(),
            deferred: BTreeSet::new(),
            taken_up: None,
            used_bags: BTreeSet::new(),
            used_spares: BTreeSet::new(),
            keyboard_tested: false,
            given_up: Vec::new(),
            recipients: BTreeMap::new(),
            restore: RestoreState::default(),
            reissue: ReissueState::default(),
            failure: None,
            ending: None,
        };
        ceremony.found_on(base_root);
        ceremony
    }

    /// Takes the keys of this root for those that exist.
    pub(super) fn found_on(&mut self, base_root: Option<BaseRoot>) {
        let sites = self.script.distant_keys().iter();
        self.owed = sites
            .filter(|key| matches!(key.place, Place::Site(_)))
            .map(|key| (key.id.clone(), Owed::Waited))
            .collect();
        for (id, state) in &mut self.keys {
            let of_backup = || {
                let plan = self.script.key(id)?;
                plan.change.before().filter(|_| !self.script.makes_root())
            };
            let key = base_root.as_ref().and_then(|root| root.key(id));
            let key = key.or_else(of_backup);
            state.generated = key.and_then(|key| Generated::earlier(&key.key));
        }
        self.take_enrollments();
        self.base_root = base_root.map(Arc::new);
    }
}
