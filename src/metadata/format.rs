//! In which form a root is written.

use std::fmt;

use serde_json::{Map, Value};

/// The form in which a root and its signatures are written. What the root means, and what its keys sign — the canonical
/// JSON of `signed` — is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RootFormat {
    #[default]
    Tuf,
    /// Notary v1, of Docker Content Trust: what was TUF in 2015.
    Notary,
}

impl RootFormat {
    /// The format of a signed part; `None` where it is neither. Notary knows no `spec_version`.
    pub(super) fn of(signed: &Map<String, Value>) -> Option<Self> {
        match signed.get("_type")?.as_str()? {
            "root" => Some(Self::Tuf),
            "Root" if signed.get("spec_version").is_none() => Some(Self::Notary),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tuf => "tuf",
            Self::Notary => "notary-v1",
        }
    }

    /// What `_type` says in such a root.
    pub const fn type_text(self) -> &'static str {
        match self {
            Self::Tuf => "root",
            Self::Notary => "Root",
        }
    }
}

impl fmt::Display for RootFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
