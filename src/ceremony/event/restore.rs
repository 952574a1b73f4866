//! What happens when a key is restored from its shares.

use serde::{Deserialize, Serialize};

use crate::script::Entering;

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
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::CheckWords => "opened on a device of their own, whose check words they read out",
            Self::Words => "entered word by word",
            Self::Identity => "opened here, with an identity of their own",
            Self::Passphrase => "opened here, with a passphrase",
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
