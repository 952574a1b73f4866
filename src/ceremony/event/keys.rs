//! Tokens and the keys in them.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::ceremony::approval::Approval;
use crate::certificate::{Certificate, PublicKey};
use crate::record::{FactorySecret, KeyAttributes, Provenance, Signature, TokenId, TokenInterface};
use crate::script::{KeyId, SpareId, TokenSecret};
use crate::transfer::Occasion;
use crate::words::Digest;

/// Tokens and the keys in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum KeyEvent {
    /// The token for a key was found, and is the one that the script names.
    TokenFound {
        key: KeyId,
        token: TokenId,
        blank: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        at_factory_value: Vec<FactorySecret>,
        /// Absent for tokens that are not behind a PKCS#11 module.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface: Option<TokenInterface>,
    },
    /// A token is about to be initialized: all that is on it goes.
    InitializeIntended { key: KeyId, label: String },
    /// A token was initialized.
    TokenInitialized { key: KeyId, token: TokenId },
    /// The key holder set the PIN.
    PinSet { key: KeyId },
    /// The management key of the token was written down and typed back; the token no longer stores it.
    ManagementKeyWritten { key: KeyId },
    /// A key is about to be generated under an object ID that nothing else has.
    GenerateIntended {
        key: KeyId,
        /// `CKA_ID`, in hex.
        #[serde(with = "hex::serde")]
        object_id: Vec<u8>,
        /// `CKA_LABEL`.
        label: String,
    },
    /// A key was generated inside a token, and read back.
    KeyGenerated {
        key: KeyId,
        token: TokenId,
        /// The public key, PEM SubjectPublicKeyInfo.
        public_key: PublicKey,
        /// SHA-256 over the DER SubjectPublicKeyInfo.
        fingerprint: Digest,
        attributes: KeyAttributes,
        provenance: Provenance,
        /// device, PEM each. Empty for tokens that state nothing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attestation: Vec<Certificate>,
    },
    /// A token proved that it holds a key, by signing a fresh challenge.
    PossessionProven {
        key: KeyId,
        occasion: Occasion,
        /// The random part of the message, in hex.
        #[serde(with = "hex::serde")]
        challenge: [u8; 32],
        /// The signature over the message, in hex.
        signature: Signature,
    },
    /// Two people compared the fingerprint of a key at another site with the one that its holder read aloud.
    EnrollmentCompared {
        key: KeyId,
        fingerprint: Digest,
        approvals: Vec<Approval>,
    },
    /// Two people decided to regenerate a key on its token: the old key is destroyed first.
    RegenerationDecided {
        key: KeyId,
        reason: String,
        approvals: Vec<Approval>,
    },
    /// Two people decided that a spare replaces the token of a key.
    SpareTaken {
        key: KeyId,
        spare: SpareId,
        reason: String,
        approvals: Vec<Approval>,
    },
    /// A former key was destroyed: its token no longer holds it.
    KeyDestroyed { key: KeyId, fingerprint: Digest },
    /// Two people decided that a former key is not destroyed, and is listed as an orphan.
    KeyOrphaned {
        key: KeyId,
        fingerprint: Digest,
        reason: String,
        approvals: Vec<Approval>,
    },
    /// It was decided to unblock the PIN of a key's token.
    UnblockDecided { key: KeyId, bag: Option<String> },
    /// The PIN was unblocked: its owner set a new one.
    PinUnblocked { key: KeyId },
    /// A secret of a token was sealed into a bag.
    EnvelopeSealed {
        key: KeyId,
        secret: TokenSecret,
        bag: String,
        approvals: Vec<Approval>,
    },
    /// Two people decided that nothing more is asked of a key: neither a signature nor a proof.
    KeySkipped {
        key: KeyId,
        reason: String,
        approvals: Vec<Approval>,
    },
    /// The files of a key that is to be destroyed, as they were found in the trust folders.
    KeyFilesFound { key: KeyId, files: Vec<String> },
    /// Two people approved that a key is destroyed.
    DestructionIntended {
        key: KeyId,
        fingerprint: Digest,
        /// The key files that are erased; none for a key in a token.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
        approvals: Vec<Approval>,
    },
    /// Two people attested that key files that are gone after an interruption were erased before it.
    KeyFilesAttested {
        key: KeyId,
        fingerprint: Digest,
        files: Vec<String>,
        approvals: Vec<Approval>,
    },
    /// The key was destroyed: its token no longer holds it, or no file of it is left.
    TokenKeyDestroyed {
        key: KeyId,
        fingerprint: Digest,
        /// The key files that were erased.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
}
