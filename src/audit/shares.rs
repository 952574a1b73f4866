//! What the records of ceremonies tell of share sets.

use crate::backup::SetHistory;
use crate::ceremony::Fact;
use crate::transcript::Transcript;

/// The sets that records tell of, in the order of the records: a set is known from the record that made it.
#[must_use]
pub fn share_sets<'r>(records: impl Iterator<Item = &'r Transcript>) -> Vec<SetHistory> {
    let mut sets: Vec<SetHistory> = Vec::new();
    for transcript in records {
        for entry in transcript.entries() {
            let time = entry.line.time;
            match &entry.line.fact {
                Fact::BackedUp(made) => {
                    // A record may be given twice, or continue in another directory.
                    let set = made.manifest.set();
                    let is_known = sets.iter().any(|known| known.manifest.set() == set);
                    if !is_known {
                        sets.push(SetHistory::new(made.manifest.clone()));
                    }
                }
                Fact::ShareOpened { set, custodian, .. } => {
                    if let Some(known) = sets.iter_mut().find(|known| known.manifest.set() == *set)
                    {
                        let proven = known.proven.entry(custodian.to_string()).or_insert(time);
                        *proven = time.max(*proven);
                    }
                }
                _ => {}
            }
        }
    }
    sets
}
