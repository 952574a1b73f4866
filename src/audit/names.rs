//! The names of the files of every ceremony directory.

use crate::transcript::Transcript;

pub(super) const SCRIPT: &str = "script.toml";
pub(super) const TRANSCRIPT: &str = "transcript.jsonl";
/// The list of digests: it covers every other file, and so is written last.
pub const SUMS: &str = "SHA256SUMS";

/// The bytes of `transcript.jsonl`.
pub(super) fn transcript_bytes(transcript: &Transcript) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in transcript.entries() {
        bytes.extend(entry.line.encode());
        bytes.push(b'\n');
    }
    bytes
}
