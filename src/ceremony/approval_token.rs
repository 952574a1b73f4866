//! Approval by an own token: the messages that it signs, and who approves by one.
//!
//! Each message begins with words that no canonical JSON can begin with, so that it can never be taken for metadata,
//! and that no proof of possession begins with. An approval names everything that happened before it, so that it
//! counts once, in this place of this record, and nowhere else.

use serde_json::json;

use crate::metadata::canonical_json;
use crate::script::PersonId;
use crate::words::Digest;

use super::event::Event;

const PROOF: &str = "conclave approval token v1";

/// What a person's own token signs at attendance: the domain, the script's digest, the person's ID, and the
/// challenge in hex, a line each, every line ended by LF.
pub fn approval_token_message(script: &Digest, person: &PersonId, challenge: &[u8; 32]) -> Vec<u8> {
    format!("{PROOF}\n{script}\n{person}\n{}\n", hex::encode(challenge)).into_bytes()
}

impl Event {
    /// What is approved: SHA-256 over the canonical JSON of step, event and data, without the approvals.
    pub fn approved_digest(&self) -> Digest {
        let mut kind = serde_json::to_value(&self.kind).unwrap_or_default();
        if let Some(data) = kind.get_mut("data").and_then(|data| data.as_object_mut()) {
            data.remove("approvals");
        }
        digest_of(&json!({ "step": self.step, "event": kind["event"], "data": kind["data"] }))
    }

    /// Everything that happened up to this event: SHA-256 over what happened before, and over the canonical JSON of
    /// step, people, event and data.
    pub(super) fn trail(&self, before: &Digest) -> Digest {
        let kind = serde_json::to_value(&self.kind).unwrap_or_default();
        digest_of(&json!({
            "before": before,
            "step": self.step,
            "people": self.people,
            "event": kind["event"],
            "data": kind["data"],
        }))
    }
}

fn digest_of(value: &serde_json::Value) -> Digest {
    // No fact holds a number that has no canonical form.
    let canonical = canonical_json::canonical(value);
    Digest::of(&canonical.unwrap_or_else(|_| value.to_string().into_bytes()))
}
