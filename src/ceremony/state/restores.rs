//! Questions about drills and recoveries.
use super::{Ceremony, Ending, Restore};
use crate::backup::Manifest;
use crate::ceremony::drill::DrillResult;
use crate::script::{Act, DrillLevel, Entering, Kind, PersonId, RestorePlan};
use jiff::{SignedDuration, Timestamp};

impl Ceremony {
    pub fn restore(&self) -> &Restore {
        &self.restore
    }

    /// The set to restore: that of the script, or the simulated set of a rehearsal. None in other ceremonies.
    pub fn set_at_hand(&self) -> Option<&Manifest> {
        let plan = self.script.restore()?;
        let simulated = self
            .progress
            .opening()
            .and_then(|opening| opening.simulated_set.as_deref());
        Some(simulated.unwrap_or(&plan.manifest))
    }

    /// How a custodian enters their share.
    pub(in crate::ceremony) fn entering(&self, custodian: &PersonId) -> Option<Entering> {
        self.script
            .restore()?
            .entering(self.script.person(custodian)?)
    }

    /// Whether nothing more is done about a custodian's share.
    pub(in crate::ceremony) fn is_share_settled(&self, custodian: &PersonId) -> bool {
        let state = &self.restore;
        let is_here = match self.script.restore().map(|plan| plan.level) {
            Some(DrillLevel::Custody) => state.entered().contains_key(custodian),
            Some(DrillLevel::Quorum | DrillLevel::Full) | None => {
                state.in_memory().contains(custodian) || !state.combined().is_empty()
            }
        };
        is_here || state.lost().contains_key(custodian)
    }

    /// Whether a quorum of shares can still be collected.
    pub(in crate::ceremony) fn is_quorum_left(&self) -> bool {
        let Some(manifest) = self.set_at_hand() else {
            return false;
        };
        let has_step = |custodian: &str| {
            let mut acts = self.script.steps().iter().map(|step| &step.act);
            acts.any(
                |act| matches!(act, Act::OpenShare { custodian: of } if of.as_str() == custodian),
            )
        };
        let lost = self.restore.lost();
        let is_lost = |custodian: &str| {
            !has_step(custodian) || lost.keys().any(|lost| lost.as_str() == custodian)
        };
        RestorePlan::quorums_without(manifest, is_lost) > 0
    }

    /// How the drill ended; none in other kinds, and while its steps are not done.
    pub fn drill_result(&self) -> Option<DrillResult> {
        let plan = self
            .script
            .restore()
            .filter(|_| self.script.kind() == Kind::Drill)?;
        let manifest = self.set_at_hand()?;
        if let Some(Ending::Aborted { reason }) = self.progress.ending() {
            return Some(DrillResult::Failed {
                reason: format!("aborted: {reason}"),
            });
        }
        let is_done = self
            .script
            .steps()
            .iter()
            .all(|step| !is_of_restore(&step.act) || self.progress.is_done(step.index));
        if !is_done {
            return None;
        }
        if let Some(reason) = self.restore.failed() {
            return Some(DrillResult::Failed {
                reason: reason.to_owned(),
            });
        }
        if self.restore.lost().is_empty() {
            return Some(DrillResult::Passed);
        }
        let lost = self.restore.lost();
        let is_lost = |custodian: &str| lost.keys().any(|lost| lost.as_str() == custodian);
        let quorums_left = RestorePlan::quorums_without(manifest, is_lost);
        if quorums_left == 0 {
            return Some(DrillResult::Failed {
                reason: "no quorum of shares is left".to_owned(),
            });
        }
        let days = SignedDuration::from_hours(24 * i64::from(plan.reissue_within_days));
        let held = self.host.latest().unwrap_or(self.script.not_before());
        Some(DrillResult::PassedWithLosses {
            quorums_left,
            reissue_by: held.checked_add(days).unwrap_or(Timestamp::MAX),
        })
    }

    /// Whether two people may end the drill without a restored key: a step failed, or a quorum is impossible.
    pub(in crate::ceremony) fn may_fail_drill(&self) -> bool {
        self.script.kind() == Kind::Drill
            && self.restore.failed().is_none()
            && (self.progress.failure().is_some() || !self.is_quorum_left())
    }

    pub(in crate::ceremony) fn set_name(&self) -> String {
        self.set_at_hand().map_or_else(String::new, |manifest| {
            format!(
                "{}, set {}",
                manifest.facts().key,
                manifest.set().short_hex()
            )
        })
    }
}

/// Acts that restore a key from its shares, or only try.
const fn is_of_restore(act: &Act) -> bool {
    matches!(
        act,
        Act::OpenShare { .. }
            | Act::RestoreKey { .. }
            | Act::VerifyRestoredKey { .. }
            | Act::DestroyRestoredKey { .. }
    )
}
