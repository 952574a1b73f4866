//! Signatures that other sites owe are collected.
use super::asking::{go_on, prompt};
use super::sign_root::attached;
use crate::ceremony::at::At;
use crate::ceremony::effect::Effect;
use crate::ceremony::event::{EventKind, ExportedFile, RootEvent, SigningTranscript};
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Choice, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, require};
use crate::ceremony::state::{Ceremony, Owed};
use crate::metadata;
use crate::metadata::{Progress, SignedRoot};
use crate::record::Signature;
use crate::script::{Act, KeyId, Step};

/// The first signature that is still owed.
pub(in crate::ceremony) fn next_owing(c: &Ceremony) -> Option<(&KeyId, &Owed)> {
    c.root().owed().iter().find(|(_, owed)| !owed.is_settled())
}

pub(in crate::ceremony) fn next_owed(c: &Ceremony, step: &Step) -> Next {
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
        (None, ..) => Next::Ask(go_on(c, step, Vec::new(), "Go on")),
    }
}

pub(in crate::ceremony) fn ask_owed(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let distant = c.script.distant_keys().iter();
    let title = distant
        .filter(|distant| distant.id == *key)
        .map(crate::script::DistantKey::title)
        .next()
        .unwrap_or_else(|| key.to_string());
    let mut lines = vec![format!("{}.", c.counters())];
    if let Some(request) = c.root().request() {
        lines.push(format!(
            "{} was written beside the export; {title} signs what is in it, and sends the directory of the signing back. Put it into the folder signatures there; its record then joins this one. A signature by another tool is a file by itself.",
            request.name
        ));
    }
    lines.push(
        "It may take days: leave with Ctrl-C, and go on with conclave resume when the file is here."
            .to_owned(),
    );
    prompt(
        step,
        c.people_of(step),
        lines,
        Ask::Choice {
            label: format!("Signature of {title}"),
            options: vec![
                Choice::new(HERE, "it is here: read it"),
                Choice::with_remark(SKIPPED, "it is not waited for, because"),
            ],
        },
    )
}

pub(in crate::ceremony) fn decide_owed(
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

/// The event of a signature that came from its site.
pub(in crate::ceremony) fn collected(
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

pub(in crate::ceremony) fn request_written(
    c: &mut Ceremony,
    at: &At<'_>,
    file: &ExportedFile,
) -> Applied {
    at.require_act(c, is_collecting)?;
    c.root_mut().write_request(file)
}

pub(in crate::ceremony) fn signature_expected(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
) -> Applied {
    at.require_act(c, is_collecting)?;
    c.root_mut().expect_signature(key)
}

pub(in crate::ceremony) fn signature_collected(
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

pub(in crate::ceremony) fn signature_skipped(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    reason: &str,
) -> Applied {
    at.require_act(c, is_collecting)?;
    require(!reason.trim().is_empty(), "it is said why")?;
    let is_complete = c.signed().map(SignedRoot::progress);
    require(
        is_complete.is_some_and(Progress::is_complete),
        "the thresholds are not reached without it",
    )?;
    c.root_mut().skip_signature(key, reason)
}

pub(in crate::ceremony) fn is_done(c: &Ceremony) -> bool {
    c.owed().values().all(Owed::is_settled)
}

const HERE: &str = "here";
const SKIPPED: &str = "skipped";

pub(in crate::ceremony) fn signature_collected_sentence(
    key: &KeyId,
    key_id: &metadata::KeyId,
    record: Option<&SigningTranscript>,
) -> String {
    let record = record.map_or_else(
        || "the record of its signing did not come".to_owned(),
        |record| {
            let head = record.digest.short_hex();
            format!(
                "it was signed at {}, under the record {head}",
                record.signed
            )
        },
    );
    format!(
        "The signature of {key} came from its site, and verifies; key ID {}; {record}.",
        key_id.short()
    )
}
