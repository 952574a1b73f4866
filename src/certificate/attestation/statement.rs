//! The content of an attestation in the extensions of the manufacturer (1.3.6.1.4.1.41482.3).

use der::Decode as _;
use der::asn1::{ObjectIdentifier, OctetStringRef};

use crate::record::{Firmware, FormFactor, PinPolicy, TouchPolicy};

use super::super::Certificate;
use super::{AttestationCheck, Refusal};

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.3");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.7");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
const FORM_FACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");
const FIPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.10");
const CSPN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.11");

/// The bit of the form factor that marks the FIPS series.
const FIPS_BIT: u8 = 0x80;

const SUBJECT: &str = "YubiKey PIV Attestation ";

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) slot: String,
    pub(super) serial: u32,
    pub(super) firmware: Firmware,
    pub(super) pin_policy: PinPolicy,
    pub(super) touch_policy: TouchPolicy,
    pub(super) form_factor: FormFactor,
    pub(super) fips: bool,
    pub(super) cspn: bool,
}

pub(super) fn is_one(certificate: &Certificate) -> bool {
    [SERIAL, POLICIES]
        .iter()
        .any(|oid| certificate.extension(*oid).is_some())
        || certificate
            .subject_name()
            .is_some_and(|name| name.starts_with(SUBJECT))
}

impl Statement {
    pub(super) fn read(leaf: &Certificate, device: &Certificate) -> Result<Self, Refusal> {
        let refuse = |what: &str| {
            AttestationCheck::Statement.refuse(format!("the attestation does not contain a {what}"))
        };
        let slot = leaf
            .subject_name()
            .and_then(|name| name.strip_prefix(SUBJECT))
            .and_then(slot)
            .ok_or_else(|| refuse("slot"))?;
        let serial = leaf
            .extension(SERIAL)
            .and_then(|value| u32::from_der(value).ok())
            .ok_or_else(|| refuse("serial number"))?;
        let firmware = leaf.extension(FIRMWARE).and_then(fixed::<3>);
        let [major, minor, patch] = firmware.ok_or_else(|| refuse("firmware version"))?;
        let [pin, touch] = leaf
            .extension(POLICIES)
            .and_then(fixed::<2>)
            .ok_or_else(|| refuse("PIN policy and touch policy"))?;
        // Firmware 4 does not report its form factor.
        let form_factor = match leaf.extension(FORM_FACTOR) {
            Some(value) => fixed::<1>(value).ok_or_else(|| refuse("valid form factor"))?[0],
            None => 0,
        };
        Ok(Self {
            slot,
            serial,
            firmware: Firmware::new(major, minor, patch),
            pin_policy: PinPolicy::from_repr(pin).ok_or_else(|| refuse("known PIN policy"))?,
            touch_policy: TouchPolicy::from_repr(touch)
                .ok_or_else(|| refuse("known touch policy"))?,
            form_factor: FormFactor::from_byte(form_factor),
            fips: device.extension(FIPS).is_some() || form_factor & FIPS_BIT != 0,
            cspn: device.extension(CSPN).is_some(),
        })
    }
}

/// The bytes themselves, as the firmware writes them, or in an OCTET STRING.
fn fixed<const LENGTH: usize>(value: &[u8]) -> Option<[u8; LENGTH]> {
    value.try_into().ok().or_else(|| {
        let inner = <&OctetStringRef>::from_der(value).ok()?;
        inner.as_bytes().try_into().ok()
    })
}

/// A slot as two lower-case hex digits.
fn slot(text: &str) -> Option<String> {
    let is_slot = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_slot.then(|| text.to_ascii_lowercase())
}
