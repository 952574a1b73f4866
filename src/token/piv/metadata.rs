//! What the card reports about a slot, a PIN or the management key (GET METADATA, firmware 5.3 and later).

use crate::certificate::{Algorithm, PublicKey};
use crate::record::{PinPolicy, TouchPolicy};

use super::super::TokenError;
use super::card::{Card, Command, Status};
use super::tlv::find;

/// The PIN's reference, and the PUK's.
pub(super) const PIN: u8 = 0x80;
pub(super) const PUK: u8 = 0x81;
/// The management key's.
pub(super) const MANAGEMENT_KEY: u8 = 0x9b;

const ALGORITHM: u16 = 1;
const POLICIES: u16 = 2;
const ORIGIN: u16 = 3;
const PUBLIC_KEY: u16 = 4;
const FACTORY: u16 = 5;
const TRIES: u16 = 6;

const GENERATED: u8 = 1;

/// The status of a PIN or PUK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PinStatus {
    /// Whether it is the factory default.
    pub(super) factory: bool,
    pub(super) tries: u8,
}

impl PinStatus {
    pub(super) fn ask(card: &Card, reference: u8) -> Result<Self, TokenError> {
        let command = Command::metadata(reference);
        let text = card.transmit(command, &[])?.expect(command)?;
        match (find(&text, FACTORY), find(&text, TRIES)) {
            (Some([factory]), Some([_, tries])) => Ok(Self {
                factory: *factory == 1,
                tries: *tries,
            }),
            _ => Err(command.failed(Status::OK)),
        }
    }
}

/// The status of the management key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ManagementKeyStatus {
    /// Whether it is the factory default.
    pub(super) factory: bool,
    pub(super) algorithm: u8,
}

impl ManagementKeyStatus {
    pub(super) fn ask(card: &Card) -> Result<Self, TokenError> {
        let command = Command::metadata(MANAGEMENT_KEY);
        let text = card.transmit(command, &[])?.expect(command)?;
        match (find(&text, ALGORITHM), find(&text, FACTORY)) {
            (Some([algorithm]), Some([factory])) => Ok(Self {
                factory: *factory == 1,
                algorithm: *algorithm,
            }),
            _ => Err(command.failed(Status::OK)),
        }
    }
}

/// What the card reports about the key in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyMetadata {
    pub(super) algorithm: u8,
    /// When it requires the PIN; `None` for an unknown policy.
    pub(super) pin: Option<PinPolicy>,
    /// When it requires a touch.
    pub(super) touch: Option<TouchPolicy>,
    pub(super) generated: bool,
    /// Its public half; `None` for algorithms that Conclave does not support.
    pub(super) public: Option<PublicKey>,
}

impl KeyMetadata {
    /// `None` when the slot is empty.
    pub(super) fn ask(card: &Card, slot: u8) -> Result<Option<Self>, TokenError> {
        let command = Command::metadata(slot);
        let answer = card.transmit(command, &[])?;
        if answer.status == Status::NO_REFERENCE {
            return Ok(None);
        }
        let text = answer.expect(command)?;
        let (Some([algorithm]), Some([pin, touch])) =
            (find(&text, ALGORITHM), find(&text, POLICIES))
        else {
            return Err(command.failed(Status::OK));
        };
        Ok(Some(Self {
            algorithm: *algorithm,
            pin: PinPolicy::from_repr(*pin),
            touch: TouchPolicy::from_repr(*touch),
            generated: find(&text, ORIGIN) == Some(&[GENERATED]),
            public: find(&text, PUBLIC_KEY).and_then(|key| public_key(*algorithm, key)),
        }))
    }
}

/// The numbers of the supported algorithms.
pub(super) const fn algorithm_number(algorithm: Algorithm) -> Option<u8> {
    Some(match algorithm {
        Algorithm::P256 => 0x11,
        Algorithm::P384 => 0x14,
        Algorithm::Rsa { bits: 2048 } => 0x07,
        Algorithm::Rsa { bits: 3072 } => 0x05,
        Algorithm::Rsa { bits: 4096 } => 0x16,
        Algorithm::P521 | Algorithm::Ed25519 | Algorithm::Rsa { .. } => return None,
    })
}

/// A public key as GET METADATA and GENERATE return it.
pub(super) fn public_key(algorithm: u8, text: &[u8]) -> Option<PublicKey> {
    let point = find(text, 0x86);
    match algorithm {
        0x11 => PublicKey::from_point(Algorithm::P256, point?).ok(),
        0x14 => PublicKey::from_point(Algorithm::P384, point?).ok(),
        0xe0 => PublicKey::from_ed25519(point?).ok(),
        0x05..=0x07 | 0x16 => PublicKey::from_rsa(find(text, 0x81)?, find(text, 0x82)?).ok(),
        _ => None,
    }
}
