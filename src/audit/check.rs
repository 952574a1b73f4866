//! Every check of a ceremony directory by its stable ID.

use crate::record::{Weight, check_table};

check_table! {
    /// A check of a ceremony directory. The meaning of an ID never changes;
    /// `docs/formats/ceremony-directory.md` lists them.
    Check as weight: Weight {
        TranscriptMissing "transcript.missing" Decides "The transcript is missing, or has no complete entry."
        TranscriptLine "transcript.entry" Decides "An entry of the transcript is not an event in canonical form."
        TranscriptChain "transcript.chain" Decides "An entry does not follow the previous entry: an entry was changed, moved, duplicated or removed."
        TranscriptScript "transcript.script" Decides "The transcript belongs to another script."
        TranscriptReplay "transcript.replay" Decides "An entry contradicts the entries before it, or has an invalid signature or proof."
        TranscriptDigest "transcript.digest" Decides "The transcript digest differs from the digest that was given."
        ScriptError "script.error" Decides "The script or a pinned input file is missing or not valid."
        DirectoryDocument "directory.document" Decides "A document differs from the transcript, or is missing although the ceremony has ended."
        DirectorySums "directory.sums" Decides "SHA256SUMS is malformed, lists too few or too many files, or contains a wrong digest."
        RootChain "root.chain" Decides "A client would not accept the root files."
        SigningTranscript "signing.transcript" Decides "The ceremony directory that another site returned with its signature is missing or was changed."
        ExportFile "export.file" Decides "A file in the export directory differs from the exported file."

        TranscriptTorn "transcript.torn" Reports "The transcript ends with an incomplete entry, for example after a power failure. It was never part of the ceremony."
        TranscriptTime "transcript.time" Reports "The time of an entry is before that of the previous entry, although the clock was not set between them."
        DirectoryForeign "directory.unexpected" Reports "The directory contains an unexpected file."
        DirectoryVersion "directory.version" Reports "A document for people was written by another version of the program, and was not compared."
        DirectoryUnfinished "directory.unfinished" Reports "The ceremony has not ended, so documents are still missing."
        ExportAbsent "export.absent" Reports "An exported file is not where it was written; it may have been moved."
        SigningTranscriptAbsent "signing.transcript-absent" Reports "Another site returned a signature without its ceremony directory."
        CeremonyException "ceremony.exception" Reports "The participants deviated from the script, and recorded an exception."
        CeremonyAmendment "ceremony.amendment" Reports "Two people amended the script."
        CeremonySolo "ceremony.solo" Reports "The script allowed one person to act alone."
        CeremonySignOff "ceremony.sign-off" Reports "A participant refused to sign off, signed off with a reservation, or did not sign off."
        CeremonyDestruction "ceremony.destruction" Reports "Participants attested that a key file was erased before an interruption; this is not proven."
        CeremonyAborted "ceremony.aborted" Reports "The ceremony was aborted."
    }
}

/// The result of a check of a ceremony directory.
pub type Remark = crate::record::Remark<Check>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_documented() {
        let document = include_str!("../../docs/formats/ceremony-directory.md");
        let ids: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(ids.len(), Check::ALL.len());
        for check in Check::ALL {
            let weight = match check.weight() {
                Weight::Decides => "decides",
                Weight::Reports => "reports",
            };
            let row = format!("| `{check}` | {weight} | {} |", check.meaning());
            assert!(document.contains(&row), "{row}");
        }
    }
}
