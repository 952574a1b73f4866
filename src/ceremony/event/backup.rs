//! The backup of a key: its share set, and the parts of a superseded one.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::backup::Manifest;
use crate::ceremony::approval::Approval;
use crate::record::KeyAttributes;
use crate::script::{KeyId, MediumId, PersonId};
use crate::words::Digest;

/// How a custodian proved that they can decrypt their share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenedBy {
    /// On a device of their own, by reading the words in the file aloud.
    OwnDevice,
    /// On this machine, with an identity that the custodian brought.
    IdentityHere,
    /// On this machine, with the custodian's passphrase.
    Passphrase,
    /// From paper: every word was typed back.
    Paper,
}

impl OpenedBy {
    /// In a few words, for a report: "on the custodian's own device, check words read out".
    pub const fn title(self) -> &'static str {
        match self {
            Self::OwnDevice => "on their own device (words read aloud)",
            Self::IdentityHere => "on this machine, with their identity",
            Self::Passphrase => "on this machine, with their passphrase",
            Self::Paper => "from paper (every word typed back)",
        }
    }
}

/// Where the randomness of a key-encryption key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Randomness {
    /// From the operating system and from the token, mixed: knowing one of them is not enough.
    SystemAndToken,
    /// From the operating system alone: the token has no generator to ask.
    System,
}

/// Where a private key was wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrappedIn {
    /// In its token: it never was in this machine's memory.
    Token,
    /// In the locked memory of this machine, before it was brought into its token.
    Memory,
}

/// A medium as it was seen when something was written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenMedium {
    /// How the script calls it.
    pub medium: MediumId,
    /// Identifies the device: its serial number if the system reports it, otherwise its device number.
    pub device: String,
}

/// A share set that was written, read back and tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUp {
    /// The key's name in the script.
    pub key: KeyId,
    pub manifest: Manifest,
    /// How many quorums of the shares in memory were tried, each of which restored the key-encryption key.
    pub quorums: u64,
    /// Where the key-encryption key comes from.
    pub randomness: Randomness,
    /// Where the private key was wrapped.
    pub wrapped_in: WrappedIn,
    /// Where the shares were written.
    pub shares_on: SeenMedium,
    /// Where the wrapped key was written.
    pub wrapped_on: SeenMedium,
    /// Who wrote the words by hand and typed each of them back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed_back: Vec<PersonId>,
}

/// The backup of a key: its share set, and what becomes of an old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum BackupEvent {
    /// A custodian decrypted a test message that was encrypted to the recipients of their share.
    RecipientProven {
        custodian: PersonId,
        /// The recipients, as age writes them; none for a passphrase. In a rehearsal, those of the simulated custodian.
        recipients: Vec<String>,
        by: OpenedBy,
    },
    /// A key is about to be backed up. The ID is in the names of the files of its set and of their folders, `KEY-ID`.
    BackupIntended {
        key: KeyId,
        /// Fresh, in hex.
        id: String,
    },
    /// A key was backed up: its set was written and read back, every quorum was tried, and what wrapped the key was
    /// wiped.
    BackedUp(Box<BackedUp>),
    /// A key that was wrapped is now non-extractable.
    ExtractionDisabled {
        key: KeyId,
        attributes: KeyAttributes,
    },
    /// A custodian decrypted their share, as read back from its medium, and it belongs to the set.
    ShareOpened {
        key: KeyId,
        set: Digest,
        custodian: PersonId,
        by: OpenedBy,
    },
    /// A part of an old share set was destroyed, and two people saw it.
    SupersededPartDestroyed {
        set: Digest,
        /// Whose share it was; none for the wrapped key, with all its copies.
        custodian: Option<String>,
        approvals: Vec<Approval>,
    },
    /// A part of an old share set was not destroyed, and stays on the list.
    SupersededPartRetained {
        set: Digest,
        /// Whose share it is; none for the wrapped key.
        custodian: Option<String>,
        reason: String,
        approvals: Vec<Approval>,
    },
}
