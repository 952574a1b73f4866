//! A key from its shares.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::ceremony::approval::Approval;
use crate::record::Signature;
use crate::script::Entering;
use crate::script::PersonId;
use crate::words::Digest;

/// How a custodian's share was seen to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnteredBy {
    /// Its check words were read out from a device of the custodian's own.
    CheckWords,
    /// Its words were typed, from paper or from a device of the custodian's own.
    Words,
    /// Its file was opened on this machine, with an identity of the custodian's.
    Identity,
    /// Its file was opened on this machine, with the custodian's passphrase.
    Passphrase,
}

impl EnteredBy {
    /// In a few words, for a report and a certificate.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CheckWords => "opened on their own device (check words read aloud)",
            Self::Words => "entered word by word",
            Self::Identity => "opened on this machine, with their identity",
            Self::Passphrase => "opened on this machine, with their passphrase",
        }
    }
}

impl From<Entering> for EnteredBy {
    fn from(way: Entering) -> Self {
        match way {
            Entering::CheckWords => Self::CheckWords,
            Entering::Words => Self::Words,
            Entering::Identity => Self::Identity,
            Entering::Passphrase => Self::Passphrase,
        }
    }
}

/// A key from its shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(
    tag = "event",
    content = "data",
    rename_all = "kebab-case",
    deny_unknown_fields
)]
#[strum(serialize_all = "kebab-case")]
pub enum RestoreEvent {
    /// The share of a custodian was verified and, if the key is restored, collected.
    ShareEntered {
        set: Digest,
        custodian: PersonId,
        by: EnteredBy,
    },
    /// Two people gave a share up: it counts as lost.
    ShareDeclaredLost {
        custodian: PersonId,
        reason: String,
        approvals: Vec<Approval>,
    },
    /// The collected shares restored the key-encryption key of the set; it was wiped at once.
    SharesCombined { set: Digest },
    /// The key was unwrapped into the locked memory of the machine, and is the one of the manifest.
    KeyRestored { set: Digest, fingerprint: Digest },
    /// The restored key signed a message that cannot be a root.
    RestoredKeyProven {
        /// The random part of the message, in hex.
        #[serde(with = "hex::serde")]
        challenge: [u8; 32],
        /// The signature over the message, in hex.
        signature: Signature,
    },
    /// The restored key was destroyed, and its absence was verified.
    RestoredKeyDestroyed { fingerprint: Digest },
    /// Two people ended a drill without a restored key.
    DrillFailed {
        reason: String,
        approvals: Vec<Approval>,
    },
}
