//! All files of a ceremony directory that follow from the record.

use std::fmt::Write as _;

use crate::ceremony::Ceremony;
use crate::script::KeyId;
use crate::transcript::{Transcript, closing_note};
use crate::transfer::Enrollment;
use crate::words::Digest;

use super::attestation::{self, attestations};
use super::cards::cards;
use super::certificate;
use super::custody::{CUSTODY, custody};
use super::instructions::instructions;
use super::names::{SCRIPT, SUMS, TRANSCRIPT, transcript_bytes};
use super::payloads::{PAYLOADS, payload_register};
use super::register::{collected_keys, public_key_path, register};
use super::report::report;
use super::returned::returned_files;

/// Documents whose wording belongs to the version of the program; what they say stands in the record as well.
const WORDED: [&str; 5] = [
    "VERIFY.txt",
    "cards.html",
    "cards.txt",
    "closing-note.txt",
    "report.html",
];

/// Whether the wording of a document belongs to the version of the program.
pub(super) fn is_worded(path: &str) -> bool {
    WORDED.contains(&path) || certificate::WORDED.contains(&path) || attestation::is_worded(path)
}

/// Every file of a ceremony directory that follows from the record, by its relative path, with its bytes; in the
/// order of paths, [`SUMS`] last. The same record gives the same bytes.
///
/// The script, the files that it carries and the transcript are what they follow from; `SHA256SUMS` covers those too.
pub fn documents(ceremony: &Ceremony, transcript: &Transcript) -> Vec<(String, Vec<u8>)> {
    let mut documents = vec![
        (
            "closing-note.txt".to_owned(),
            closing_note(ceremony, transcript).to_text().into_bytes(),
        ),
        (
            "report.html".to_owned(),
            report(ceremony, transcript).to_html().into_bytes(),
        ),
        (
            "VERIFY.txt".to_owned(),
            instructions(ceremony, transcript).into_bytes(),
        ),
        ("keys/register.json".to_owned(), register(ceremony)),
        (
            PAYLOADS.to_owned(),
            payload_register(ceremony, transcript).to_file_bytes(),
        ),
        (CUSTODY.to_owned(), custody(ceremony, transcript).to_bytes()),
    ];
    for (name, text) in cards(ceremony, transcript) {
        documents.push((name, text.into_bytes()));
    }
    for (plan, state) in ceremony.key_states() {
        if let Some(generated) = state.generated() {
            let pem = generated.public_key.to_pem().into_bytes();
            documents.push((public_key_path(&plan.id), pem));
        }
    }
    documents.extend(attestations(ceremony));
    documents.extend(certificate::certificate(ceremony, transcript));
    for (key, backup) in ceremony.backups() {
        if let Some(made) = backup.made() {
            let facts = made.manifest.facts();
            if ceremony.key(key).is_none() {
                // A key that no token here holds: its old shares restored it.
                let pem = facts.public_key.to_pem().into_bytes();
                documents.push((public_key_path(key), pem));
            }
            let name = crate::backup::manifest_file(&facts.key, &facts.id);
            documents.push((format!("backup/{name}"), made.manifest.to_file_bytes()));
        }
    }
    for (id, enrollment) in ceremony.enrollments() {
        let name = Enrollment::file_name(id.as_str());
        documents.push((format!("keys/{name}"), enrollment.to_file_bytes()));
    }
    let remote = ceremony
        .remote_keys()
        .map(|(distant, key)| (&distant.id, key));
    let before = ceremony.base_root();
    let known = |id: &KeyId| before.is_some_and(|before| before.key(id).is_some());
    let collected = collected_keys(ceremony).filter(|(id, _)| known(id));
    for (id, key) in remote.chain(collected) {
        if let Some(public) = key.public() {
            documents.push((public_key_path(id), public.to_pem().into_bytes()));
        }
    }
    if let (Some(signed), Some(_)) = (ceremony.signed(), ceremony.verified()) {
        let name = format!("root/{}.root.json", signed.frozen().version());
        documents.push((name, signed.to_file_bytes()));
    }
    for (folder, view) in ceremony.further_in_folders() {
        if let (Some(signed), Some(_)) = (view.signed(), view.verified()) {
            let name = format!("root/{folder}/{}.root.json", signed.frozen().version());
            documents.push((name, signed.to_file_bytes()));
        }
    }
    documents.sort();
    let sums = sums(ceremony, transcript, &documents);
    documents.push((SUMS.to_owned(), sums));
    documents
}

/// The list of digests, as `sha256sum` writes and checks it. Names have no character that it would escape.
fn sums(ceremony: &Ceremony, transcript: &Transcript, documents: &[(String, Vec<u8>)]) -> Vec<u8> {
    let script = ceremony.script();
    let mut lines: Vec<(&str, Digest)> = documents
        .iter()
        .map(|(path, bytes)| (path.as_str(), Digest::of(bytes)))
        .collect();
    lines.push((SCRIPT, script.sha256()));
    lines.push((TRANSCRIPT, Digest::of(&transcript_bytes(transcript))));
    for file in script.pinned_files() {
        lines.push((&file.name, file.sha256));
    }
    let returned = returned_files(transcript);
    lines.extend(
        returned
            .iter()
            .map(|(path, digest)| (path.as_str(), *digest)),
    );
    lines.sort_unstable();
    let mut text = String::new();
    for (path, digest) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{digest}  {path}");
    }
    text.into_bytes()
}
