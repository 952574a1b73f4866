//! The record of a signing at another site, which comes back with the signature: read, replayed, and judged by
//! what was asked.

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

/// Where the records of other sites lie in a ceremony directory.
const RECORDS: &str = "records";

/// The record of one signing.
#[derive(Debug, Clone)]
pub struct ReturnedSigning {
    /// As the record of this ceremony names it.
    pub record: SigningTranscript,
    /// Script, transcript and what the script carries, by their names.
    pub files: Vec<(String, Vec<u8>)>,
    /// What was signed there.
    pub signatures: Vec<DetachedSignature>,
}

/// Reads the directory of a signing that was held elsewhere, and replays it.
///
/// # Errors
/// When it is no whole record of a signing of this payload, in these words.
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
        return Err("it is the record of another kind of ceremony".to_owned());
    }
    if ceremony.mode() != mode {
        return Err(format!("it is the record of a {}", ceremony.mode()));
    }
    let is_asked = script.repository() == repository
        && ceremony.frozen().map(|root| root.digest()) == Some(payload.digest());
    if !is_asked {
        return Err("it is the record of signing something else".to_owned());
    }
    if !matches!(ceremony.ending(), Some(Ending::Closed(verdict)) if *verdict != Verdict::Refuse) {
        return Err("the key holder did not close it".to_owned());
    }
    let transcript = transcript_bytes(&record.transcript);
    let mut files = vec![
        (SCRIPT.to_owned(), script.text().as_bytes().to_vec()),
        (TRANSCRIPT.to_owned(), transcript),
    ];
    let carried = script.pinned_files();
    files.extend(carried.map(|file| (file.name.clone(), file.bytes.clone())));
    files.sort();
    Ok(ReturnedSigning {
        record: SigningTranscript {
            digest: record.transcript.head(),
            signed: signed_at(&record.transcript).ok_or("nothing was signed in it")?,
            files: files
                .iter()
                .map(|(name, bytes)| named(name, bytes))
                .collect(),
        },
        files,
        signatures: ceremony.detached_signatures(),
    })
}

/// Where a file of the record of a key's signing lies in the directory of the ceremony that asked for it.
pub fn returned_path(key: &KeyId, name: &str) -> String {
    format!("{RECORDS}/{key}/{name}")
}

/// The folder with all of them.
pub(super) fn returned_folder(key: &KeyId) -> String {
    format!("{RECORDS}/{key}")
}

/// The signatures that came from other sites, each with the record of its signing where that came too.
pub(super) fn collected(
    transcript: &Transcript,
) -> impl Iterator<Item = (&KeyId, Option<&SigningTranscript>)> {
    let facts = transcript.entries().iter().map(|entry| &entry.line.kind);
    facts.filter_map(|fact| {
        let EventKind::Root(RootEvent::SignatureCollected {
            key,
            transcript: record,
            ..
        }) = fact
        else {
            return None;
        };
        Some((key, record.as_ref()))
    })
}

/// The paths of all files that came back with signatures, with their digests.
pub(super) fn returned_files(transcript: &Transcript) -> Vec<(String, Digest)> {
    collected(transcript)
        .filter_map(|(key, record)| Some((key, record?)))
        .flat_map(|(key, record)| {
            let files = record.files.iter();
            files.map(move |file| (returned_path(key, &file.name), file.sha256))
        })
        .collect()
}

/// What is the matter with the record that lies in a directory for a collected signature, if anything is.
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
        Ok(_) => Some("it is another record than the one that came".to_owned()),
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
