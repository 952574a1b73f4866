//! One YubiKey that was opened.

use zeroize::Zeroizing;

use crate::certificate::{Certificate, PublicKey};
use crate::metadata::Scheme;
use crate::record::{TokenId, UsePolicy};
use crate::secret::{Pin, PrivateKey};

use super::super::{
    GeneratedKey, HeldKey, HeldObject, KeyRequest, ObjectKind, PinRole, Token, TokenError,
    TokenState, check_label,
};
use super::authentication::{authenticate_management_key, management_key_under_pin};
use super::card::{Card, Command, Status};
use super::connection::{Session, padded, state};
use super::device::YubiKey;
use super::management::ManagementKey;
use super::metadata::{KeyMetadata, ManagementKeyStatus, PIN, PUK, PinStatus};
use super::new_key::{FIRMWARE_5_7, generate_in, key_in, policies, require_ours, reserve};
use super::objects::{self, OwnObject};
use super::pins::{erase, exchange_pins, factory_puk, refuse_factory, verify};
use super::private_key;
use super::signing::SlotKey;
use super::slot::Slot;

impl Token for YubiKey {
    fn id(&self) -> &TokenId {
        &self.id
    }

    fn state(&mut self) -> Result<TokenState, TokenError> {
        self.with(|card, _| state(card))
    }

    fn initialize(&mut self, so_pin: &Pin, label: &str) -> Result<(), TokenError> {
        check_label(label)?;
        refuse_factory(so_pin, PinRole::Puk)?;
        let puk = padded(so_pin)?;
        self.with(|card, session| {
            *session = Session::default();
            let state = state(card)?;
            let is_new = state.at_factory_value.len() == 3
                && OwnObject::read(card)? == OwnObject::default()
                && !holds_keys(card)?;
            if !is_new {
                let status = PinStatus::ask(card, PUK)?;
                let both_locked = status.tries == 0 && PinStatus::ask(card, PIN)?.tries == 0;
                if !status.factory && !both_locked {
                    exchange_pins(card, Command::CHANGE_PUK, PinRole::Puk, &puk[..], &puk[..])?;
                }
                erase(card)?;
            }
            let status = ManagementKeyStatus::ask(card)?;
            ManagementKey::factory(status).authenticate(card)?;
            OwnObject::of(label).write(card)?;
            ManagementKey::random(status)?.install(card)?;
            // Last: until then the card counts as uninitialized.
            let factory = factory_puk();
            exchange_pins(card, Command::CHANGE_PUK, PinRole::Puk, &factory, &puk[..])
        })?;
        label.clone_into(&mut self.id.label);
        Ok(())
    }

    fn set_pin(&mut self, so_pin: &Pin, pin: &Pin) -> Result<(), TokenError> {
        refuse_factory(pin, PinRole::User)?;
        let (puk, new) = (padded(so_pin)?, padded(pin)?);
        self.with(|card, session| {
            *session = Session::default();
            exchange_pins(card, Command::UNBLOCK_PIN, PinRole::Puk, &puk[..], &new[..])?;
            card.transmit(Command::FORGET_PIN, &[]).map(|_| ())
        })
    }

    fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), TokenError> {
        refuse_factory(new, PinRole::User)?;
        let (old, new) = (padded(old)?, padded(new)?);
        self.with(|card, session| {
            *session = Session::default();
            exchange_pins(card, Command::CHANGE_PIN, PinRole::User, &old[..], &new[..])?;
            card.transmit(Command::FORGET_PIN, &[]).map(|_| ())
        })
    }

    fn login(&mut self, pin: &Pin) -> Result<(), TokenError> {
        // An impossible PIN uses no try.
        padded(pin)?;
        let copy = Zeroizing::new(pin.expose().to_owned());
        let copy = Pin::new(copy).map_err(|_| TokenError::PinFormat {
            length: super::connection::PIN_LENGTH,
        })?;
        self.with(|card, session| {
            *session = Session::default();
            card.transmit(Command::FORGET_PIN, &[])?;
            verify(card, &copy)?;
            session.pin = Some(copy);
            Ok(())
        })
    }

    fn logout(&mut self) -> Result<(), TokenError> {
        let result = self.with(|card, session| {
            *session = Session::default();
            card.transmit(Command::FORGET_PIN, &[]).map(|_| ())
        });
        match result {
            Err(TokenError::Removed) => Ok(()),
            other => other,
        }
    }

    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError> {
        self.with(|card, _| {
            let own = OwnObject::read(card)?;
            let mut found = Vec::new();
            for slot in Slot::all() {
                let key = key_in(card, &own, slot)?.is_some();
                let certificate = objects::certificate(card, slot)?;
                let label = label(slot, certificate.certificate.as_ref());
                let kinds = [
                    (key, ObjectKind::PublicKey),
                    (key, ObjectKind::PrivateKey),
                    (certificate.present, ObjectKind::Certificate),
                ];
                found.extend(
                    kinds
                        .into_iter()
                        .filter(|(there, _)| *there)
                        .map(|(_, kind)| HeldObject {
                            kind,
                            object_id: vec![slot.number()],
                            label: label.clone(),
                        }),
                );
            }
            Ok(found)
        })
    }

    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError> {
        self.with(|card, _| {
            let own = OwnObject::read(card)?;
            let mut found = Vec::new();
            for slot in Slot::all() {
                if let Some(public) = key_in(card, &own, slot)?.and_then(|key| key.public) {
                    let certificate = objects::certificate(card, slot)?.certificate;
                    found.push(HeldKey {
                        object_id: vec![slot.number()],
                        label: label(slot, certificate.as_ref()),
                        public,
                    });
                }
            }
            Ok(found)
        })
    }

    fn generate(&mut self, request: &KeyRequest) -> Result<GeneratedKey, TokenError> {
        let (slot, algorithm) = self.check(request)?;
        self.with(|card, session| {
            reserve(card, session, slot, request)?;
            let made = generate_in(card, slot, algorithm, self.policy)?;
            let key = self.complete(card, session, slot, request, false)?;
            if key.public == made {
                Ok(key)
            } else {
                Err(TokenError::mismatch(
                    &request.object_id,
                    "the slot does not hold the key that was generated",
                ))
            }
        })
    }

    fn recover(&mut self, request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError> {
        let (slot, _) = self.check(request)?;
        self.with(|card, session| {
            let own = OwnObject::read(card)?;
            if key_in(card, &own, slot)?.is_none() {
                return Ok(None);
            }
            require_ours(card, &own, slot, request)?;
            authenticate_management_key(card, session)?;
            self.complete(card, session, slot, request, false).map(Some)
        })
    }

    fn sign_by(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let missing = || TokenError::key_not_found(object_id);
        let slot = Slot::of(object_id)?;
        self.with(|card, session| {
            let metadata = KeyMetadata::ask(card, slot.number())?.ok_or_else(missing)?;
            if metadata.public.as_ref() != Some(public) {
                return Err(missing());
            }
            let key = SlotKey {
                card,
                session,
                observer: &self.observer,
                slot,
                metadata: &metadata,
            };
            key.sign(public, scheme, message)
        })
    }

    fn needs_management_key(&mut self) -> Result<bool, TokenError> {
        self.with(|card, session| {
            let status = ManagementKeyStatus::ask(card)?;
            Ok(!status.factory
                && session.management.is_none()
                && management_key_under_pin(card, session)?.is_none())
        })
    }

    fn enter_management_key(&mut self, key: &Pin) -> Result<(), TokenError> {
        self.with(|card, session| {
            let status = ManagementKeyStatus::ask(card)?;
            let key = ManagementKey::typed(status, key).ok_or(TokenError::ManagementKey)?;
            key.authenticate(card)?;
            session.management = Some(key);
            Ok(())
        })
    }

    fn management_key(&mut self) -> Result<Option<Pin>, TokenError> {
        self.with(|card, session| {
            let key = management_key_under_pin(card, session)?;
            key.map(|key| key.to_text()).transpose()
        })
    }

    fn release_management_key(&mut self, written: &Pin) -> Result<(), TokenError> {
        self.with(|card, session| {
            let status = ManagementKeyStatus::ask(card)?;
            let key = ManagementKey::typed(status, written).ok_or(TokenError::ManagementKey)?;
            // The written key must work before the card deletes its own copy.
            key.authenticate(card)?;
            objects::unprotect_key(card)?;
            if management_key_under_pin(card, session)?.is_some() {
                return Err(Command::PUT_DATA.failed(Status::OK));
            }
            key.authenticate(card)
        })
    }

    fn set_use_policy(&mut self, policy: UsePolicy) -> Result<(), TokenError> {
        self.policy = policy;
        Ok(())
    }

    fn attest(&mut self, object_id: &[u8]) -> Result<Vec<Certificate>, TokenError> {
        let missing = || TokenError::key_not_found(object_id);
        let slot = Slot::of(object_id)?;
        self.with(|card, _| {
            let metadata = KeyMetadata::ask(card, slot.number())?.ok_or_else(missing)?;
            if !metadata.generated {
                return Err(TokenError::unsupported(format!(
                    "attest the key in slot {slot}: it was imported"
                )));
            }
            let command = Command::attest(slot.number());
            let statement = card.transmit(command, &[])?.expect(command)?;
            let untrue = |problem: String| TokenError::mismatch(object_id, problem);
            let statement = Certificate::from_der(&statement)
                .map_err(|error| untrue(format!("its attestation cannot be read: {error}")))?;
            let device = objects::device_certificate(card)?.ok_or_else(|| {
                untrue(
                    "the certificate of the device in slot f9 is missing or cannot be read"
                        .to_owned(),
                )
            })?;
            Ok(vec![statement, device])
        })
    }

    fn import(
        &mut self,
        request: &KeyRequest,
        key: &PrivateKey,
    ) -> Result<GeneratedKey, TokenError> {
        let (slot, algorithm) = self.check(request)?;
        let parts = private_key::parts(key, request.key_type.algorithm()).ok_or_else(|| {
            TokenError::mismatch(
                &request.object_id,
                format!("it is not a private key of type {}", request.key_type),
            )
        })?;
        self.with(|card, session| {
            reserve(card, session, slot, request)?;
            let command = Command::import(algorithm, slot.number());
            let mut data = Zeroizing::new(Vec::with_capacity(parts.len() + 6));
            data.extend_from_slice(&parts);
            data.extend(policies(self.policy));
            card.transmit(command, &data)?.expect(command)?;
            self.complete(card, session, slot, request, true)
        })
    }

    fn discard(&mut self, request: &KeyRequest) -> Result<(), TokenError> {
        let (slot, _) = self.check(request)?;
        let is_there = self.with(|card, _| {
            let own = OwnObject::read(card)?;
            if key_in(card, &own, slot)?.is_none() {
                return Ok(false);
            }
            require_ours(card, &own, slot, request).map(|()| true)
        })?;
        if is_there {
            self.destroy(&request.object_id)?;
        }
        Ok(())
    }

    fn random(&mut self, _length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::unsupported("generate random numbers"))
    }

    fn destroy(&mut self, object_id: &[u8]) -> Result<(), TokenError> {
        let missing = || TokenError::key_not_found(object_id);
        let slot = Slot::of(object_id)?;
        self.with(|card, session| {
            let mut own = OwnObject::read(card)?;
            let old = key_in(card, &own, slot)?.ok_or_else(missing)?;
            authenticate_management_key(card, session)?;
            if self.firmware < FIRMWARE_5_7 {
                // This firmware cannot delete a key, but it can replace it with one that nobody uses.
                let filler = generate_in(card, slot, 0x11, UsePolicy::default())?;
                own.fill(slot, *filler.fingerprint().as_bytes());
            } else {
                let command = Command::delete(slot.number());
                card.transmit(command, &[])?.expect(command)?;
                own.announce(slot, None);
            }
            own.write(card)?;
            objects::delete_certificate(card, slot)?;
            let now = KeyMetadata::ask(card, slot.number())?;
            if now.is_some_and(|now| now.public == old.public)
                || objects::certificate(card, slot)?.present
            {
                return Err(TokenError::mismatch(
                    object_id,
                    "it is still on the token after it was destroyed",
                ));
            }
            Ok(())
        })
    }
}

/// The name of what is in a slot: the one in its certificate.
fn label(slot: Slot, certificate: Option<&Certificate>) -> String {
    certificate
        .and_then(Certificate::subject_name)
        .map_or_else(|| format!("slot {slot}"), str::to_owned)
}

fn holds_keys(card: &Card) -> Result<bool, TokenError> {
    for slot in Slot::all() {
        if KeyMetadata::ask(card, slot.number())?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
