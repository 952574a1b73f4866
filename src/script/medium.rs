//! Media: what leaves the room beside the tokens, or keeps the second copy of the record.

use super::MediumId;

/// A medium that is there, told from others by its serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// How the script calls it.
    pub id: MediumId,
    /// The serial number of the device, as the system tells it.
    pub serial: Option<String>,
    /// What is on it.
    pub holds: Holds,
}

/// What a medium is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holds {
    /// The encrypted shares of custodians.
    Shares,
    /// Keys that are wrapped, and no share of what unwraps them.
    WrappedKey,
    /// What leaves for the online machine.
    Export,
    /// The second copy of the record.
    Mirror,
}

impl Holds {
    /// As scripts spell it.
    pub const SPELLINGS: &[(&'static str, Self)] = &[
        ("shares", Self::Shares),
        ("wrapped-key", Self::WrappedKey),
        ("export", Self::Export),
        ("mirror", Self::Mirror),
    ];

    /// As scripts spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::WrappedKey => "wrapped-key",
            Self::Export => "export",
            Self::Mirror => "mirror",
        }
    }

    /// "the export" …
    pub const fn title(self) -> &'static str {
        match self {
            Self::Shares => "the shares",
            Self::WrappedKey => "the wrapped keys",
            Self::Export => "the export",
            Self::Mirror => "the mirror of the record",
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
