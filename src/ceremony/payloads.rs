//! Payloads that were signed before: which of them stands in the way, and how two people give one up.

use crate::metadata::FrozenRoot;
use crate::transfer::{Abandoned, Judgment, PayloadEntry, PayloadRegister, Refusal};
use crate::words::Digest;

use super::event::EventKind;
use super::request::{Field, Pick, Request};
use super::state::Ceremony;

impl Ceremony {
    /// Every payload that is known to have been signed, as the script carries it, with those given up in this ceremony.
    pub(super) fn known_payloads(&self) -> PayloadRegister {
        let mut register = self.script.payloads().clone();
        for (sha256, why) in &self.given_up {
            let abandoned = Abandoned {
                at: self.script.not_before(),
                why: why.clone(),
            };
            let version = self.script.root_version();
            // The fold has seen that it can be given up.
            let _ = register.abandon(self.script.repository(), version, *sha256, abandoned);
        }
        register
    }

    /// Whether a payload may be signed, with all that is known to have been signed before.
    pub(super) fn judge_payload(&self, payload: &FrozenRoot) -> Result<Judgment, Refusal> {
        self.known_payloads().judge(
            self.script.repository(),
            payload.version(),
            payload.digest(),
        )
    }

    /// Whether a payload of the version at hand could be given up now: it was begun, clients cannot come to accept
    /// it, and nothing else was reviewed yet.
    pub(super) fn may_give_up(&self, entry: &PayloadEntry) -> bool {
        self.script.signing().is_none()
            && !self.reviewed
            && self.frozen.as_ref().map(FrozenRoot::digest) != Some(entry.sha256)
            && entry.holds_its_version()
            && !entry.may_be_reached()
    }

    /// The form for giving a payload up.
    pub(super) fn form_of_payloads(&self) -> Vec<Field> {
        let register = self.known_payloads();
        let picks = register
            .of_version(self.script.repository(), self.script.root_version())
            .filter(|entry| self.may_give_up(entry))
            .map(|entry| Pick::new(&entry.sha256, entry.describe()))
            .collect();
        vec![Field::chosen("which payload", picks), Field::typed("why")]
    }

    /// What giving a payload up leads to, still without approvals.
    pub(super) fn fact_of_payload_request(&self, request: &Request) -> Option<EventKind> {
        let [sha256, reason] = request.values.as_slice() else {
            return None;
        };
        Some(EventKind::PayloadAbandoned {
            version: self.script.root_version(),
            sha256: Digest::from_hex(sha256).ok()?,
            reason: reason.trim().to_owned(),
            approvals: Vec::new(),
        })
    }

    /// What it means, to be read aloud before two people approve it.
    pub(super) fn read_aloud_of_payload(&self, sha256: Digest, reason: &str) -> Vec<String> {
        let register = self.known_payloads();
        let version = self.script.root_version();
        let mut entries = register.of_version(self.script.repository(), version);
        let entry = entries.find(|entry| entry.sha256 == sha256);
        let void: Vec<String> = entry
            .into_iter()
            .flat_map(|entry| &entry.signed)
            .map(|signed| format!("{} of {}", signed.key_id.short(), signed.at))
            .collect();
        vec![
            format!(
                "Another payload of version {version} is given up: its digest is {}.",
                sha256.short_hex()
            ),
            format!("Its signatures are void: {}.", void.join(", ")),
            "Whoever has it collects no further signature of it: with enough of them clients would accept it.".to_owned(),
            format!("Why: {reason}"),
        ]
    }

    /// What was given up and can be accepted all the same, until the version after it is trusted.
    pub(super) fn live_payloads(&self) -> Vec<String> {
        let trusted = self.script.root_version().saturating_sub(1);
        let register = self.known_payloads();
        let live = register.live(self.script.repository(), trusted);
        live.map(|entry| {
            let next = entry.version + 1;
            format!(
                "ALARM: {}. It is live until clients trust version {next}.",
                entry.describe()
            )
        })
        .collect()
    }
}
