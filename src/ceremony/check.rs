//! The checks of a ceremony with their stable IDs, and which of them an exception can waive.

use crate::record::check_table;

/// Whether a check can be waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// It cannot be waived: abort, and start a new ceremony.
    Final,
    /// Two people may waive it by an exception with a reason.
    Waivable,
}

check_table! {
    /// A check of a ceremony. It cannot be switched off, and its ID never changes its meaning.
    /// `docs/formats/transcript.md` lists the checks.
    Check as finality: Finality {
        TwoPeople "approval.two-people" Final "A decision of two people is approved by two people who are present, other than the administrator, each by their code or approval token."
        ClockNotBefore "clock.not-before" Final "The attested time is not earlier than the script allows."
        ClockForward "clock.forward" Final "An attested time is not earlier than a recorded time, and is before the expiry of the root."
        ScriptDigest "script.digest" Final "The script that was read aloud is the script that is performed."
        KeyNonExtractable "key.non-extractable" Final "A token does not report that its private key can be read or exported."
        KeyAttestation "key.attestation" Final "The attestation of a key is true: for this key, device and slot, and as the script requires."
        KeyPossession "key.possession" Final "A token proves possession of its key by signing a fresh challenge."
        KeyProvenance "key.provenance" Final "Each key of the root has the provenance that the script requires."
        KeyRehearsal "key.rehearsal" Final "A key from a rehearsal is not used in a production."
        BackupRecipient "backup.recipient" Final "A custodian opened a test message before a share was encrypted to the same recipients."
        BackupManifest "backup.manifest" Final "The manifest of a share set is for the key, people and groups of the script."
        BackupQuorums "backup.quorums" Final "Every quorum of shares was tested and restored the key-encryption key."
        BackupSeparateMedia "backup.separate-media" Final "A wrapped key and its shares are never on the same medium."
        BackupOpened "backup.opened" Final "Each custodian opened their share, and it is in the set that was made."
        BackupReplaced "backup.replaced" Final "No part of a superseded share set is destroyed before every share of its replacement was opened."
        RestoreShare "restore.share" Final "An entered share is in the set and belongs to its custodian."
        RestoreQuorum "restore.quorum" Final "Only a quorum of shares restores a key-encryption key, and the key fits the commitment."
        RestoreKey "restore.key" Final "The restored key is the key of the manifest; otherwise it is not kept."
        RestoreProven "restore.proven" Final "The restored key signs a message that cannot be a root."
        RestoreDestroyed "restore.destroyed" Final "The key that a drill restored is destroyed, and its absence is checked."
        RootComposition "root.composition" Final "The root follows from the script and the keys."
        RootDigest "root.digest" Final "Only the root with the composed digest is reviewed and signed."
        RootReachability "root.reachability" Final "The signatures that the root needs can be reached, even without the keys that two people skipped."
        PayloadEquivocation "payload.equivocation" Final "A root is not signed if a conflicting root of the same version was signed."
        RequestVerified "request.verified" Final "A signing request builds on the root that is trusted here, and is current."
        KeyCertificate "key.certificate" Final "A certificate for a Notary root has the content that the script requires and is signed by its own key."
        RootSignature "root.signature" Final "A signature counts only after it was verified over the fixed bytes."
        RootVerification "root.verification" Final "The signed root verifies as a client verifies it."
        ExportContent "export.content" Final "Only the files of the verified root are exported."

        RehearsalShown "rehearsal.shown" Waivable "A production has a completed rehearsal of the same script."
        CustodyBag "custody.bag" Waivable "A bag that was left sealed is there and has the recorded number."
        CustodyDigest "custody.digest" Waivable "After a pause, the transcript digest is the one that was written on paper."
        CustodySealed "custody.sealed" Waivable "An item that leaves the table is in a bag whose number two people read."
        HostFindings "host.findings" Waivable "The host check has no findings."
        NoteInitials "note.initials" Waivable "Each person whom a note asks for initials gives them."
        TokenVerified "token.verified" Waivable "Each token is inserted again and proves possession of its key."
    }
}

impl Check {
    /// Whether an exception can waive it.
    pub const fn is_waivable(self) -> bool {
        matches!(self.finality(), Finality::Waivable)
    }
}
