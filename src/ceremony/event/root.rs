//! The root of one repository: composed, reviewed, signed, verified, exported.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::ceremony::approval::Approval;
use crate::certificate::Certificate;
use crate::metadata;
use crate::record::Signature;
use crate::script::KeyId;
use crate::words::Digest;

use super::{Counted, ExportedFile, SigningTranscript};

/// The root of one repository: composed, reviewed, signed, verified, exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum RootEvent {
    /// A key is about to sign a certificate of itself.
    CertifyIntended { key: KeyId, name: String },
    /// A key signed a certificate of itself, for a root of Notary.
    KeyCertified {
        key: KeyId,
        /// The certificate, PEM.
        certificate: Box<Certificate>,
    },
    /// The root was composed, and its bytes are fixed.
    RootComposed {
        version: u64,
        /// The canonical JSON that will be signed.
        signed: String,
        /// SHA-256 over it.
        sha256: Digest,
    },
    /// A signing request was verified against the trusted root and the register of payloads.
    RequestVerified {
        /// SHA-256 over the payload.
        sha256: Digest,
        /// The digest that the key holder typed from the paper card, where this machine trusts nothing.
        card: Option<Digest>,
        signed_before: bool,
    },
    /// The change was reviewed, and the confirmation word was typed.
    ReviewConfirmed { sha256: Digest, typed: String },
    /// A token is about to sign the frozen root.
    SignIntended {
        key: KeyId,
        sha256: Digest,
        /// Whether an earlier try was interrupted, so that this signature may be the second one over the same bytes.
        repeat: bool,
    },
    /// A signature was made and verified.
    Signed {
        key: KeyId,
        key_id: metadata::KeyId,
        /// The signature as TUF has it, in hex.
        signature: Signature,
    },
    /// The signing request for other sites was written out.
    RequestWritten { file: ExportedFile },
    /// The signature of a site has arrived: its file is read next.
    SignatureExpected { key: KeyId },
    /// The signature of another site came, and was verified.
    SignatureCollected {
        key: KeyId,
        key_id: metadata::KeyId,
        /// The signature as TUF has it, in hex.
        signature: Signature,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transcript: Option<SigningTranscript>,
    },
    /// The signature of another site is not waited for: the thresholds are reached without it.
    SignatureSkipped { key: KeyId, reason: String },
    /// The signed root was verified as a client does it.
    RootVerified {
        version: u64,
        /// SHA-256 over the whole file.
        file_sha256: Digest,
        signatures: u64,
        threshold: u64,
        /// The same for the root role of the version before; none in a genesis.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Counted>,
    },
    /// The same happened to the root of a further repository: one of the facts about a root or a certificate.
    InRepository {
        repository: String,
        event: Box<RootEvent>,
    },
    /// Files are about to be exported.
    ExportIntended { files: Vec<ExportedFile> },
    /// The files were written, read back and compared.
    Exported { files: Vec<ExportedFile> },
    /// Two people abandoned a payload that clients cannot accept: its signatures are void, and another may take
    /// its version.
    PayloadAbandoned {
        version: u64,
        /// SHA-256 over its canonical form.
        sha256: Digest,
        reason: String,
        approvals: Vec<Approval>,
    },
}
