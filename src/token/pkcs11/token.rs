//! One token behind a module.

use std::sync::{Arc, Mutex, MutexGuard};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::profile::Profile;
use crate::record::{KeyAttributes, TokenId, Tries};
use crate::secret::Pin;

use super::super::query::only_one;
use super::super::{
    GeneratedKey, HeldKey, HeldObject, KeyRequest, PinRole, Token, TokenError, TokenState,
    WrappingToken, check_label, lock, tuf_scheme,
};
use super::failure::{ability, code};
use super::library::{Library, TokenSession};
use super::signature::Signing;
use super::template::{self, Detail};
use super::{device, info, objects, wrapping};

pub(super) struct Pkcs11Token {
    // Dropped before the library, which must not be finalized while a session is open.
    session: Arc<Mutex<TokenSession>>,
    library: Arc<Library>,
    profile: Profile,
    id: TokenId,
    /// The slot in which it was seen last. It is asked who it is before it is believed to be there still.
    last_slot: Mutex<Slot>,
}

impl Pkcs11Token {
    pub(super) fn new(library: Arc<Library>, profile: Profile, id: TokenId, slot: Slot) -> Self {
        Self {
            session: library.new_session(),
            library,
            profile,
            id,
            last_slot: Mutex::new(slot),
        }
    }

    /// What the token in a slot says of itself, if it is this one.
    fn info_if_in(&self, slot: Slot) -> Result<Option<TokenInfo>, TokenError> {
        match self.library.context().get_token_info(slot) {
            Ok(there) if info::id(&self.profile.name, &there) == self.id => Ok(Some(there)),
            Ok(_) | Err(Error::Pkcs11(..)) => Ok(None),
            Err(unreadable) => Err(device(unreadable)),
        }
    }

    /// The slot in which the token is found now, and what it says of itself.
    fn locate(&self) -> Result<(Slot, TokenInfo), TokenError> {
        let mut last_slot = lock(&self.last_slot);
        if let Some(info) = self.info_if_in(*last_slot)? {
            return Ok((*last_slot, info));
        }
        *last_slot = self.library.find(&self.id).map_err(|error| match error {
            TokenError::NotFound { .. } => TokenError::Removed,
            other => other,
        })?;
        let info = self.info_if_in(*last_slot)?.ok_or(TokenError::Removed)?;
        Ok((*last_slot, info))
    }

    /// The slot, once the token in it was asked who it is: a PIN for one token must
    /// not reach another that was put in its place.
    fn checked_slot(&self, session: &mut TokenSession) -> Result<Slot, TokenError> {
        let Some((slot, _)) = &session.open else {
            return self.locate().map(|(slot, _)| slot);
        };
        let slot = *slot;
        if self.info_if_in(slot)?.is_none() {
            *session = TokenSession::default();
            return Err(TokenError::Removed);
        }
        Ok(slot)
    }

    /// Does something in the session, which is opened when it is not yet.
    fn in_session<T>(
        &self,
        work: impl FnOnce(&Session, &mut bool) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let mut own = lock(&self.session);
        let slot = self.checked_slot(&mut own)?;
        let TokenSession { open, logged_in } = &mut *own;
        let session = if let Some((_, session)) = open {
            session
        } else {
            // Read and write: a session that only reads would forbid the security officer's login.
            let session = self.library.context().open_rw_session(slot);
            &open.insert((slot, session.map_err(device)?)).1
        };
        let result = work(session, logged_in);
        if matches!(result, Err(TokenError::Removed)) {
            *own = TokenSession::default();
        }
        result
    }

    fn in_login<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        self.in_session(|session, logged_in| {
            if *logged_in {
                work(session)
            } else {
                Err(TokenError::LoginNeeded)
            }
        })
    }

    /// Closes the session, which logs out.
    fn close_session(&self) -> MutexGuard<'_, TokenSession> {
        let mut session = lock(&self.session);
        *session = TokenSession::default();
        session
    }

    /// What a failed call means that took a PIN.
    fn pin_failure(&self, error: Error, role: PinRole) -> TokenError {
        match code(&error) {
            Some(RvError::PinIncorrect) => self.wrong_pin(role),
            Some(RvError::PinLocked) => TokenError::PinLocked { role },
            Some(RvError::PinLenRange | RvError::PinInvalid | RvError::PinTooWeak) => {
                TokenError::PinFormat {
                    length: self.pin_length(),
                }
            }
            _ => device(error),
        }
    }

    fn wrong_pin(&self, role: PinRole) -> TokenError {
        let state = self.current_state();
        let tries = state.map_or(Tries::Unknown, |state| match role {
            PinRole::User => state.pin_tries,
            PinRole::SecurityOfficer | PinRole::Puk => state.so_pin_tries,
            // Files are closed under passphrases, and no token is.
            PinRole::Passphrase => Tries::Unknown,
        });
        if tries == Tries::Exactly(0) {
            TokenError::PinLocked { role }
        } else {
            TokenError::WrongPin { role, tries }
        }
    }

    fn pin_length(&self) -> std::ops::RangeInclusive<usize> {
        self.current_state()
            .map_or(1..=usize::from(u8::MAX), |state| state.pin_length)
    }

    /// The state without a lock on the session, for those who hold it.
    fn current_state(&self) -> Result<TokenState, TokenError> {
        self.locate().map(|(_, info)| info::state(&info))
    }

    /// Refuses what would only cost a try.
    fn check_pins(&self, pins: &[&Pin]) -> Result<TokenState, TokenError> {
        let state = self.current_state()?;
        if state.own_pin_pad {
            return Err(TokenError::OwnPinPad);
        }
        if pins
            .iter()
            .any(|pin| !state.pin_length.contains(&pin.expose().len()))
        {
            return Err(TokenError::PinFormat {
                length: state.pin_length,
            });
        }
        Ok(state)
    }

    fn mechanisms(&self, session: &Session) -> Result<Vec<MechanismType>, TokenError> {
        let slot = session.get_session_info().map_err(device)?.slot_id();
        self.library
            .context()
            .get_mechanism_list(slot)
            .map_err(device)
    }

    /// Signs with a key of the session, be it kept or not.
    fn sign_with(
        &self,
        session: &Session,
        key: ObjectHandle,
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
        object_id: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let algorithm = public.algorithm();
        let signing = Signing::new(algorithm, scheme, &self.mechanisms(session)?, message)?;
        let raw = session
            .sign(&signing.mechanism, key, &signing.input)
            .map_err(ability(&format!("sign with {algorithm}")))?;
        let length = raw.len();
        signing.finish(raw).ok_or_else(|| {
            let problem = format!("its signature of {length} bytes is none of {algorithm}");
            TokenError::mismatch(object_id, problem)
        })
    }

    /// The private key of an ID.
    fn private_key(session: &Session, object_id: &[u8]) -> Result<ObjectHandle, TokenError> {
        match objects::of_id(session, ObjectClass::PRIVATE_KEY, object_id)?.as_slice() {
            [] => Err(TokenError::key_not_found(object_id)),
            [only] => Ok(*only),
            _ => Err(TokenError::mismatch(
                object_id,
                "several private keys have its ID",
            )),
        }
    }
}

/// The library's own kind of secret, which is wiped as well.
fn secret(pin: &Pin) -> AuthPin {
    AuthPin::from(pin.expose())
}

impl Token for Pkcs11Token {
    fn id(&self) -> &TokenId {
        &self.id
    }

    fn state(&mut self) -> Result<TokenState, TokenError> {
        self.current_state()
    }

    fn initialize(&mut self, so_pin: &Pin, label: &str) -> Result<(), TokenError> {
        check_label(label)?;
        self.check_pins(&[so_pin])?;
        let slot = {
            let mut session = self.close_session();
            self.checked_slot(&mut session)?
        };
        let name = &self.profile.name;
        let before: Vec<TokenId> = self
            .library
            .tokens(name)?
            .into_iter()
            .map(|(_, seen)| seen.id)
            .filter(|id| *id != self.id)
            .collect();
        self.library
            .context()
            .init_token(slot, &secret(so_pin), label)
            .map_err(|error| self.pin_failure(error, PinRole::SecurityOfficer))?;

        // The slot and the serial number may be others now: it is the one that was not there before.
        let found: Vec<TokenId> = self
            .library
            .tokens(name)?
            .into_iter()
            .map(|(_, seen)| seen.id)
            .filter(|id| id.label == label && !before.contains(id))
            .collect();
        self.id = only_one(found, TokenId::clone, || {
            format!("token with the label {label:?} that was just given")
        })?;
        Ok(())
    }

    fn set_pin(&mut self, so_pin: &Pin, pin: &Pin) -> Result<(), TokenError> {
        self.check_pins(&[so_pin, pin])?;
        drop(self.close_session());
        let result = self.in_session(|session, _| {
            session
                .login(UserType::So, Some(&secret(so_pin)))
                .map_err(|error| self.pin_failure(error, PinRole::SecurityOfficer))?;
            session
                .init_pin(&secret(pin))
                .map_err(|error| self.pin_failure(error, PinRole::User))
        });
        drop(self.close_session());
        result
    }

    fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), TokenError> {
        if !self.check_pins(&[old, new])?.pin_set {
            return Err(TokenError::PinNotSet);
        }
        drop(self.close_session());
        let result = self.in_session(|session, _| {
            session
                .set_pin(&secret(old), &secret(new))
                .map_err(|error| self.pin_failure(error, PinRole::User))
        });
        drop(self.close_session());
        result
    }

    fn login(&mut self, pin: &Pin) -> Result<(), TokenError> {
        let state = self.check_pins(&[pin])?;
        if !state.pin_set {
            return Err(TokenError::PinNotSet);
        }
        if state.pin_tries == Tries::Exactly(0) {
            return Err(TokenError::PinLocked {
                role: PinRole::User,
            });
        }
        drop(self.close_session());
        self.in_session(|session, logged_in| {
            let login = || session.login(UserType::User, Some(&secret(pin)));
            let mut result = login();
            // By another handle to the same token: that login does not prove this PIN.
            if let Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) = result {
                session.logout().map_err(device)?;
                result = login();
            }
            result.map_err(|error| self.pin_failure(error, PinRole::User))?;
            *logged_in = true;
            Ok(())
        })
    }

    fn logout(&mut self) -> Result<(), TokenError> {
        let was = std::mem::take(&mut *lock(&self.session));
        match was.open {
            Some((_, session)) if was.logged_in => session.logout().map_err(device),
            _ => Ok(()),
        }
    }

    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError> {
        self.in_session(|session, _| objects::all(session))
    }

    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError> {
        if self.profile.login.public_objects {
            return self.in_login(objects::keys);
        }
        self.in_session(|session, _| objects::keys(session))
    }

    fn generate(&mut self, request: &KeyRequest) -> Result<GeneratedKey, TokenError> {
        self.in_login(|session| {
            require_unused(session, request)?;
            let (public, private) = make(session, request)?;
            read_back_or_destroy(session, request, public, private)
        })
    }

    fn recover(&mut self, request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError> {
        self.in_login(|session| {
            let id = &request.object_id;
            let public = objects::of_id(session, ObjectClass::PUBLIC_KEY, id)?;
            let private = objects::of_id(session, ObjectClass::PRIVATE_KEY, id)?;
            match (public.as_slice(), private.as_slice()) {
                ([], []) => Ok(None),
                ([public], [private]) => read_back(session, request, *public, *private).map(Some),
                ([half], []) | ([], [half]) => {
                    session.destroy_object(*half).map_err(device)?;
                    Ok(None)
                }
                _ => Err(TokenError::mismatch(id, "several keys have its ID")),
            }
        })
    }

    fn sign_by(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        self.in_login(|session| {
            let key = Self::private_key(session, object_id)?;
            if objects::always_authenticates(session, key)? {
                return Err(TokenError::unsupported(
                    "sign with a key that asks for the PIN at each signature",
                ));
            }
            self.sign_with(session, key, public, scheme, message, object_id)
        })
    }

    fn wrapping(&mut self) -> Option<&mut dyn WrappingToken> {
        Some(self)
    }

    fn random(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let mut bytes = Zeroizing::new(vec![0; length]);
        self.in_session(|session, _| {
            session
                .generate_random_slice(&mut bytes)
                .map_err(ability("give random bytes"))
        })?;
        Ok(bytes)
    }

    fn destroy(&mut self, object_id: &[u8]) -> Result<(), TokenError> {
        const HALVES: [ObjectClass; 2] = [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY];
        self.in_login(|session| {
            let halves = || -> Result<Vec<ObjectHandle>, TokenError> {
                let mut found = Vec::new();
                for class in HALVES {
                    found.extend(objects::of_id(session, class, object_id)?);
                }
                Ok(found)
            };
            let found = halves()?;
            if found.is_empty() {
                return Err(TokenError::key_not_found(object_id));
            }
            for handle in found {
                session.destroy_object(handle).map_err(device)?;
            }
            if halves()?.is_empty() {
                Ok(())
            } else {
                Err(TokenError::mismatch(
                    object_id,
                    "it is still there after it was destroyed",
                ))
            }
        })
    }
}

impl WrappingToken for Pkcs11Token {
    fn wrap(
        &mut self,
        object_id: &[u8],
        key_encryption_key: &[u8; 32],
    ) -> Result<Vec<u8>, TokenError> {
        self.in_login(|session| {
            let private = Self::private_key(session, object_id)?;
            wrapping::wrap(session, private, key_encryption_key)
        })
    }

    fn sign_wrapped(
        &mut self,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let scheme = tuf_scheme(public)?;
        self.in_login(|session| {
            let private = wrapping::unwrap_for_once(session, public, key_encryption_key, wrapped)?;
            let signed = self.sign_with(session, private, public, scheme, message, &[]);
            session.destroy_object(private).map_err(device)?;
            signed
        })
    }

    fn make_non_extractable(&mut self, object_id: &[u8]) -> Result<KeyAttributes, TokenError> {
        self.in_login(|session| {
            let private = Self::private_key(session, object_id)?;
            wrapping::make_non_extractable(session, private, object_id)
        })
    }

    fn unwrap(
        &mut self,
        request: &KeyRequest,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<GeneratedKey, TokenError> {
        self.in_login(|session| {
            require_unused(session, request)?;
            let (public, private) =
                wrapping::unwrap(session, request, public, key_encryption_key, wrapped)?;
            read_back_or_destroy(session, request, public, private)
        })
    }
}

/// Nothing on the token may have the label or the ID that a new key is to have.
fn require_unused(session: &Session, request: &KeyRequest) -> Result<(), TokenError> {
    for taken in [
        Attribute::Label(request.label.clone().into_bytes()),
        Attribute::Id(request.object_id.clone()),
    ] {
        let found = session.find_objects(&[Attribute::Token(true), taken]);
        if !found.map_err(device)?.is_empty() {
            return Err(TokenError::ObjectExists {
                label: request.label.clone(),
                object_id: request.object_id.clone(),
            });
        }
    }
    Ok(())
}

/// Makes the pair, with the fullest template that the module takes.
fn make(
    session: &Session,
    request: &KeyRequest,
) -> Result<(ObjectHandle, ObjectHandle), TokenError> {
    let mechanism = template::mechanism(request.key_type);
    let mut made = Err(Error::NotSupported);
    for detail in Detail::ALL {
        made = session.generate_key_pair(
            &mechanism,
            &template::public(request, detail),
            &template::private(request, detail),
        );
        if !made.as_ref().is_err_and(template::is_about_template) {
            break;
        }
    }
    made.map_err(ability(&format!("make keys of type {}", request.key_type)))
}

/// Reads a new pair back; what is not as it should be does not stay.
fn read_back_or_destroy(
    session: &Session,
    request: &KeyRequest,
    public: ObjectHandle,
    private: ObjectHandle,
) -> Result<GeneratedKey, TokenError> {
    read_back(session, request, public, private).inspect_err(|_| {
        // What is wrong with the key is what has to be told, not that it could not be removed.
        let _ = session.destroy_object(private);
        let _ = session.destroy_object(public);
    })
}

/// Reads the pair back and compares it with what was asked for.
fn read_back(
    session: &Session,
    request: &KeyRequest,
    public: ObjectHandle,
    private: ObjectHandle,
) -> Result<GeneratedKey, TokenError> {
    let wrong = |problem: String| TokenError::mismatch(&request.object_id, problem);
    let key = objects::public_key(session, public)?.map_err(&wrong)?;
    let wanted = request.key_type.algorithm();
    if key.algorithm() != wanted {
        return Err(wrong(format!(
            "{wanted} was asked for, {} was made",
            key.algorithm()
        )));
    }
    let attributes = objects::private_attributes(session, private)?;
    if attributes.sensitive == Some(false) {
        return Err(wrong("its value can be read in clear".to_owned()));
    }
    match attributes.extractable {
        Some(extractable) if extractable != request.extractable => Err(wrong(format!(
            "extractable = {} was asked for, {extractable} was made",
            request.extractable
        ))),
        _ => Ok(GeneratedKey {
            public: key,
            attributes,
        }),
    }
}
