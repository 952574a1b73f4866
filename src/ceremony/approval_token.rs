//! Approval by an own token: the messages that it signs, and who approves by one.
//!
//! Each message begins with words that no canonical JSON can begin with, so that it can never be taken for metadata,
//! and that no proof of possession begins with. An approval names everything that happened before it, so that it
//! counts once, in this place of this record, and nowhere else.

use serde_json::json;

use crate::certificate::PublicKey;
use crate::metadata::canonical_json;
use crate::script::{ApprovalToken, PersonId};
use crate::words::Digest;

use super::event::{Event, Mode};
use super::state::Ceremony;

const PROOF: &str = "conclave own token v1";
const APPROVAL: &str = "conclave approval v1";

/// What a person's own token signs at attendance: the domain, the script's digest, the person's ID, and the
/// challenge in hex, a line each, every line ended by LF.
#[must_use]
pub fn own_token_message(script: &Digest, person: &PersonId, challenge: &[u8; 32]) -> Vec<u8> {
    format!("{PROOF}\n{script}\n{person}\n{}\n", hex::encode(challenge)).into_bytes()
}

impl Event {
    /// What is approved: SHA-256 over the canonical JSON of step, event and data, without the approvals.
    #[must_use]
    pub fn approved_digest(&self) -> Digest {
        let mut fact = serde_json::to_value(&self.fact).unwrap_or_default();
        if let Some(data) = fact.get_mut("data").and_then(|data| data.as_object_mut()) {
            data.remove("approvals");
        }
        digest_of(&json!({ "step": self.step, "event": fact["event"], "data": fact["data"] }))
    }

    /// Everything that happened up to this event: SHA-256 over what happened before, and over the canonical JSON of
    /// step, people, event and data.
    pub(super) fn trail(&self, before: &Digest) -> Digest {
        let fact = serde_json::to_value(&self.fact).unwrap_or_default();
        digest_of(&json!({
            "before": before,
            "step": self.step,
            "people": self.people,
            "event": fact["event"],
            "data": fact["data"],
        }))
    }
}

fn digest_of(value: &serde_json::Value) -> Digest {
    // No fact holds a number that has no canonical form.
    let canonical = canonical_json::canonical(value);
    Digest::of(&canonical.unwrap_or_else(|_| value.to_string().into_bytes()))
}

impl Ceremony {
    /// What a person's own token signs to approve an event: the domain, the script's digest, the digest of
    /// everything that happened before, the person's ID, and the digest of what is approved, a line each, every line
    /// ended by LF.
    #[must_use]
    pub fn approval_message(&self, person: &PersonId, event: &Event) -> Vec<u8> {
        format!(
            "{APPROVAL}\n{}\n{}\n{person}\n{}\n",
            self.script.sha256(),
            self.trail,
            event.approved_digest()
        )
        .into_bytes()
    }

    /// The own token by which a person approves; none where it is by a code: a substitute has none, and a person
    /// whose token is not here takes a code.
    #[must_use]
    pub fn approval_token(&self, person: &PersonId) -> Option<&ApprovalToken> {
        let has_place = !self.substituted.contains(person) && !self.tokenless.contains(person);
        let plan = self.script.person(person).filter(|_| has_place)?;
        plan.approval.as_ref()
    }

    /// The key that answers for a person's own token: the script's, or in a rehearsal that of its twin.
    #[must_use]
    pub fn own_key(&self, person: &PersonId) -> Option<PublicKey> {
        let own = self.approval_token(person)?;
        match self.mode() {
            Mode::Production => own.key.key.public().cloned(),
            Mode::Rehearsal => {
                let simulated_tokens = &self.opening.as_ref()?.simulated_approvals;
                PublicKey::from_pem(simulated_tokens.get(person)?).ok()
            }
        }
    }

    /// Whether a person approves by the own token, which answered at attendance.
    #[must_use]
    pub fn approves_by_token(&self, person: &PersonId) -> bool {
        self.touching.contains(person)
    }

    /// Whether the script has anybody approve by an own token.
    pub(super) fn has_approval_tokens(&self) -> bool {
        let mut people = self.script.people().iter();
        people.any(|person| person.approval.is_some())
    }

    /// Whether a person may approve by a code after all: the own token is waited for.
    pub(super) fn may_go_without_token(&self, person: &PersonId) -> bool {
        self.attended.contains_key(person)
            && self.wants_code(person)
            && self.approval_token(person).is_some()
            && !self.has_means(person)
    }

    /// Whether a person who is here has something to approve by.
    pub(super) fn has_means(&self, person: &PersonId) -> bool {
        self.codes.contains(person) || self.touching.contains(person)
    }
}

#[cfg(test)]
mod tests {
    use crate::ceremony::EventKind;
    use crate::ceremony::approval::Approval;

    use super::*;

    fn pause(reason: &str, approvals: Vec<Approval>) -> Event {
        Event {
            step: None,
            people: Vec::new(),
            fact: EventKind::PauseBegun {
                reason: reason.to_owned(),
                approvals,
            },
        }
    }

    #[test]
    fn who_approves_is_no_part_of_what_is_approved() {
        let person: PersonId = "witness-1".parse().unwrap();
        let bare = pause("lunch", Vec::new()).approved_digest();
        let approved = pause("lunch", vec![Approval::in_ink(person)]);
        assert_eq!(bare, approved.approved_digest());
        assert_ne!(bare, pause("dinner", Vec::new()).approved_digest());
    }

    #[test]
    fn the_trail_tells_everything_that_happened() {
        let person: PersonId = "witness-1".parse().unwrap();
        let start = Digest::of(b"");
        let (one, two) = (pause("lunch", Vec::new()), pause("dinner", Vec::new()));
        let approved = pause("lunch", vec![Approval::in_ink(person)]);
        let trails = [
            one.trail(&start),
            two.trail(&start),
            approved.trail(&start),
            one.trail(&two.trail(&start)),
            two.trail(&one.trail(&start)),
        ];
        let different: std::collections::BTreeSet<_> =
            trails.iter().map(Digest::as_bytes).collect();
        assert_eq!(different.len(), trails.len());
    }
}
