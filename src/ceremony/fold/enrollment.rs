//! What happens to keys that come into a ceremony by a file.

use crate::certificate::PublicKey;
use crate::metadata::Key;
use crate::record::Provenance;
use crate::script::KeyId;

use crate::ceremony::check::Check;
use crate::ceremony::event::{Event, EventKind, Mode, Opening};
use crate::ceremony::state::{Ceremony, Generated};

use super::{Folded, contradiction, hold, require};

impl Ceremony {
    /// At the opening: a production takes no key that a rehearsal made, and a rehearsal takes twins.
    pub(super) fn fold_enrollments(&mut self, opening: &Opening) -> Folded {
        if opening.mode == Mode::Production {
            require(
                opening.simulated_keys.is_empty(),
                "a production takes the keys that the script enrolls",
            )?;
            for (id, enrolled) in self.script.enrolled() {
                let claims = enrolled.enrollment.claims();
                let is_known = opening
                    .rehearsal_keys
                    .contains(&claims.public_key.fingerprint());
                hold(
                    Check::KeyRehearsal,
                    !claims.is_rehearsal && !is_known,
                    &format!(
                        "{id} was made in a rehearsal, as {} says",
                        enrolled.file().file
                    ),
                )?;
            }
            for (plan, key) in self.script.known_keys() {
                let fingerprint = key.public().map(PublicKey::fingerprint);
                hold(
                    Check::KeyRehearsal,
                    fingerprint.is_some_and(|known| !opening.rehearsal_keys.contains(&known)),
                    &format!("{} was made in the rehearsal", plan.id),
                )?;
            }
            return Ok(());
        }
        let enrolled = self.script.enrolled();
        let wanted: Vec<(KeyId, Key)> = enrolled
            .map(|(id, enrolled)| (id.clone(), enrolled.enrollment.key().clone()))
            .chain(
                self.script
                    .known_keys()
                    .map(|(plan, key)| (plan.id.clone(), key.clone())),
            )
            .collect();
        let is_known = |id: &KeyId| {
            let mut known = self.script.known_keys();
            known.any(|(plan, _)| plan.id == *id)
        };
        let known: Vec<KeyId> = wanted
            .iter()
            .map(|(id, _)| id.clone())
            .filter(is_known)
            .collect();
        require(
            opening.simulated_keys.keys().eq({
                let mut names: Vec<&KeyId> = wanted.iter().map(|(id, _)| id).collect();
                names.sort_unstable();
                names
            }),
            "a rehearsal has a twin for each key that the script enrolls or backs up as it is, and for no other",
        )?;
        for (id, real) in wanted {
            let public = PublicKey::from_pem(&opening.simulated_keys[&id])
                .map_err(|error| contradiction(format!("not a public key: {error}")))?;
            let algorithm = real.public().map(PublicKey::algorithm);
            require(
                algorithm == Some(public.algorithm()) && real.public() != Some(&public),
                "the twin of an enrolled key is another key of the same kind",
            )?;
            let key = Key::from_public(&public)
                .map_err(|error| contradiction(format!("not a key for a root: {error}")))?;
            let key = self.as_listed(&id, &key);
            match (self.keys.get_mut(&id), self.remote.get_mut(&id)) {
                (Some(state), _) => {
                    state.generated = Some(Generated {
                        public_key: public,
                        key,
                        attributes: None,
                        // A twin has no device that could speak for it.
                        provenance: (!known.contains(&id)).then_some(Provenance::Claimed),
                        attestation: None,
                        stood_in: false,
                    });
                }
                (None, Some(remote)) => remote.key = key,
                (None, None) => return Err(contradiction(format!("the script has no key {id}"))),
            }
        }
        Ok(())
    }

    /// Two people compared the fingerprint of a key at another site with what its holder read out.
    pub(super) fn fold_compared(&mut self, of_step: &KeyId, event: &Event) -> Folded {
        let EventKind::EnrollmentCompared {
            key,
            fingerprint,
            approvals,
        } = &event.fact
        else {
            return Err(contradiction("nothing was compared"));
        };
        require(
            key == of_step,
            &format!("the step is about {of_step}, not about {key}"),
        )?;
        require(
            self.remote_fingerprint(key) == Some(*fingerprint),
            "the fingerprint is not that of the enrolled key",
        )?;
        self.require_approval(event, approvals, "a fingerprint is compared")?;
        let remote = self
            .remote
            .get_mut(key)
            .ok_or_else(|| contradiction("the token of that key is here: it answers itself"))?;
        require(!remote.is_compared, "it was compared already")?;
        remote.is_compared = true;
        Ok(())
    }
}
