//! All files of a ceremony directory that are derived from the transcript.

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

/// Documents for people, whose wording depends on the version of the program.
const TEXTS: [&str; 5] = [
    "VERIFY.txt",
    "cards.html",
    "cards.txt",
    "closing-note.txt",
    "report.html",
];

/// Whether a document is for people, so that its wording depends on the version of the program.
pub(super) fn is_text(path: &str) -> bool {
    TEXTS.contains(&path) || certificate::TEXTS.contains(&path) || attestation::is_text(path)
}

/// The path and content of every file of a ceremony directory that is derived from the transcript, sorted by path, with
/// [`SUMS`] last. The same transcript yields the same bytes.
///
/// `SHA256SUMS` also covers the script, its pinned input files and the transcript.
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
                // A key that is on no token here, but was restored from its old shares.
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

/// The list of digests in the format of `sha256sum`. The names have no character that it would escape.
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
        let _ = writeln!(text, "{digest}  {path}");
    }
    text.into_bytes()
}
