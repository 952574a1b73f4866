//! What a ceremony has the executor do, and the results. Only the executor performs effects.

use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{KeyType, Scheme};
use crate::record::{FactorySecret, Finding, KeyAttributes, TokenId, TokenInterface, UsePolicy};
use crate::script::{Entering, KeyId, PersonId, SpareId};
use crate::transfer::Occasion;
use crate::words::Digest;

use super::approval::Approval;
use super::check::Check;
use super::event::{BackedUp, ExceptionReport, ExportedFile, OpenedBy, Opening, SigningTranscript};
use super::failure::Failure;
use super::prompt::Answer;
use super::request::Request;

/// An operation. Each can be repeated after an interruption: the recorded intent names what may have been done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A person chooses an approval code, which is kept in memory.
    ChooseCode { person: PersonId },
    /// Run the host checks.
    InspectHost,
    /// Wait until the token for this key is inserted, and no other token that could be confused with it.
    FindToken { key: KeyId },
    /// Initialize the token, unless a token with this new label is there already.
    InitializeToken {
        key: KeyId,
        token: TokenId,
        label: String,
    },
    /// The key holder sets the PIN.
    SetPin { key: KeyId, token: TokenId },
    /// The approval token of a person signs a fresh challenge.
    ProveApprovalToken {
        person: PersonId,
        /// The key that must sign.
        public_key: PublicKey,
    },
    /// Generate the key, unless a key with this new object ID is there already.
    GenerateKey(NewObject),
    /// Generate the key in locked memory, import it into the token and wipe it here. A key that an interrupted attempt
    /// imported under this object ID is destroyed first.
    ImportKey(NewObject),
    /// The management key of the token is written down by hand and typed back, and removed from the token. If an
    /// interrupted attempt got that far, it is only typed.
    HandOverManagementKey { key: KeyId, token: TokenId },
    /// A custodian opens a test message.
    ProveRecipient { custodian: PersonId },
    /// Wrap a key, split the key-encryption key, write, read back and test every quorum. The files of an interrupted
    /// attempt are removed first.
    BackUpKey {
        /// Its name in the script, or in the set that restored it.
        key: KeyId,
        /// None for a key that was restored into memory.
        token: Option<TokenId>,
        public_key: PublicKey,
        /// The ID of the set: its files are in a folder `KEY-ID` on each medium.
        id: String,
        /// Void sets, which are removed as well.
        void: Vec<String>,
    },
    /// Make a key non-extractable.
    DisableExtraction {
        key: KeyId,
        token: TokenId,
        public_key: PublicKey,
    },
    /// A custodian opens their share of a new backup.
    OpenOwnShare { key: KeyId, custodian: PersonId },
    /// A custodian shows their share: its check words, or the share itself, which is kept in memory.
    OpenShare { custodian: PersonId, way: Entering },
    /// Combine the shares in memory, and wipe the restored key-encryption key.
    CombineShares,
    /// Combine the shares in memory, and unwrap the key into memory.
    RestoreIntoMemory,
    /// Combine the shares in memory, and unwrap the key into a token. A key that an interrupted attempt imported under this
    /// object ID is destroyed first.
    RestoreOntoToken {
        object: NewObject,
        /// The key that must be restored.
        public_key: PublicKey,
    },
    /// The restored key signs a message that cannot be a root.
    SignCanary {
        /// The key and its token; none if the key is in memory.
        on: Option<(KeyId, TokenId)>,
        set: Digest,
        /// The key that must sign.
        public_key: PublicKey,
    },
    /// Overwrite the key in memory, and check that it is gone.
    ForgetRestored,
    /// The key signs a fresh challenge.
    ProvePossession {
        key: KeyId,
        /// For a reinsertion the token is removed first.
        occasion: Occasion,
        token: TokenId,
        /// The key that must sign.
        public_key: PublicKey,
    },
    /// Destroy a key in its token, and check that the token no longer holds it.
    DestroyKey {
        key: KeyId,
        /// The spare token that holds it, if any.
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
    /// Unblock the PIN: the key holder sets a new one.
    UnblockPin { key: KeyId, token: TokenId },
    /// Sign the frozen root, or the certificate of the key.
    Sign {
        key: KeyId,
        token: TokenId,
        /// The key that must sign.
        public_key: PublicKey,
        /// None for the usual TUF scheme of such keys.
        scheme: Option<Scheme>,
        /// The canonical bytes of the root.
        message: Vec<u8>,
    },
    /// Log out all tokens and have them removed.
    RemoveTokens {
        /// The tokens that were used, with their keys.
        tokens: Vec<(KeyId, TokenId)>,
    },
    /// Write the signing request for other sites.
    WriteRequest,
    /// Read the signature that a site returned.
    CollectSignature {
        key: KeyId,
        /// The key that must have signed.
        public_key: PublicKey,
        /// The canonical bytes of the root.
        message: Vec<u8>,
    },
    /// Write files, read them back and compare them.
    Export {
        /// Each with its content.
        files: Vec<(ExportedFile, Vec<u8>)>,
        /// The base root: only this `root.json` is replaced by the new one.
        supersedes: Option<Digest>,
    },
}

/// A key that a token is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    pub key: KeyId,
    pub token: TokenId,
    /// `CKA_ID`.
    pub object_id: Vec<u8>,
    /// `CKA_LABEL`.
    pub label: String,
    pub key_type: KeyType,
    /// None for tokens without PIN and touch policies.
    pub policy: Option<UsePolicy>,
}

/// What is known about a key that is to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoomedObject {
    /// Generated in this ceremony under this `CKA_ID`; an interrupted attempt may have left only a part of it.
    Known(Vec<u8>),
    /// Found by its public key; the token holds it.
    Held,
    /// Found by its public key; an interrupted attempt may have destroyed it.
    MaybeGone,
}

/// The result of an [`Effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    CodeChosen,
    ApprovalTokenAnswered {
        person: PersonId,
        /// The random part of the message.
        challenge: [u8; 32],
        /// In the form that TUF uses.
        signature: Vec<u8>,
    },
    HostInspected(Vec<Finding>),
    TokenFound {
        token: TokenId,
        blank: bool,
        at_factory_value: Vec<FactorySecret>,
        /// How it was reached, if through a PKCS#11 module.
        interface: Option<TokenInterface>,
    },
    TokenInitialized {
        /// With its new label.
        token: TokenId,
    },
    PinSet,
    ManagementKeyWritten,
    KeyDestroyed,
    /// The paths of the key files that are in the trust folders.
    KeyFilesFound(Vec<String>),
    KeyGenerated {
        token: TokenId,
        /// As read back.
        public_key: PublicKey,
        /// As the token reports them.
        attributes: KeyAttributes,
        /// The statement of the device, then its certificate.
        attestation: Vec<Certificate>,
    },
    RecipientProven {
        custodian: PersonId,
        /// To which it was encrypted; none for a passphrase.
        recipients: Vec<String>,
        by: OpenedBy,
    },
    BackedUp(Box<BackedUp>),
    /// The key is non-extractable; its attributes now.
    ExtractionDisabled(KeyAttributes),
    ShareOpened {
        custodian: PersonId,
        by: OpenedBy,
    },
    /// A custodian's share was verified.
    ShareEntered {
        custodian: PersonId,
        way: Entering,
    },
    SharesCombined,
    /// The key of the manifest is in memory.
    Restored,
    /// The restored key was wiped from memory.
    RestoredForgotten,
    /// The key signed a challenge.
    Answered {
        /// The random part of the message.
        challenge: [u8; 32],
        /// In the form that TUF uses.
        signature: Vec<u8>,
    },
    /// The signature in the form that TUF uses.
    Signed(Vec<u8>),
    TokensRemoved,
    RequestWritten(ExportedFile),
    /// A signature from another site was read.
    Collected {
        /// In the form that TUF uses.
        signature: Vec<u8>,
        /// The transcript of the signing, if it was returned; its files are kept.
        record: Option<SigningTranscript>,
    },
    /// The files were written and compared.
    Exported,
    /// It failed without a loss.
    Failed(Failure),
}

/// What a ceremony decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Open(Opening),
    /// Another process continues.
    Resume {
        conclave: String,
        /// SHA-256 of the program file, if it can be read.
        program: Option<Digest>,
        machine: String,
        /// The transcript digest.
        digest: Digest,
        /// Bytes of an incomplete entry.
        torn_bytes: u64,
    },
    Answer {
        answer: Answer,
        /// Required for some prompts and requests.
        approvals: Vec<Approval>,
    },
    /// The participants choose an offer.
    Request {
        request: Request,
        /// Required for some prompts and requests.
        approvals: Vec<Approval>,
    },
    Outcome(Outcome),
    /// Two people decided on an exception.
    Exception {
        /// The report.
        report: ExceptionReport,
        /// The waived check, if any.
        waives: Option<Check>,
        approvals: Vec<Approval>,
    },
    Abort {
        reason: String,
    },
}

/// Time and randomness, so that deciding is a pure function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub machine_time: jiff::Timestamp,
    /// Random bytes for new names.
    pub fresh: [u8; 8],
}
