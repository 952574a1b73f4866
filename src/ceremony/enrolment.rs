//! The enrolment files of a ceremony: by each of them another ceremony may take in a key that was proven in this one.

use crate::script::KeyId;
use crate::transfer::{Enrolment, EnrolmentClaims};

use super::event::Mode;
use super::state::Ceremony;

impl Ceremony {
    /// What another ceremony needs to take in the keys that were proven in this one, by the names that the script
    /// gives them.
    #[must_use]
    pub fn enrolments(&self) -> Vec<(&KeyId, Enrolment)> {
        let proven = self.key_states().filter_map(|(plan, state)| {
            let generated = state.generated()?;
            let claims = EnrolmentClaims {
                repository: self.script.repository().to_owned(),
                name: plan.id.to_string(),
                holder: self.name(&plan.holder).to_owned(),
                public_key: generated.public_key.clone(),
                token: state.token()?.clone(),
                provenance: generated.provenance?,
                is_rehearsal: self.mode() == Mode::Rehearsal,
            };
            let proof = state.proof()?.clone();
            // The fold has verified the proof already.
            let enrolment = Enrolment::new(claims, Some(proof), None).ok()?;
            Some((&plan.id, enrolment))
        });
        proven.collect()
    }
}
