//! Signatures from other sites are collected.

use super::asking::{proceed, prompt};
use super::sign_root::attached;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::{
    Ask, Ceremony, Choice, Effect, EventKind, ExportedFile, Next, Owed, Prompt, RootEvent,
    SigningTranscript, StepError,
};
use crate::metadata::{self, Progress, SignedRoot};
use crate::record::Signature;
use crate::script::{Act, DistantKey, KeyId, Step};

const HERE: &str = "here";
const SKIPPED: &str = "skipped";

/// The first signature that is still missing.
pub(crate) fn next_owing(c: &Ceremony) -> Option<(&KeyId, &Owed)> {
    c.root().owed().iter().find(|(_, owed)| !owed.is_settled())
}

pub(crate) fn next_owed(c: &Ceremony, step: &Step) -> Next {
    if c.root().request().is_none() {
        return Next::Do(Effect::WriteRequest);
    }
    let key = next_owing(c);
    let public_key = key.and_then(|(key, _)| c.distant_key(key)?.public());
    match (key, public_key, c.root().frozen()) {
        (Some((key, Owed::Expected)), Some(public_key), Some(frozen)) => {
            Next::Do(Effect::CollectSignature {
                key: key.clone(),
                public_key: public_key.clone(),
                message: frozen.signed_bytes().to_vec(),
            })
        }
        (Some((key, _)), ..) => Next::Ask(ask_owed(c, step, key)),
        (None, ..) => proceed(c, step),
    }
}

pub(crate) fn ask_owed(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let mut distant = c.script.distant_keys().iter();
    let distant = distant.find(|distant| distant.id == *key);
    let title = distant.map_or_else(|| key.to_string(), DistantKey::title);
    let mut lines = vec![format!("Signatures: {}.", c.counters())];
    if let Some(request) = c.root().request() {
        lines.push(format!(
            "Send {}, which is next to the export, to {title}. Put the signing directory that they return into the folder signatures there: its transcript is kept with this one. A signature made with another tool is a single file.",
            request.name
        ));
    }
    lines.push(
        "If this takes days, press Ctrl-C to leave. When the signature has arrived, continue with conclave resume."
            .to_owned(),
    );
    prompt(
        step,
        c.people_of(step),
        lines,
        Ask::Choice {
            label: format!("Signature of {title}"),
            options: vec![
                Choice::new(HERE, "it has arrived: read it"),
                Choice::with_remark(SKIPPED, "skip it"),
            ],
        },
    )
}

pub(crate) fn decide_owed(
    c: &Ceremony,
    text: &str,
    reason: String,
) -> Result<EventKind, StepError> {
    let (key, _) = next_owing(c).ok_or(StepError::NotAsked)?;
    let key = key.clone();
    match text {
        HERE => Ok(EventKind::Root(RootEvent::SignatureExpected { key })),
        SKIPPED => Ok(EventKind::Root(RootEvent::SignatureSkipped { key, reason })),
        _ => Err(StepError::NotAnAnswer),
    }
}

/// The event of a signature that arrived from its site.
pub(crate) fn collected(
    c: &Ceremony,
    signature: Vec<u8>,
    record: Option<SigningTranscript>,
) -> Result<EventKind, StepError> {
    let (key, _) = next_owing(c).ok_or(StepError::NotAsked)?;
    let key_id = c.root_key_ids(key).pop().ok_or(StepError::NotAsked)?;
    Ok(EventKind::Root(RootEvent::SignatureCollected {
        key: key.clone(),
        key_id,
        signature: signature.into(),
        transcript: record,
    }))
}

const fn is_collecting(act: &Act) -> bool {
    matches!(act, Act::CollectSignatures)
}

pub(crate) fn request_written(c: &mut Ceremony, at: &At<'_>, file: &ExportedFile) -> Applied {
    at.require_act(c, is_collecting)?;
    c.root_mut().write_request(file)
}

pub(crate) fn signature_expected(c: &mut Ceremony, at: &At<'_>, key: &KeyId) -> Applied {
    at.require_act(c, is_collecting)?;
    c.root_mut().expect_signature(key)
}

pub(crate) fn signature_collected(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    key_id: &metadata::KeyId,
    signature: &Signature,
) -> Applied {
    at.require_act(c, is_collecting)?;
    c.root_mut().require_expected(key)?;
    let signed = attached(c, key, key_id, signature)?;
    c.root_mut().collect_signature(key, signed)
}

pub(crate) fn signature_skipped(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    reason: &str,
) -> Applied {
    at.require_act(c, is_collecting)?;
    require(!reason.trim().is_empty(), "a reason is required")?;
    let is_complete = c.signed().map(SignedRoot::progress);
    require(
        is_complete.is_some_and(Progress::is_complete),
        "without this signature the thresholds are not reached",
    )?;
    c.root_mut().skip_signature(key, reason)
}

pub(crate) fn is_done(c: &Ceremony) -> bool {
    c.owed().values().all(Owed::is_settled)
}

pub(crate) fn request_written_sentence(file: &ExportedFile) -> String {
    format!(
        "The signing request for other sites was written: {}, SHA-256 {}.",
        file.name,
        file.sha256.short_hex()
    )
}

pub(crate) fn signature_expected_sentence(key: &KeyId) -> String {
    format!("The signature from {key} was reported to have arrived.")
}

pub(crate) fn signature_collected_sentence(
    key: &KeyId,
    key_id: &metadata::KeyId,
    transcript: Option<&SigningTranscript>,
) -> String {
    let origin = transcript.map_or_else(
        || "The transcript of the signing is missing".to_owned(),
        |transcript| {
            let digest = transcript.digest.short_hex();
            format!(
                "Signed at {}; transcript digest {digest}",
                transcript.signed
            )
        },
    );
    format!(
        "The signature from {key} was collected and verified. Key ID: {}. {origin}.",
        key_id.short()
    )
}

pub(crate) fn signature_skipped_sentence(key: &KeyId, reason: &str) -> String {
    format!("The signature from {key} was skipped: {reason}.")
}
