//! A key that was made elsewhere is enrolled.
use super::approval::require_approval;
use super::asking::prompt;
use super::verify_token::prove;
use crate::ceremony::approval::Approval;
use crate::ceremony::approval::strengths_of;
use crate::ceremony::at::At;
use crate::ceremony::event::{EventKind, KeyEvent, Mode};
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::state::Ceremony;
use crate::ceremony::telling::Telling;
use crate::script::{Act, KeyId, Step};
use crate::transfer::Occasion;
use crate::words::Digest;

/// Asks two people to compare the fingerprint of a key at another site.
pub(in crate::ceremony) fn ask_enrollment(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let title = c.script.key_title(key);
    let mut lines = Vec::new();
    let enrolled = c.script.enrolled().find(|(id, _)| *id == key);
    if let Some((_, enrolled)) = enrolled {
        lines.push(format!("{title}: {}.", enrolled.origin()));
        let said = enrolled.enrollment.attestation();
        let found = said.iter().flat_map(|said| &said.findings);
        lines.extend(found.map(ToString::to_string));
    }
    if c.mode() == Mode::Rehearsal {
        lines.push(
            "A simulated key stands in for it: these are the words of the simulated key."
                .to_owned(),
        );
    }
    lines.push(
        "Its holder reads these words aloud, over a channel by which the file did not come. Each of two people compares every word."
            .to_owned(),
    );
    let fingerprint = c.remote_fingerprint(key);
    let words = fingerprint.map(|fingerprint| fingerprint.words());
    for words in words.iter().flat_map(|words| words.chunks(8)) {
        lines.push(words.join(" "));
    }
    let action = "It is the same".to_owned();
    let mut prompt = prompt(step, c.usual_approvers(), lines, Ask::Enter { action });
    prompt.approval = true;
    prompt
}

pub(in crate::ceremony) fn decide_enrollment(
    c: &Ceremony,
    key: &KeyId,
    approvals: Vec<Approval>,
) -> Result<EventKind, StepError> {
    Ok(EventKind::Keys(KeyEvent::EnrollmentCompared {
        key: key.clone(),
        fingerprint: c.remote_fingerprint(key).ok_or(StepError::NotAsked)?,
        approvals,
    }))
}

pub(in crate::ceremony) fn next(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    if c.keys.contains(key) {
        prove(c, key, Occasion::Adoption)
    } else {
        Next::Ask(ask_enrollment(c, step, key))
    }
}

pub(in crate::ceremony) fn compared(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    fingerprint: Digest,
    approvals: &[Approval],
) -> Applied {
    let Act::EnrollKey { key: of_step } = &at.step(c)?.act else {
        return Err(at.refuse());
    };
    require(
        key == of_step,
        &format!("the step is about {of_step}, not about {key}"),
    )?;
    require(
        c.remote_fingerprint(key) == Some(fingerprint),
        "the fingerprint is not that of the enrolled key",
    )?;
    require_approval(c, at.event, approvals, "a fingerprint is compared")?;
    c.keys_mut().compare(key)
}

pub(in crate::ceremony) fn enrollment_compared_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    approvals: &[Approval],
    telling: &Telling<'_>,
) -> String {
    let Telling { people, script, .. } = *telling;
    format!(
        "{people} compared the fingerprint of {} with what its holder read out: {} ({}).",
        script.key_title(key),
        fingerprint.short_hex(),
        strengths_of(approvals)
    )
}
