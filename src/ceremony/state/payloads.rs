//! Payloads that were signed before.
use super::Ceremony;
use crate::metadata::FrozenRoot;
use crate::transfer::{Abandoned, Judgment, PayloadEntry, PayloadRegister, Refusal};

impl Ceremony {
    /// The register of payloads of the script, with those abandoned in this ceremony.
    pub(in crate::ceremony) fn known_payloads(&self) -> PayloadRegister {
        let mut register = self.script.payloads().clone();
        for (sha256, why) in self.root().abandoned() {
            let abandoned = Abandoned {
                at: self.script.not_before(),
                reason: why.clone(),
            };
            let version = self.script.root_version();
            // That it can be abandoned was checked when the event was applied.
            let _ = register.abandon(self.script.repository(), version, *sha256, abandoned);
        }
        register
    }

    /// Whether a payload may be signed, with all that is known to have been signed before.
    pub(in crate::ceremony) fn judge_payload(
        &self,
        payload: &FrozenRoot,
    ) -> Result<Judgment, Refusal> {
        self.known_payloads().judge(
            self.script.repository(),
            payload.version(),
            payload.digest(),
        )
    }

    /// Whether a payload of the version at hand could be abandoned now: it was begun, clients cannot come to accept
    /// it, and nothing else was reviewed yet.
    pub(in crate::ceremony) fn may_abandon(&self, entry: &PayloadEntry) -> bool {
        self.script.signing().is_none()
            && !self.root().is_reviewed()
            && self.root().frozen().map(|root| root.digest()) != Some(entry.sha256)
            && entry.blocks_its_version()
            && !entry.may_be_reached()
    }

    /// Abandoned payloads that clients can still accept, until the version after them is trusted.
    pub(in crate::ceremony) fn live_payloads(&self) -> Vec<String> {
        let trusted = self.script.root_version().saturating_sub(1);
        let register = self.known_payloads();
        let live = register.live(self.script.repository(), trusted);
        live.map(|entry| {
            let next = entry.version + 1;
            format!(
                "ALARM: {}. Clients can accept it until they trust version {next}.",
                entry.describe()
            )
        })
        .collect()
    }
}
