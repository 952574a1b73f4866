//! A key that gets other shares: the new set is made of the key in memory, and what is left of the old one is destroyed
//! before witnesses, or stays on a list.

use crate::backup::Manifest;
use crate::record::Provenance;
use crate::script::{KeyId, Kind, Step};

use super::approval::Approval;
use super::decide::StepError;
use super::event::EventKind;
use super::next::Next;
use super::prompt::{Ask, Choice};
use super::state::{Ceremony, KeyBackup, OldPart, ReissueState};

const DESTROYED: &str = "destroyed, and two people saw it";
const LEFT: &str = "not destroyed: it stays on the list";

impl Ceremony {
    /// How far a re-issue is.
    #[must_use]
    pub const fn reissue(&self) -> &ReissueState {
        &self.reissue
    }

    /// The key that gets other shares from old ones; none elsewhere.
    #[must_use]
    pub fn reissued_key(&self) -> Option<KeyId> {
        let manifest = self.set_at_hand().filter(|_| self.script.reissues())?;
        manifest.facts().key.parse().ok()
    }

    /// Whether shares are made anew: always where a backup does that, and in a drill once a share was given up.
    #[must_use]
    pub fn owes_reissue(&self) -> bool {
        self.script.reissues()
            && match self.script.kind() {
                Kind::Drill => !self.restore.given_up.is_empty() && self.restore.failed.is_none(),
                _ => true,
            }
    }

    /// Whether the set at hand is not to be used any more, and what is left of it is destroyed.
    fn is_set_replaced(&self) -> bool {
        let replaced = self.script.restore();
        replaced.is_some_and(|plan| plan.replaced_by.is_some()) || self.owes_reissue()
    }

    /// Whether the set that takes the place of the old one was seen to open.
    pub(super) fn is_replacement_proven(&self) -> bool {
        if !self.script.reissues() {
            return self.is_set_replaced();
        }
        let key = self.reissued_key();
        key.is_some_and(|key| {
            self.reissue.backup.is_complete() && self.next_unopened_share(&key).is_none()
        })
    }

    /// The key of a step that backs one up: the step's, or the one in memory.
    pub(super) fn key_of_backup(&self, key: Option<&KeyId>) -> Option<KeyId> {
        key.cloned().or_else(|| self.reissued_key())
    }

    /// Every backup of this ceremony, with the name of its key.
    pub fn backups(&self) -> impl Iterator<Item = (KeyId, &KeyBackup)> {
        let here = self.keys.iter();
        let here = here.map(|(key, state)| (key.clone(), &state.backup));
        let reissued = self.reissued_key().map(|key| (key, &self.reissue.backup));
        here.chain(reissued)
    }

    /// Where the key of a backup comes from, as far as it is known.
    #[must_use]
    pub fn provenance_of_backed(&self, key: &KeyId) -> Option<Provenance> {
        match self.keys.get(key) {
            Some(state) => state.generated.as_ref()?.provenance,
            None => Some(self.set_at_hand()?.facts().provenance),
        }
    }

    /// The next part of the old set of which nobody has said what became of it: whose share, or none for the wrapped
    /// key. What two people gave up as lost stays on the list without a question.
    pub(super) fn next_old_part(&self) -> Option<OldPart> {
        if !self.is_set_replaced() {
            return None;
        }
        let shares = self.set_at_hand()?.shares().iter();
        let shares = shares.map(|share| share.label().custodian.as_str());
        let is_lost = |id: &str| {
            let mut lost = self.restore.given_up.keys();
            lost.any(|person| person.as_str() == id)
        };
        let shares = shares.filter(|id| !is_lost(id));
        let shares = shares.map(|id| OldPart::Share(id.to_owned()));
        let mut parts = shares.chain([OldPart::WrappedKey]);
        parts.find(|part| !self.reissue.old_parts.contains_key(part))
    }

    pub(super) fn next_destroy_shares(&self, step: &Step) -> Next {
        let (Some(part), Some(manifest)) = (self.next_old_part(), self.set_at_hand()) else {
            return Next::Ask(self.go_on(step, Vec::new(), "Go on"));
        };
        let options = vec![
            Choice::plain(DESTROYED),
            Choice {
                text: LEFT.to_owned(),
                wants_remark: true,
            },
        ];
        let label = "What became of it".to_owned();
        let lines = about_part(manifest, part.custodian());
        Next::Ask(self.approved(step, lines, Ask::Choice { label, options }))
    }

    /// What two people say became of the part of the old set that was asked for.
    pub(super) fn fact_of_old_part(
        &self,
        text: &str,
        reason: String,
        approvals: Vec<Approval>,
    ) -> Result<EventKind, StepError> {
        let part = self.next_old_part().ok_or(StepError::NotAsked)?;
        let custodian = part.custodian().map(str::to_owned);
        let set = self.set_at_hand().ok_or(StepError::NotAsked)?.set();
        Ok(match text {
            DESTROYED => EventKind::OldPartDestroyed {
                set,
                custodian,
                approvals,
            },
            LEFT => EventKind::OldPartLeft {
                set,
                custodian,
                reason,
                approvals,
            },
            _ => return Err(StepError::NotAnAnswer),
        })
    }
}

/// What is destroyed, and how.
fn about_part(manifest: &Manifest, custodian: Option<&str>) -> Vec<String> {
    let (facts, set) = (manifest.facts(), manifest.set().short_hex());
    let Some(share) = custodian.and_then(|id| manifest.share_of(id)) else {
        return vec![
            format!(
                "The wrapped key of the old set {set}: every medium with {}.",
                crate::backup::wrapped_file(&facts.key, &facts.id)
            ),
            "Each is wiped or broken before two people. A copy of which nobody knows where it is, is not destroyed.".to_owned(),
        ];
    };
    let who = share.label().who();
    let mut lines = vec![format!("The old share of {who}, set {set}.")];
    if share.file().is_some() {
        lines.push(format!(
            "Every medium with {}, and every sheet with its QR codes, is broken or shredded before two people.",
            share.label().share_file()
        ));
    }
    if share.custodian().by_hand {
        lines
            .push("The sheet with the handwritten words is shredded before two people.".to_owned());
    }
    lines
}
