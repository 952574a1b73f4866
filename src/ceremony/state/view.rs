//! How others look at the state.
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
    /// The root that is changed; none in a genesis.
    pub fn base_root(&self) -> Option<&BaseRoot> {
        self.root().base()
    }

    /// The script that is performed.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The script, to be shared with another thread.
    pub fn script_arc(&self) -> Arc<Script> {
        Arc::clone(&self.script)
    }

    /// How it was opened; none before it was.
    pub fn opening(&self) -> Option<&Opening> {
        self.progress.opening()
    }

    /// Whether it counts. What is not open yet is shown as a rehearsal: it can do no harm.
    pub fn mode(&self) -> Mode {
        self.progress
            .opening()
            .map_or(Mode::Rehearsal, |opening| opening.mode)
    }

    /// Whether it counts and who stands for it, in a few words, for the head of every screen and page.
    pub fn banner(&self) -> String {
        let mode = self.mode().banner();
        match self.script.assurance_banner() {
            Some(assurance) => format!("{mode} · {assurance}"),
            None => mode.to_owned(),
        }
    }

    /// The right time, as the room attested it, from the machine's clock; in whole seconds.
    pub fn time(&self, machine: Timestamp) -> Timestamp {
        self.shift(machine, self.host.clock_offset().unwrap_or(0))
    }

    /// The machine's clock as this ceremony sees it: a rehearsal's starts at the script's `not_before`.
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

    /// The latest time that is on record: attested in this ceremony, or in the custody list that it carries.
    pub(in crate::ceremony) fn latest_known(&self) -> Option<Timestamp> {
        let listed = self.script.custody().lines().last().map(|line| line.time);
        self.host.latest().max(listed)
    }

    /// Attested minus machine time, in seconds; none before the clock was attested.
    pub fn clock_offset(&self) -> Option<i64> {
        self.host.clock_offset()
    }

    /// Who stands for which person of the script.
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

    /// Who is here, and how they are known.
    pub fn attendance(&self) -> &BTreeMap<PersonId, Presence> {
        self.participants.attended()
    }

    /// What was found on the machine; none before it was looked at.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.host.findings()
    }

    /// What is known of a key of the script.
    pub fn key(&self, id: &KeyId) -> Option<&KeyState> {
        self.keys.get(id)
    }

    /// The name in the script of the key that this token is known to hold or to be meant for.
    pub fn key_of_token(&self, token: &TokenId) -> Option<&KeyId> {
        self.keys
            .iter()
            .find(|(_, state)| state.token() == Some(token))
            .map(|(id, _)| id)
    }

    /// The root whose bytes are fixed; none before it was composed.
    pub fn frozen(&self) -> Option<&FrozenRoot> {
        self.root().frozen()
    }

    /// The root with the signatures made so far.
    pub fn signed(&self) -> Option<&SignedRoot> {
        self.root().signed()
    }

    /// Digest of the signed root's file, once it was verified.
    pub fn verified(&self) -> Option<&Digest> {
        self.root().verified()
    }

    /// The files that were exported and read back.
    pub fn exported(&self) -> &[ExportedFile] {
        self.root().exported()
    }

    /// Who signed off, how, and with which remark.
    pub fn sign_offs(&self) -> &BTreeMap<PersonId, (Verdict, String)> {
        self.progress.sign_offs()
    }

    /// The exception sheets, with the step at which each was filled in.
    pub fn exceptions(&self) -> &[(Option<StepId>, ExceptionReport)] {
        self.progress.exceptions()
    }

    /// What did not work last, if the room has not decided yet what to do about it.
    pub fn failure(&self) -> Option<&Failure> {
        self.progress.failure()
    }

    /// How it ended; none while it goes on.
    pub fn ending(&self) -> Option<&Ending> {
        self.progress.ending()
    }

    /// The signatures that other sites owe, and how each stands.
    pub fn owed(&self) -> &BTreeMap<KeyId, Owed> {
        self.root().owed()
    }

    /// The signing request that was written for other sites.
    pub fn request(&self) -> Option<&ExportedFile> {
        self.root().request()
    }

    /// The keys of the script with what is known of each, in the script's order.
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
