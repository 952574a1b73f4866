//! What happens to shares and to what they restore, in a sentence.

use crate::ceremony::event::{Event, EventKind};

impl Event {
    /// The same, for what is of a drill or a recovery. Names have no control characters.
    pub(super) fn narrate_restore(&self, people: &str) -> Option<String> {
        Some(match &self.fact {
            EventKind::ShareEntered { set, by, .. } => format!(
                "The share of {people}, set {}: {}.",
                set.short_hex(),
                by.title()
            ),
            EventKind::ShareGivenUp {
                custodian, reason, ..
            } => format!("{people} gave the share of {custodian} up, which counts as lost: {reason}."),
            EventKind::SharesCombined { set } => format!(
                "The shares restored the key-encryption key of set {}, which was wiped.",
                set.short_hex()
            ),
            EventKind::KeyRestored { set, fingerprint } => format!(
                "The key {} was restored from set {} into locked memory.",
                fingerprint.short_hex(),
                set.short_hex()
            ),
            EventKind::RestoreProven { .. } => {
                "What was restored signed a message that can be no root, and the signature verifies.".to_owned()
            }
            EventKind::RestoredDestroyed { fingerprint } => format!(
                "What was restored of the key {} was destroyed, and is gone.",
                fingerprint.short_hex()
            ),
            EventKind::OldPartDestroyed { set, custodian, .. } => format!(
                "{people} saw {} of the old set {} destroyed.",
                part(custodian.as_deref()),
                set.short_hex()
            ),
            EventKind::OldPartLeft {
                set,
                custodian,
                reason,
                ..
            } => format!(
                "{people} say that {} of the old set {} was not destroyed, and stays on the list: {reason}.",
                part(custodian.as_deref()),
                set.short_hex()
            ),
            EventKind::DrillFailed { reason, .. } => {
                format!("{people} ended the drill as failed: {reason}.")
            }
            _ => return None,
        })
    }
}

fn part(custodian: Option<&str>) -> String {
    match custodian {
        Some(custodian) => format!("the share of {}", crate::record::visible(custodian)),
        None => "every copy of the wrapped key".to_owned(),
    }
}
