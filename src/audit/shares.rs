//! What the records of ceremonies tell of share sets.

use jiff::Timestamp;

use crate::backup::{Manifest, SetHistory};
use crate::ceremony::{BackupEvent, EventKind, RestoreEvent};
use crate::script::{PersonId, Script};
use crate::transcript::Transcript;
use crate::words::Digest;

/// The sets that records tell of, in the order of the records: a set is known from the record that made it, and from
/// that of a drill or a recovery.
pub fn share_sets<'r>(
    records: impl Iterator<Item = (&'r Script, &'r Transcript)>,
) -> Vec<SetHistory> {
    let mut sets = Sets(Vec::new());
    for (script, transcript) in records {
        // The set that is restored from, or destroyed: a rehearsal may have a simulated one.
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
                    // No key comes back but by a quorum.
                    set.combined = set.combined.max(Some(time));
                    set.restored = set.restored.max(Some(time));
                }
            }
            RestoreEvent::KeyRestored { .. }
            | RestoreEvent::RestoredKeyDestroyed { .. }
            | RestoreEvent::DrillFailed { .. } => {}
        }
    }

    /// A record may be given twice, or continue in another directory.
    fn learn(&mut self, manifest: &Manifest) {
        if self.find(manifest.set()).is_none() {
            self.0.push(SetHistory::new(manifest.clone()));
        }
    }

    /// A share that was given up and is there again is lost no more.
    fn prove(&mut self, set: Digest, custodian: &PersonId, time: Timestamp) {
        let Some(set) = self.find(set) else {
            return;
        };
        let custodian = custodian.to_string();
        if set.lost.get(&custodian).is_some_and(|lost| *lost <= time) {
            set.lost.remove(&custodian);
        }
        let proven = set.proven.entry(custodian).or_insert(time);
        *proven = time.max(*proven);
    }
}
