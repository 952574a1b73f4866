//! A key that was generated elsewhere is enrolled.

use super::approval::require_approval;
use super::asking::approved;
use super::verify_token::prove;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{
    Approval, Ask, Ceremony, EventKind, KeyEvent, Mode, Next, Prompt, StepError,
};
use crate::script::{Act, KeyId, Step};
use crate::transfer::Occasion;
use crate::words::Digest;

pub(crate) fn ask_enrollment(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let title = c.script.key_title(key);
    let mut lines = Vec::new();
    let enrolled = c.script.enrolled().find(|(id, _)| *id == key);
    if let Some((_, enrolled)) = enrolled {
        lines.push(format!("{title}: {}.", enrolled.origin()));
        let attestation = enrolled.enrollment.attestation();
        let found = attestation.iter().flat_map(|summary| &summary.findings);
        lines.extend(found.map(ToString::to_string));
    }
    if c.mode() == Mode::Rehearsal {
        lines.push(
            "This rehearsal uses a simulated key in its place. The words are those of the simulated key."
                .to_owned(),
        );
    }
    lines.push(
        "Call the key holder over a channel other than the one by which the file arrived. The key holder reads the words aloud, and two people compare each word:"
            .to_owned(),
    );
    let fingerprint = c.remote_fingerprint(key);
    let words = fingerprint.map(|fingerprint| fingerprint.words());
    for words in words.iter().flat_map(|words| words.chunks(8)) {
        lines.push(words.join(" "));
    }
    let action = "The words match".to_owned();
    approved(c, step, lines, Ask::Enter { action })
}

pub(crate) fn decide_enrollment(
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

pub(crate) fn next(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    if c.keys.contains(key) {
        prove(c, key, Occasion::Adoption)
    } else {
        Next::Ask(ask_enrollment(c, step, key))
    }
}

pub(crate) fn compared(
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

pub(crate) fn enrollment_compared_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "{} compared the fingerprint of {} with the words that its holder read aloud: {}.",
        names.approving(approvals),
        names.script.key_title(key),
        fingerprint.short_hex()
    )
}
