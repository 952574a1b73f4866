//! One token behind a module.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use cryptoki_sys::{self as sys, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SLOT_ID};
use zeroize::Zeroizing;

use crate::certificate::PublicKey;
use crate::metadata::Scheme;
use crate::profile::{Keys, LabelForm, Profile};
use crate::record::{KeyAttributes, PinEntry, TokenId, TokenInterface, Tries};
use crate::secret::Pin;

use super::super::query::only_one;
use super::super::{
    GeneratedKey, HeldKey, HeldObject, KeyRequest, PinRole, Token, TokenError, TokenState,
    WrappingToken, check_label, lock, tuf_scheme,
};
use super::failure::{ability, is_unsupported};
use super::library::{Library, Login, TokenSession};
use super::objects::Halves;
use super::raw::{Attribute, CallError, Role, Session, TokenInfo};
use super::signature::{self, Signing};
use super::template::{self, Templates};
use super::wrapping::{self, Wrapping};
use super::{device, info, objects};

pub(super) struct Pkcs11Token {
    // Dropped before the library, which must not be finalized while a session is open.
    session: Arc<Mutex<TokenSession>>,
    library: Arc<Library>,
    profile: Profile,
    id: TokenId,
    /// The slot in which it was last seen. The token in it is identified again before it is used.
    last_slot: Mutex<CK_SLOT_ID>,
}

/// A token in use.
struct Active<'a> {
    slot: CK_SLOT_ID,
    session: &'a Session,
    login: &'a mut Option<Login>,
    login_required: bool,
}

impl Active<'_> {
    /// A key-encryption key for wrapping in this session.
    fn wrapping<'k>(
        &'k self,
        token: &'k Pkcs11Token,
        key_encryption_key: &'k [u8; 32],
    ) -> Result<Wrapping<'k>, TokenError> {
        Ok(Wrapping {
            session: self.session,
            offered: token.mechanisms(self.slot)?,
            profile: &token.profile,
            key_encryption_key,
        })
    }

    /// Logs in again with the PIN that was right before: some tokens end a login when they generate a key.
    fn renew_login(&mut self) -> Result<(), TokenError> {
        let login = self.login.take().ok_or(TokenError::LoginNeeded)?;
        let pin = login.pin.as_ref().ok_or(TokenError::LoginNeeded)?;
        match self.session.login(login.role, Some(pin)) {
            Ok(())
            | Err(CallError {
                code: sys::CKR_USER_ALREADY_LOGGED_IN,
                ..
            }) => {
                *self.login = Some(login);
                Ok(())
            }
            Err(error) => Err(match device(error) {
                TokenError::Removed => TokenError::Removed,
                _ => TokenError::LoginNeeded,
            }),
        }
    }
}

impl Pkcs11Token {
    pub(super) fn new(
        library: Arc<Library>,
        profile: Profile,
        id: TokenId,
        slot: CK_SLOT_ID,
    ) -> Self {
        Self {
            session: library.new_session(),
            library,
            profile,
            id,
            last_slot: Mutex::new(slot),
        }
    }

    /// What the token in a slot reports about itself, if it is this one.
    fn info_if_in(&self, slot: CK_SLOT_ID) -> Result<Option<TokenInfo>, TokenError> {
        let found = self.library.token_info(slot)?;
        Ok(found.filter(|info| info::id(&self.profile, info) == self.id))
    }

    /// The slot in which the token is now, and what it reports about itself.
    fn locate(&self) -> Result<(CK_SLOT_ID, TokenInfo), TokenError> {
        let mut last_slot = lock(&self.last_slot);
        if let Some(info) = self.info_if_in(*last_slot)? {
            return Ok((*last_slot, info));
        }
        *last_slot = self
            .library
            .find(&self.profile, &self.id)
            .map_err(|error| match error {
                TokenError::NotFound { .. } => TokenError::Removed,
                other => other,
            })?;
        let info = self.info_if_in(*last_slot)?.ok_or(TokenError::Removed)?;
        Ok((*last_slot, info))
    }

    /// The slot, after the token in it was identified again: a PIN for one token must not reach another that was inserted
    /// in its place.
    fn checked_slot(
        &self,
        session: &mut TokenSession,
    ) -> Result<(CK_SLOT_ID, TokenInfo), TokenError> {
        let Some((slot, _)) = &session.open else {
            return self.locate();
        };
        let slot = *slot;
        let Some(info) = self.info_if_in(slot)? else {
            *session = TokenSession::default();
            return Err(TokenError::Removed);
        };
        Ok((slot, info))
    }

    /// Works in the session, which is opened if it is not open yet.
    fn in_session<T>(
        &self,
        work: impl FnOnce(Active<'_>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let mut own = lock(&self.session);
        let (slot, info) = self.checked_slot(&mut own)?;
        let TokenSession { open, login } = &mut *own;
        let session = if let Some((_, session)) = open {
            session
        } else {
            let session = self.library.raw().open_session(slot).map_err(device)?;
            &open.insert((slot, session)).1
        };
        let result = work(Active {
            slot,
            session,
            login,
            login_required: info::state(&self.profile, &info).login_required,
        });
        if matches!(result, Err(TokenError::Removed)) {
            *own = TokenSession::default();
        }
        result
    }

    /// Works in a session in which the user is logged in. A login that the token lost is renewed once.
    fn in_login<T>(
        &self,
        work: impl Fn(&Active<'_>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        self.in_session(|mut active| {
            if active.login_required {
                if active.login.is_none() {
                    return Err(TokenError::LoginNeeded);
                }
                // Without a login, private keys are not an error but invisible.
                if active.session.is_logged_in() == Some(false) {
                    active.renew_login()?;
                }
            }
            match work(&active) {
                Err(TokenError::LoginNeeded) => {
                    active.renew_login()?;
                    work(&active)
                }
                other => other,
            }
        })
    }

    /// Closes the session, which logs out.
    fn close_session(&self) -> MutexGuard<'_, TokenSession> {
        let mut session = lock(&self.session);
        *session = TokenSession::default();
        session
    }

    /// What a failed call means that used a PIN.
    fn pin_failure(&self, error: CallError, role: PinRole) -> TokenError {
        match error.code {
            sys::CKR_PIN_INCORRECT => self.wrong_pin(role),
            sys::CKR_PIN_LOCKED => TokenError::PinLocked { role },
            sys::CKR_PIN_LEN_RANGE | sys::CKR_PIN_INVALID | sys::CKR_PIN_TOO_WEAK => {
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
            PinRole::Passphrase => Tries::Unknown,
        });
        if tries == Tries::Exactly(0) {
            TokenError::PinLocked { role }
        } else {
            TokenError::WrongPin { role, tries }
        }
    }

    fn pin_length(&self) -> RangeInclusive<usize> {
        self.current_state()
            .map_or(1..=usize::from(u8::MAX), |state| state.pin_length)
    }

    /// The state without a lock on the session, for callers that hold it.
    fn current_state(&self) -> Result<TokenState, TokenError> {
        self.locate()
            .map(|(_, info)| info::state(&self.profile, &info))
    }

    /// Refuses what would only cost a try.
    fn check_pins(&self, pins: &[&Pin]) -> Result<TokenState, TokenError> {
        let state = self.current_state()?;
        if !pins.is_empty() && state.pin_pad {
            return Err(TokenError::PinPad);
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

    /// Initializes the token; without an SO PIN, it is entered on the device.
    fn initialize_with(&mut self, so_pin: Option<&Pin>, label: &str) -> Result<(), TokenError> {
        check_label(label)?;
        self.check_pins(so_pin.as_slice())?;
        let so_pin = so_pin.map(|pin| self.so_pin(pin));
        let (slot, _) = {
            let mut session = self.close_session();
            self.checked_slot(&mut session)?
        };
        let before: Vec<TokenId> = self
            .library
            .tokens(&self.profile)?
            .into_iter()
            .map(|(_, seen)| seen.id)
            .filter(|id| *id != self.id)
            .collect();
        self.library
            .raw()
            .init_token(slot, so_pin, label)
            .map_err(|error| self.pin_failure(error, PinRole::SecurityOfficer))?;

        if self.profile.initialize.label == LabelForm::Kept {
            // It stays in its slot, under its own label.
            let info = self.library.token_info(slot)?.ok_or(TokenError::Removed)?;
            self.id = info::id(&self.profile, &info);
            return Ok(());
        }
        // The slot and the serial number may have changed: it is the token that was not there before.
        let found: Vec<TokenId> = self
            .library
            .tokens(&self.profile)?
            .into_iter()
            .map(|(_, seen)| seen.id)
            .filter(|id| id.label == label && !before.contains(id))
            .collect();
        self.id = only_one(found, TokenId::clone, || {
            format!("token with the label {label:?} that it was just given")
        })?;
        Ok(())
    }

    /// Sets the user PIN; PINs that are missing are entered on the device.
    fn set_pin_with(&mut self, so_pin: Option<&Pin>, pin: Option<&Pin>) -> Result<(), TokenError> {
        let typed: Vec<&Pin> = so_pin.into_iter().chain(pin).collect();
        self.check_pins(&typed)?;
        drop(self.close_session());
        let result = self.in_session(|active| {
            active
                .session
                .login(Role::SecurityOfficer, so_pin.map(|pin| self.so_pin(pin)))
                .map_err(|error| self.pin_failure(error, PinRole::SecurityOfficer))?;
            active
                .session
                .init_pin(pin.map(Pin::expose))
                .map_err(|error| self.pin_failure(error, PinRole::User))
        });
        drop(self.close_session());
        result
    }

    /// The SO PIN; an empty one for a token that has none.
    fn so_pin<'p>(&self, pin: &'p Pin) -> &'p str {
        if self.profile.initialize.so_pin {
            pin.expose()
        } else {
            ""
        }
    }

    /// Logs the user in; without a PIN, it is entered on the device.
    fn login_with(&mut self, pin: Option<&Pin>) -> Result<(), TokenError> {
        let state = self.check_pins(pin.as_slice())?;
        if !state.pin_set && pin.is_some() {
            return Err(TokenError::PinNotSet);
        }
        if state.pin_tries == Tries::Exactly(0) {
            return Err(TokenError::PinLocked {
                role: PinRole::User,
            });
        }
        drop(self.close_session());
        self.in_session(|active| {
            let login = || active.session.login(self.user(), pin.map(Pin::expose));
            let mut result = login();
            // By another handle to the same token: that login does not prove this PIN.
            if let Err(CallError {
                code: sys::CKR_USER_ALREADY_LOGGED_IN,
                ..
            }) = result
            {
                active.session.logout().map_err(device)?;
                result = login();
            }
            result.map_err(|error| self.pin_failure(error, PinRole::User))?;
            *active.login = Some(Login {
                role: self.user(),
                pin: pin.map(|pin| Zeroizing::new(pin.expose().to_owned())),
            });
            Ok(())
        })
    }

    fn user(&self) -> Role {
        Role::User(self.profile.login.user_type)
    }

    fn mechanisms(&self, slot: CK_SLOT_ID) -> Result<Vec<CK_MECHANISM_TYPE>, TokenError> {
        self.library.raw().mechanisms(slot).map_err(device)
    }

    /// Forgets what the session and the module remember, so that the next look is at the token itself: the session is opened
    /// again, and the module initialized again if the profile requires it and no other token is logged in. A login whose PIN was entered on the device is kept instead.
    fn start_afresh(&self) -> Result<(), TokenError> {
        let login = {
            let mut own = lock(&self.session);
            if own.login.as_ref().is_some_and(|login| login.pin.is_none()) {
                return Ok(());
            }
            std::mem::take(&mut *own).login
        };
        self.library
            .refresh_if_possible(self.profile.slots.rescan)?;
        self.in_session(|mut active| {
            *active.login = login;
            if active.login_required && active.login.is_some() {
                active.renew_login()?;
            }
            Ok(())
        })
    }

    /// Signs with a key of the session, whether it is kept or not.
    fn sign_with(
        &self,
        active: &Active<'_>,
        key: CK_OBJECT_HANDLE,
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
        object_id: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let algorithm = public.algorithm();
        let offered = self.mechanisms(active.slot)?;
        let asks_each_time = self.profile.login.each_signature
            || objects::always_authenticates(active.session, key)?;
        let pin = active.login.as_ref().and_then(|login| login.pin.as_ref());
        let authenticate = |session: &Session| {
            if asks_each_time {
                session.login(Role::ContextSpecific, pin.map(|pin| pin.as_str()))
            } else {
                Ok(())
            }
        };
        let mut refusal = TokenError::unsupported(format!("sign with {algorithm}"));
        let known = &self.profile.signing.mechanisms;
        for way in Signing::ways(algorithm, scheme, message, known, &offered)? {
            let signed = active
                .session
                .sign(way.mechanism, key, &way.input, authenticate);
            match signed {
                Ok(raw) => {
                    return signature::finished(&raw, public, scheme, message).ok_or_else(|| {
                        let problem = format!(
                            "what it returned, {} bytes, is not a signature of {algorithm}",
                            raw.len()
                        );
                        TokenError::mismatch(object_id, problem)
                    });
                }
                Err(error) if is_unsupported(error.code) => {}
                Err(error) => {
                    refusal = self.pin_failure(error, PinRole::User);
                    break;
                }
            }
        }
        Err(refusal)
    }

    /// Reads a new pair back. One that is not as requested is destroyed.
    fn read_back_or_destroy(&self, request: &KeyRequest) -> Result<GeneratedKey, TokenError> {
        let read = self.in_login(|active| {
            let halves = Halves::of_request(active.session, &request.object_id, &request.label)?;
            read_back(active.session, request, &halves, &self.profile.keys)
        });
        let Err(TokenError::KeyMismatch { problem, .. }) = read else {
            return read;
        };
        let destroyed = self.in_login(|active| {
            let find = || Halves::of_request(active.session, &request.object_id, &request.label);
            for handle in find()?.all() {
                active.session.destroy_object(handle).map_err(device)?;
            }
            Ok(find()?.is_empty())
        });
        let fate = match destroyed {
            Ok(true) => "it was destroyed",
            Ok(false) | Err(_) => "it is still on the token",
        };
        Err(TokenError::mismatch(
            &request.object_id,
            format!("{problem}; {fate}"),
        ))
    }
}

impl Token for Pkcs11Token {
    fn id(&self) -> &TokenId {
        &self.id
    }

    fn state(&mut self) -> Result<TokenState, TokenError> {
        self.current_state()
    }

    fn interface(&mut self) -> Result<Option<TokenInterface>, TokenError> {
        let (_, info) = self.locate()?;
        let state = info::state(&self.profile, &info);
        Ok(Some(TokenInterface {
            module: self.library.path().display().to_string(),
            sha256: self.library.sha256(),
            library: self.library.description(),
            firmware: info.firmware,
            pin_entry: if !state.login_required {
                PinEntry::NotRequired
            } else if state.pin_pad {
                PinEntry::Device
            } else {
                PinEntry::Computer
            },
        }))
    }

    fn initialize(&mut self, so_pin: &Pin, label: &str) -> Result<(), TokenError> {
        self.initialize_with(Some(so_pin), label)
    }

    fn initialize_on_device(&mut self, label: &str) -> Result<(), TokenError> {
        self.initialize_with(None, label)
    }

    fn set_pin(&mut self, so_pin: &Pin, pin: &Pin) -> Result<(), TokenError> {
        self.set_pin_with(Some(so_pin), Some(pin))
    }

    fn set_pin_on_device(&mut self) -> Result<(), TokenError> {
        self.set_pin_with(None, None)
    }

    fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), TokenError> {
        if !self.check_pins(&[old, new])?.pin_set {
            return Err(TokenError::PinNotSet);
        }
        drop(self.close_session());
        let result = self.in_session(|active| {
            active
                .session
                .set_pin(Some(old.expose()), Some(new.expose()))
                .map_err(|error| self.pin_failure(error, PinRole::User))
        });
        drop(self.close_session());
        result
    }

    fn login(&mut self, pin: &Pin) -> Result<(), TokenError> {
        self.login_with(Some(pin))
    }

    fn login_on_device(&mut self) -> Result<(), TokenError> {
        self.login_with(None)
    }

    fn logout(&mut self) -> Result<(), TokenError> {
        let was = std::mem::take(&mut *lock(&self.session));
        match was.open {
            Some((_, session)) if was.login.is_some() => session.logout().map_err(device),
            _ => Ok(()),
        }
    }

    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError> {
        self.in_session(|active| objects::all(active.session))
    }

    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError> {
        if self.profile.login.public_objects {
            return self.in_login(|active| objects::keys(active.session));
        }
        self.in_session(|active| objects::keys(active.session))
    }

    fn generate(&mut self, request: &KeyRequest) -> Result<GeneratedKey, TokenError> {
        self.in_login(|active| {
            require_unused(active.session, request)?;
            make(active.session, request, &self.profile.keys)
        })?;
        self.read_back_or_destroy(request)
    }

    fn recover(&mut self, request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError> {
        let find = || {
            self.in_login(|active| {
                Halves::of_request(active.session, &request.object_id, &request.label)
            })
        };
        let found = find()?;
        if found.is_empty() {
            return Ok(None);
        }
        if found.all().count() == 1 {
            // A half is destroyed only when a second look shows no other half.
            self.start_afresh()?;
            let found = find()?;
            if found.all().count() == 1 {
                self.in_login(|active| {
                    let mut halves = found.all();
                    halves.try_for_each(|half| active.session.destroy_object(half).map_err(device))
                })?;
                return Ok(None);
            }
        }
        self.read_back_or_destroy(request).map(Some)
    }

    fn sign_by(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        self.in_login(|active| {
            let key = private_key(active.session, object_id)?;
            self.sign_with(active, key, public, scheme, message, object_id)
        })
    }

    fn wrapping(&mut self) -> Option<&mut dyn WrappingToken> {
        Some(self)
    }

    fn random(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let mut bytes = Zeroizing::new(vec![0; length]);
        self.in_session(|active| {
            active
                .session
                .generate_random(&mut bytes)
                .map_err(ability("generate random bytes"))
        })?;
        Ok(bytes)
    }

    fn destroy(&mut self, object_id: &[u8]) -> Result<(), TokenError> {
        let label = self.in_login(|active| {
            let halves = Halves::of_id(active.session, object_id)?;
            if halves.is_empty() {
                return Err(TokenError::key_not_found(object_id));
            }
            let label = halves.own_label(active.session)?;
            for handle in halves.all() {
                let destroyed = active.session.destroy_object(handle);
                destroyed.map_err(ability("destroy keys"))?;
            }
            Ok(label)
        })?;
        self.start_afresh()?;
        self.in_login(|active| {
            let mut left = Halves::of_id(active.session, object_id)?;
            if let Some(label) = label.as_deref().filter(|_| left.is_empty()) {
                left = Halves::of_label(active.session, label)?;
            }
            if left.is_empty() {
                Ok(())
            } else {
                let problem = "it is still on the token after it was destroyed";
                Err(TokenError::mismatch(object_id, problem))
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
        self.in_login(|active| {
            let private = private_key(active.session, object_id)?;
            active.wrapping(self, key_encryption_key)?.wrap(private)
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
        self.in_login(|active| {
            let wrapping = active.wrapping(self, key_encryption_key)?;
            let private = wrapping.unwrap_for_once(public, wrapped)?;
            let signed = self.sign_with(active, private, public, scheme, message, &[]);
            active.session.destroy_object(private).map_err(device)?;
            signed
        })
    }

    fn make_non_extractable(&mut self, object_id: &[u8]) -> Result<KeyAttributes, TokenError> {
        self.in_login(|active| {
            let private = private_key(active.session, object_id)?;
            wrapping::make_non_extractable(active.session, private, object_id)
        })
    }

    fn unwrap(
        &mut self,
        request: &KeyRequest,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<GeneratedKey, TokenError> {
        self.in_login(|active| {
            require_unused(active.session, request)?;
            let wrapping = active.wrapping(self, key_encryption_key)?;
            wrapping.unwrap(request, public, wrapped)
        })?;
        self.read_back_or_destroy(request)
    }
}

/// The private key of an ID.
fn private_key(session: &Session, object_id: &[u8]) -> Result<CK_OBJECT_HANDLE, TokenError> {
    match Halves::of_id(session, object_id)?.private.as_slice() {
        [] => Err(TokenError::key_not_found(object_id)),
        [only] => Ok(*only),
        _ => Err(TokenError::mismatch(
            object_id,
            "several private keys have its ID",
        )),
    }
}

/// No object on the token may have the label or the ID that a new key is to get.
fn require_unused(session: &Session, request: &KeyRequest) -> Result<(), TokenError> {
    if objects::is_taken(session, &request.label, &request.object_id)? {
        return Err(TokenError::ObjectExists {
            label: request.label.clone(),
            object_id: request.object_id.clone(),
        });
    }
    Ok(())
}

/// Generates the pair with the fullest templates that the module accepts, whatever error it refuses others with.
fn make(session: &Session, request: &KeyRequest, keys: &Keys) -> Result<(), TokenError> {
    let find = || Halves::of_request(session, &request.object_id, &request.label);
    let templates = Templates { request, keys };
    let mut refusal = None;
    for (of_public, of_private) in templates.ladder() {
        let made = session.generate_key_pair(
            template::mechanism(request.key_type),
            &templates.public(of_public),
            &templates.private(of_private),
        );
        let error = match made {
            Ok((public, private)) => {
                for half in [public, private] {
                    give_id(session, half, request);
                }
                return match find() {
                    Ok(halves) if halves.is_empty() => {
                        let _ = session.destroy_object(private);
                        let _ = session.destroy_object(public);
                        Err(TokenError::mismatch(
                            &request.object_id,
                            "the token gave it neither the ID nor the label that were requested; it was destroyed",
                        ))
                    }
                    // Where the login was lost, reading back renews it.
                    _ => Ok(()),
                };
            }
            Err(error) => error,
        };
        let refused = refusal.get_or_insert(error);
        if is_final(error) {
            *refused = error;
            break;
        }
        // Some modules report an error after they have generated the pair.
        if !find()?.is_empty() {
            return Ok(());
        }
    }
    refusal.map_or(Ok(()), |error| {
        Err(ability(&format!(
            "generate keys of type {}",
            request.key_type
        ))(error))
    })
}

/// Whether another template would be refused as well.
fn is_final(error: CallError) -> bool {
    is_unsupported(error.code)
        || matches!(device(error), TokenError::Removed | TokenError::LoginNeeded)
        || matches!(
            error.code,
            sys::CKR_DEVICE_MEMORY
                | sys::CKR_HOST_MEMORY
                | sys::CKR_TOKEN_WRITE_PROTECTED
                | sys::CKR_SESSION_READ_ONLY
        )
}

/// Gives a new half the ID of the request where the module chose another. A module that refuses this keeps its own: the
/// halves are found by their label then.
fn give_id(session: &Session, half: CK_OBJECT_HANDLE, request: &KeyRequest) {
    let has = objects::bytes(session, half, sys::CKA_ID);
    if has.is_ok_and(|id| id.is_none_or(|id| *id != request.object_id)) {
        let _ = session.set_attribute(half, Attribute::bytes(sys::CKA_ID, &request.object_id));
    }
}

/// Reads the pair back and compares it with what was requested.
fn read_back(
    session: &Session,
    request: &KeyRequest,
    halves: &Halves,
    keys: &Keys,
) -> Result<GeneratedKey, TokenError> {
    let wrong = |problem: String| TokenError::mismatch(&request.object_id, problem);
    let ([public], [private]) = (halves.public.as_slice(), halves.private.as_slice()) else {
        return Err(wrong(format!(
            "the token shows {} public and {} private halves of it",
            halves.public.len(),
            halves.private.len()
        )));
    };
    let key = objects::public_key(session, *public)?.map_err(&wrong)?;
    let wanted = request.key_type.algorithm();
    if key.algorithm() != wanted {
        return Err(wrong(format!(
            "{wanted} was requested, but {} was generated",
            key.algorithm()
        )));
    }
    let mut attributes = objects::private_attributes(session, *private)?;
    attributes.local = attributes.local.filter(|_| keys.reports_local);
    if attributes.sensitive == Some(false) || objects::shows_value(session, *private)? {
        return Err(wrong("the token shows its private key in clear".to_owned()));
    }
    match attributes.extractable {
        Some(extractable) if extractable != request.extractable => Err(wrong(format!(
            "extractable = {} was requested, but the token reports {extractable}",
            request.extractable
        ))),
        _ => Ok(GeneratedKey {
            public: key,
            attributes,
        }),
    }
}
