//! New keys in a slot: announced, generated or imported, read back, and given a certificate.

use crate::certificate::{Algorithm, PublicKey};
use crate::record::{Firmware, KeyAttributes, UsePolicy};

use super::super::{GeneratedKey, KeyRequest, TokenError};
use super::authentication::authenticate_management_key;
use super::card::{Card, Command, Status};
use super::connection::Session;
use super::device::YubiKey;
use super::metadata::{KeyMetadata, PIN, PinStatus, algorithm_number, public_key};
use super::objects::{self, OwnObject};
use super::signing::SlotKey;
use super::slot::Slot;
use super::tlv::{find, tlv};

/// The first firmware with long RSA keys, and with a command that deletes keys.
pub(super) const FIRMWARE_5_7: Firmware = Firmware::new(5, 7, 0);

impl YubiKey {
    /// The number of a key type's algorithm, if this device generates such keys.
    fn algorithm(&self, algorithm: Algorithm) -> Result<u8, TokenError> {
        let unsupported = |why: &str| {
            TokenError::unsupported(format!("generate keys of type {algorithm}: {why}"))
        };
        match algorithm {
            Algorithm::Ed25519 => Err(unsupported(
                "a YubiKey signs with Ed25519 only messages that fit into one command, and a root does not fit",
            )),
            Algorithm::Rsa { bits: 3072 | 4096 } if self.firmware < FIRMWARE_5_7 => Err(
                unsupported(&format!("it requires firmware {FIRMWARE_5_7} or later")),
            ),
            other => algorithm_number(other)
                .ok_or_else(|| unsupported("it does not support that algorithm")),
        }
    }

    /// Checks a request as far as it does not depend on the card's content.
    pub(super) fn check(&self, request: &KeyRequest) -> Result<(Slot, u8), TokenError> {
        let slot = Slot::of(&request.object_id).map_err(|_| {
            TokenError::unsupported(format!(
                "hold a key with ID {}: its slots are 9a, 9c, 9d, 9e and 82 to 95",
                hex::encode(&request.object_id)
            ))
        })?;
        if request.extractable {
            return Err(TokenError::unsupported("generate extractable keys"));
        }
        Ok((slot, self.algorithm(request.key_type.algorithm())?))
    }

    /// Reads a new key back, and gives it a certificate.
    pub(super) fn complete(
        &self,
        card: &Card,
        session: &Session,
        slot: Slot,
        request: &KeyRequest,
        imported: bool,
    ) -> Result<GeneratedKey, TokenError> {
        let mismatch = |problem: &str| TokenError::mismatch(&request.object_id, problem);
        let metadata =
            KeyMetadata::ask(card, slot.number())?.ok_or_else(|| mismatch("the slot is empty"))?;
        let public = metadata
            .public
            .clone()
            .ok_or_else(|| mismatch("its public key cannot be read"))?;
        if public.algorithm() != request.key_type.algorithm() {
            return Err(mismatch("it is not of the requested type"));
        }
        if metadata.generated == imported {
            return Err(mismatch(if imported {
                "it was generated in the device, not imported"
            } else {
                "it was imported, not generated in the device"
            }));
        }
        if metadata.pin != Some(self.policy.pin) || metadata.touch != Some(self.policy.touch) {
            return Err(mismatch("its PIN or touch policy is not the requested one"));
        }
        let has_certificate = objects::certificate(card, slot)?
            .certificate
            .and_then(|certificate| certificate.public_key().ok())
            .is_some_and(|certified| certified == public);
        if !has_certificate {
            let key = SlotKey {
                card,
                session,
                observer: &self.observer,
                slot,
                metadata: &metadata,
            };
            key.certify(&public, &request.label)?;
        }
        let mut own = OwnObject::read(card)?;
        own.announce(slot, None);
        own.write(card)?;
        Ok(GeneratedKey {
            public,
            attributes: KeyAttributes {
                sensitive: Some(true),
                extractable: Some(false),
                always_sensitive: Some(!imported),
                never_extractable: Some(!imported),
                local: Some(!imported),
            },
        })
    }
}

/// The key in a slot, unless it is a filler in a slot that cannot be emptied.
pub(super) fn key_in(
    card: &Card,
    own: &OwnObject,
    slot: Slot,
) -> Result<Option<KeyMetadata>, TokenError> {
    let metadata = KeyMetadata::ask(card, slot.number())?;
    Ok(metadata.filter(|key| {
        !key.public
            .as_ref()
            .is_some_and(|key| own.is_filler(slot, key.fingerprint().as_bytes()))
    }))
}

/// Refuses a slot that is not empty, then authenticates, and announces the key on the card: after a power cut it is known which
/// key is ours.
pub(super) fn reserve(
    card: &Card,
    session: &Session,
    slot: Slot,
    request: &KeyRequest,
) -> Result<(), TokenError> {
    let mut own = OwnObject::read(card)?;
    let occupied = key_in(card, &own, slot)?.is_some();
    if occupied || objects::certificate(card, slot)?.present {
        return Err(TokenError::ObjectExists {
            label: request.label.clone(),
            object_id: request.object_id.clone(),
        });
    }
    if PinStatus::ask(card, PIN)?.factory {
        return Err(TokenError::PinNotSet);
    }
    authenticate_management_key(card, session)?;
    own.announce(slot, Some(&request.label));
    own.write(card)
}

/// Refuses a key that was not announced under the label of a request and has no certificate with it.
pub(super) fn require_ours(
    card: &Card,
    own: &OwnObject,
    slot: Slot,
    request: &KeyRequest,
) -> Result<(), TokenError> {
    let announced = own.announced(slot) == Some(request.label.as_str());
    let certificate = objects::certificate(card, slot)?.certificate;
    let certified =
        certificate.is_some_and(|made| made.subject_name() == Some(request.label.as_str()));
    if announced || certified {
        return Ok(());
    }
    Err(TokenError::mismatch(
        &request.object_id,
        "the slot already held another key",
    ))
}

pub(super) fn policies(policy: UsePolicy) -> Vec<u8> {
    [
        tlv(0xaa, &[policy.pin.byte()]),
        tlv(0xab, &[policy.touch.byte()]),
    ]
    .concat()
}

/// Generates a key in a slot.
pub(super) fn generate_in(
    card: &Card,
    slot: Slot,
    algorithm: u8,
    policy: UsePolicy,
) -> Result<PublicKey, TokenError> {
    let command = Command::generate(slot.number());
    let wanted = [tlv(0x80, &[algorithm]), policies(policy)].concat();
    let answer = card
        .transmit(command, &tlv(0xac, &wanted))?
        .expect(command)?;
    find(&answer, 0x7f49)
        .and_then(|key| public_key(algorithm, key))
        .ok_or_else(|| command.failed(Status::OK))
}
