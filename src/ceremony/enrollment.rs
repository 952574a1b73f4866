//! Keys that travel: those that come into this ceremony by a file, and the files by which its own keys go into another.
//!
//! A key whose token is here answers a fresh challenge. Of one at another site two people compare the fingerprint
//! with what its holder reads out. A rehearsal has twins in the place of both.

use crate::certificate::Certificate;
use crate::metadata::Key;
use crate::record::Provenance;
use crate::script::{DistantKey, KeyId, Step};
use crate::transfer::{AttestationFiles, Enrollment, EnrollmentClaims};

use super::approval::Approval;
use super::decide::StepError;
use super::event::{EventKind, Mode};
use super::prompt::{Ask, Prompt};
use super::state::{Ceremony, Generated};

/// A key at another site that no root has yet.
#[derive(Debug, Clone)]
pub(super) struct RemoteKey {
    /// The key, or its twin.
    pub(super) key: Key,
    /// Whether two people compared its fingerprint.
    pub(super) is_compared: bool,
}

impl Ceremony {
    /// Takes the keys that the script enrolls from their files: not proven yet.
    pub(super) fn take_enrollments(&mut self) {
        let mut remote = std::collections::BTreeMap::new();
        let script = std::sync::Arc::clone(&self.script);
        for (id, enrolled) in script.enrolled() {
            let enrollment = &enrolled.enrollment;
            let key = self.as_listed(id, enrollment.key());
            if let Some(state) = self.keys.get_mut(id) {
                state.generated = Some(Generated {
                    public_key: enrollment.claims().public_key.clone(),
                    key,
                    attributes: None,
                    provenance: Some(enrollment.claims().provenance),
                    attestation: None,
                    stood_in: false,
                });
            } else {
                let is_compared = false;
                remote.insert(id.clone(), RemoteKey { key, is_compared });
            }
        }
        self.remote = remote;
    }

    /// The keys of other sites that come in, in the order of the script.
    pub fn remote_keys(&self) -> impl Iterator<Item = (&DistantKey, &Key)> {
        let distant = self.script.distant_keys().iter();
        distant.filter_map(|distant| Some((distant, &self.remote.get(&distant.id)?.key)))
    }

    /// Whether a production's key comes in by this file, and not a twin in its place.
    #[must_use]
    pub fn enrolled_by(&self, id: &KeyId) -> Option<&crate::script::Enrolled> {
        let (_, enrolled) = self.script.enrolled().find(|(known, _)| *known == id)?;
        Some(enrolled)
    }

    /// A key whose token is elsewhere: as the root before has it, or as it comes in.
    #[must_use]
    pub fn distant_key(&self, id: &KeyId) -> Option<&Key> {
        let before = || Some(&self.base_root()?.key(id)?.key);
        self.remote
            .get(id)
            .map(|remote| &remote.key)
            .or_else(before)
    }

    /// Whether a key that the script enrolls is taken in.
    #[must_use]
    pub fn is_enrolled(&self, id: &KeyId) -> bool {
        match self.keys.get(id) {
            Some(state) => state.is_proven(),
            None => self.remote.get(id).is_some_and(|key| key.is_compared),
        }
    }

    /// Whether somebody spoke for every key that no root has yet.
    pub(super) fn are_new_keys_proven(&self) -> bool {
        let mut here = self.key_states();
        let here = here.all(|(plan, state)| plan.change.before().is_some() || state.is_proven());
        here && self.remote.values().all(|key| key.is_compared)
    }

    /// Asks two people to compare the fingerprint of a key at another site.
    pub(super) fn ask_enrollment(&self, step: &Step, key: &KeyId) -> Prompt {
        let title = self.script.key_title(key);
        let mut lines = Vec::new();
        let enrolled = self.script.enrolled().find(|(id, _)| *id == key);
        if let Some((_, enrolled)) = enrolled {
            lines.push(format!("{title}: {}.", enrolled.origin()));
            let said = enrolled.enrollment.attestation();
            let found = said.iter().flat_map(|said| &said.findings);
            lines.extend(found.map(ToString::to_string));
        }
        if self.mode() == Mode::Rehearsal {
            lines.push("A twin stands in for it: these are the words of the twin.".to_owned());
        }
        lines.push(
            "Its holder reads these words aloud, over a channel by which the file did not come. Each of two people compares every word."
                .to_owned(),
        );
        let fingerprint = self.remote_fingerprint(key);
        let words = fingerprint.map(|fingerprint| fingerprint.words());
        for words in words.iter().flat_map(|words| words.chunks(8)) {
            lines.push(words.join(" "));
        }
        let action = "It is the same".to_owned();
        let mut prompt = Self::prompt(step, self.usual_approvers(), lines, Ask::Enter { action });
        prompt.approval = true;
        prompt
    }

    pub(super) fn decide_enrollment(
        &self,
        key: &KeyId,
        approvals: Vec<Approval>,
    ) -> Result<EventKind, StepError> {
        Ok(EventKind::EnrollmentCompared {
            key: key.clone(),
            fingerprint: self.remote_fingerprint(key).ok_or(StepError::NotAsked)?,
            approvals,
        })
    }

    pub(super) fn remote_fingerprint(&self, key: &KeyId) -> Option<crate::words::Digest> {
        Some(self.remote.get(key)?.key.public()?.fingerprint())
    }

    /// What another ceremony needs to take in the keys that were proven in this one, by the names that the script
    /// gives them.
    #[must_use]
    pub fn enrollments(&self) -> Vec<(&KeyId, Enrollment)> {
        let proven = self.key_states().filter_map(|(plan, state)| {
            let generated = state.generated()?;
            let earlier = plan.enrolled.as_ref();
            // What a device said of the key holds for ever; a twin's device says nothing.
            let attestation = earlier
                .filter(|earlier| earlier.enrollment.key().public() == generated.key.public())
                .filter(|earlier| {
                    earlier
                        .enrollment
                        .attestation()
                        .is_some_and(|said| said.pinned_root)
                })
                .and_then(|earlier| earlier.enrollment.attestation_files().cloned())
                .or_else(|| attestation_files(generated));
            let provenance = match (generated.provenance?, &attestation) {
                // Elsewhere nobody trusts the roots that this script adds, or a rehearsal has.
                (Provenance::Attested, None) => Provenance::Claimed,
                (provenance, _) => provenance,
            };
            let claims = EnrollmentClaims {
                repository: self.script.repository().to_owned(),
                name: plan.id.to_string(),
                holder: self.name(&plan.holder).to_owned(),
                public_key: generated.public_key.clone(),
                token: state.token()?.clone(),
                provenance,
                is_rehearsal: self.mode() == Mode::Rehearsal,
            };
            let proof = state.proof()?.clone();
            // The fold has verified the proof already.
            let enrollment = Enrollment::new(claims, Some(proof), attestation).ok()?;
            Some((&plan.id, enrollment))
        });
        proven.collect()
    }
}

/// What the device of a key that was made here states about it, where everybody would believe it.
fn attestation_files(generated: &Generated) -> Option<AttestationFiles> {
    generated.attested().filter(|said| said.pinned_root)?;
    let [statement, device] = generated.attestation.as_ref()?.certificates() else {
        return None;
    };
    let [certificate, intermediate] = [statement, device].map(Certificate::to_pem);
    Some(AttestationFiles {
        certificate,
        intermediate,
    })
}
