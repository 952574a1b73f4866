//! The two formats of root metadata.

use serde_json::{Map, Value};

/// The format of a root and its signatures. The meaning of a root, and the bytes that its keys sign (the canonical JSON
/// of `signed`), are the same in both.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::Display, strum::IntoStaticStr,
)]
#[strum(const_into_str)]
pub enum RootFormat {
    #[default]
    #[strum(serialize = "tuf")]
    Tuf,
    /// Notary v1 (Docker Content Trust), based on the TUF draft of 2015.
    #[strum(serialize = "notary-v1")]
    Notary,
}

impl RootFormat {
    /// The format of a signed part; `None` for any other. Notary's format has no `spec_version`.
    pub(super) fn of(signed: &Map<String, Value>) -> Option<Self> {
        match signed.get("_type")?.as_str()? {
            "root" => Some(Self::Tuf),
            "Root" if signed.get("spec_version").is_none() => Some(Self::Notary),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The value of `_type`.
    pub const fn type_text(self) -> &'static str {
        match self {
            Self::Tuf => "root",
            Self::Notary => "Root",
        }
    }
}
