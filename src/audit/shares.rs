//! The history of share sets in the transcripts of ceremonies.

use jiff::Timestamp;

use crate::backup::{Manifest, SetHistory};
use crate::ceremony::{BackupEvent, EventKind, RestoreEvent};
use crate::script::{PersonId, Script};
use crate::transcript::Transcript;
use crate::words::Digest;

/// The share sets in the order of the ceremonies: each set is known from the ceremony that made it, or from a drill or
/// recovery.
pub fn share_sets<'r>(
    records: impl Iterator<Item = (&'r Script, &'r Transcript)>,
) -> Vec<SetHistory> {
    let mut sets = Sets(Vec::new());
    for (script, transcript) in records {
        // The set that is restored from or destroyed; a rehearsal may have a simulated set.
        let mut at_hand = None;
        if let Some(plan) = script.restore() {
            let opening = transcript.opening();
            let simulated = opening.and_then(|opening| opening.simulated_set.as_deref());
            let set = simulated.unwrap_or(&plan.manifest);
            sets.learn(set);
            at_hand = Some(set.set());
            if let Some(replacement) = &plan.superseded_by {
                sets.learn(replacement);
            }
        }
        for entry in transcript.entries() {
            let time = entry.line.time;
            match &entry.line.kind {
                EventKind::Backup(event) => sets.back_up(event, time),
                EventKind::Restore(event) => sets.restore(event, at_hand, time),
                EventKind::Progress(_)
                | EventKind::Participants(_)
                | EventKind::Host(_)
                | EventKind::Keys(_)
                | EventKind::Custody(_)
                | EventKind::Root(_) => {}
            }
        }
    }
    sets.0
}

struct Sets(Vec<SetHistory>);

impl Sets {
    fn find(&mut self, set: Digest) -> Option<&mut SetHistory> {
        self.0.iter_mut().find(|known| known.manifest.set() == set)
    }

    fn back_up(&mut self, event: &BackupEvent, time: Timestamp) {
        match event {
            BackupEvent::BackedUp(made) => {
                self.learn(&made.manifest);
                for custodian in &made.typed_back {
                    self.prove(made.manifest.set(), custodian, time);
                }
            }
            BackupEvent::ShareOpened { set, custodian, .. } => self.prove(*set, custodian, time),
            BackupEvent::SupersededPartDestroyed { set, custodian, .. } => {
                if let Some(set) = self.find(*set) {
                    set.destroyed.insert(custodian.clone(), time);
                }
            }
            BackupEvent::RecipientProven { .. }
            | BackupEvent::BackupIntended { .. }
            | BackupEvent::ExtractionDisabled { .. }
            | BackupEvent::SupersededPartRetained { .. } => {}
        }
    }

    /// `at_hand` is the set whose shares the ceremony opens.
    fn restore(&mut self, event: &RestoreEvent, at_hand: Option<Digest>, time: Timestamp) {
        match event {
            RestoreEvent::ShareEntered { set, custodian, .. } => self.prove(*set, custodian, time),
            RestoreEvent::ShareDeclaredLost { custodian, .. } => {
                if let Some(set) = at_hand.and_then(|set| self.find(set)) {
                    set.lost.insert(custodian.to_string(), time);
                }
            }
            RestoreEvent::SharesCombined { set } => {
                if let Some(set) = self.find(*set) {
                    set.combined = set.combined.max(Some(time));
                }
            }
            RestoreEvent::RestoredKeyProven { .. } => {
                if let Some(set) = at_hand.and_then(|set| self.find(set)) {
                    // Only a quorum can restore a key.
                    set.combined = set.combined.max(Some(time));
                    set.restored = set.restored.max(Some(time));
                }
            }
            RestoreEvent::KeyRestored { .. }
            | RestoreEvent::RestoredKeyDestroyed { .. }
            | RestoreEvent::DrillFailed { .. } => {}
        }
    }

    /// A ceremony may be given twice, or be continued in another directory.
    fn learn(&mut self, manifest: &Manifest) {
        if self.find(manifest.set()).is_none() {
            self.0.push(SetHistory::new(manifest.clone()));
        }
    }

    /// A share that was considered lost and is found again is no longer lost.
    fn prove(&mut self, set: Digest, custodian: &PersonId, time: Timestamp) {
        let Some(set) = self.find(set) else {
            return;
        };
        let custodian = custodian.to_string();
        if set.lost.get(&custodian).is_some_and(|lost| *lost <= time) {
            set.lost.remove(&custodian);
        }
        let proven = set.verified.entry(custodian).or_insert(time);
        *proven = time.max(*proven);
    }
}
