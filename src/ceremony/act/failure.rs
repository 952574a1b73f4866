//! Something failed without a loss: the participants decide what to do.

use super::asking::prompt;
use crate::ceremony::replay::Applied;
use crate::ceremony::state::SIMULATED_TRIES;
use crate::ceremony::{
    Ask, Ceremony, Choice, Event, EventKind, Failure, FailureKind, KeyEvent, ProgressEvent, Prompt,
};
use crate::record::Tries;
use crate::script::{PersonId, Step};

const UNBLOCK: &str = "unblock";
const RETRY: &str = "retry";

pub(crate) fn ask_after(c: &Ceremony, step: &Step, failure: &Failure) -> Prompt {
    let mut lines = vec![format!("Failed: {}.", failure.what), failure.hint.clone()];
    let who = match c.next_without_code() {
        Some(person) => vec![person],
        None => c.people_at_hand(step),
    };
    let plan = c.failing_key().and_then(|key| c.script.key(key));
    let unblocker = plan
        .and_then(|plan| Some((plan, plan.unblocked_by()?)))
        .filter(|(plan, _)| {
            failure.kind == FailureKind::PinLocked && !c.keys[&plan.id].is_at_former()
        });
    if failure.kind == FailureKind::PinLocked {
        lines.push(match (&unblocker, plan) {
            (Some((plan, by)), _) => {
                let owner = by.set_by.as_ref().map_or("", |owner| c.name(owner));
                let bag = c.keys[&plan.id].envelopes().get(&by.secret);
                let bag = bag.map_or_else(String::new, |bag| {
                    format!(" from bag {bag}, which is opened before a witness")
                });
                format!(
                    "{owner} can unblock the PIN with the {}{bag}. Then {} sets a new PIN.",
                    by.secret.title(),
                    c.name(&plan.holder)
                )
            }
            _ => "The PIN cannot be unblocked: the secret for it was generated at random and discarded.".to_owned(),
        });
    }
    let ways: Vec<&str> = crate::ceremony::request::offers::offers(c)
        .iter()
        .filter(|offer| offer.kind.is_way_out())
        .map(|offer| offer.kind.title())
        .collect();
    if !ways.is_empty() {
        lines.push(format!(
            "More options (press o, or type /options): {}.",
            ways.join("; ")
        ));
    }
    let Some((plan, by)) = unblocker else {
        let action = "Try again".to_owned();
        return prompt(step, who, lines, Ask::Enter { action });
    };
    let mut who: Vec<PersonId> = by.set_by.iter().cloned().collect();
    if !who.contains(&plan.holder) {
        who.push(plan.holder.clone());
    }
    let options = vec![
        Choice::new(UNBLOCK, "unblock the PIN"),
        Choice::new(RETRY, "try again"),
    ];
    let label = "Next action".to_owned();
    prompt(step, who, lines, Ask::Choice { label, options })
}

/// A failure in a rehearsal: simulated tokens never lock a PIN. After the third wrong PIN the rehearsal reports a locked
/// one, and the transcript shows that this is simulated.
pub(crate) fn as_simulated(c: &Ceremony, failure: Failure) -> Failure {
    let is_wrong = matches!(failure.kind, FailureKind::WrongPin { .. });
    let tries = c.failing_key().and_then(|key| c.simulated_tries(key));
    match tries {
        Some(Tries::Exactly(left)) if is_wrong && left <= 1 => simulated_is_locked(),
        Some(Tries::Exactly(left)) if is_wrong => {
            let tries = Tries::Exactly(left - 1);
            Failure {
                kind: FailureKind::WrongPin { tries },
                what: format!("the PIN is wrong; {tries} (simulated)"),
                ..failure
            }
        }
        _ => failure,
    }
}

/// The failure of a simulated token whose PIN was wrong too often.
pub fn simulated_is_locked() -> Failure {
    Failure {
        kind: FailureKind::PinLocked,
        what: format!(
            "the PIN is locked after {SIMULATED_TRIES} wrong attempts (simulated by this rehearsal, whose tokens do not lock a PIN)"
        ),
        hint: "unblock the PIN; or, under \"options\", use a spare token or regenerate the key"
            .to_owned(),
    }
}

pub(crate) fn failed(c: &mut Ceremony, failure: &Failure) -> Applied {
    // The prompt asks again whether the signature has arrived.
    c.root_mut().stop_expecting();
    if let Some(key) = c.failing_key().cloned() {
        c.keys_mut().change(&key)?.note_failure(failure.kind);
    }
    c.progress_mut().fail(failure);
    Ok(())
}

pub(crate) fn answered(c: &Ceremony, choice: &str, people: Vec<PersonId>) -> Event {
    let unblocked = c.key_at_hand().filter(|_| choice == UNBLOCK);
    let Some(key) = unblocked else {
        return c.at_step(people, EventKind::Progress(ProgressEvent::Retried));
    };
    let plan = c.script.key(key).and_then(|plan| plan.unblocked_by());
    let bag = plan.and_then(|plan| c.keys[key].envelopes().get(&plan.secret).cloned());
    let event = KeyEvent::UnblockDecided {
        key: key.clone(),
        bag,
    };
    c.at_step(people, EventKind::Keys(event))
}

pub(crate) fn failed_sentence(failure: &Failure) -> String {
    format!("Failed: {}.", failure.what)
}

pub(crate) fn retried_sentence() -> String {
    "Tried again.".to_owned()
}
