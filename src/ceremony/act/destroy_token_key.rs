//! A root key is destroyed in its token or in its files while two people watch: a key that the root no longer lists, or
//! each key of a retired root. The token or the trust folders must show that the key is gone.
//!
//! A key file that is gone after an interruption may have been erased or moved: its absence proves nothing. Then two
//! people attest that it was erased, and the transcript records this as attested, not proven.

use super::approval::require_approval;
use super::asking::{approved, with_key, with_token};
use super::read_script::lines_of;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::state::Intent;
use crate::ceremony::{
    Approval, Ask, Ceremony, DoomedObject, Effect, EventKind, Failure, FailureKind, KeyEvent, Next,
    Prompt,
};
use crate::script::{Act, KeyId, Step};
use crate::words::Digest;

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::DestroyTokenKey { .. })
}

fn word(key: &KeyId) -> String {
    format!("DESTROY {key}")
}

fn fingerprint(c: &Ceremony, key: &KeyId) -> Option<Digest> {
    Some(c.generated(key)?.public_key.fingerprint())
}

fn is_in_files(c: &Ceremony, key: &KeyId) -> bool {
    let token = c.keys[key].token();
    let profile = token.and_then(|token| c.script.profile(&token.profile));
    profile.is_some_and(|it| it.is_key_file())
}

pub(crate) fn next(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
    let destruction = c.keys[key].destruction();
    let is_searched = destruction.found().is_some() && destruction.missing().next().is_none();
    if is_in_files(c, key) && !is_searched {
        let interrupted = destruction.intent().get().cloned().unwrap_or_default();
        return with_token(c, key, |token| Effect::FindKeyFiles {
            key: key.clone(),
            token,
            interrupted,
        });
    }
    if !destruction.is_announced() {
        return Next::Ask(ask(c, step, key));
    }
    with_key(c, key, |token, public_key| match destruction.found() {
        Some(files) => Effect::EraseKeyFiles {
            key: key.clone(),
            token,
            files: files.to_vec(),
        },
        None => Effect::DestroyKey {
            key: key.clone(),
            spare: c.keys[key].spare().cloned(),
            token,
            object: match destruction.intent() {
                Intent::Interrupted(_) => DoomedObject::MaybeGone,
                Intent::None | Intent::Recorded(_) => DoomedObject::Held,
            },
            public_key,
        },
    })
}

fn ask(c: &Ceremony, step: &Step, key: &KeyId) -> Prompt {
    let title = c.script.key_title(key);
    let files = c.keys[key].destruction().found();
    let mut lines = match files {
        None => vec![format!(
            "This destroys {title} in its token. It cannot be restored from the token."
        )],
        Some(files) => {
            let mut lines = vec![format!(
                "This destroys {title}. These files will be erased:"
            )];
            lines.extend_from_slice(files);
            lines
        }
    };
    lines.push("Compare its fingerprint with the run sheet:".to_owned());
    if let Some(fingerprint) = fingerprint(c, key) {
        lines.extend(lines_of(&fingerprint));
    }
    lines.push("Shares and other copies of the key can still restore it.".to_owned());
    let word = word(key);
    approved(c, step, lines, Ask::Word { word })
}

pub(crate) fn answered(c: &Ceremony, key: &KeyId, approvals: Vec<Approval>) -> Option<EventKind> {
    Some(EventKind::Keys(KeyEvent::DestructionIntended {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        files: found(c, key),
        approvals,
    }))
}

fn found(c: &Ceremony, key: &KeyId) -> Vec<String> {
    let found = c.keys[key].destruction().found();
    found.unwrap_or_default().to_vec()
}

pub(crate) fn files_found(c: &mut Ceremony, at: &At<'_>, key: &KeyId, files: &[String]) -> Applied {
    at.key(c, key, is_it)?;
    require(is_in_files(c, key), "the key is in a token, not in files")?;
    let destruction = c.keys_mut().change(key)?.destruction_mut();
    require(
        !files.is_empty() || destruction.intent().get().is_some(),
        "the key has no file, and the erasure of a file was not announced",
    )?;
    destruction.find(files);
    let missing: Vec<String> = destruction.missing().cloned().collect();
    if !missing.is_empty() {
        c.progress_mut().fail(&Failure {
            kind: FailureKind::KeyFileMissing,
            what: format!(
                "the ceremony was interrupted while key files were erased, and no file is left at {}",
                missing.join(" or ")
            ),
            hint: "if a file was moved, put it back and try again; if the files were erased, two people can attest this"
                .to_owned(),
        });
    }
    Ok(())
}

pub(crate) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    of_key: Digest,
    files: &[String],
    approvals: &[Approval],
) -> Applied {
    at.key(c, key, is_it)?;
    require_approval(c, at.event, approvals, "a root key is destroyed")?;
    require_same(c, key, of_key)?;
    require(
        !c.exported().is_empty(),
        "the new root must be exported before a root key is destroyed",
    )?;
    require(
        is_in_files(c, key) != files.is_empty(),
        "the files of a key must be located before it is destroyed",
    )?;
    c.keys_mut().change(key)?.destruction_mut().announce(files)
}

/// Whether key files are gone whose erasure was interrupted.
pub(crate) fn may_attest(c: &Ceremony, key: &KeyId) -> bool {
    let is_here = c.current_step().is_some_and(|step| is_it(&step.act));
    let destruction = c.keys[key].destruction();
    is_here
        && c.key_at_hand() == Some(key)
        && destruction.found().is_some()
        && destruction.missing().next().is_some()
}

pub(crate) fn attesting(c: &Ceremony, key: &KeyId, approvals: Vec<Approval>) -> Option<EventKind> {
    Some(EventKind::Keys(KeyEvent::KeyFilesAttested {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        files: c.keys[key].destruction().missing().cloned().collect(),
        approvals,
    }))
}

pub(crate) fn read_aloud_of_attested(files: &[String]) -> Vec<String> {
    let mut lines = files.to_vec();
    lines.extend([
        "Two people approved the erasure of these files, and the ceremony was interrupted. The files are now gone.".to_owned(),
        "Conclave cannot prove that it erased them. Approve only if you are certain that they were not moved or copied."
            .to_owned(),
        "The transcript will record that you attested the erasure, not that it was proven.".to_owned(),
    ]);
    lines
}

pub(crate) fn files_attested(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    of_key: Digest,
    files: &[String],
    approvals: &[Approval],
) -> Applied {
    at.key(c, key, is_it)?;
    require_approval(c, at.event, approvals, "a key file is attested as erased")?;
    require_same(c, key, of_key)?;
    let destruction = c.keys_mut().change(key)?.destruction_mut();
    destruction.attest(files, &at.event.people)
}

pub(crate) fn destroyed(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    of_key: Digest,
    files: &[String],
) -> Applied {
    at.key(c, key, is_it)?;
    require_same(c, key, of_key)?;
    c.custody_mut().use_token();
    let state = c.keys_mut().change(key)?;
    state.destruction_mut().finish(files)?;
    state.right_pin();
    Ok(())
}

fn require_same(c: &Ceremony, key: &KeyId, of_key: Digest) -> Applied {
    let is = fingerprint(c, key).ok_or_else(|| contradiction("the key does not exist yet"))?;
    require(is == of_key, "the fingerprint is not that of this key")
}

/// The event of a destruction in a step of this act.
pub(crate) fn event_of_destruction(c: &Ceremony, step: &Step) -> Option<EventKind> {
    let key = step.act.key().filter(|_| is_it(&step.act))?;
    Some(EventKind::Keys(KeyEvent::TokenKeyDestroyed {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        files: found(c, key),
    }))
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].destruction().is_done()
}

fn listed(files: &[String]) -> String {
    files.join(" and ")
}

pub(crate) fn files_found_sentence(key: &KeyId, files: &[String]) -> String {
    if files.is_empty() {
        return format!("No file of {key} was found in the trust folders.");
    }
    format!(
        "{key} was found in these files of the trust folders: {}.",
        listed(files)
    )
}

pub(crate) fn files_attested_sentence(
    key: &KeyId,
    files: &[String],
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "Files of {key} were missing after an interruption: {}. {} attested that they were erased. This is not proven.",
        listed(files),
        names.approving(approvals)
    )
}

pub(crate) fn intended_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    files: &[String],
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    let how = if files.is_empty() {
        "in its token".to_owned()
    } else {
        format!("by erasing {}", listed(files))
    };
    format!(
        "About to destroy {key}, fingerprint {}, {how}. Approved by {}.",
        fingerprint.short_hex(),
        names.approving(approvals)
    )
}

pub(crate) fn destroyed_sentence(key: &KeyId, fingerprint: &Digest, files: &[String]) -> String {
    let fingerprint = fingerprint.short_hex();
    if files.is_empty() {
        return format!(
            "{key}, fingerprint {fingerprint}, was destroyed. Its token no longer holds it."
        );
    }
    format!(
        "{key}, fingerprint {fingerprint}, was destroyed: {} was erased. No file of the key remains in the trust folders.",
        listed(files)
    )
}
