//! The checks of a ceremony by their stable IDs, and which of them an exception can waive.

use crate::record::check_table;

/// Whether a check can be waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// Nobody waives it: break off, and begin anew with what is right.
    Final,
    /// Two people may waive it, by an exception that says why.
    Waivable,
}

check_table! {
    /// A check of a ceremony. None has a switch. Its ID never changes its meaning;
    /// `docs/formats/transcript.md` lists them.
    Check as finality: Finality {
        TwoPeople "approval.two-people" Final "What two people decide is approved by two who are here, neither of them the administrator, each by an own code or token."
        ClockNotBefore "clock.not-before" Final "The attested time is not earlier than the script allows."
        ClockForward "clock.forward" Final "No attested time is earlier than one that is on record, or later than the root's expiry."
        ScriptDigest "script.digest" Final "The script that was read aloud is the script that runs."
        KeyNonExtractable "key.non-extractable" Final "No token says that its private key can be read or taken out."
        KeyAttestation "key.attestation" Final "What a device states about a key is true: of this key, this device, this slot, and as the script has it used."
        KeyPossession "key.possession" Final "A token answers a fresh challenge with its key."
        KeyProvenance "key.provenance" Final "A key that comes into the root is known to have been made as the script requires."
        KeyRehearsal "key.rehearsal" Final "A key that was made in a rehearsal is in no production."
        BackupRecipient "backup.recipient" Final "A custodian was seen to open a test message before a share was closed to the same recipients."
        BackupManifest "backup.manifest" Final "The manifest of a share set is of the script's key, people and groups."
        BackupQuorums "backup.quorums" Final "Every quorum of shares was tried, and restored the key-encryption key."
        BackupSeparateMedia "backup.separate-media" Final "A wrapped key and its shares never lie on the same medium."
        BackupOpened "backup.opened" Final "Every custodian opened the own share, and it is of the set that was made."
        BackupReplaced "backup.replaced" Final "Nothing of an old share set is destroyed before what takes its place was seen to open."
        RestoreShare "restore.share" Final "A share that comes in is of the set, and is the one that was made for its custodian."
        RestoreQuorum "restore.quorum" Final "Only a quorum of shares restores a key-encryption key, and it fits the commitment."
        RestoreKey "restore.key" Final "What is restored is the key of the manifest, or nothing is kept."
        RestoreProven "restore.proven" Final "What was restored signs a message that can be no root."
        RestoreDestroyed "restore.destroyed" Final "What a drill restored is destroyed, and seen to be gone."
        RootComposition "root.composition" Final "The root is the one that the script and the keys make."
        RootDigest "root.digest" Final "Only the digest that was composed is reviewed and signed."
        RootReachability "root.reachability" Final "The signatures that the root needs can be reached, whatever two people do without."
        PayloadEquivocation "payload.equivocation" Final "Nothing is signed where another payload of that version was signed."
        RequestJudged "request.judged" Final "A signing request builds upon the root that is trusted here, and is of today."
        KeyCertificate "key.certificate" Final "A certificate for a root of Notary says what the script says, and is signed by its own key."
        RootSignature "root.signature" Final "A signature verifies over the frozen bytes before it counts."
        RootVerification "root.verification" Final "The signed root verifies as a client verifies it."
        ExportContent "export.content" Final "Only the files of the verified root are exported."

        RehearsalShown "rehearsal.shown" Waivable "A production has a completed rehearsal of the very same script."
        CustodyBag "custody.bag" Waivable "A bag that was left closed is there, and shows the number on record."
        CustodyDigest "custody.digest" Waivable "After a pause, the head of the record is the one that was written down in ink."
        CustodySealed "custody.sealed" Waivable "What leaves the table is in a bag whose number two people read."
        HostFindings "host.findings" Waivable "Nothing is found on the machine that makes it unfit."
        NoteInitials "note.initials" Waivable "Everybody puts initials whom a note asks for them."
        TokenProven "token.proven" Waivable "Each token is put in once more, cold, and answers."
    }
}

impl Check {
    /// Whether an exception can waive it.
    pub const fn is_waivable(self) -> bool {
        matches!(self.finality(), Finality::Waivable)
    }
}
