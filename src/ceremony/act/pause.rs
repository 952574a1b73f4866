//! A pause: everything is put away, and the transcript digest is compared afterwards.
use super::approval::require_approval;
use super::asking::{go_on, prompt};
use super::attest_clock::require_not_earlier;
use super::seal::require_witness;
use crate::ceremony::approval::Approval;
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::effect::{Effect, Moment};
use crate::ceremony::event::CustodyEvent;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::state::{Ceremony, CustodyRequest, is_taken_again};
use crate::script::{Act, Step};
use crate::words::Digest;
use jiff::Timestamp;

/// How many words of the digest are written on paper and compared.
const HEAD_WORDS: usize = 8;

pub(in crate::ceremony) fn ask_head(c: &Ceremony, step: &Step, head: Digest) -> Prompt {
    let who = c.usual_approvers().into_iter().take(1).collect();
    prompt(
        step,
        who,
        vec![format!(
            "Before the pause a witness wrote down the head of the record. Read its first {HEAD_WORDS} words from the ink: they tell whether this is the record that was left."
        )],
        Ask::Reading {
            label: format!("First {HEAD_WORDS} words of the head, from the ink"),
            usual: head.first_words(HEAD_WORDS),
        },
    )
}

/// Words as people type them: case and spaces do not count.
fn normal(words: &str) -> Vec<String> {
    words
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect()
}

/// The first words of a head, as they are typed from the ink.
pub(in crate::ceremony) fn head_words(head: &Digest) -> String {
    head.first_words(HEAD_WORDS)
}

pub(in crate::ceremony) fn removing_tokens(c: &Ceremony) -> Effect {
    let tokens = c.keys.iter();
    Effect::RemoveTokens {
        tokens: tokens
            .filter_map(|(key, state)| Some((key.clone(), state.token().cloned()?)))
            .collect(),
    }
}

pub(in crate::ceremony) fn ask_to_begin(c: &Ceremony, step: &Step) -> Prompt {
    go_on(
        c,
        step,
        vec![
            "Tokens and media are put away in bags, and this program ends. Nothing is lost: the ceremony is taken up again with conclave resume, also on another day, by other people, on another machine.".to_owned(),
        ],
        "Begin the break",
    )
}

pub(in crate::ceremony) fn ask_to_pause(c: &Ceremony, step: &Step) -> Prompt {
    go_on(
        c,
        step,
        vec![
            "All tokens are logged out and in bags, and so are the media. After this line the program ends, and says the head of the record: a witness writes it down in ink. Then switch the machine off.".to_owned(),
        ],
        "Pause the ceremony",
    )
}

pub(in crate::ceremony) fn beginning(step: &Step) -> CustodyEvent {
    let planned = if let Act::Break { text } = &step.act {
        text.clone()
    } else {
        None
    };
    CustodyEvent::PauseBegun {
        reason: planned.unwrap_or_else(|| "a break of the script".to_owned()),
        approvals: Vec::new(),
    }
}

pub(in crate::ceremony) fn pausing(c: &Ceremony, moment: &Moment) -> CustodyEvent {
    CustodyEvent::Paused {
        at: c.time(moment.machine_time),
    }
}

pub(in crate::ceremony) fn comparing(head: Digest, text: &str) -> Result<CustodyEvent, StepError> {
    let expected = head_words(&head);
    if normal(text) != normal(&expected) {
        return Err(StepError::WrongDigest);
    }
    Ok(CustodyEvent::DigestCompared { words: expected })
}

pub(in crate::ceremony) fn begun(
    c: &mut Ceremony,
    at: &At<'_>,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    let (step, request) = at.custody_request(c)?;
    require(!reason.trim().is_empty(), "a pause has a reason")?;
    require(
        !is_taken_again(&step.act),
        "a pause begins once the room is settled, and not twice",
    )?;
    c.custody.require_no_pause()?;
    // A break stands in the script: nobody has to decide upon it.
    if request != Some(CustodyRequest::BeginBreak) || !approvals.is_empty() {
        require_approval(c, at.event, approvals, "a pause is decided")?;
    }
    c.custody_mut().begin_pause();
    Ok(())
}

pub(in crate::ceremony) fn tokens_removed(c: &mut Ceremony, at: &At<'_>) -> Applied {
    let (_, request) = at.custody_request(c)?;
    if request != Some(CustodyRequest::RemoveTokens) {
        return Err(at.refuse());
    }
    c.custody_mut().remove_tokens();
    Ok(())
}

pub(in crate::ceremony) fn paused(c: &mut Ceremony, at: &At<'_>, time: Timestamp) -> Applied {
    let (step, request) = at.custody_request(c)?;
    if request != Some(CustodyRequest::Pause) {
        return Err(at.refuse());
    }
    require_not_earlier(c, time)?;
    c.host_mut().pause(time);
    c.custody_mut().pause_now();
    if matches!(step.act, Act::Break { .. }) {
        c.progress_mut().finish(step.id.clone());
    }
    Ok(())
}

pub(in crate::ceremony) fn digest_compared(c: &mut Ceremony, at: &At<'_>, words: &str) -> Applied {
    let (_, request) = at.custody_request(c)?;
    let Some(CustodyRequest::CompareDigest(head)) = request else {
        return Err(at.refuse());
    };
    require_witness(c, &at.event.people)?;
    hold(
        Check::CustodyDigest,
        words == head_words(&head),
        "the words are not those of the head at the pause",
    )?;
    c.custody_mut().accept_digest();
    Ok(())
}
