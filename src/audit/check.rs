//! Every check of a ceremony directory by its stable ID.

use crate::record::{Weight, check_table};

check_table! {
    /// A check of a ceremony directory. Its ID never changes its meaning;
    /// `docs/formats/ceremony-directory.md` lists them.
    Check as weight: Weight {
        TranscriptMissing "transcript.missing" Decides "There is no transcript, or it has no whole line."
        TranscriptLine "transcript.line" Decides "A line of the transcript is not an event, or not in the one form that it can have."
        TranscriptChain "transcript.chain" Decides "A line does not follow the one before it: one was changed, moved, doubled or taken out."
        TranscriptScript "transcript.script" Decides "The transcript belongs to another script."
        TranscriptReplay "transcript.replay" Decides "A line says what cannot have happened there; a signature or proof that does not verify included."
        TranscriptHead "transcript.head" Decides "The head of the record is not the one that was given."
        ScriptFault "script.fault" Decides "The script, or a file that it carries, is missing or faulty."
        DirectoryDocument "directory.document" Decides "A document is missing although the ceremony has ended, or is not what the record makes it."
        DirectorySums "directory.sums" Decides "SHA256SUMS is malformed, lists too few or too many files, or a digest in it is wrong."
        RootChain "root.chain" Decides "The root files do not verify as a client verifies them."
        SigningTranscript "signing.transcript" Decides "The record of a signing at another site, which came back with its signature, is missing or is not the one that came."
        ExportFile "export.file" Decides "A file in the export folder is not the one that was exported."

        TranscriptTorn "transcript.torn" Reports "The transcript ends in a part of a line: the power was cut while it was written. It never counted."
        TranscriptTime "transcript.time" Reports "A line is earlier than the one before it, although nobody set the clock between them."
        DirectoryForeign "directory.foreign" Reports "Something lies in the directory that does not belong there."
        DirectoryVersion "directory.version" Reports "A document for people was worded by another version of the program, and was not compared."
        DirectoryUnfinished "directory.unfinished" Reports "The ceremony has not ended: documents are still to come."
        ExportAbsent "export.absent" Reports "What was exported is not where it was written: it may have been carried away."
        SigningTranscriptAbsent "signing.transcript-absent" Reports "A signature came from its site without the record of its signing."
        CeremonyException "ceremony.exception" Reports "The room departed from the script, and recorded an exception."
        CeremonyAmendment "ceremony.amendment" Reports "Two people amended what the script says."
        CeremonySolo "ceremony.solo" Reports "The script let one person act alone."
        CeremonySignOff "ceremony.sign-off" Reports "Somebody refused to sign off, did it with a reservation, or did not."
        CeremonyDestruction "ceremony.destruction" Reports "People attested that a key file was erased before an interruption: it is not proven."
        CeremonyAborted "ceremony.aborted" Reports "The ceremony was broken off."
    }
}

/// What a check has to say about a ceremony directory.
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
