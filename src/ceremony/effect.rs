//! What a ceremony has done in the world, and what came of it. The executor alone performs effects.

use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{KeyType, Scheme};
use crate::record::{FactorySecret, Finding, KeyAttributes, TokenId, UsePolicy};
use crate::script::{Entering, KeyId, PersonId, SpareId};
use crate::transfer::Occasion;
use crate::words::Digest;

use super::approval::Approval;
use super::check::Check;
use super::event::{BackedUp, ExceptionReport, ExportedFile, OpenedBy, Opening, SigningTranscript};
use super::failure::Failure;
use super::prompt::Answer;
use super::request::Request;

/// Something to do. Each can be done again after an interruption: the intent that was recorded first says
/// under which name to look for what may have been done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Let a person choose an approval code, and keep it in memory.
    ChooseCode {
        /// Who.
        person: PersonId,
    },
    /// Look at the machine.
    InspectHost,
    /// Wait until the token for this key is there, and no other that could be taken for it.
    FindToken {
        /// The key's name in the script.
        key: KeyId,
    },
    /// Initialize the token, unless a token with that fresh label is there already.
    InitializeToken {
        /// The key's name in the script.
        key: KeyId,
        /// The token as it was found.
        token: TokenId,
        /// The label to give.
        label: String,
    },
    /// Let the key holder set the PIN.
    SetPin {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
    },
    /// Have a person's own token sign a fresh challenge.
    ProveApprovalToken {
        /// Whose.
        person: PersonId,
        /// The key that must answer.
        public_key: PublicKey,
    },
    /// Generate the key, unless one with that fresh object ID is there already.
    GenerateKey {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// `CKA_ID`.
        object_id: Vec<u8>,
        /// `CKA_LABEL`.
        label: String,
        /// What to generate.
        key_type: KeyType,
        /// When the key is to want a PIN and a touch; none for makes without such policies.
        policy: Option<UsePolicy>,
    },
    /// Make the key in locked memory, bring it into the token and forget it here. What an interrupted try brought in
    /// under that object ID is destroyed first.
    ImportKey {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// `CKA_ID`.
        object_id: Vec<u8>,
        /// `CKA_LABEL`.
        label: String,
        /// What to make.
        key_type: KeyType,
        /// When the key is to want a PIN and a touch; none for makes without such policies.
        policy: Option<UsePolicy>,
    },
    /// Have the management key of the token written down by hand and typed back, and the token keep it no more. Where
    /// an interrupted try got that far, it is only typed.
    HandOverManagementKey {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
    },
    /// Have a custodian open a test message.
    ProveRecipient {
        /// Who.
        custodian: PersonId,
    },
    /// Wrap a key, split what wrapped it, write and read back, try every quorum. What an interrupted try left under
    /// that name is removed first.
    BackUpKey {
        /// The key's name in the script, or that of the set that restored it.
        key: KeyId,
        /// The token; none for a key that was restored into memory.
        token: Option<TokenId>,
        /// The key that is wrapped.
        public_key: PublicKey,
        /// What the set is called: its files lie in a folder `KEY-ID` on either medium.
        id: String,
        /// Sets that came to nothing: they are removed as well.
        void: Vec<String>,
    },
    /// See to it that a key leaves its token no more.
    DisableExtraction {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// The key.
        public_key: PublicKey,
    },
    /// Have a custodian open the own share of a key's backup.
    OpenOwnShare {
        /// The key's name in the script.
        key: KeyId,
        /// Who.
        custodian: PersonId,
    },
    /// Have a custodian show the own share: its check words, or the share itself, which is kept in memory.
    OpenShare {
        /// Whose.
        custodian: PersonId,
        /// How.
        way: Entering,
    },
    /// Combine the shares in memory, and wipe what they restore.
    CombineShares,
    /// Combine the shares in memory, and unwrap the key into it.
    RestoreIntoMemory,
    /// Combine the shares in memory, and unwrap the key onto a token. What an interrupted try left under that object
    /// ID is destroyed first.
    RestoreOntoToken {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// `CKA_ID`.
        object_id: Vec<u8>,
        /// `CKA_LABEL`.
        label: String,
        /// What kind of key.
        key_type: KeyType,
        /// When the key is to want a PIN and a touch; none for makes without such policies.
        policy: Option<UsePolicy>,
        /// The key that it must be.
        public_key: PublicKey,
    },
    /// Have what was restored sign a message that can be no root.
    SignCanary {
        /// The key and its token; none where it is in memory.
        on: Option<(KeyId, TokenId)>,
        /// The fingerprint of the set.
        set: Digest,
        /// The key that must sign.
        public_key: PublicKey,
    },
    /// Overwrite what was restored into memory, and see that it is gone.
    ForgetRestored,
    /// Have a fresh challenge signed.
    ProvePossession {
        /// The key's name in the script.
        key: KeyId,
        /// Why; a reinsertion takes the token out first.
        occasion: Occasion,
        /// The token.
        token: TokenId,
        /// The key that must answer.
        public_key: PublicKey,
    },
    /// Destroy a key in its token, and make sure that the token holds it no more.
    DestroyKey {
        key: KeyId,
        /// The spare that holds it, where it is in one.
        spare: Option<SpareId>,
        token: TokenId,
        object: DoomedObject,
        public_key: PublicKey,
    },
    /// Search the trust folders for the files of a key that is to be destroyed.
    FindKeyFiles {
        key: KeyId,
        token: TokenId,
        /// Files whose erasure was interrupted: what is left of them is removed.
        interrupted: Vec<String>,
    },
    /// Erase these files of a key, and verify that no file of it is left.
    EraseKeyFiles {
        key: KeyId,
        token: TokenId,
        files: Vec<String>,
    },
    /// Unblock the PIN: its owner sets a new one.
    UnblockPin {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
    },
    /// Sign: the frozen root, or the key's own certificate.
    Sign {
        /// The key's name in the script.
        key: KeyId,
        /// The token.
        token: TokenId,
        /// The key that must sign.
        public_key: PublicKey,
        /// By which scheme; none: by the one that TUF has for such keys.
        scheme: Option<Scheme>,
        /// What to sign: the canonical bytes of the root.
        message: Vec<u8>,
    },
    /// Log every token out and have it taken out.
    RemoveTokens {
        /// The tokens that were used, with the keys that they are for.
        tokens: Vec<(KeyId, TokenId)>,
    },
    /// Write the signing request for the sites that owe a signature.
    WriteRequest,
    /// Read the signature that a site has sent.
    CollectSignature {
        /// The key's name in the script.
        key: KeyId,
        /// The key that must have signed.
        public_key: PublicKey,
        /// What it must have signed: the canonical bytes of the root.
        message: Vec<u8>,
    },
    /// Write files where nothing is yet, read them back, compare.
    Export {
        /// Name, content and what was recorded of it.
        files: Vec<(ExportedFile, Vec<u8>)>,
        /// The root before: its `root.json` gives way to the new one, where it is there.
        supersedes: Option<Digest>,
    },
}

/// What is known of a key in a token that is to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoomedObject {
    /// Made in this ceremony under this `CKA_ID`; an interrupted try may have left only a part of it.
    Known(Vec<u8>),
    /// Found by its public key; the token holds it.
    Held,
    /// Found by its public key; an interrupted try may have destroyed it.
    MaybeGone,
}

/// What came of an [`Effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person has a code.
    CodeChosen,
    /// The person's own token answered.
    ApprovalTokenAnswered {
        /// Whose.
        person: PersonId,
        /// The random part of the message.
        challenge: [u8; 32],
        /// The signature, as TUF has it.
        signature: Vec<u8>,
    },
    /// The machine was looked at.
    HostInspected(Vec<Finding>),
    /// The token is there.
    TokenFound {
        /// The token.
        token: TokenId,
        /// Whether it is blank.
        blank: bool,
        /// What it still has as it left the factory.
        at_factory_value: Vec<FactorySecret>,
    },
    /// It is initialized.
    TokenInitialized {
        /// The token, as it names itself now.
        token: TokenId,
    },
    /// It has a PIN.
    PinSet,
    /// Its management key is on paper, and not on it any more.
    ManagementKeyWritten,
    /// It does not hold the key any more.
    KeyDestroyed,
    /// The paths of the key files that are in the trust folders.
    KeyFilesFound(Vec<String>),
    /// It holds a new key.
    KeyGenerated {
        /// The token.
        token: TokenId,
        /// The key, as read back.
        public_key: PublicKey,
        /// What the token says of it.
        attributes: KeyAttributes,
        /// What the token states of it, signed: the statement, then the certificate of the device.
        attestation: Vec<Certificate>,
    },
    /// A custodian opened a test message.
    RecipientProven {
        /// Who.
        custodian: PersonId,
        /// The recipients to which it was closed; none for a passphrase.
        recipients: Vec<String>,
        /// How it was opened.
        by: OpenedBy,
    },
    /// A key is backed up.
    BackedUp(Box<BackedUp>),
    /// The key leaves its token no more; what the token says of it now.
    ExtractionDisabled(KeyAttributes),
    /// A custodian opened the own share.
    ShareOpened {
        /// Who.
        custodian: PersonId,
        /// How.
        by: OpenedBy,
    },
    /// A custodian's share was seen to be right.
    ShareEntered {
        /// Whose.
        custodian: PersonId,
        /// How.
        way: Entering,
    },
    /// The shares restored the key-encryption key of the set.
    SharesCombined,
    /// The key is in memory, and is the one of the manifest.
    Restored,
    /// It is there no more.
    RestoredForgotten,
    /// It answered.
    Answered {
        /// The random part of the message.
        challenge: [u8; 32],
        /// The signature, as TUF has it.
        signature: Vec<u8>,
    },
    /// It signed: the signature as TUF has it.
    Signed(Vec<u8>),
    /// No token is in any more.
    TokensRemoved,
    /// The signing request is written.
    RequestWritten(ExportedFile),
    /// A signature of another site is here.
    Collected {
        /// The signature, as TUF has it.
        signature: Vec<u8>,
        /// The record of its signing, where it came too; its files are kept.
        record: Option<SigningTranscript>,
    },
    /// The files are there, and are what they should be.
    Exported,
    /// It did not work, and cost nothing.
    Failed(Failure),
}

/// What a ceremony decides upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A ceremony begins.
    Open(Opening),
    /// A process takes it up again.
    Resume {
        /// The version of the program.
        conclave: String,
        /// SHA-256 of the running program's file, where it can be read.
        program: Option<Digest>,
        /// What the machine says of itself.
        machine: String,
        /// The head of the record that was found.
        digest: Digest,
        /// Bytes of a line that was cut short.
        torn_bytes: u64,
    },
    /// The room answered.
    Answer {
        /// What.
        answer: Answer,
        /// By whom it is approved, where that is wanted.
        approvals: Vec<Approval>,
    },
    /// The room asks for one of the offers.
    Request {
        /// Which.
        request: Request,
        /// By whom it is approved, where that is wanted.
        approvals: Vec<Approval>,
    },
    /// An effect ended.
    Outcome(Outcome),
    /// The room wants an exception recorded.
    Exception {
        /// The report.
        report: ExceptionReport,
        /// The check that it waives, if it does.
        waives: Option<Check>,
        /// Who decided.
        approvals: Vec<Approval>,
    },
    /// The room breaks off.
    Abort {
        /// Why.
        reason: String,
    },
}

/// What the outside world lends to a decision, so that deciding is a pure function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The machine's clock.
    pub machine_time: jiff::Timestamp,
    /// Random bytes that nobody has seen: fresh names are made of them.
    pub fresh: [u8; 8],
}
