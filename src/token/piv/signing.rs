//! Using a key: PIN, touch, and the forms of signatures.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA384, digest};

use crate::certificate::{Algorithm, PublicKey, SelfSigned};
use crate::metadata::Scheme;
use crate::record::{PinPolicy, TouchPolicy};

use super::super::{TokenError, Touch, TouchObserver};
use super::card::{Card, Command, Status};
use super::connection::{Session, padded};
use super::fill_random;
use super::metadata::KeyMetadata;
use super::objects;
use super::pss;
use super::slot::Slot;
use super::tlv::{CHALLENGE, RESPONSE, TEMPLATE, find, tlv};

/// How long a YubiKey waits for a touch.
const TOUCH: Duration = Duration::from_secs(15);

/// A key that is about to be used.
pub(super) struct SlotKey<'a> {
    pub(super) card: &'a Card,
    pub(super) session: &'a Session,
    pub(super) observer: &'a TouchObserver,
    pub(super) slot: Slot,
    pub(super) metadata: &'a KeyMetadata,
}

impl SlotKey<'_> {
    /// Signs a message by a scheme of the key, in the form that TUF metadata contains.
    pub(super) fn sign(
        &self,
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let input = match public.algorithm() {
            Algorithm::P256 => digest(&SHA256, message).as_ref().to_vec(),
            Algorithm::P384 if scheme == Scheme::EcdsaP384Sha256 => {
                digest(&SHA256, message).as_ref().to_vec()
            }
            Algorithm::P384 => digest(&SHA384, message).as_ref().to_vec(),
            Algorithm::Rsa { bits } => pss::pss(message, bits)?,
            other @ (Algorithm::P521 | Algorithm::Ed25519) => {
                return Err(TokenError::unsupported(format!(
                    "sign for TUF with {other}"
                )));
            }
        };
        self.compute(&input)
    }

    /// Puts a self-signed certificate into the slot, so that other programs see the key.
    pub(super) fn certify(&self, public: &PublicKey, label: &str) -> Result<(), TokenError> {
        let mismatch = |problem: String| TokenError::mismatch(&[self.slot.number()], problem);
        let mut serial = [0; 16];
        fill_random(&mut serial)?;
        let blank =
            SelfSigned::new(public, label, serial).map_err(|error| mismatch(error.to_string()))?;
        let message = blank.to_be_signed();
        let input = match public.algorithm() {
            Algorithm::P384 => digest(&SHA384, message).as_ref().to_vec(),
            Algorithm::Rsa { bits } => pss::pkcs1(message, bits),
            Algorithm::P256 | Algorithm::P521 | Algorithm::Ed25519 => {
                digest(&SHA256, message).as_ref().to_vec()
            }
        };
        let signature = self.compute(&input)?;
        let certificate = blank
            .finish(&signature)
            .map_err(|error| mismatch(error.to_string()))?;
        objects::put_certificate(self.card, self.slot, &certificate)
    }

    /// Uses the key in the device. The verified PIN is sent again where the key requires it every time, so that a missed
    /// touch uses no try.
    fn compute(&self, input: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.give_pin()?;
        let waits = !matches!(self.metadata.touch, Some(TouchPolicy::Never));
        if waits {
            (self.observer)(Touch::Needed { within: TOUCH });
        }
        let command = Command::authenticate(self.metadata.algorithm, self.slot.number());
        let parts = [tlv(RESPONSE, &[]), tlv(CHALLENGE, input)].concat();
        let answer = self.card.transmit(command, &tlv(TEMPLATE, &parts));
        if waits {
            (self.observer)(Touch::Over);
        }
        let answer = answer?;
        if answer.status == Status::NOT_ALLOWED {
            // The PIN was just verified, so the touch is missing.
            return Err(if waits {
                TokenError::TouchTimeout
            } else {
                TokenError::LoginNeeded
            });
        }
        let answer = answer.expect(command)?;
        find(&answer, TEMPLATE)
            .and_then(|inner| find(inner, RESPONSE))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| command.failed(Status::OK))
    }

    fn give_pin(&self) -> Result<(), TokenError> {
        if self.metadata.pin == Some(PinPolicy::Never) {
            return Ok(());
        }
        let pin = self.session.pin.as_ref().ok_or(TokenError::LoginNeeded)?;
        let status = self
            .card
            .transmit(Command::VERIFY_PIN, padded(pin)?.as_slice())?
            .status;
        match status {
            Status::OK => Ok(()),
            // Another program has changed it.
            _ if status.tries().is_some() => Err(TokenError::LoginNeeded),
            _ => Err(Command::VERIFY_PIN.failed(status)),
        }
    }
}
