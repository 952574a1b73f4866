//! The clients whose habits are known.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// An implementation that reads root metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Client {
    /// python-tuf 7.0.1, with securesystemslib 1.6.0.
    PythonTuf,
    /// tough 0.24.
    Tough,
    /// tuf-js 5.0.1.
    TufJs,
    /// go-tuf 2.
    GoTuf,
    /// sigstore-tuf 0.15.1, the Rust client of Sigstore.
    Sigstore,
    /// Notary 0.7, Docker Content Trust.
    Notary,
}

/// A text that names no [`Client`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no known client; there are {}", Client::names())]
pub struct UnknownClient {
    pub name: String,
}

impl Client {
    /// Every client, in the order of the documents.
    pub const ALL: [Self; 6] = [
        Self::PythonTuf,
        Self::Tough,
        Self::TufJs,
        Self::GoTuf,
        Self::Sigstore,
        Self::Notary,
    ];

    /// Every client of TUF 1.0: all but Notary, whose format is another one.
    pub const TUF: [Self; 5] = [
        Self::PythonTuf,
        Self::Tough,
        Self::TufJs,
        Self::GoTuf,
        Self::Sigstore,
    ];

    /// The name, as options give it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PythonTuf => "python-tuf",
            Self::Tough => "tough",
            Self::TufJs => "tuf-js",
            Self::GoTuf => "go-tuf",
            Self::Sigstore => "sigstore",
            Self::Notary => "notary",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Client {
    type Err = UnknownClient;

    fn from_str(name: &str) -> Result<Self, UnknownClient> {
        Self::ALL
            .into_iter()
            .find(|client| client.as_str() == name)
            .ok_or_else(|| UnknownClient { name: name.into() })
    }
}
