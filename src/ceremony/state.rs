//! What is known in the course of a ceremony, and how others may look at it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::certificate::PublicKey;
use crate::metadata::{Count, FrozenRoot, Key, SignedRoot};
use crate::record::{Finding, KeyAttributes, Provenance, TokenId};
use crate::script::{KeyId, KeyPlan, PersonId, Place, Script, SpareId, StepId, TokenSecret};
use crate::transfer::PossessionProof;
use crate::words::Digest;

use super::amendment::Amendment;
use super::cast::Cast;
use super::check::Check;
use super::custody::Custody;
use super::event::{ExceptionSheet, ExportedFile, Mode, Opening, Verdict};
use super::failure::Failure;
use super::foundation::Foundation;
use super::people::Presence;

/// A ceremony: the fold of its events.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations are possible"
)]
pub struct Ceremony {
    pub(super) script: Arc<Script>,
    pub(super) opening: Option<Opening>,
    pub(super) foundation: Option<Arc<Foundation>>,
    pub(super) done: BTreeSet<StepId>,
    pub(super) attended: BTreeMap<PersonId, Presence>,
    pub(super) away: BTreeSet<PersonId>,
    pub(super) codes: BTreeSet<PersonId>,
    pub(super) substituted: BTreeSet<PersonId>,
    pub(super) cast: Cast,
    pub(super) amendments: Vec<Amendment>,
    pub(super) waived: Vec<Check>,
    pub(super) clock_offset: Option<i64>,
    pub(super) findings: Option<Vec<Finding>>,
    pub(super) script_read: bool,
    pub(super) initials: BTreeMap<(StepId, PersonId), String>,
    pub(super) keys: BTreeMap<KeyId, KeyState>,
    pub(super) frozen: Option<FrozenRoot>,
    pub(super) reviewed: bool,
    pub(super) signed: Option<SignedRoot>,
    pub(super) request: Option<ExportedFile>,
    pub(super) owed: BTreeMap<KeyId, Owed>,
    pub(super) verified: Option<Digest>,
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

/// What is known of one key of the script.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations are possible"
)]
pub struct KeyState {
    pub(super) token: Option<TokenId>,
    pub(super) initialise: Intent<String>,
    pub(super) initialised: bool,
    pub(super) pin_set: bool,
    pub(super) generate: Intent<(Vec<u8>, String)>,
    pub(super) generated: Option<Generated>,
    /// The answer by which the token proved that it holds the key, before the root was composed.
    pub(super) proof: Option<PossessionProof>,
    pub(super) sign: Intent<()>,
    pub(super) signature: Option<Vec<u8>>,
    pub(super) reinserted: bool,
    /// The spare that stands in for the token of the script.
    pub(super) spare: Option<SpareId>,
    /// Keys that were made for this one before, and given up.
    pub(super) former: Vec<Former>,
    /// Tokens that were given up for a spare.
    pub(super) set_aside: Vec<TokenId>,
    /// The bags into which secrets of the token are sealed.
    pub(super) envelopes: BTreeMap<TokenSecret, String>,
    /// Wrong PINs since the last right one.
    pub(super) wrong_pins: u8,
    pub(super) locked: bool,
    /// Whether it was decided to unblock the PIN.
    pub(super) unblocking: bool,
    /// Why nothing more is asked of the key, when two people decided so.
    pub(super) forgone: Option<String>,
}

/// A key that was made and then given up, so that another took its place.
#[derive(Debug, Clone)]
pub struct Former {
    /// The public key.
    pub public_key: PublicKey,
    /// Its object ID there.
    pub object_id: Vec<u8>,
    /// Whether wrong PINs have locked that token since.
    pub locked: bool,
    /// The token that holds it, or held it.
    pub token: TokenId,
    /// The spare that this token is; none where it is the key's own.
    pub spare: Option<SpareId>,
    /// What became of it.
    pub fate: FormerFate,
}

/// What became of a key that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormerFate {
    /// It is still to be destroyed.
    Pending,
    /// It was destroyed, and is not on the token any more.
    Destroyed,
    /// It may exist still: it is listed as an orphan.
    Orphan {
        /// Why it was not destroyed.
        reason: String,
    },
}

/// A key as it came out of its token, or as the root before has it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The public key.
    pub public_key: PublicKey,
    /// The public key as TUF has it.
    pub key: Key,
    /// What the token said of the private key when it was made; none for a key that was made before.
    pub attributes: Option<KeyAttributes>,
    /// What that amounts to; none for a key that was made before.
    pub provenance: Option<Provenance>,
}

impl Generated {
    /// A key of the root before: it was made earlier, and its token shows it.
    fn earlier(key: &Key) -> Option<Self> {
        Some(Self {
            public_key: key.public()?.clone(),
            key: key.clone(),
            attributes: None,
            provenance: None,
        })
    }

    /// Where it comes from, in a word or two.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        self.provenance
            .map_or("made before this ceremony", Provenance::as_str)
    }
}

/// What was written down before an act that cannot be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Intent<T> {
    /// Nothing yet.
    #[default]
    None,
    /// It may be under way in this process.
    Recorded(T),
    /// It was under way when the process ended: nobody knows how far it went.
    Interrupted(T),
}

impl<T> Intent<T> {
    pub(super) const fn get(&self) -> Option<&T> {
        match self {
            Self::None => None,
            Self::Recorded(what) | Self::Interrupted(what) => Some(what),
        }
    }

    /// The process ended. An intent that was interrupted before stays so, however often that happens.
    pub(super) fn interrupt(&mut self) {
        *self = match std::mem::take(self) {
            Self::None => Self::None,
            Self::Recorded(what) | Self::Interrupted(what) => Self::Interrupted(what),
        };
    }
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
    Forgone {
        /// Why.
        reason: String,
    },
}

impl Owed {
    /// Whether it has come or is not waited for.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Collected | Self::Forgone { .. })
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

impl KeyState {
    /// The token that holds the key, or will hold it.
    #[must_use]
    pub const fn token(&self) -> Option<&TokenId> {
        self.token.as_ref()
    }

    /// The key, once it was generated; from the start where the root before has it.
    #[must_use]
    pub const fn generated(&self) -> Option<&Generated> {
        self.generated.as_ref()
    }

    /// Whether the token proved, before the root was composed, that it holds the key.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.proof.is_some()
    }

    /// The answer by which it did.
    #[must_use]
    pub const fn proof(&self) -> Option<&PossessionProof> {
        self.proof.as_ref()
    }

    /// Whether the key has signed the root.
    #[must_use]
    pub const fn has_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// The spare that stands in for the token that the script names.
    #[must_use]
    pub const fn spare(&self) -> Option<&SpareId> {
        self.spare.as_ref()
    }

    /// Keys that were made for this one before, and given up.
    #[must_use]
    pub fn former(&self) -> &[Former] {
        &self.former
    }

    /// Tokens that were given up for a spare.
    #[must_use]
    pub fn set_aside(&self) -> &[TokenId] {
        &self.set_aside
    }

    /// The bags into which secrets of the token are sealed now.
    #[must_use]
    pub const fn envelopes(&self) -> &BTreeMap<TokenSecret, String> {
        &self.envelopes
    }

    /// Why nothing more is asked of the key, when two people decided so.
    #[must_use]
    pub fn forgone(&self) -> Option<&str> {
        self.forgone.as_deref()
    }

    /// Whether wrong PINs have locked the token, as far as the record knows.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.locked
    }

    /// Wrong PINs since the last right one.
    #[must_use]
    pub const fn wrong_pins(&self) -> u8 {
        self.wrong_pins
    }

    /// Whether the key still owes its signature of the root.
    #[must_use]
    pub const fn owes_signature(&self) -> bool {
        self.signature.is_none() && self.forgone.is_none()
    }

    /// Whether a failure concerns the token that was given up, and not the one in its place.
    pub(super) fn is_at_former(&self) -> bool {
        self.to_destroy()
            .is_some_and(|former| former.spare != self.spare)
    }

    /// A key that was given up and is still to be destroyed.
    pub(super) fn to_destroy(&self) -> Option<&Former> {
        self.former
            .iter()
            .find(|former| former.fate == FormerFate::Pending)
    }

    /// Whether the token answered again after it was taken out and put in.
    #[must_use]
    pub const fn is_reinserted(&self) -> bool {
        self.reinserted
    }
}

impl Ceremony {
    /// A ceremony that has not begun.
    #[must_use]
    pub fn new(script: Arc<Script>) -> Self {
        let foundation = Foundation::of(&script);
        let keys = script
            .keys()
            .iter()
            .map(|plan| (plan.id.clone(), KeyState::default()))
            .collect();
        let mut ceremony = Self {
            script,
            opening: None,
            foundation: None,
            done: BTreeSet::new(),
            attended: BTreeMap::new(),
            away: BTreeSet::new(),
            codes: BTreeSet::new(),
            substituted: BTreeSet::new(),
            cast: Cast::default(),
            amendments: Vec::new(),
            waived: Vec::new(),
            clock_offset: None,
            findings: None,
            script_read: false,
            initials: BTreeMap::new(),
            keys,
            frozen: None,
            reviewed: false,
            signed: None,
            request: None,
            owed: BTreeMap::new(),
            verified: None,
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
            failure: None,
            ending: None,
        };
        ceremony.found_on(foundation);
        ceremony
    }

    /// Takes the keys of this root for those that exist.
    pub(super) fn found_on(&mut self, foundation: Option<Foundation>) {
        let sites = self.script.distant_keys().iter();
        self.owed = sites
            .filter(|key| matches!(key.place, Place::Site(_)))
            .map(|key| (key.id.clone(), Owed::Waited))
            .collect();
        for (id, state) in &mut self.keys {
            let key = foundation.as_ref().and_then(|root| root.key(id));
            state.generated = key.and_then(|key| Generated::earlier(&key.key));
        }
        self.foundation = foundation.map(Arc::new);
    }

    /// The root that is changed; none in a genesis.
    #[must_use]
    pub fn foundation(&self) -> Option<&Foundation> {
        self.foundation.as_deref()
    }

    /// The script that is performed.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The script, to be shared with another thread.
    #[must_use]
    pub fn script_arc(&self) -> Arc<Script> {
        Arc::clone(&self.script)
    }

    /// How it was opened; none before it was.
    #[must_use]
    pub const fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// Whether it counts. What is not open yet is shown as a rehearsal: it can do no harm.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.opening
            .as_ref()
            .map_or(Mode::Rehearsal, |opening| opening.mode)
    }

    /// Whether it counts and who stands for it, in a few words, for the head of every screen and page.
    #[must_use]
    pub fn banner(&self) -> String {
        let mode = self.mode().banner();
        match self.script.assurance_banner() {
            Some(assurance) => format!("{mode} · {assurance}"),
            None => mode.to_owned(),
        }
    }

    /// The right time, as the room attested it, from the machine's clock; in whole seconds.
    #[must_use]
    pub fn time(&self, machine: Timestamp) -> Timestamp {
        self.shift(machine, self.clock_offset.unwrap_or(0))
    }

    /// The machine's clock as this ceremony sees it: a rehearsal's starts at the script's `not_before`.
    #[must_use]
    pub fn machine_time(&self, machine: Timestamp) -> Timestamp {
        self.shift(machine, 0)
    }

    fn shift(&self, machine: Timestamp, attested: i64) -> Timestamp {
        let twin = self
            .opening
            .as_ref()
            .map_or(0, |opening| opening.twin_clock_offset);
        let seconds = twin.saturating_add(attested);
        let shifted = machine
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(machine);
        Timestamp::from_second(shifted.as_second()).unwrap_or(shifted)
    }

    /// The latest time that is on record: attested in this ceremony, or in the custody list that it carries.
    pub(super) fn latest_known(&self) -> Option<Timestamp> {
        let listed = self.script.custody().lines().last().map(|line| line.time);
        self.latest.max(listed)
    }

    /// Attested minus machine time, in seconds; none before the clock was attested.
    #[must_use]
    pub const fn clock_offset(&self) -> Option<i64> {
        self.clock_offset
    }

    /// Who stands for which person of the script.
    #[must_use]
    pub const fn cast(&self) -> &Cast {
        &self.cast
    }

    /// How far a step is.
    #[must_use]
    pub fn step_state(&self, id: &StepId) -> StepState {
        if self.done.contains(id) {
            StepState::Done
        } else if self.current_step().is_some_and(|step| step.id == *id) {
            StepState::Now
        } else {
            StepState::Later
        }
    }

    /// Who is here, and how they are known.
    #[must_use]
    pub const fn attendance(&self) -> &BTreeMap<PersonId, Presence> {
        &self.attended
    }

    /// What was found on the machine; none before it was looked at.
    #[must_use]
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    /// What is known of a key of the script.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&KeyState> {
        self.keys.get(id)
    }

    /// The name in the script of the key that this token is known to hold or to be meant for.
    #[must_use]
    pub fn key_of_token(&self, token: &TokenId) -> Option<&KeyId> {
        self.keys
            .iter()
            .find(|(_, state)| state.token.as_ref() == Some(token))
            .map(|(id, _)| id)
    }

    /// The root whose bytes are fixed; none before it was composed.
    #[must_use]
    pub const fn frozen(&self) -> Option<&FrozenRoot> {
        self.frozen.as_ref()
    }

    /// The root with the signatures made so far.
    #[must_use]
    pub const fn signed(&self) -> Option<&SignedRoot> {
        self.signed.as_ref()
    }

    /// Digest of the signed root's file, once it was verified.
    #[must_use]
    pub const fn verified(&self) -> Option<&Digest> {
        self.verified.as_ref()
    }

    /// The files that were exported and read back.
    #[must_use]
    pub fn exported(&self) -> &[ExportedFile] {
        &self.exported
    }

    /// Who signed off, how, and with which remark.
    #[must_use]
    pub const fn sign_offs(&self) -> &BTreeMap<PersonId, (Verdict, String)> {
        &self.sign_offs
    }

    /// The exception sheets, with the step at which each was filled in.
    #[must_use]
    pub fn exceptions(&self) -> &[(Option<StepId>, ExceptionSheet)] {
        &self.exceptions
    }

    /// What did not work last, if the room has not decided yet what to do about it.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// How it ended; none while it goes on.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The files that an export consists of: the version under its number, and under the name by which a
    /// newcomer fetches it. None before the root was signed.
    #[must_use]
    pub fn export_files(&self) -> Vec<(ExportedFile, Vec<u8>)> {
        if self.script.signing().is_some() {
            return self
                .detached_signatures()
                .into_iter()
                .map(|detached| named(detached.file_name(), detached.to_file_bytes()))
                .collect();
        }
        let Some(signed) = &self.signed else {
            return Vec::new();
        };
        let bytes = signed.to_file_bytes();
        [
            format!("{}.root.json", signed.frozen().version()),
            "root.json".to_owned(),
        ]
        .into_iter()
        .map(|name| named(name, bytes.clone()))
        .collect()
    }

    /// The signatures that other sites owe, and how each stands.
    #[must_use]
    pub const fn owed(&self) -> &BTreeMap<KeyId, Owed> {
        &self.owed
    }

    /// The signing request that was written for other sites.
    #[must_use]
    pub const fn request(&self) -> Option<&ExportedFile> {
        self.request.as_ref()
    }

    /// The keys of the script with what is known of each, in the script's order.
    pub fn key_states(&self) -> impl Iterator<Item = (&KeyPlan, &KeyState)> {
        self.script
            .keys()
            .iter()
            .map(|plan| (plan, &self.keys[&plan.id]))
    }

    /// How many keys have signed the root, and how many must.
    #[must_use]
    pub fn signatures(&self) -> Count {
        self.signed.as_ref().map_or(
            Count {
                have: 0,
                need: u64::from(self.script.root().threshold),
            },
            |signed| signed.progress().own,
        )
    }
}

/// A file that is to be exported, with what is recorded of it.
fn named(name: String, bytes: Vec<u8>) -> (ExportedFile, Vec<u8>) {
    let file = ExportedFile {
        name,
        size: bytes.len() as u64,
        sha256: Digest::of(&bytes),
    };
    (file, bytes)
}
