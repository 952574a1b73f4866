//! Enrolled keys, and the enrollment files of the keys of this ceremony.

use std::sync::Arc;

use super::keys::RemoteKey;
use super::{Ceremony, Generated};
use crate::ceremony::event::Mode;
use crate::certificate::Certificate;
use crate::metadata::Key;
use crate::record::Provenance;
use crate::script::{DistantKey, KeyId};
use crate::transfer::{AttestationFiles, Enrollment, EnrollmentClaims, owned_by};

impl Ceremony {
    /// The enrolled keys of other sites, in the order of the script.
    pub fn remote_keys(&self) -> impl Iterator<Item = (&DistantKey, &Key)> {
        let distant = self.script.distant_keys().iter();
        distant.filter_map(|distant| Some((distant, self.keys.remote(&distant.id)?.key())))
    }

    /// Whether the key of the file is enrolled, and not a simulated key in its place.
    pub fn enrolled_by(&self, id: &KeyId) -> Option<&crate::script::Enrolled> {
        let (_, enrolled) = self.script.enrolled().find(|(known, _)| *known == id)?;
        Some(enrolled)
    }

    /// A key at another site: as the base root lists it, or as it is enrolled.
    pub fn distant_key(&self, id: &KeyId) -> Option<&Key> {
        let before = || Some(&self.base_root()?.key(id)?.key);
        self.keys.remote(id).map(RemoteKey::key).or_else(before)
    }

    /// Whether a key that the script enrolls is enrolled.
    pub fn is_enrolled(&self, id: &KeyId) -> bool {
        match self.keys.get(id) {
            Some(state) => state.is_proven(),
            None => self.keys.remote(id).is_some_and(RemoteKey::is_compared),
        }
    }

    /// Whether the fingerprints of all new keys were compared or their keys proven.
    pub(in crate::ceremony) fn are_new_keys_proven(&self) -> bool {
        let mut here = self.key_states();
        let here = here.all(|(plan, state)| plan.change.before().is_some() || state.is_proven());
        here && self.keys.all_remote().all(RemoteKey::is_compared)
    }

    pub(in crate::ceremony) fn remote_fingerprint(
        &self,
        key: &KeyId,
    ) -> Option<crate::words::Digest> {
        Some(self.keys.remote(key)?.key().public()?.fingerprint())
    }

    /// The enrollment files of the keys that were proven in this ceremony, by the names that the script
    /// gives them.
    pub fn enrollments(&self) -> Vec<(&KeyId, Enrollment)> {
        let proven = self.key_states().filter_map(|(plan, state)| {
            let generated = state.generated()?;
            let earlier = plan.enrolled.as_ref();
            // An attestation stays valid; a simulated key has none.
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
                // Other sites do not trust the attestation roots of this script or of a rehearsal.
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
            // The proof was verified when its event was applied.
            let enrollment = Enrollment::new(claims, Some(proof), attestation).ok()?;
            Some((&plan.id, enrollment))
        });
        proven.collect()
    }

    /// Enrolls the keys that the script names.
    pub(super) fn take_enrolled(&mut self) {
        let script = Arc::clone(&self.script);
        for (id, enrolled) in script.enrolled() {
            let enrollment = &enrolled.enrollment;
            let key = self.as_listed(id, enrollment.key());
            if !self.keys.contains(id) {
                self.keys_mut().take_remote(id, key);
                continue;
            }
            let generated = Generated {
                public_key: enrollment.claims().public_key.clone(),
                key,
                attributes: None,
                provenance: Some(enrollment.claims().provenance),
                attestation: None,
                attestation_simulated: false,
            };
            // The keys of the script are those of the state.
            let _ = self.keys_mut().exists(id, Some(generated));
        }
    }

    /// A key as a new root lists it: with its owner, where the script names one for the publisher.
    pub(in crate::ceremony) fn as_listed(&self, name: &KeyId, key: &Key) -> Key {
        let here = self.script.key(name).and_then(|plan| plan.owner.as_ref());
        let distant = self.script.distant_keys().iter();
        let mut distant = distant.filter(|distant| distant.id == *name);
        let owner = here.or_else(|| distant.find_map(|distant| distant.owner.as_ref()));
        owner.map_or_else(|| key.clone(), |owner| owned_by(key, owner))
    }
}

/// What the device of a key that was made here states about it, if its attestation is accepted.
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
