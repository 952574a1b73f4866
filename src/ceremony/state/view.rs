//! The state as other rooms read it.
use super::{Ceremony, Ending, KeyState, Owed, Presence, StepState};
use crate::ceremony::base_root::BaseRoot;
use crate::ceremony::display_names::DisplayNames;
use crate::ceremony::event::{ExceptionReport, ExportedFile, Mode, Opening, Verdict};
use crate::ceremony::failure::Failure;
use crate::metadata::{Count, FrozenRoot, SignedRoot};
use crate::record::{Finding, TokenId};
use crate::script::{KeyId, KeyPlan, PersonId, Script, Step, StepId};
use crate::words::Digest;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Ceremony {
    /// None in a genesis.
    pub fn base_root(&self) -> Option<&BaseRoot> {
        self.root().base()
    }

    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The script, to be shared with another thread.
    pub fn script_arc(&self) -> Arc<Script> {
        Arc::clone(&self.script)
    }

    pub fn opening(&self) -> Option<&Opening> {
        self.progress.opening()
    }

    /// A ceremony that is not open yet counts as a rehearsal.
    pub fn mode(&self) -> Mode {
        self.progress
            .opening()
            .map_or(Mode::Rehearsal, |opening| opening.mode)
    }

    /// Mode and assurance, for the top of every screen and page.
    pub fn banner(&self) -> String {
        let mode = self.mode().banner();
        match self.script.assurance_banner() {
            Some(assurance) => format!("{mode} · {assurance}"),
            None => mode.to_owned(),
        }
    }

    /// The attested time for a time of the machine's clock, in whole seconds.
    pub fn time(&self, machine: Timestamp) -> Timestamp {
        self.shift(machine, self.host.clock_offset().unwrap_or(0))
    }

    /// The machine's clock in this ceremony: that of a rehearsal starts at the `not_before` of the script.
    pub fn machine_time(&self, machine: Timestamp) -> Timestamp {
        self.shift(machine, 0)
    }

    pub(in crate::ceremony) fn shift(&self, machine: Timestamp, attested: i64) -> Timestamp {
        let simulated = self
            .progress
            .opening()
            .map_or(0, |opening| opening.simulated_clock_offset);
        let seconds = simulated.saturating_add(attested);
        let shifted = machine
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(machine);
        Timestamp::from_second(shifted.as_second()).unwrap_or(shifted)
    }

    /// The latest recorded time: attested in this ceremony, or in the custody log of the script.
    pub(in crate::ceremony) fn latest_known(&self) -> Option<Timestamp> {
        let listed = self.script.custody().lines().last().map(|line| line.time);
        self.host.latest().max(listed)
    }

    /// Attested minus machine time, in seconds; none before the clock was attested.
    pub fn clock_offset(&self) -> Option<i64> {
        self.host.clock_offset()
    }

    /// The names and substitutes of people.
    pub fn display_names(&self) -> &DisplayNames {
        self.participants.display_names()
    }

    /// How far a step is.
    pub fn step_state(&self, id: &StepId) -> StepState {
        let is_done = |step: &Step| self.progress.is_done(step.index);
        if self.script.step(id).is_some_and(is_done) {
            StepState::Done
        } else if self.current_step().is_some_and(|step| step.id == *id) {
            StepState::Now
        } else {
            StepState::Later
        }
    }

    /// The present people, and how they were identified.
    pub fn attendance(&self) -> &BTreeMap<PersonId, Presence> {
        self.participants.attended()
    }

    /// The findings about the machine; none before it was inspected.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.host.findings()
    }

    pub fn key(&self, id: &KeyId) -> Option<&KeyState> {
        self.keys.get(id)
    }

    /// The key of a token, if the token was found.
    pub fn key_of_token(&self, token: &TokenId) -> Option<&KeyId> {
        self.keys
            .iter()
            .find(|(_, state)| state.token() == Some(token))
            .map(|(id, _)| id)
    }

    /// None before it was composed.
    pub fn frozen(&self) -> Option<&FrozenRoot> {
        self.root().frozen()
    }

    /// The root with its signatures so far.
    pub fn signed(&self) -> Option<&SignedRoot> {
        self.root().signed()
    }

    /// Digest of the signed root's file, once it was verified.
    pub fn verified(&self) -> Option<&Digest> {
        self.root().verified()
    }

    pub fn exported(&self) -> &[ExportedFile] {
        self.root().exported()
    }

    /// The verdicts and remarks of the sign-off.
    pub fn sign_offs(&self) -> &BTreeMap<PersonId, (Verdict, String)> {
        self.progress.sign_offs()
    }

    /// The exception reports, each with its step.
    pub fn exceptions(&self) -> &[(Option<StepId>, ExceptionReport)] {
        self.progress.exceptions()
    }

    /// The last failure, until it is decided how to continue.
    pub fn failure(&self) -> Option<&Failure> {
        self.progress.failure()
    }

    /// None before the ceremony ended.
    pub fn ending(&self) -> Option<&Ending> {
        self.progress.ending()
    }

    /// The signatures that other sites owe, each with its state.
    pub fn owed(&self) -> &BTreeMap<KeyId, Owed> {
        self.root().owed()
    }

    /// The signing request that was written for other sites.
    pub fn request(&self) -> Option<&ExportedFile> {
        self.root().request()
    }

    /// The keys of the script with their states, in the order of the script.
    pub fn key_states(&self) -> impl Iterator<Item = (&KeyPlan, &KeyState)> {
        self.script
            .keys()
            .iter()
            .map(|plan| (plan, &self.keys[&plan.id]))
    }

    /// How many keys have signed the root, and how many must.
    pub fn signatures(&self) -> Count {
        self.root().signed().map_or(
            Count {
                have: 0,
                need: u64::from(self.script.root().threshold),
            },
            |signed| signed.progress().own,
        )
    }
}
