//! A root key is destroyed in its token or in its files while two people watch: one that the root lists no more, or every
//! key of a root that is retired. The token or the trust folders have to show that the key is gone.
//!
//! A key file that is gone after an interruption may have been erased or moved: its absence proves nothing. Then two
//! people attest that it was erased, and the record says attested and not proven.

use crate::ceremony::approval::{Approval, strengths_of};
use crate::ceremony::at::At;
use crate::ceremony::effect::{DoomedObject, Effect};
use crate::ceremony::event::{EventKind, KeyEvent};
use crate::ceremony::failure::{Failure, FailureKind};
use crate::ceremony::next::Next;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::state::{Ceremony, Intent};
use crate::ceremony::telling::Telling;
use crate::script::{Act, KeyId, Step};
use crate::words::Digest;

use super::approval::require_approval;
use super::asking::{approved, with_key, with_token};

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

pub(in crate::ceremony) fn next(c: &Ceremony, step: &Step, key: &KeyId) -> Next {
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
            "{title} is destroyed in its token. It cannot be restored from the token."
        )],
        Some(files) => {
            let mut lines = vec![format!("{title} is destroyed: these files are erased.")];
            lines.extend_from_slice(files);
            lines
        }
    };
    lines.push("Compare its fingerprint with the run sheet:".to_owned());
    if let Some(fingerprint) = fingerprint(c, key) {
        let words = fingerprint.words();
        lines.extend(fingerprint.grouped_hex());
        lines.extend(words.chunks(8).map(|words| words.join(" ")));
    }
    lines.push("Shares and other copies of the key still restore it.".to_owned());
    let word = word(key);
    approved(c, step, lines, Ask::Word { word })
}

pub(in crate::ceremony) fn answered(
    c: &Ceremony,
    key: &KeyId,
    approvals: Vec<Approval>,
) -> Option<EventKind> {
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

pub(in crate::ceremony) fn files_found(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    files: &[String],
) -> Applied {
    at.key(c, key, is_it)?;
    require(
        is_in_files(c, key),
        "the key is in a token, and not in files",
    )?;
    let destruction = c.keys_mut().change(key)?.destruction_mut();
    require(
        !files.is_empty() || destruction.intent().get().is_some(),
        "there is no file of the key, and nobody announced that one would be erased",
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
            hint: "put a file that was moved back and try again; if the files were erased, two people can attest that"
                .to_owned(),
        });
    }
    Ok(())
}

pub(in crate::ceremony) fn announced(
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
        "no root key is destroyed before the new root is exported",
    )?;
    require(
        is_in_files(c, key) != files.is_empty(),
        "the files of a key are searched before it is destroyed",
    )?;
    c.keys_mut().change(key)?.destruction_mut().announce(files)
}

/// Whether key files are gone whose erasure was interrupted.
pub(in crate::ceremony) fn may_attest(c: &Ceremony, key: &KeyId) -> bool {
    let is_here = c.current_step().is_some_and(|step| is_it(&step.act));
    let destruction = c.keys[key].destruction();
    is_here
        && c.key_at_hand() == Some(key)
        && destruction.found().is_some()
        && destruction.missing().next().is_some()
}

pub(in crate::ceremony) fn attesting(
    c: &Ceremony,
    key: &KeyId,
    approvals: Vec<Approval>,
) -> Option<EventKind> {
    Some(EventKind::Keys(KeyEvent::KeyFilesAttested {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        files: c.keys[key].destruction().missing().cloned().collect(),
        approvals,
    }))
}

pub(in crate::ceremony) fn read_aloud_of_attested(files: &[String]) -> Vec<String> {
    let mut lines = files.to_vec();
    lines.extend([
        "Two people approved that these files are erased, and the ceremony was interrupted. The files are gone.".to_owned(),
        "Conclave cannot prove that it erased them. Approve only if you are certain that nobody moved or copied them."
            .to_owned(),
        "The record will say that you attested it, not that it was proven.".to_owned(),
    ]);
    lines
}

pub(in crate::ceremony) fn files_attested(
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

pub(in crate::ceremony) fn destroyed(
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
    let is = fingerprint(c, key).ok_or_else(|| contradiction("there is no key yet"))?;
    require(is == of_key, "the fingerprint is that of another key")
}

/// The event of a destruction in a step of this act.
pub(in crate::ceremony) fn event_of_destruction(c: &Ceremony, step: &Step) -> Option<EventKind> {
    let key = step.act.key().filter(|_| is_it(&step.act))?;
    Some(EventKind::Keys(KeyEvent::TokenKeyDestroyed {
        key: key.clone(),
        fingerprint: fingerprint(c, key)?,
        files: found(c, key),
    }))
}

pub(in crate::ceremony) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].destruction().is_done()
}

fn listed(files: &[String]) -> String {
    files.join(" and ")
}

pub(in crate::ceremony) fn files_found_sentence(key: &KeyId, files: &[String]) -> String {
    if files.is_empty() {
        return format!("No file of {key} is in the trust folders.");
    }
    format!(
        "{key} is in these files of the trust folders: {}.",
        listed(files)
    )
}

pub(in crate::ceremony) fn files_attested_sentence(
    key: &KeyId,
    files: &[String],
    approvals: &[Approval],
    telling: &Telling<'_>,
) -> String {
    format!(
        "{} of {key} is gone after an interruption. {} attested that it was erased ({}); this is not proven.",
        listed(files),
        telling.people,
        strengths_of(approvals)
    )
}

pub(in crate::ceremony) fn intended_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    files: &[String],
    approvals: &[Approval],
    telling: &Telling<'_>,
) -> String {
    let what = if files.is_empty() {
        "destroyed in its token".to_owned()
    } else {
        format!("destroyed by erasing {}", listed(files))
    };
    format!(
        "{key}, fingerprint {}, is about to be {what}. Approved by {} ({}).",
        fingerprint.short_hex(),
        telling.people,
        strengths_of(approvals)
    )
}

pub(in crate::ceremony) fn destroyed_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    files: &[String],
) -> String {
    let fingerprint = fingerprint.short_hex();
    if files.is_empty() {
        return format!(
            "{key}, fingerprint {fingerprint}, was destroyed; its token no longer holds it."
        );
    }
    format!(
        "{key}, fingerprint {fingerprint}, was destroyed: {} was erased, and no file of the key is left in the trust folders.",
        listed(files)
    )
}
