//! What a device states, signed, about a key that was made in it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Finding;

/// The version of a device's firmware. Its text form, serde included, is `5.4.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Firmware {
    pub major: u8,
    pub minor: u8,
    pub patch: u8,
}

impl Firmware {
    pub const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text that is no firmware version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no firmware version; one looks like 5.4.3")]
pub struct FirmwareError(String);

impl FromStr for Firmware {
    type Err = FirmwareError;

    fn from_str(text: &str) -> Result<Self, FirmwareError> {
        let numbers: Vec<u8> = text
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect();
        match numbers[..] {
            [major, minor, patch] if Self::new(major, minor, patch).to_string() == text => {
                Ok(Self::new(major, minor, patch))
            }
            _ => Err(FirmwareError(text.to_owned())),
        }
    }
}

impl Serialize for Firmware {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Firmware {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// When a device wants the PIN before it uses a key. The numbers are a YubiKey's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum PinPolicy {
    Never = 1,
    /// Once after it was put in.
    Once = 2,
    /// Before every use.
    Always = 3,
    /// A fingerprint or the PIN, once after it was put in.
    MatchOnce = 4,
    /// A fingerprint or the PIN, before every use.
    MatchAlways = 5,
}

impl PinPolicy {
    const ALL: [Self; 5] = [
        Self::Never,
        Self::Once,
        Self::Always,
        Self::MatchOnce,
        Self::MatchAlways,
    ];

    /// The word that stands in records and scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Once => "once",
            Self::Always => "always",
            Self::MatchOnce => "match-once",
            Self::MatchAlways => "match-always",
        }
    }

    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.byte() == byte)
    }

    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for PinPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a device wants to be touched before it uses a key. The numbers are a YubiKey's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum TouchPolicy {
    Never = 1,
    /// Before every use.
    Always = 2,
    /// Before a use, unless it was touched within the last 15 seconds.
    Cached = 3,
}

impl TouchPolicy {
    const ALL: [Self; 3] = [Self::Never, Self::Always, Self::Cached];

    /// The word that stands in records and scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Cached => "cached",
        }
    }

    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.byte() == byte)
    }

    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for TouchPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a key wants the PIN, and when a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsePolicy {
    pub pin: PinPolicy,
    pub touch: TouchPolicy,
}

/// What a root key should have: both, every time.
impl Default for UsePolicy {
    fn default() -> Self {
        Self {
            pin: PinPolicy::Always,
            touch: TouchPolicy::Always,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormFactor {
    /// Not stated, or a shape that came later.
    Unknown,
    UsbAKeychain,
    UsbANano,
    UsbCKeychain,
    UsbCNano,
    UsbCLightning,
    UsbABio,
    UsbCBio,
}

impl FormFactor {
    /// The shape behind the low bits of a YubiKey's number for it.
    pub const fn from_byte(byte: u8) -> Self {
        match byte & 0x0f {
            1 => Self::UsbAKeychain,
            2 => Self::UsbANano,
            3 => Self::UsbCKeychain,
            4 => Self::UsbCNano,
            5 => Self::UsbCLightning,
            6 => Self::UsbABio,
            7 => Self::UsbCBio,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for FormFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown shape",
            Self::UsbAKeychain => "USB-A keychain",
            Self::UsbANano => "USB-A nano",
            Self::UsbCKeychain => "USB-C keychain",
            Self::UsbCNano => "USB-C nano",
            Self::UsbCLightning => "USB-C and Lightning",
            Self::UsbABio => "USB-A with fingerprint reader",
            Self::UsbCBio => "USB-C with fingerprint reader",
        })
    }
}

/// What an attestation that verifies says: everything here was signed by the device or by its maker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationSummary {
    /// The slot that the key was made in: `9c`.
    pub slot: String,
    pub serial: String,
    /// Its firmware when the statement was made.
    pub firmware: Firmware,
    pub pin_policy: PinPolicy,
    pub touch_policy: TouchPolicy,
    pub form_factor: FormFactor,
    pub fips: bool,
    pub cspn: bool,
    /// The name of the root at which the chain ends.
    pub root: String,
    /// Whether that root is one of the maker's that are built in, and not one that somebody added.
    pub pinned_root: bool,
    /// The SHA-256 fingerprint of the attested public key, in hex.
    pub fingerprint: String,
    pub findings: Vec<Finding>,
}

impl fmt::Display for AttestationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "YubiKey {}, firmware {}, {}",
            self.serial, self.firmware, self.form_factor
        )?;
        if self.fips {
            f.write_str(", FIPS series")?;
        }
        if self.cspn {
            f.write_str(", CSPN series")?;
        }
        write!(
            f,
            "; slot {}, PIN {}, touch {}",
            self.slot, self.pin_policy, self.touch_policy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_is_compared_by_its_numbers() {
        let version = |text: &str| text.parse::<Firmware>().unwrap();
        assert!(version("5.10.0") > version("5.7.4"));
        assert!(version("5.6.255") < version("5.7.0"));
        for wrong in ["", "5.7", "5.7.4.1", "5.07.4", "5.7.256", "5.7.x"] {
            assert!(wrong.parse::<Firmware>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_numbers_of_policies_lead_back() {
        assert_eq!(PinPolicy::ALL.map(PinPolicy::byte), [1, 2, 3, 4, 5]);
        assert_eq!(TouchPolicy::ALL.map(TouchPolicy::byte), [1, 2, 3]);
        for byte in 0..=255 {
            assert!(PinPolicy::from_byte(byte).is_none_or(|policy| policy.byte() == byte));
            assert!(TouchPolicy::from_byte(byte).is_none_or(|policy| policy.byte() == byte));
        }
    }
}
