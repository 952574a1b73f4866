//! A pause: all tokens and media are sealed, and the transcript digest is compared afterwards.

use jiff::Timestamp;

use super::approval::require_approval;
use super::asking::{confirm, prompt};
use super::attest_clock::require_not_earlier;
use super::seal::require_witness;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::state::{CustodyRequest, is_repeated};
use crate::ceremony::{Approval, Ask, Ceremony, Check, CustodyEvent, Effect, Moment, Prompt};
use crate::script::{Act, Step};
use crate::words::Digest;

/// How many words of the digest are written on paper and compared.
const DIGEST_WORDS: usize = 8;

pub(crate) fn ask_digest(c: &Ceremony, step: &Step, digest: Digest) -> Prompt {
    let who = c.usual_approvers().into_iter().take(1).collect();
    prompt(
        step,
        who,
        [format!(
            "Before the pause, a witness wrote the transcript digest on paper. Read the first {DIGEST_WORDS} words from the paper to confirm that this is the same transcript."
        )],
        Ask::Reading {
            label: format!("First {DIGEST_WORDS} words of the written digest"),
            usual: digest_words(&digest),
        },
    )
}

/// As they are typed from paper.
pub(crate) fn digest_words(digest: &Digest) -> String {
    digest.first_words(DIGEST_WORDS)
}

pub(crate) fn removing_tokens(c: &Ceremony) -> Effect {
    let tokens = c.keys.iter();
    Effect::RemoveTokens {
        tokens: tokens
            .filter_map(|(key, state)| Some((key.clone(), state.token().cloned()?)))
            .collect(),
    }
}

pub(crate) fn ask_to_begin(c: &Ceremony, step: &Step) -> Prompt {
    let line = "Tokens and media are sealed in bags, and then the program ends. Nothing is lost. Continue with conclave resume, even on another day, with other participants or on another machine.";
    confirm(c, step, [line], "Begin the break")
}

pub(crate) fn ask_to_pause(c: &Ceremony, step: &Step) -> Prompt {
    let line = "All tokens are logged out. Tokens and media are in bags. Next, the program ends and shows the transcript digest. Witness: write it on paper. Then switch the machine off.";
    confirm(c, step, [line], "Pause the ceremony")
}

pub(crate) fn beginning(step: &Step) -> CustodyEvent {
    let planned = if let Act::Break { text } = &step.act {
        text.clone()
    } else {
        None
    };
    CustodyEvent::PauseBegun {
        reason: planned.unwrap_or_else(|| "a break in the script".to_owned()),
        approvals: Vec::new(),
    }
}

pub(crate) fn pausing(c: &Ceremony, moment: &Moment) -> CustodyEvent {
    CustodyEvent::Paused {
        at: c.time(moment.machine_time),
    }
}

/// Case and spaces of the typed words do not count.
pub(crate) fn comparing(text: &str) -> CustodyEvent {
    let words: Vec<String> = text
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    CustodyEvent::DigestCompared {
        words: words.join(" "),
    }
}

pub(crate) fn begun(
    c: &mut Ceremony,
    at: &At<'_>,
    reason: &str,
    approvals: &[Approval],
) -> Applied {
    let (step, request) = at.custody_request(c)?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    require(
        !is_repeated(&step.act),
        "a pause cannot begin before attendance, clock and host checks are done",
    )?;
    c.custody.require_no_pause()?;
    // A break is in the script and needs no decision.
    if request != Some(CustodyRequest::BeginBreak) || !approvals.is_empty() {
        require_approval(c, at.event, approvals, "a pause is decided")?;
    }
    c.custody_mut().begin_pause();
    Ok(())
}

pub(crate) fn tokens_removed(c: &mut Ceremony, at: &At<'_>) -> Applied {
    let (_, request) = at.custody_request(c)?;
    if request != Some(CustodyRequest::RemoveTokens) {
        return Err(at.refuse());
    }
    c.custody_mut().remove_tokens();
    Ok(())
}

pub(crate) fn paused(c: &mut Ceremony, at: &At<'_>, time: Timestamp) -> Applied {
    let (step, request) = at.custody_request(c)?;
    if request != Some(CustodyRequest::Pause) {
        return Err(at.refuse());
    }
    require_not_earlier(c, time)?;
    c.host_mut().pause(time);
    c.custody_mut().pause_now();
    if matches!(step.act, Act::Break { .. }) {
        c.progress_mut().finish(step.index);
    }
    Ok(())
}

pub(crate) fn digest_compared(c: &mut Ceremony, at: &At<'_>, words: &str) -> Applied {
    let (_, request) = at.custody_request(c)?;
    let Some(CustodyRequest::CompareDigest(digest)) = request else {
        return Err(at.refuse());
    };
    require_witness(c, &at.event.people)?;
    hold(
        Check::CustodyDigest,
        words == digest_words(&digest),
        "these words are not those of the transcript digest at the pause",
    )?;
    c.custody_mut().accept_digest();
    Ok(())
}

pub(crate) fn pause_begun_sentence(
    reason: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    if approvals.is_empty() {
        return format!("A pause began: {reason}.");
    }
    let people = names.approving(approvals);
    format!("A pause began: {reason}. Approved by {people}.")
}

pub(crate) fn tokens_removed_sentence() -> String {
    "All tokens were logged out and removed.".to_owned()
}

pub(crate) fn paused_sentence(at: Timestamp) -> String {
    format!("Paused at {at}. A witness writes the transcript digest on paper.")
}

pub(crate) fn digest_compared_sentence(words: &str, names: &Names<'_>) -> String {
    format!(
        "{} read the written digest. It matched the transcript: {words} …",
        names.people
    )
}
