//! The attestation of a key by the device that generated it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Finding;

/// A firmware version, with the text form `5.4.3`.
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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a firmware version such as 5.4.3")]
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

/// When a device requires the PIN before it uses a key. The numbers are those of YubiKeys.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::FromRepr,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[repr(u8)]
pub enum PinPolicy {
    Never = 1,
    /// Once after it was inserted.
    Once = 2,
    /// Before every use.
    Always = 3,
    /// A fingerprint or the PIN, once after it was inserted.
    MatchOnce = 4,
    /// A fingerprint or the PIN, before every use.
    MatchAlways = 5,
}

impl PinPolicy {
    /// The word in transcripts and scripts.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// When a device requires a touch before it uses a key. The numbers are those of YubiKeys.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::FromRepr,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[repr(u8)]
pub enum TouchPolicy {
    Never = 1,
    /// Before every use.
    Always = 2,
    /// Before a use, unless the last touch was within 15 seconds.
    Cached = 3,
}

impl TouchPolicy {
    /// The word in transcripts and scripts.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// When the use of a key requires the PIN and a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsePolicy {
    pub pin: PinPolicy,
    pub touch: TouchPolicy,
}

/// The policy for root keys.
impl Default for UsePolicy {
    fn default() -> Self {
        Self {
            pin: PinPolicy::Always,
            touch: TouchPolicy::Always,
        }
    }
}

/// The numbers are those of YubiKeys.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display, strum::FromRepr,
)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FormFactor {
    #[strum(serialize = "unknown form factor")]
    Unknown,
    #[strum(serialize = "USB-A keychain")]
    UsbAKeychain,
    #[strum(serialize = "USB-A nano")]
    UsbANano,
    #[strum(serialize = "USB-C keychain")]
    UsbCKeychain,
    #[strum(serialize = "USB-C nano")]
    UsbCNano,
    #[strum(serialize = "USB-C and Lightning")]
    UsbCLightning,
    #[strum(serialize = "USB-A with fingerprint reader")]
    UsbABio,
    #[strum(serialize = "USB-C with fingerprint reader")]
    UsbCBio,
}

impl FormFactor {
    /// Reads the low bits of a YubiKey's number.
    pub fn from_byte(byte: u8) -> Self {
        Self::from_repr(byte & 0x0f).unwrap_or(Self::Unknown)
    }
}

/// The content of a verified attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationSummary {
    /// The slot of the key: `9c`.
    pub slot: String,
    pub serial: String,
    /// At the time of the attestation.
    pub firmware: Firmware,
    pub pin_policy: PinPolicy,
    pub touch_policy: TouchPolicy,
    pub form_factor: FormFactor,
    pub fips: bool,
    pub cspn: bool,
    /// The name of the root at the end of the chain.
    pub root: String,
    /// Whether the root is built in, and not added by the script.
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
    fn the_numbers_of_policies_round_trip() {
        let pin = |byte| PinPolicy::from_repr(byte).map(PinPolicy::byte);
        let touch = |byte| TouchPolicy::from_repr(byte).map(TouchPolicy::byte);
        for byte in 0..=255 {
            assert_eq!(pin(byte), (1..=5).contains(&byte).then_some(byte));
            assert_eq!(touch(byte), (1..=3).contains(&byte).then_some(byte));
        }
    }
}
