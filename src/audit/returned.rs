//! The ceremony directory of a signing at another site, which is returned with the signature: read, replayed, and
//! compared with the signing request.

use std::path::Path;

use jiff::Timestamp;

use crate::ceremony::{
    Ceremony, Ending, EventKind, ExportedFile, Mode, RootEvent, SigningTranscript, Verdict,
};
use crate::metadata::FrozenRoot;
use crate::script::KeyId;
use crate::transcript::Transcript;
use crate::transfer::DetachedSignature;
use crate::words::Digest;

use super::directory::read_record;
use super::names::{SCRIPT, TRANSCRIPT, transcript_bytes};

/// The folder for returned ceremony directories in a ceremony directory.
const RECORDS: &str = "records";

/// The returned ceremony directory of one signing.
#[derive(Debug, Clone)]
pub struct ReturnedSigning {
    pub record: SigningTranscript,
    /// Script, transcript and pinned input files, by name.
    pub files: Vec<(String, Vec<u8>)>,
    pub signatures: Vec<DetachedSignature>,
}

/// Reads and replays the ceremony directory of a signing at another site. The error explains why it is not the completed
/// signing of this payload.
pub fn read_returned(
    directory: &Path,
    mode: Mode,
    repository: &str,
    payload: &FrozenRoot,
) -> Result<ReturnedSigning, String> {
    let record = read_record(directory).map_err(|error| error.to_string())?;
    let ceremony = record.replay().map_err(|error| error.to_string())?;
    let script = ceremony.script();
    if script.signing().is_none() {
        return Err("the ceremony is not a signing".to_owned());
    }
    if ceremony.mode() != mode {
        return Err(format!(
            "the signing was a {}, not a {mode}",
            ceremony.mode()
        ));
    }
    let is_asked = script.repository() == repository
        && ceremony.frozen().map(|root| root.digest()) == Some(payload.digest());
    if !is_asked {
        return Err("the signing was for another payload".to_owned());
    }
    if !matches!(ceremony.ending(), Some(Ending::Closed(verdict)) if *verdict != Verdict::Refuse) {
        return Err("the signing was not completed".to_owned());
    }
    let transcript = transcript_bytes(&record.transcript);
    let mut files = vec![
        (SCRIPT.to_owned(), script.text().as_bytes().to_vec()),
        (TRANSCRIPT.to_owned(), transcript),
    ];
    let pinned = script.pinned_files();
    files.extend(pinned.map(|file| (file.name.clone(), file.bytes.clone())));
    files.sort();
    Ok(ReturnedSigning {
        record: SigningTranscript {
            digest: record.transcript.head(),
            signed: signed_at(&record.transcript).ok_or("the transcript has no signature")?,
            files: files
                .iter()
                .map(|(name, bytes)| named(name, bytes))
                .collect(),
        },
        files,
        signatures: ceremony.detached_signatures(),
    })
}

/// The path of a file of a returned ceremony directory.
pub fn returned_path(key: &KeyId, name: &str) -> String {
    format!("{RECORDS}/{key}/{name}")
}

pub(super) fn returned_folder(key: &KeyId) -> String {
    format!("{RECORDS}/{key}")
}

/// The signatures collected from other sites, each with its returned ceremony directory if there is one.
pub(super) fn collected(
    transcript: &Transcript,
) -> impl Iterator<Item = (&KeyId, Option<&SigningTranscript>)> {
    let events = transcript.entries().iter().map(|entry| &entry.line.kind);
    events.filter_map(|event| {
        let EventKind::Root(RootEvent::SignatureCollected {
            key,
            transcript: record,
            ..
        }) = event
        else {
            return None;
        };
        Some((key, record.as_ref()))
    })
}

/// The paths and digests of all returned files.
pub(super) fn returned_files(transcript: &Transcript) -> Vec<(String, Digest)> {
    collected(transcript)
        .filter_map(|(key, record)| Some((key, record?)))
        .flat_map(|(key, record)| {
            let files = record.files.iter();
            files.map(move |file| (returned_path(key, &file.name), file.sha256))
        })
        .collect()
}

/// The problem with the returned ceremony directory of a collected signature, if there is one.
pub(super) fn fault_of(
    directory: &Path,
    ceremony: &Ceremony,
    key: &KeyId,
    record: &SigningTranscript,
) -> Option<String> {
    let payload = ceremony.frozen()?;
    let folder = directory.join(returned_folder(key));
    let repository = ceremony.script().repository();
    match read_returned(&folder, ceremony.mode(), repository, payload) {
        Ok(returned) if returned.record == *record => None,
        Ok(_) => Some("it differs from the one that was returned".to_owned()),
        Err(why) => Some(why),
    }
}

fn signed_at(transcript: &Transcript) -> Option<Timestamp> {
    let mut lines = transcript.entries().iter().map(|entry| &entry.line);
    let line =
        lines.find(|line| matches!(line.kind, EventKind::Root(RootEvent::SignIntended { .. })))?;
    Some(line.time)
}

fn named(name: &str, bytes: &[u8]) -> ExportedFile {
    ExportedFile {
        name: name.to_owned(),
        size: bytes.len() as u64,
        sha256: Digest::of(bytes),
    }
}
