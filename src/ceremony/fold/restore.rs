//! A key from its shares: each is the one that was made, they are enough, and what they restore is the key and nothing
//! else; then it signs, and in a drill it is destroyed.

use crate::backup::Manifest;
use crate::ceremony::check::Check;
use crate::ceremony::event::{EnteredBy, Event, EventKind, Mode, Opening};
use crate::ceremony::restore::restore_canary;
use crate::ceremony::state::Ceremony;
use crate::script::{Act, DrillLevel, PersonId, RestorePlan, StepId};
use crate::words::Digest;

use super::key::verifies;
use super::{Folded, contradiction, hold, out_of_place, require};

impl Ceremony {
    /// A rehearsal may have a set of its own in place of the script's, as like it as can be. A production has the
    /// script's, and no set of a rehearsal.
    pub(super) fn require_set(&self, opening: &Opening) -> Folded {
        let Some(plan) = self.script.restore() else {
            return require(
                opening.simulated_set.is_none(),
                "nothing is restored, and no set stands in for one",
            );
        };
        let (real, is_rehearsal) = (plan.manifest.facts(), opening.mode == Mode::Rehearsal);
        hold(
            Check::KeyRehearsal,
            is_rehearsal || !real.is_rehearsal,
            "the set was made in a rehearsal: what it restores is in no production",
        )?;
        let Some(simulated) = &opening.simulated_set else {
            return require(
                !is_rehearsal || real.is_rehearsal,
                "a rehearsal restores from shares that were made for it",
            );
        };
        let simulated = simulated.facts();
        let is_alike = |(one, other): (
            &crate::backup::CustodianGroup,
            &crate::backup::CustodianGroup,
        )| {
            let of = |group: &crate::backup::CustodianGroup| -> Vec<(String, String)> {
                let custodians = group.custodians.iter();
                custodians
                    .map(|one| (one.id.clone(), one.name.clone()))
                    .collect()
            };
            one.threshold == other.threshold && of(one) == of(other)
        };
        require(
            is_rehearsal
                && simulated.is_rehearsal
                && simulated.key == real.key
                && simulated.repository == real.repository
                && simulated.public_key.algorithm() == real.public_key.algorithm()
                && simulated.groups_needed == real.groups_needed
                && simulated.groups.len() == real.groups.len()
                && simulated.groups.iter().zip(&real.groups).all(is_alike),
            "the set that stands in for the script's has other people, other thresholds or another key",
        )
    }

    /// Folds what two people decide about shares; false when the event is of another kind.
    pub(super) fn fold_restore_decision(
        &mut self,
        event: &Event,
    ) -> Result<bool, super::ReplayError> {
        match &event.fact {
            EventKind::ShareGivenUp {
                custodian,
                reason,
                approvals,
            } => {
                self.require_approval(event, approvals, "a share is given up")?;
                require(!reason.trim().is_empty(), "two people say why")?;
                let is_at_hand = matches!(
                    self.current_step().map(|step| &step.act),
                    Some(Act::OpenShare { custodian: of }) if of == custodian
                );
                require(is_at_hand, "that share is not at hand")?;
                self.restore
                    .given_up
                    .insert(custodian.clone(), reason.clone());
            }
            EventKind::DrillFailed { reason, approvals } => {
                self.require_approval(event, approvals, "a drill has failed")?;
                require(!reason.trim().is_empty(), "two people say why")?;
                require(
                    self.may_fail_drill(),
                    "a drill fails when something did not work, or no quorum is left",
                )?;
                self.restore.failed = Some(reason.clone());
            }
            _ => return Ok(false),
        }
        self.failure = None;
        Ok(true)
    }

    /// Folds an event of a step that restores.
    pub(super) fn fold_restore(&mut self, act: &Act, step: &StepId, event: &Event) -> Folded {
        let (Some(plan), Some(manifest)) = (self.script.restore(), self.set_at_hand()) else {
            return Err(contradiction("nothing is restored in this ceremony"));
        };
        let (grade, manifest) = (plan.grade, manifest.clone());
        match (act, &event.fact) {
            (
                Act::RestoreKey { key: Some(key) },
                EventKind::GenerateIntended { .. } | EventKind::KeyGenerated { .. },
            ) => self.fold_key(act, key, step, &event.fact),
            (Act::OpenShare { custodian: of }, EventKind::ShareEntered { set, custodian, by }) => {
                require(
                    of == custodian,
                    "the step is about another custodian's share",
                )?;
                self.fold_share(event, &manifest, *set, custodian, *by)
            }
            (Act::RestoreKey { key: None }, EventKind::SharesCombined { set }) => {
                require(grade != DrillLevel::Full, "more than that is restored here")?;
                self.fold_combined(&manifest, *set)
            }
            (Act::RestoreKey { key: None }, EventKind::KeyRestored { set, fingerprint }) => {
                require(grade == DrillLevel::Full, "nothing is unwrapped here")?;
                hold(
                    Check::RestoreKey,
                    *fingerprint == manifest.facts().public_key.fingerprint(),
                    "what was restored is another key than the manifest's",
                )?;
                self.fold_combined(&manifest, *set)?;
                self.restore.is_restored = true;
                Ok(())
            }
            (
                Act::ProveRestore { .. },
                EventKind::RestoreProven {
                    challenge,
                    signature,
                },
            ) => {
                require(self.restore.is_restored, "nothing was restored yet")?;
                let mut random = [0; 32];
                hex::decode_to_slice(challenge, &mut random)
                    .map_err(|_| contradiction("the challenge is not 32 bytes in hex"))?;
                let signature = hex::decode(signature)
                    .map_err(|_| contradiction("the signature is not in hex"))?;
                let message = restore_canary(self.script.sha256(), manifest.set(), &random);
                hold(
                    Check::RestoreProven,
                    verifies(&manifest.facts().public_key, &message, &signature),
                    "what was restored does not sign as the key of the manifest",
                )?;
                self.restore.is_proven = true;
                Ok(())
            }
            (Act::Destroy { .. }, EventKind::RestoredDestroyed { fingerprint }) => {
                require(self.restore.is_restored, "nothing was restored")?;
                hold(
                    Check::RestoreDestroyed,
                    *fingerprint == manifest.facts().public_key.fingerprint(),
                    "another key was destroyed than the one that was restored",
                )?;
                self.restore.is_destroyed = true;
                Ok(())
            }
            (_, fact) => Err(out_of_place(fact, step)),
        }
    }

    fn fold_share(
        &mut self,
        event: &Event,
        manifest: &Manifest,
        set: Digest,
        custodian: &PersonId,
        by: EnteredBy,
    ) -> Folded {
        require(
            event.people.contains(custodian) && self.attended.contains_key(custodian),
            "a custodian opens what is the custodian's own, and is here for it",
        )?;
        hold(
            Check::RestoreShare,
            set == manifest.set() && manifest.share_of(custodian.as_str()).is_some(),
            "the share is of another set, or of nobody in it",
        )?;
        hold(
            Check::RestoreShare,
            self.entering(custodian).map(EnteredBy::from) == Some(by),
            "the share came in in another way than the script has it",
        )?;
        self.restore.entered.insert(custodian.clone(), by);
        let is_new = self.restore.in_memory.insert(custodian.clone());
        require(is_new, "that share came in already")
    }

    /// Shares that came in were combined: they are a quorum.
    pub(super) fn fold_combined(&mut self, manifest: &Manifest, set: Digest) -> Folded {
        let there = self.restore.in_memory.clone();
        let is_lost = |custodian: &str| !there.iter().any(|person| person.as_str() == custodian);
        hold(
            Check::RestoreQuorum,
            set == manifest.set() && RestorePlan::quorums_without(manifest, is_lost) > 0,
            "the shares that came in are no quorum of this set",
        )?;
        require(
            self.restore.combined.is_empty(),
            "the shares were combined already",
        )?;
        self.restore.combined = there.into_iter().collect();
        Ok(())
    }

    /// A key came onto its token: it is the manifest's, from shares that are enough.
    pub(super) fn fold_restored_onto(
        &mut self,
        public_key: &crate::certificate::PublicKey,
    ) -> Folded {
        let Some(manifest) = self.set_at_hand().cloned() else {
            return Err(contradiction("nothing is restored in this ceremony"));
        };
        hold(
            Check::RestoreKey,
            *public_key == manifest.facts().public_key,
            "what was restored is another key than the manifest's",
        )?;
        self.fold_combined(&manifest, manifest.set())?;
        self.restore.is_restored = true;
        Ok(())
    }

    /// What was in the memory of the process that ended is gone: shares, and a key that was restored into it. Shares come
    /// in anew, unless they have done what they are for.
    pub(super) fn forget_what_was_restored(&mut self) {
        let Some(plan) = self.script.restore() else {
            return;
        };
        let is_on_token = !self.keys.is_empty();
        // What is made of the key in memory is not made yet.
        let is_wanted =
            !self.restore.is_proven || self.owes_reissue() && self.reissue.backup.made().is_none();
        let is_custody = plan.grade == DrillLevel::Custody;
        let state = &mut self.restore;
        state.in_memory.clear();
        if state.is_restored && !is_on_token && !state.is_destroyed && is_wanted {
            state.is_restored = false;
            state.combined.clear();
        }
        if is_custody || !state.combined.is_empty() {
            return;
        }
        let again: Vec<StepId> = self
            .script
            .steps()
            .iter()
            .filter(|step| match &step.act {
                Act::OpenShare { custodian } => !self.restore.given_up.contains_key(custodian),
                Act::RestoreKey { .. } => self.restore.failed.is_none(),
                _ => false,
            })
            .map(|step| step.id.clone())
            .collect();
        for id in again {
            self.done.remove(&id);
        }
    }
}
