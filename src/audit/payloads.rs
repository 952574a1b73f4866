//! The payload register after a ceremony: which keys signed which root, and when.

use jiff::Timestamp;

use crate::ceremony::{Ceremony, EventKind, KeyEvent, KeyState, Mode, RootEvent};
use crate::metadata::KeyId;
use crate::transcript::Transcript;
use crate::transfer::{Abandoned, DestroyedKey, PayloadEntry, PayloadRegister, SignedBy};

/// The path of the payload register in a ceremony directory.
pub const PAYLOADS: &str = "keys/payloads.json";

/// The pinned register, and every payload that this ceremony signed or intended to sign: a signature may exist even if
/// the power failed before it was recorded.
pub fn payload_register(ceremony: &Ceremony, transcript: &Transcript) -> PayloadRegister {
    let mut register = ceremony.script().payloads().clone();
    register.add_transcript(transcript.head());
    if ceremony.mode() == Mode::Rehearsal {
        register.add_rehearsal();
    }
    for line in transcript.entries().iter().map(|entry| &entry.line) {
        if let EventKind::Root(RootEvent::PayloadAbandoned {
            version,
            sha256,
            reason,
            ..
        }) = &line.kind
        {
            let abandoned = Abandoned {
                at: line.time,
                reason: reason.clone(),
            };
            // The replay has checked that it can be abandoned.
            let _ = register.abandon(ceremony.script().repository(), *version, *sha256, abandoned);
        }
    }
    add_destroyed(&mut register, ceremony, transcript);
    add_root(&mut register, ceremony, transcript, None);
    for view in ceremony.further() {
        let name = view.script().repository().to_owned();
        add_root(&mut register, &view, transcript, Some(&name));
    }
    register
}

fn add_destroyed(register: &mut PayloadRegister, ceremony: &Ceremony, transcript: &Transcript) {
    for line in transcript.entries().iter().map(|entry| &entry.line) {
        let EventKind::Keys(
            KeyEvent::TokenKeyDestroyed {
                key, fingerprint, ..
            }
            | KeyEvent::KeyFilesAttested {
                key, fingerprint, ..
            },
        ) = &line.kind
        else {
            continue;
        };
        let destruction = ceremony.key(key).map(KeyState::destruction);
        if let Some(destruction) = destruction.filter(|destruction| destruction.is_done()) {
            let destroyed = DestroyedKey {
                at: line.time,
                is_proven: destruction.attested().next().is_none(),
            };
            register.add_destroyed(*fingerprint, destroyed);
        }
    }
}

/// Adds the signed root of the repository, or of the further repository `of`.
fn add_root(
    register: &mut PayloadRegister,
    ceremony: &Ceremony,
    transcript: &Transcript,
    of: Option<&str>,
) {
    let Some(root) = ceremony.signed() else {
        return;
    };
    let mut entry = PayloadEntry::of(ceremony.script().repository(), root);
    if ceremony.is_reviewed() {
        entry.outstanding = ceremony.owed_elsewhere();
    }
    let mut add = |key_id: KeyId, at: Timestamp| {
        // The intent comes first, and counts.
        if !entry.signed.iter().any(|signed| signed.key_id == key_id) {
            entry.signed.insert(SignedBy { key_id, at });
        }
    };
    for line in transcript.entries().iter().map(|entry| &entry.line) {
        let EventKind::Root(event) = &line.kind else {
            continue;
        };
        let event = match (event, of) {
            (RootEvent::InRepository { repository, event }, Some(of)) if repository == of => event,
            (_, Some(_)) => continue,
            (event, None) => event,
        };
        if let RootEvent::SignIntended { key, .. } = event {
            let generated = ceremony.key(key).and_then(|state| state.generated());
            for id in generated
                .into_iter()
                .flat_map(|key| root.ids_of(&key.public_key))
            {
                add(id, line.time);
            }
        } else if let RootEvent::Signed { key_id, .. } = event {
            add(key_id.clone(), line.time);
        } else if let RootEvent::SignatureCollected {
            key_id,
            transcript: record,
            ..
        } = event
        {
            let at = record.as_ref().map_or(line.time, |record| record.signed);
            add(key_id.clone(), at);
            if let Some(record) = record {
                register.add_transcript(record.digest);
            }
        }
    }
    register.add(entry);
}
