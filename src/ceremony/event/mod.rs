//! What can happen in a ceremony. Events are facts in the past tense: they hold no secret, and the fold of
//! them is the whole state.

mod backup;
mod opening;
mod particulars;
mod restore;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{FactorySecret, Finding, KeyAttributes, Provenance, TokenId};
use crate::script::{ItemId, KeyId, PersonId, SpareId, StepId, TokenSecret};
use crate::transfer::Occasion;
use crate::words::Digest;

use super::amendment::Amendment;
use super::approval::Approval;
use super::check::Check;
use super::failure::Failure;

pub use backup::{BackedUp, OpenedBy, Randomness, SeenMedium, WrappedIn};
pub use opening::{Mode, Opening, SimulatedRoot};
pub use particulars::{Counted, ExceptionSheet, ExportedFile, SigningRecord, Verdict};
pub use restore::EnteredBy;

/// One thing that happened, where, and who took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The step that it belongs to; none for what concerns the whole ceremony.
    pub step: Option<StepId>,
    /// The IDs of the people who took part.
    pub people: Vec<PersonId>,
    /// What happened.
    pub fact: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
pub enum EventKind {
    /// The ceremony began: always the first.
    Opened(Opening),
    /// A process took the ceremony up again after a pause, a crash or a power cut.
    Resumed {
        /// The version of the program.
        conclave: String,
        /// SHA-256 of the running program's file, where it can be read.
        program: Option<Digest>,
        /// What the machine says of itself.
        machine: String,
        /// The head of the record that was found: the digest of the line before.
        head: Digest,
        /// Bytes of a line that was cut short by the interruption, and so never counted.
        torn_bytes: u64,
    },
    /// A person is in the room.
    Attended {
        /// The kind of document by which the person is known. Never its number.
        document: String,
        /// Who looked at it; none in a ceremony for one person.
        checked_by: Option<PersonId>,
    },
    /// A person is not in the room yet, and comes later.
    Awaited,
    /// At attendance, the other of the two whom the script lists for a person has the place.
    Substituted {
        /// The name of the one who has the place now.
        name: String,
    },
    /// A person who is here chose a code, unseen, by which to approve. It is nowhere but in memory.
    CodeChosen,
    /// The own token of a person who is here answered a fresh challenge: the person approves by it.
    ApprovalTokenProven {
        /// The random part of the message, in hex.
        challenge: String,
        /// The signature over the message, in hex.
        signature: String,
    },
    /// The own token of a person who is here is not, or does not answer: the person approves by a code.
    ApprovalTokenMissing {
        /// Why.
        reason: String,
    },
    /// A person left the room.
    Left {
        /// Why.
        reason: String,
    },
    /// Two people changed one of the few things of the script that can be.
    Amended {
        /// What, from what, to what.
        amendment: Amendment,
        /// By whom.
        approvals: Vec<Approval>,
    },
    /// Two people compared the machine's clock with their own.
    ClockAttested {
        /// What the machine said.
        machine: Timestamp,
        /// What is right.
        attested: Timestamp,
        /// Attested minus machine: added to the machine's clock for every date from here on, in seconds.
        offset: i64,
        /// By whom.
        approvals: Vec<Approval>,
    },
    /// The machine was looked at.
    HostInspected {
        /// What was found that a person should know; empty when all is well.
        findings: Vec<Finding>,
    },
    /// The people in the room saw the findings and decided to go on.
    FindingsAcknowledged {
        /// By whom.
        approvals: Vec<Approval>,
    },
    /// The digest of the script was read aloud and compared with the printed one.
    ScriptRead {
        /// The digest.
        sha256: Digest,
    },
    /// A person put initials under a note of the script.
    Initialled {
        /// As they were typed.
        initials: String,
    },
    /// The token for a key was found, and is the one that the script names.
    TokenFound {
        /// The key that it is for.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// Whether it was blank.
        blank: bool,
        /// What it still had as it left the factory.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        at_factory_value: Vec<FactorySecret>,
    },
    /// A token is about to be initialized: all that is on it goes.
    InitializeIntended {
        /// The key that it is for.
        key: KeyId,
        /// The label that it will have.
        label: String,
    },
    /// A token was initialized.
    TokenInitialized {
        /// The key that it is for.
        key: KeyId,
        /// The token, as it names itself now.
        token: TokenId,
    },
    /// The key holder set the PIN.
    PinSet {
        /// The key that the token is for.
        key: KeyId,
    },
    /// The management key of the token was written down by hand and typed back; the token keeps it no more.
    ManagementKeyWritten {
        /// The key that the token is for.
        key: KeyId,
    },
    /// A key is about to be generated under an object ID that nothing else has.
    GenerateIntended {
        /// The key's name in the script.
        key: KeyId,
        /// `CKA_ID`, in hex.
        object_id: String,
        /// `CKA_LABEL`.
        label: String,
    },
    /// A key was generated inside a token, and read back.
    KeyGenerated {
        /// The key's name in the script.
        key: KeyId,
        /// The token that holds it.
        token: TokenId,
        /// The public key, PEM SubjectPublicKeyInfo.
        public_key: String,
        /// SHA-256 over the DER SubjectPublicKeyInfo.
        fingerprint: Digest,
        /// What the token says of the private key.
        attributes: KeyAttributes,
        /// What that amounts to, with the attestation.
        provenance: Provenance,
        /// What the token states, signed, about where the key was made: the statement, then the certificate of the
        /// device, PEM each. Empty for tokens that state nothing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attestation: Vec<String>,
    },
    /// A token proved that it holds a key, by signing a fresh challenge.
    PossessionProven {
        /// The key's name in the script.
        key: KeyId,
        /// When in the key's life.
        occasion: Occasion,
        /// The random part of the message, in hex.
        challenge: String,
        /// The signature over the message, in hex.
        signature: String,
    },
    /// A key is about to sign a certificate of itself.
    CertifyIntended {
        /// The key's name in the script.
        key: KeyId,
        /// The name in it.
        name: String,
    },
    /// A key signed a certificate of itself, for a root of Notary.
    KeyCertified {
        /// The key's name in the script.
        key: KeyId,
        /// The certificate, PEM.
        certificate: String,
    },
    /// A custodian opened a test message: what will be closed to the same recipients, the custodian can open.
    RecipientProven {
        /// Who.
        custodian: PersonId,
        /// The recipients, as age writes them; none for a passphrase. In a rehearsal, those of the twin.
        recipients: Vec<String>,
        /// How it was opened.
        by: OpenedBy,
    },
    /// A key is about to be backed up. The files of its set have this in their names, and lie in folders `KEY-ID`.
    BackupIntended {
        /// The key's name in the script.
        key: KeyId,
        /// Fresh, in hex.
        id: String,
    },
    /// A key was backed up: its set was written and read back, every quorum was tried, and what wrapped the key was
    /// wiped.
    BackedUp(Box<BackedUp>),
    /// A key that was wrapped leaves its token no more.
    KeyConfined {
        /// The key's name in the script.
        key: KeyId,
        /// What the token says of the private key now.
        attributes: KeyAttributes,
    },
    /// A custodian opened the own share, as it was read back from its medium, and it is of the set.
    ShareOpened {
        /// The key's name in the script.
        key: KeyId,
        /// The fingerprint of the set.
        set: Digest,
        /// Who.
        custodian: PersonId,
        /// How.
        by: OpenedBy,
    },
    /// A share was seen to be the one that was made for its custodian; where the key is restored, it came in.
    ShareEntered {
        /// The fingerprint of the set.
        set: Digest,
        /// Whose.
        custodian: PersonId,
        /// How.
        by: EnteredBy,
    },
    /// A part of an old share set was destroyed, and two people saw it.
    OldPartDestroyed {
        /// The fingerprint of the old set.
        set: Digest,
        /// Whose share it was; none for the wrapped key, with all its copies.
        custodian: Option<String>,
        /// Who saw it.
        approvals: Vec<Approval>,
    },
    /// A part of an old share set was not destroyed, and stays on the list.
    OldPartLeft {
        /// The fingerprint of the old set.
        set: Digest,
        /// Whose share it is; none for the wrapped key.
        custodian: Option<String>,
        /// Why it was not.
        reason: String,
        /// Who says so.
        approvals: Vec<Approval>,
    },
    /// Two people gave a share up: it counts as lost.
    ShareGivenUp {
        /// Whose.
        custodian: PersonId,
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// The shares that came in restored the key-encryption key of the set; it was wiped at once.
    SharesCombined {
        /// The fingerprint of the set.
        set: Digest,
    },
    /// The key was unwrapped into the locked memory of the machine, and is the one of the manifest.
    KeyRestored {
        /// The fingerprint of the set.
        set: Digest,
        /// Of the public key.
        fingerprint: Digest,
    },
    /// What was restored signed a message that can be no root.
    RestoreProven {
        /// The random part of the message, in hex.
        challenge: String,
        /// The signature over the message, in hex.
        signature: String,
    },
    /// What was restored was destroyed, and was seen to be gone.
    RestoredDestroyed {
        /// Of the public key.
        fingerprint: Digest,
    },
    /// Two people ended a drill without a restored key.
    DrillFailed {
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// Two people compared the fingerprint of a key at another site with what its holder read out.
    EnrollmentCompared {
        /// The key's name in the script.
        key: KeyId,
        /// Of the public key.
        fingerprint: Digest,
        /// Who compared it.
        approvals: Vec<Approval>,
    },
    /// The root was composed, and its bytes are fixed.
    RootComposed {
        /// Its version.
        version: u64,
        /// The canonical JSON that will be signed.
        signed: String,
        /// SHA-256 over it.
        sha256: Digest,
    },
    /// A signing request was judged: it builds upon what is trusted here, and nothing else was signed in its place.
    RequestJudged {
        /// SHA-256 over the payload.
        sha256: Digest,
        /// The digest that the key holder typed from the paper card, where this machine trusts nothing.
        card: Option<Digest>,
        /// Whether this very payload was signed before.
        again: bool,
    },
    /// The people in the room saw the change, and the exact word was typed.
    ReviewConfirmed {
        /// The digest that was reviewed.
        sha256: Digest,
        /// The word.
        typed: String,
    },
    /// A token is about to sign the frozen root.
    SignIntended {
        /// The key's name in the script.
        key: KeyId,
        /// The digest that it signs.
        sha256: Digest,
        /// Whether an earlier try was interrupted, so that this signature may be the second one over the same bytes.
        repeat: bool,
    },
    /// A signature was made and verified.
    Signed {
        /// The key's name in the script.
        key: KeyId,
        /// Its TUF key ID.
        key_id: String,
        /// The signature as TUF has it, in hex.
        signature: String,
    },
    /// The signing request for other sites was written out.
    RequestWritten {
        /// The file.
        file: ExportedFile,
    },
    /// A site says that its signature is on its way to this machine: it is looked for.
    SignatureExpected {
        /// The key's name in the script.
        key: KeyId,
    },
    /// The signature of another site came, and was verified.
    SignatureCollected {
        /// The key's name in the script.
        key: KeyId,
        /// Its TUF key ID.
        key_id: String,
        /// The signature as TUF has it, in hex.
        signature: String,
        /// The record of its signing, where it came too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<SigningRecord>,
    },
    /// The signature of another site is not waited for: the thresholds are reached without it.
    SignatureSkipped {
        /// The key's name in the script.
        key: KeyId,
        /// Why.
        reason: String,
    },
    /// The signed root was verified as a client does it.
    RootVerified {
        /// Its version.
        version: u64,
        /// SHA-256 over the whole file.
        file_sha256: Digest,
        /// How many keys of the root role signed.
        signatures: u64,
        /// How many must.
        threshold: u64,
        /// The same for the root role of the version before; none in a genesis.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Counted>,
    },
    /// The same happened to the root of a further repository: one of the facts about a root or a certificate.
    InRepository {
        /// Its name.
        repository: String,
        /// What happened.
        fact: Box<EventKind>,
    },
    /// Files are about to be exported.
    ExportIntended {
        /// Which.
        files: Vec<ExportedFile>,
    },
    /// The files were written, read back and compared.
    Exported {
        /// Which.
        files: Vec<ExportedFile>,
    },
    /// The number of a closed bag was read and matched, and the bag was opened in front of all.
    BagOpened {
        /// What lies in it.
        item: ItemId,
        /// Its number.
        bag: String,
    },
    /// One person read the number of a new bag.
    NewBagRead {
        /// What goes into it.
        item: ItemId,
        /// Its number.
        bag: String,
    },
    /// A second person read another number: both are read again.
    BagReadingsDiffered {
        /// What goes into it.
        item: ItemId,
        /// What the second person read.
        bag: String,
    },
    /// A second person read the same number, and the token or medium is in the bag.
    Sealed {
        /// What is in it.
        item: ItemId,
        /// Its number.
        bag: String,
        /// Who took it.
        receiver: PersonId,
        /// Where it is kept; none for the time of a pause.
        place: Option<String>,
        /// Who approved.
        approvals: Vec<Approval>,
    },
    /// A pause begins: tokens are put away.
    PauseBegun {
        /// What for.
        reason: String,
        /// Who approved; nobody where the script has a break.
        approvals: Vec<Approval>,
    },
    /// All tokens were logged out and taken out.
    TokensPutAway,
    /// The ceremony rests, until another process takes it up.
    Paused {
        /// When, by the attested clock: it is not earlier when the ceremony goes on.
        at: Timestamp,
    },
    /// The head of the record at the pause was read from the ink, and is this record's.
    HeadCompared {
        /// The first words, as they were read.
        words: String,
    },
    /// A person signed off.
    SignedOff {
        /// How.
        verdict: Verdict,
        /// What the person wants to be read with it.
        remark: String,
    },
    /// The block of a key was put off.
    Postponed {
        /// The key.
        key: KeyId,
    },
    /// The block of a key was taken up, out of the script's order.
    TakenUp {
        /// The key.
        key: KeyId,
    },
    /// Two people decided that a key is made anew on its token: the old one is destroyed first.
    RegenerationDecided {
        /// The key.
        key: KeyId,
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// Two people decided that a spare stands in for the token of a key.
    SpareTaken {
        /// The key.
        key: KeyId,
        /// The spare.
        spare: SpareId,
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// A key that was given up was destroyed, and is not on its token any more.
    KeyDestroyed {
        /// The key's name in the script.
        key: KeyId,
        /// Of the public key.
        fingerprint: Digest,
    },
    /// Two people decided that a key that was given up stays where it is, and is listed as an orphan.
    KeyOrphaned {
        /// The key's name in the script.
        key: KeyId,
        /// Of the public key.
        fingerprint: Digest,
        /// Why it is not destroyed.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// It was decided to unblock the PIN of a key's token.
    UnblockDecided {
        /// The key.
        key: KeyId,
        /// The bag that is opened for it, where what unblocks lies in one.
        bag: Option<String>,
    },
    /// The PIN was unblocked: its owner set a new one.
    PinUnblocked {
        /// The key.
        key: KeyId,
    },
    /// A secret of a token was sealed into a bag.
    EnvelopeSealed {
        /// The key that the token is for.
        key: KeyId,
        /// Which secret.
        secret: TokenSecret,
        /// The number of the bag.
        bag: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// Two people decided that nothing more is asked of a key: neither a signature nor a proof.
    Skipped {
        /// The key.
        key: KeyId,
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// Two people gave up a payload that clients cannot come to accept: its signatures are void, and another may take
    /// its version.
    PayloadAbandoned {
        /// Its version.
        version: u64,
        /// SHA-256 over its canonical form.
        sha256: Digest,
        /// Why.
        reason: String,
        /// By whom it is approved.
        approvals: Vec<Approval>,
    },
    /// A person typed the test line: the keyboard gives what stands on its keys.
    KeyboardTested {
        /// The line, as it came.
        typed: String,
    },
    /// Something was tried and did not work. Nothing was lost by it.
    Failed {
        /// What the failure was.
        failure: Failure,
    },
    /// It was decided to try again.
    Retried,
    /// An exception sheet was filled in.
    ExceptionRecorded {
        /// The sheet.
        sheet: ExceptionSheet,
        /// The check that it waives; none where the sheet only notes what happened.
        waives: Option<Check>,
        /// Who decided.
        approvals: Vec<Approval>,
    },
    /// The ceremony was broken off for good.
    Aborted {
        /// Why.
        reason: String,
    },
    /// The ceremony is over: always the last.
    Closed {
        /// The worst verdict of those who signed off.
        status: Verdict,
    },
}
