//! Data objects on the card: certificates, the management key behind the PIN, and Conclave's own object.

use zeroize::Zeroizing;

use crate::certificate::Certificate;

use super::super::TokenError;
use super::card::{Card, Command, Status};
use super::slot::Slot;
use super::tlv::{Elements, find, tlv};

/// The certificate of the device itself, slot f9.
const DEVICE_CERTIFICATE: u32 = 0x5f_ff01;
/// Where the vendor's tools note whether the management key is stored behind the PIN.
const ADMINISTRATION: u32 = 0x5f_ff00;
/// Printed information, readable only with the PIN. The vendor's tools store the management key there.
const UNDER_PIN: u32 = 0x5f_c109;
/// Conclave's own object: the label, and announced keys. No other program uses this number.
const OWN: u32 = 0x5f_ff43;

const CONTENT: u16 = 0x53;

/// An object; `None` if it does not exist or is empty.
fn get(card: &Card, object: u32) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
    let answer = card.transmit(Command::GET_DATA, &number(object))?;
    if answer.status == Status::NO_FILE {
        return Ok(None);
    }
    let text = answer.expect(Command::GET_DATA)?;
    let content = find(&text, CONTENT).filter(|content| !content.is_empty());
    Ok(content.map(|content| Zeroizing::new(content.to_vec())))
}

/// Writes an object; an empty one is deleted. The management key must be authenticated.
fn put(card: &Card, object: u32, content: &[u8]) -> Result<(), TokenError> {
    let mut text = Zeroizing::new(number(object));
    text.extend(Zeroizing::new(tlv(CONTENT, content)).iter());
    card.transmit(Command::PUT_DATA, &text)?
        .expect(Command::PUT_DATA)
        .map(|_| ())
}

fn number(object: u32) -> Vec<u8> {
    let [_, number @ ..] = object.to_be_bytes();
    tlv(0x5c, &number)
}

/// The certificate in a slot, and whether its object exists at all.
pub(super) struct SlotCertificate {
    pub(super) certificate: Option<Certificate>,
    pub(super) present: bool,
}

pub(super) fn certificate(card: &Card, slot: Slot) -> Result<SlotCertificate, TokenError> {
    let content = get(card, slot.certificate())?;
    Ok(SlotCertificate {
        present: content.is_some(),
        certificate: content.and_then(|content| read_certificate(&content)),
    })
}

pub(super) fn device_certificate(card: &Card) -> Result<Option<Certificate>, TokenError> {
    Ok(get(card, DEVICE_CERTIFICATE)?.and_then(|content| read_certificate(&content)))
}

fn read_certificate(content: &[u8]) -> Option<Certificate> {
    find(content, 0x70).and_then(|der| Certificate::from_der(der).ok())
}

/// Writes a certificate as other programs expect it (SP 800-73-4, appendix A): not compressed.
pub(super) fn put_certificate(
    card: &Card,
    slot: Slot,
    certificate: &Certificate,
) -> Result<(), TokenError> {
    let mut content = tlv(0x70, certificate.as_der());
    content.extend(tlv(0x71, &[0]));
    content.extend(tlv(0xfe, &[]));
    put(card, slot.certificate(), &content)
}

pub(super) fn delete_certificate(card: &Card, slot: Slot) -> Result<(), TokenError> {
    put(card, slot.certificate(), &[])
}

/// The management key that is stored behind the PIN, which must have been verified.
pub(super) fn protected_key(card: &Card) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
    let content = get(card, UNDER_PIN)?;
    Ok(content.and_then(|content| {
        let key = find(find(&content, 0x88)?, 0x89)?;
        Some(Zeroizing::new(key.to_vec()))
    }))
}

/// Stores the management key behind the PIN, and marks it as the vendor's tools do.
pub(super) fn protect_key(card: &Card, key: &[u8]) -> Result<(), TokenError> {
    let inner = Zeroizing::new(tlv(0x89, key));
    let content = Zeroizing::new(tlv(0x88, &inner));
    put(card, UNDER_PIN, &content)?;
    put(card, ADMINISTRATION, &tlv(0x80, &tlv(0x81, &[2])))
}

/// Deletes the management key from behind the PIN.
pub(super) fn unprotect_key(card: &Card) -> Result<(), TokenError> {
    put(card, UNDER_PIN, &[])?;
    put(card, ADMINISTRATION, &tlv(0x80, &tlv(0x81, &[0])))
}

/// Conclave's own object on the card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OwnObject {
    /// The label that it was given.
    pub(super) label: Option<String>,
    /// Announced keys without a certificate: slot and label.
    announced: Vec<(u8, String)>,
    /// Keys in place of a destroyed one, where the firmware cannot delete: slot and fingerprint.
    fillers: Vec<(u8, [u8; 32])>,
}

impl OwnObject {
    /// The object of a card with a new label.
    pub(super) fn of(label: &str) -> Self {
        Self {
            label: Some(label.to_owned()),
            ..Self::default()
        }
    }

    const LABEL: u16 = 0x80;
    const ANNOUNCED: u16 = 0x81;
    const FILLER: u16 = 0x82;

    pub(super) fn read(card: &Card) -> Result<Self, TokenError> {
        let content = get(card, OWN)?;
        Ok(content.map_or_else(Self::default, |content| Self::parse(&content)))
    }

    fn parse(content: &[u8]) -> Self {
        let mut own = Self::default();
        for (tag, value) in Elements(content) {
            match (tag, value) {
                (Self::LABEL, text) => own.label = String::from_utf8(text.to_vec()).ok(),
                (Self::ANNOUNCED, [slot, label @ ..]) => {
                    let label = String::from_utf8_lossy(label).into_owned();
                    own.announced.push((*slot, label));
                }
                (Self::FILLER, [slot, fingerprint @ ..]) => {
                    if let Ok(fingerprint) = fingerprint.try_into() {
                        own.fillers.push((*slot, fingerprint));
                    }
                }
                _ => {}
            }
        }
        own
    }

    fn encode(&self) -> Vec<u8> {
        let mut content = Vec::new();
        if let Some(label) = &self.label {
            content.extend(tlv(Self::LABEL, label.as_bytes()));
        }
        for (slot, label) in &self.announced {
            content.extend(tlv(Self::ANNOUNCED, &[&[*slot], label.as_bytes()].concat()));
        }
        for (slot, fingerprint) in &self.fillers {
            content.extend(tlv(Self::FILLER, &[&[*slot], &fingerprint[..]].concat()));
        }
        content
    }

    pub(super) fn write(&self, card: &Card) -> Result<(), TokenError> {
        put(card, OWN, &self.encode())
    }

    /// The label under which a key in that slot was announced.
    pub(super) fn announced(&self, slot: Slot) -> Option<&str> {
        self.announced
            .iter()
            .find(|(number, _)| *number == slot.number())
            .map(|(_, label)| label.as_str())
    }

    /// Announces a key; with `None`, the key is complete. Until then a filler in the slot stays known as one.
    pub(super) fn announce(&mut self, slot: Slot, label: Option<&str>) {
        let elsewhere = |number: u8| number != slot.number();
        self.announced.retain(|(number, _)| elsewhere(*number));
        match label {
            Some(label) => self.announced.push((slot.number(), label.to_owned())),
            None => self.fillers.retain(|(number, _)| elsewhere(*number)),
        }
    }

    /// Whether the key with that fingerprint is a filler.
    pub(super) fn is_filler(&self, slot: Slot, fingerprint: &[u8; 32]) -> bool {
        self.fillers
            .iter()
            .any(|(number, known)| *number == slot.number() && known == fingerprint)
    }

    pub(super) fn fill(&mut self, slot: Slot, fingerprint: [u8; 32]) {
        self.announce(slot, None);
        self.fillers.push((slot.number(), fingerprint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back() {
        let slot = |number| Slot::of(&[number]).unwrap();
        let mut own = OwnObject::of("conclave key-1");
        own.announce(slot(0x9c), Some("key-1"));
        own.fill(slot(0x9a), [7; 32]);
        let read = OwnObject::parse(&own.encode());
        assert_eq!(read, own);
        assert_eq!(read.announced(slot(0x9c)), Some("key-1"));
        assert!(read.is_filler(slot(0x9a), &[7; 32]));
        assert!(!read.is_filler(slot(0x9c), &[7; 32]));
        own.announce(slot(0x9a), Some("key-2"));
        assert!(own.is_filler(slot(0x9a), &[7; 32]));
        own.announce(slot(0x9a), None);
        assert!(!own.is_filler(slot(0x9a), &[7; 32]));
    }
}
