//! Approval by an approval token: the messages that it signs.
//!
//! Each message begins with a domain that neither canonical JSON nor a proof of possession begins with. An approval
//! contains a digest of all earlier events, so that it is valid once, in this place of this transcript.

use serde_json::json;

use crate::metadata::canonical_json;
use crate::script::PersonId;
use crate::words::Digest;

use super::event::Event;

const PROOF: &str = "conclave approval token v1";

/// The message that an approval token signs at attendance: the domain, the digest of the script, the ID of the person, and
/// the challenge in hex, one per line, each line ended by LF.
pub fn approval_token_message(script: &Digest, person: &PersonId, challenge: &[u8; 32]) -> Vec<u8> {
    format!("{PROOF}\n{script}\n{person}\n{}\n", hex::encode(challenge)).into_bytes()
}

impl Event {
    /// The digest that is approved: SHA-256 of the canonical JSON of step, event and data, without the approvals.
    pub fn approved_digest(&self) -> Digest {
        let mut kind = serde_json::to_value(&self.kind).unwrap_or_default();
        if let Some(data) = kind.get_mut("data").and_then(|data| data.as_object_mut()) {
            data.remove("approvals");
        }
        digest_of(&json!({ "step": self.step, "event": kind["event"], "data": kind["data"] }))
    }

    /// The digest of all events up to this one: SHA-256 of the canonical JSON of the digest before, and of step, people,
    /// event and data.
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
    // All numbers in events have a canonical form.
    let canonical = canonical_json::canonical(value);
    Digest::of(&canonical.unwrap_or_else(|_| value.to_string().into_bytes()))
}
