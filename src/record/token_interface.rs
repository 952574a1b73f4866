//! How a token was reached.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::Digest;

use super::visible;

/// How a token was reached: the PKCS#11 module, and what the token reports in addition to its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenInterface {
    /// The file of the module.
    pub module: String,
    /// The SHA-256 of that file.
    pub sha256: Digest,
    /// Manufacturer, description and version, as the module reports them.
    pub library: String,
    /// The firmware version that the token reports.
    pub firmware: String,
    pub pin_entry: PinEntry,
}

/// Where the PIN of a token is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinEntry {
    Computer,
    /// On the token or its PIN pad.
    Device,
    /// The token requires no login.
    NotRequired,
}

impl fmt::Display for TokenInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "module {}, SHA-256 {}, {}; firmware {}",
            visible(&self.module),
            self.sha256.short_hex(),
            visible(&self.library),
            visible(&self.firmware)
        )?;
        f.write_str(match self.pin_entry {
            PinEntry::Computer => "",
            PinEntry::Device => "; the PIN is entered on the device",
            PinEntry::NotRequired => {
                "; no PIN is required: anyone who holds the token can use its keys"
            }
        })
    }
}
