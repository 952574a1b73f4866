//! What a drill or a recovery asks for, and how it ended.

use jiff::{SignedDuration, Timestamp};

use crate::backup::Manifest;
use crate::script::{Act, DrillLevel, Entering, KeyId, Kind, PersonId, RestorePlan, Step};
use crate::words::Digest;

use super::decide::StepError;
use super::effect::Effect;
use super::event::{EnteredBy, EventKind};
use super::next::Next;
use super::request::{Field, Pick, Request, RequestKind, parsed};
use super::state::{Ceremony, Ending, RestoreState};

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillResult {
    /// Every share that was asked for is right, and they did what the grade wants.
    Passed,
    /// The key can be restored, but shares are lost.
    PassedWithLosses {
        /// How many quorums are left.
        quorums_left: u64,
        /// When a new set has to be issued at the latest.
        reissue_by: Timestamp,
    },
    /// The key could not be restored, or cannot be any more.
    Failed {
        /// Why.
        reason: String,
    },
}

impl DrillResult {
    /// In a word or three, as people say it.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::PassedWithLosses { .. } => "passed with losses",
            Self::Failed { .. } => "failed",
        }
    }
}

impl std::fmt::Display for DrillResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passed => f.write_str(self.title()),
            Self::PassedWithLosses {
                quorums_left,
                reissue_by,
            } => write!(
                f,
                "{}: {quorums_left} quorums of shares are left, a new set is due by {reissue_by}",
                self.title()
            ),
            Self::Failed { reason } => write!(f, "{}: {reason}", self.title()),
        }
    }
}

/// Whether an act is one of restoring.
pub(super) const fn is_of_restore(act: &Act) -> bool {
    matches!(
        act,
        Act::OpenShare { .. }
            | Act::RestoreKey { .. }
            | Act::ProveRestore { .. }
            | Act::Destroy { .. }
    )
}

/// What a restored key signs: it begins with words, so that it can be no root, and names this ceremony.
#[must_use]
pub fn restore_canary(script: Digest, set: Digest, challenge: &[u8; 32]) -> Vec<u8> {
    format!(
        "conclave restore canary v1\nscript {script}\nset {set}\nchallenge {}\n",
        hex::encode(challenge)
    )
    .into_bytes()
}

impl Ceremony {
    /// How far a drill or a recovery is.
    #[must_use]
    pub const fn restore(&self) -> &RestoreState {
        &self.restore
    }

    /// The set whose shares come in: the script's, or the one that stands in for it in a rehearsal. None in other kinds.
    #[must_use]
    pub fn set_at_hand(&self) -> Option<&Manifest> {
        let plan = self.script.restore()?;
        let simulated = self
            .opening
            .as_ref()
            .and_then(|opening| opening.simulated_set.as_deref());
        Some(simulated.unwrap_or(&plan.manifest))
    }

    /// How the share of a custodian comes in.
    pub(super) fn entering(&self, custodian: &PersonId) -> Option<Entering> {
        self.script
            .restore()?
            .entering(self.script.person(custodian)?)
    }

    /// Whether nothing more is done about a custodian's share.
    pub(super) fn is_share_settled(&self, custodian: &PersonId) -> bool {
        let state = &self.restore;
        let is_here = match self.script.restore().map(|plan| plan.grade) {
            Some(DrillLevel::Custody) => state.entered.contains_key(custodian),
            _ => state.in_memory.contains(custodian) || !state.combined.is_empty(),
        };
        is_here || state.given_up.contains_key(custodian)
    }

    /// Whether a quorum of shares can come in still.
    fn is_quorum_left(&self) -> bool {
        let Some(manifest) = self.set_at_hand() else {
            return false;
        };
        let has_step = |custodian: &str| {
            let mut acts = self.script.steps().iter().map(|step| &step.act);
            acts.any(
                |act| matches!(act, Act::OpenShare { custodian: of } if of.as_str() == custodian),
            )
        };
        let given_up = &self.restore.given_up;
        let is_lost = |custodian: &str| {
            !has_step(custodian) || given_up.keys().any(|lost| lost.as_str() == custodian)
        };
        RestorePlan::quorums_without(manifest, is_lost) > 0
    }

    /// How the drill ended; none in other kinds, and while its steps are not done.
    #[must_use]
    pub fn drill_result(&self) -> Option<DrillResult> {
        let plan = self
            .script
            .restore()
            .filter(|_| self.script.kind() == Kind::Drill)?;
        let manifest = self.set_at_hand()?;
        if let Some(Ending::Aborted { reason }) = &self.ending {
            return Some(DrillResult::Failed {
                reason: format!("broken off: {reason}"),
            });
        }
        let is_done = self
            .script
            .steps()
            .iter()
            .all(|step| !is_of_restore(&step.act) || self.done.contains(&step.id));
        if !is_done {
            return None;
        }
        if let Some(reason) = &self.restore.failed {
            return Some(DrillResult::Failed {
                reason: reason.clone(),
            });
        }
        if self.restore.given_up.is_empty() {
            return Some(DrillResult::Passed);
        }
        let given_up = &self.restore.given_up;
        let is_lost = |custodian: &str| given_up.keys().any(|lost| lost.as_str() == custodian);
        let quorums_left = RestorePlan::quorums_without(manifest, is_lost);
        if quorums_left == 0 {
            return Some(DrillResult::Failed {
                reason: "no quorum of shares is left".to_owned(),
            });
        }
        let days = SignedDuration::from_hours(24 * i64::from(plan.reissue_within_days));
        let held = self.latest.unwrap_or(self.script.not_before());
        Some(DrillResult::PassedWithLosses {
            quorums_left,
            reissue_by: held.checked_add(days).unwrap_or(Timestamp::MAX),
        })
    }

    pub(super) fn next_open_share(&self, step: &Step, custodian: &PersonId) -> Next {
        match self.entering(custodian) {
            Some(way) => Next::Do(Effect::OpenShare {
                custodian: custodian.clone(),
                way,
            }),
            None => Next::Ask(self.go_on(step, Vec::new(), "Go on")),
        }
    }

    pub(super) fn next_restore(&self, step: &Step, key: Option<&KeyId>) -> Next {
        let Some(key) = key else {
            return Next::Do(match self.script.restore().map(|plan| plan.grade) {
                Some(DrillLevel::Full) => Effect::RestoreIntoMemory,
                _ => Effect::CombineShares,
            });
        };
        let Some((object_id, label)) = self.keys[key].generate.get().cloned() else {
            return Next::Ask(self.go_on(
                step,
                vec!["The shares are combined, and the key is unwrapped onto its token: only if it is the key of the manifest.".to_owned()],
                "Restore the key",
            ));
        };
        let (Some(plan), Some(manifest)) = (self.script.key(key), self.set_at_hand()) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Restore the key"));
        };
        let slot = self.token_spec(key).and_then(|token| token.slot);
        let (key_type, policy) = (plan.key_type, slot.map(|slot| slot.policy));
        let public_key = manifest.facts().public_key.clone();
        self.with_token(key, |token| Effect::RestoreOntoToken {
            key: key.clone(),
            token,
            object_id,
            label,
            key_type,
            policy,
            public_key,
        })
    }

    pub(super) fn next_prove_restore(&self, step: &Step, key: Option<&KeyId>) -> Next {
        let Some(set) = self.set_at_hand() else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        let (set, public_key) = (set.set(), set.facts().public_key.clone());
        match key {
            None => Next::Do(Effect::SignCanary {
                on: None,
                set,
                public_key,
            }),
            Some(key) => self.with_token(key, |token| Effect::SignCanary {
                on: Some((key.clone(), token)),
                set,
                public_key,
            }),
        }
    }

    pub(super) fn next_destroy(&self, step: &Step, key: Option<&KeyId>) -> Next {
        let Some(key) = key else {
            return Next::Do(Effect::ForgetRestored);
        };
        let Some((object_id, _)) = self.keys[key].generate.get().cloned() else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        self.with_key(key, |token, public_key| Effect::DestroyKey {
            key: key.clone(),
            spare: None,
            token,
            object_id,
            public_key,
        })
    }

    /// The form of a request about shares: whose is given up, or whether the drill has failed.
    pub(super) fn form_of_restore(&self, kind: RequestKind) -> Vec<Field> {
        let act = self.current_step().map(|step| &step.act);
        let choices = match (kind, act) {
            (RequestKind::GiveUpShare, Some(Act::OpenShare { custodian })) => {
                vec![Pick::new(custodian, self.name(custodian))]
            }
            (
                RequestKind::FailDrill,
                Some(Act::RestoreKey { .. } | Act::ProveRestore { .. } | Act::Destroy { .. }),
            ) if self.may_fail_drill() => vec![Pick::new(
                self.script.repository(),
                format!("the drill of {}", self.set_name()),
            )],
            _ => Vec::new(),
        };
        vec![Field::chosen("which", choices), Field::typed("why")]
    }

    /// Whether two people may end the drill without a restored key: it did not work, or cannot any more.
    pub(super) fn may_fail_drill(&self) -> bool {
        self.script.kind() == Kind::Drill
            && self.restore.failed.is_none()
            && (self.failure.is_some() || !self.is_quorum_left())
    }

    fn set_name(&self) -> String {
        self.set_at_hand().map_or_else(String::new, |manifest| {
            format!(
                "{}, set {}",
                manifest.facts().key,
                manifest.set().short_hex()
            )
        })
    }

    pub(super) fn fact_of_restore_request(request: &Request) -> Result<EventKind, StepError> {
        let [subject, reason] = request.values.as_slice() else {
            return Err(StepError::NotAnAnswer);
        };
        let reason = reason.trim().to_owned();
        Ok(match request.kind {
            RequestKind::GiveUpShare => EventKind::ShareGivenUp {
                custodian: parsed(subject)?,
                reason,
                approvals: Vec::new(),
            },
            _ => EventKind::DrillFailed {
                reason,
                approvals: Vec::new(),
            },
        })
    }

    pub(super) fn read_aloud_of_restore(&self, fact: &EventKind) -> Option<Vec<String>> {
        match fact {
            EventKind::ShareGivenUp {
                custodian, reason, ..
            } => Some(vec![
                format!(
                    "The share of {} counts as lost. The ceremony goes on without it, and its record says so.",
                    self.name(custodian)
                ),
                format!("Why: {reason}"),
            ]),
            EventKind::DrillFailed { reason, .. } => Some(vec![
                format!("The drill of {} ends as failed.", self.set_name()),
                format!("Why: {reason}"),
            ]),
            _ => None,
        }
    }

    /// The event of what came of an effect in a restore.
    pub(super) fn restore_outcome(
        &self,
        step: &Step,
        outcome: super::effect::Outcome,
    ) -> Result<super::event::Event, StepError> {
        let (who, fact) = self.restore_fact(outcome)?;
        let people = who.map_or_else(|| self.people_of(step), |person| vec![person]);
        Ok(self.at_step(people, fact))
    }

    fn restore_fact(
        &self,
        outcome: super::effect::Outcome,
    ) -> Result<(Option<PersonId>, EventKind), StepError> {
        use super::effect::Outcome;
        let manifest = self.set_at_hand().ok_or(StepError::NotAsked)?;
        let set = manifest.set();
        Ok(match outcome {
            Outcome::ShareEntered { custodian, way } => (
                Some(custodian.clone()),
                EventKind::ShareEntered {
                    set,
                    custodian,
                    by: EnteredBy::from(way),
                },
            ),
            Outcome::SharesCombined => (None, EventKind::SharesCombined { set }),
            Outcome::Restored => (
                None,
                EventKind::KeyRestored {
                    set,
                    fingerprint: manifest.facts().public_key.fingerprint(),
                },
            ),
            Outcome::Answered {
                challenge,
                signature,
            } => (
                None,
                EventKind::RestoreProven {
                    challenge: hex::encode(challenge),
                    signature: hex::encode(signature),
                },
            ),
            Outcome::RestoredForgotten | Outcome::KeyDestroyed => (
                None,
                EventKind::RestoredDestroyed {
                    fingerprint: manifest.facts().public_key.fingerprint(),
                },
            ),
            _ => return Err(StepError::NotAsked),
        })
    }
}
