//! How others may look at the state.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::metadata::{Count, FrozenRoot, SignedRoot};
use crate::record::{Finding, TokenId};
use crate::script::{KeyId, KeyPlan, PersonId, Script, StepId};
use crate::transfer::Enrollment;
use crate::words::Digest;

use crate::ceremony::base_root::BaseRoot;
use crate::ceremony::display_names::DisplayNames;
use crate::ceremony::event::{ExceptionSheet, ExportedFile, Mode, Opening, Verdict};
use crate::ceremony::failure::Failure;
use crate::ceremony::people::Presence;

use super::{Ceremony, Ending, KeyState, Owed, StepState};

impl Ceremony {
    /// The root that is changed; none in a genesis.
    #[must_use]
    pub fn base_root(&self) -> Option<&BaseRoot> {
        self.base_root.as_deref()
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
        let simulated = self
            .opening
            .as_ref()
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
        self.latest.max(listed)
    }

    /// Attested minus machine time, in seconds; none before the clock was attested.
    #[must_use]
    pub const fn clock_offset(&self) -> Option<i64> {
        self.clock_offset
    }

    /// Who stands for which person of the script.
    #[must_use]
    pub const fn display_names(&self) -> &DisplayNames {
        &self.display_names
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
        if !self.script.makes_root() {
            let files = self.enrollments().into_iter();
            return files
                .map(|(key, file)| named(Enrollment::file_name(key.as_str()), file.to_file_bytes()))
                .collect();
        }
        let Some(signed) = &self.signed else {
            return Vec::new();
        };
        let bytes = signed.to_file_bytes();
        let own = [
            format!("{}.root.json", signed.frozen().version()),
            "root.json".to_owned(),
        ]
        .into_iter()
        .map(|name| named(name, bytes.clone()));
        let further = self.further_in_folders().into_iter();
        let further = further.flat_map(|(folder, view)| {
            let files = view.export_files().into_iter();
            files.map(move |(file, bytes)| named(format!("{folder}/{}", file.name), bytes))
        });
        own.chain(further).collect()
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
