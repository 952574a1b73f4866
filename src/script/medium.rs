//! Storage media.

use super::MediumId;
use super::spelling::spelling;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    pub id: MediumId,
    /// As the system reports it.
    pub serial: Option<String>,
    pub holds: Holds,
}

/// What is on a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holds {
    /// The encrypted shares of custodians.
    Shares,
    /// Wrapped keys, and no share of their key-encryption key.
    WrappedKey,
    /// The export for the online machine.
    Export,
    /// The second copy of the transcript.
    Mirror,
}

impl Holds {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Shares => "the shares",
            Self::WrappedKey => "the wrapped keys",
            Self::Export => "the export",
            Self::Mirror => "the mirror of the transcript",
        }
    }
}

impl Medium {
    /// `the medium stick-a with the export, serial 4C530001`.
    pub fn title(&self) -> String {
        let serial = self
            .serial
            .iter()
            .map(|serial| format!(", serial {serial}"));
        let serial: String = serial.collect();
        format!("the medium {} with {}{serial}", self.id, self.holds.title())
    }
}

spelling!(Holds {
    Shares = "shares",
    WrappedKey = "wrapped-key",
    Export = "export",
    Mirror = "mirror",
});
