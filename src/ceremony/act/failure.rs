//! Something failed and cost nothing: the room decides what to do.
use super::asking::prompt;
use crate::ceremony::event::{Event, EventKind, KeyEvent, ProgressEvent};
use crate::ceremony::failure::{Failure, FailureKind};
use crate::ceremony::prompt::{Ask, Choice, Prompt};
use crate::ceremony::replay::Applied;
use crate::ceremony::state::{Ceremony, SIMULATED_TRIES};
use crate::record::Tries;
use crate::script::{PersonId, Step};

/// What is asked after something did not work.
pub(in crate::ceremony) fn ask_after(c: &Ceremony, step: &Step, failure: &Failure) -> Prompt {
    let mut lines = vec![
        format!("It did not work: {}.", failure.what),
        failure.hint.clone(),
    ];
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
                    format!(" from bag {bag}, which a witness sees opened")
                });
                format!(
                    "{owner} can unblock it with the {}{bag}; then {} sets a new PIN.",
                    by.secret.title(),
                    c.name(&plan.holder)
                )
            }
            _ => "What would unblock it was random and is forgotten.".to_owned(),
        });
    }
    let ways: Vec<&str> = crate::ceremony::request::offers::offers(c)
        .iter()
        .filter(|offer| offer.kind.is_way_out())
        .map(|offer| offer.kind.title())
        .collect();
    if !ways.is_empty() {
        lines.push(format!(
            "Other ways stand under \"other\": {}.",
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
    let label = "What is done".to_owned();
    prompt(step, who, lines, Ask::Choice { label, options })
}

/// A failure as a rehearsal has it: its tokens never lock a PIN, so that it is said of them after the third
/// wrong one, and the record tells that it was said and not seen.
pub(in crate::ceremony) fn as_simulated(c: &Ceremony, failure: Failure) -> Failure {
    let is_wrong = matches!(failure.kind, FailureKind::WrongPin { .. });
    let tries = c.failing_key().and_then(|key| c.simulated_tries(key));
    match tries {
        Some(Tries::Exactly(left)) if is_wrong && left <= 1 => simulated_is_locked(),
        Some(Tries::Exactly(left)) if is_wrong => {
            let tries = Tries::Exactly(left - 1);
            Failure {
                kind: FailureKind::WrongPin { tries },
                what: format!("the PIN is wrong; {tries}, as for a token that locks"),
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
            "the PIN is locked: it was wrong {SIMULATED_TRIES} times, and this rehearsal says of its tokens what it would be with tokens that lock"
        ),
        hint: "unblock it, or take another way under \"other\": the spare, or the key made anew"
            .to_owned(),
    }
}

pub(in crate::ceremony) fn failed(c: &mut Ceremony, failure: &Failure) -> Applied {
    // The room is asked again whether it is here.
    c.root_mut().stop_expecting();
    if let Some(key) = c.failing_key().cloned() {
        c.keys_mut().change(&key)?.note_failure(failure.kind);
    }
    c.progress_mut().fail(failure);
    Ok(())
}

const UNBLOCK: &str = "unblock";
const RETRY: &str = "retry";

/// What the room does after a failure.
pub(in crate::ceremony) fn answered(c: &Ceremony, choice: &str, people: Vec<PersonId>) -> Event {
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
