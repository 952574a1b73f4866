//! PKCS#11 functions as a module exports them: the only file with `unsafe` code.
//!
//! The interface is safe for every module that follows the binary interface of the standard. Pointers are valid for the
//! duration of a call, reported lengths are checked against the buffers they describe, and answers are bounded. Code of
//! a module that writes outside a buffer cannot be stopped from here.

#![allow(unsafe_code)]

use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use cryptoki_sys::{self as sys, CK_FUNCTION_LIST, CK_RV, CK_ULONG};
use zeroize::Zeroizing;

/// The longest answer that is accepted, in bytes. Wrapped RSA-4096 keys have about 2,400.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The buffer of the first call. No length is asked for first: some modules report an upper bound.
const USUAL_ANSWER: usize = 4 * 1024;

/// The most slots, mechanisms or objects that are read.
const MOST_ENTRIES: usize = 4096;

/// How often a module may answer that a buffer is too small.
const BUFFER_TRIES: usize = 3;

/// The code for an answer that cannot be right. No module returns it.
pub(super) const IMPLAUSIBLE: CK_RV = CK_RV::MAX;

/// A function of the module that failed, and its return value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallError {
    pub(super) function: &'static str,
    pub(super) code: CK_RV,
}

pub(super) type CallResult<T> = Result<T, CallError>;

/// One attribute of a template. Values are wiped, because one of them is a key-encryption key.
pub(super) struct Attribute {
    pub(super) kind: sys::CK_ATTRIBUTE_TYPE,
    value: Zeroizing<Vec<u8>>,
}

impl Attribute {
    pub(super) fn bytes(kind: sys::CK_ATTRIBUTE_TYPE, value: &[u8]) -> Self {
        let value = Zeroizing::new(value.to_vec());
        Self { kind, value }
    }

    pub(super) fn flag(kind: sys::CK_ATTRIBUTE_TYPE, value: bool) -> Self {
        Self::bytes(kind, &[u8::from(value)])
    }

    pub(super) fn number(kind: sys::CK_ATTRIBUTE_TYPE, value: CK_ULONG) -> Self {
        Self::bytes(kind, &value.to_ne_bytes())
    }
}

/// A mechanism with its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain(sys::CK_MECHANISM_TYPE),
    /// RSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    PssSha256(sys::CK_MECHANISM_TYPE),
}

impl Mechanism {
    pub(super) const fn kind(self) -> sys::CK_MECHANISM_TYPE {
        match self {
            Self::Plain(kind) | Self::PssSha256(kind) => kind,
        }
    }

    fn with<T>(self, work: impl FnOnce(*mut sys::CK_MECHANISM) -> T) -> T {
        let mut pss = sys::CK_RSA_PKCS_PSS_PARAMS {
            hashAlg: sys::CKM_SHA256,
            mgf: sys::CKG_MGF1_SHA256,
            sLen: 32,
        };
        let (mechanism, parameter, length) = match self {
            Self::Plain(mechanism) => (mechanism, ptr::null_mut(), 0),
            Self::PssSha256(mechanism) => (
                mechanism,
                (&raw mut pss).cast::<c_void>(),
                size_of::<sys::CK_RSA_PKCS_PSS_PARAMS>(),
            ),
        };
        let mut mechanism = sys::CK_MECHANISM {
            mechanism,
            pParameter: parameter,
            ulParameterLen: ulong(length),
        };
        work(&raw mut mechanism)
    }
}

/// What `C_GetTokenInfo` reports, except its clock and memory: nothing here can fail to be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenInfo {
    pub(super) label: String,
    pub(super) manufacturer: String,
    pub(super) model: String,
    pub(super) serial: String,
    pub(super) flags: sys::CK_FLAGS,
    pub(super) shortest_pin: CK_ULONG,
    pub(super) longest_pin: CK_ULONG,
    pub(super) firmware: String,
}

/// Whose PIN a login gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The key holder, by the user type of the profile.
    User(u64),
    SecurityOfficer,
    /// For the signature that has just begun.
    ContextSpecific,
}

/// A module that was loaded.
pub(super) struct RawModule {
    functions: CK_FUNCTION_LIST,
    /// Keeps the code of `functions` in memory.
    _library: sys::Pkcs11,
}

/// Calls a function of the list; one that is missing is not supported.
macro_rules! call {
    ($module:expr, $function:ident $(, $argument:expr)* $(,)?) => {
        match $module.functions.$function {
            Some(function) => {
                // SAFETY: the function is in the list of a module that stays loaded as long as `$module`. Pointers among the
                // arguments are null, or valid for the length given with them until the call returns.
                let code = unsafe { function($($argument),*) };
                checked(stringify!($function), code)
            }
            None => checked(stringify!($function), sys::CKR_FUNCTION_NOT_SUPPORTED),
        }
    };
}

impl RawModule {
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        const NOT_A_MODULE: &str = "not a PKCS#11 module";
        // SAFETY: loading runs code of the module. The profile names the file, and the transcript records its digest.
        let library = unsafe { sys::Pkcs11::new(path) }.map_err(|error| error.to_string())?;
        let get_list = library
            .C_GetFunctionList
            .as_ref()
            .map_err(|_| NOT_A_MODULE.to_owned())?;
        let mut list: sys::CK_FUNCTION_LIST_PTR = ptr::null_mut();
        // SAFETY: the function has the signature of the standard, and `list` outlives the call.
        let code = unsafe { get_list(&raw mut list) };
        if code != sys::CKR_OK || list.is_null() {
            return Err(NOT_A_MODULE.to_owned());
        }
        // SAFETY: a module that reports success has set the pointer to its list, which stays valid while it is loaded.
        let functions = unsafe { list.read_unaligned() };
        Ok(Self {
            functions,
            _library: library,
        })
    }

    /// Initializes the module; `reserved` is its private argument. A module that cannot lock is used without locks: all
    /// calls come from one thread at a time.
    pub(super) fn initialize(&self, reserved: Option<&str>, os_locking: bool) -> CallResult<()> {
        let reserved = reserved.map(|text| CString::new(text).unwrap_or_default());
        let mut arguments = sys::CK_C_INITIALIZE_ARGS {
            CreateMutex: None,
            DestroyMutex: None,
            LockMutex: None,
            UnlockMutex: None,
            flags: if os_locking {
                sys::CKF_OS_LOCKING_OK
            } else {
                0
            },
            pReserved: reserved
                .as_ref()
                .map_or(ptr::null_mut(), |text| text.as_ptr().cast_mut().cast()),
        };
        let with_locks = call!(self, C_Initialize, (&raw mut arguments).cast());
        match with_locks {
            Err(CallError {
                code: sys::CKR_CANT_LOCK,
                ..
            }) => {
                arguments.flags = 0;
                call!(self, C_Initialize, (&raw mut arguments).cast())
            }
            other => other,
        }
    }

    pub(super) fn finalize(&self) -> CallResult<()> {
        call!(self, C_Finalize, ptr::null_mut())
    }

    /// Manufacturer, description and version of the module.
    pub(super) fn info(&self) -> CallResult<String> {
        let mut info = sys::CK_INFO::default();
        call!(self, C_GetInfo, &raw mut info)?;
        Ok(format!(
            "{}, {} {}",
            text(&info.manufacturerID),
            text(&info.libraryDescription),
            version(info.libraryVersion)
        ))
    }

    /// The slots with a token.
    pub(super) fn slots(&self) -> CallResult<Vec<sys::CK_SLOT_ID>> {
        list("C_GetSlotList", |slots, count| {
            call!(self, C_GetSlotList, sys::CK_TRUE, slots, count)
        })
    }

    pub(super) fn token_info(&self, slot: sys::CK_SLOT_ID) -> CallResult<TokenInfo> {
        let mut info = sys::CK_TOKEN_INFO::default();
        call!(self, C_GetTokenInfo, slot, &raw mut info)?;
        Ok(TokenInfo {
            label: text(&info.label),
            manufacturer: text(&info.manufacturerID),
            model: text(&info.model),
            serial: text(&info.serialNumber),
            flags: info.flags,
            shortest_pin: info.ulMinPinLen,
            longest_pin: info.ulMaxPinLen,
            firmware: version(info.firmwareVersion),
        })
    }

    pub(super) fn mechanisms(
        &self,
        slot: sys::CK_SLOT_ID,
    ) -> CallResult<Vec<sys::CK_MECHANISM_TYPE>> {
        list("C_GetMechanismList", |mechanisms, count| {
            call!(self, C_GetMechanismList, slot, mechanisms, count)
        })
    }

    /// Erases a token. Without a PIN, it is entered on the device.
    pub(super) fn init_token(
        &self,
        slot: sys::CK_SLOT_ID,
        so_pin: Option<&str>,
        label: &str,
    ) -> CallResult<()> {
        let mut padded = [b' '; 32];
        for (place, byte) in padded.iter_mut().zip(label.bytes()) {
            *place = byte;
        }
        let (pin, length) = pin_pointer(so_pin);
        call!(self, C_InitToken, slot, pin, length, padded.as_mut_ptr())
    }

    /// Opens a session for reading and writing: a read-only one would forbid the login of the security officer.
    pub(super) fn open_session(self: &Arc<Self>, slot: sys::CK_SLOT_ID) -> CallResult<Session> {
        let flags = sys::CKF_SERIAL_SESSION | sys::CKF_RW_SESSION;
        let mut handle = 0;
        call!(
            self,
            C_OpenSession,
            slot,
            flags,
            ptr::null_mut(),
            None,
            &raw mut handle
        )?;
        Ok(Session {
            module: Arc::clone(self),
            handle,
        })
    }
}

/// A session with a token. Dropping it closes it.
pub(super) struct Session {
    module: Arc<RawModule>,
    handle: sys::CK_SESSION_HANDLE,
}

impl Drop for Session {
    fn drop(&mut self) {
        // A session that cannot be closed ends with the module.
        let _ = call!(self.module, C_CloseSession, self.handle);
    }
}

impl Session {
    /// Whether the module reports that a user is logged in; `None` where it does not answer.
    pub(super) fn is_logged_in(&self) -> Option<bool> {
        let mut info = sys::CK_SESSION_INFO::default();
        call!(self.module, C_GetSessionInfo, self.handle, &raw mut info).ok()?;
        Some(matches!(
            info.state,
            sys::CKS_RO_USER_FUNCTIONS | sys::CKS_RW_USER_FUNCTIONS
        ))
    }

    /// Logs in. Without a PIN, it is entered on the device.
    pub(super) fn login(&self, role: Role, pin: Option<&str>) -> CallResult<()> {
        let role = match role {
            Role::User(user_type) => {
                sys::CK_USER_TYPE::try_from(user_type).unwrap_or(sys::CKU_USER)
            }
            Role::SecurityOfficer => sys::CKU_SO,
            Role::ContextSpecific => sys::CKU_CONTEXT_SPECIFIC,
        };
        let (pin, length) = pin_pointer(pin);
        call!(self.module, C_Login, self.handle, role, pin, length)
    }

    pub(super) fn logout(&self) -> CallResult<()> {
        call!(self.module, C_Logout, self.handle)
    }

    pub(super) fn init_pin(&self, pin: Option<&str>) -> CallResult<()> {
        let (pin, length) = pin_pointer(pin);
        call!(self.module, C_InitPIN, self.handle, pin, length)
    }

    pub(super) fn set_pin(&self, old: Option<&str>, new: Option<&str>) -> CallResult<()> {
        let ((old, old_length), (new, new_length)) = (pin_pointer(old), pin_pointer(new));
        call!(
            self.module,
            C_SetPIN,
            self.handle,
            old,
            old_length,
            new,
            new_length
        )
    }

    /// The objects that match a template.
    pub(super) fn find(&self, template: &[Attribute]) -> CallResult<Vec<sys::CK_OBJECT_HANDLE>> {
        const BATCH: usize = 64;
        let mut raw = raw_template(template);
        call!(
            self.module,
            C_FindObjectsInit,
            self.handle,
            raw.as_mut_ptr(),
            ulong(raw.len())
        )?;
        let mut found = Vec::new();
        let result = loop {
            let mut batch = [0; BATCH];
            let mut count = 0;
            let next = call!(
                self.module,
                C_FindObjects,
                self.handle,
                batch.as_mut_ptr(),
                ulong(BATCH),
                &raw mut count,
            );
            let count = next.and_then(|()| bounded("C_FindObjects", count, BATCH));
            match count {
                Ok(0) => break Ok(()),
                Ok(count) => found.extend_from_slice(&batch[..count]),
                Err(error) => break Err(error),
            }
            if found.len() > MOST_ENTRIES {
                break Err(implausible("C_FindObjects"));
            }
        };
        let finished = call!(self.module, C_FindObjectsFinal, self.handle);
        result.and(finished)?;
        Ok(found)
    }

    /// An attribute of an object; `None` if the object does not have it or the module does not show it.
    pub(super) fn attribute(
        &self,
        object: sys::CK_OBJECT_HANDLE,
        kind: sys::CK_ATTRIBUTE_TYPE,
    ) -> CallResult<Option<Zeroizing<Vec<u8>>>> {
        const FUNCTION: &str = "C_GetAttributeValue";
        let ask = |buffer: *mut u8, length: &mut CK_ULONG| {
            let mut attribute = sys::CK_ATTRIBUTE {
                type_: kind,
                pValue: buffer.cast(),
                ulValueLen: *length,
            };
            let result = call!(
                self.module,
                C_GetAttributeValue,
                self.handle,
                object,
                &raw mut attribute,
                1,
            );
            *length = attribute.ulValueLen;
            if result.is_ok() && *length == sys::CK_UNAVAILABLE_INFORMATION {
                return checked(FUNCTION, sys::CKR_ATTRIBUTE_TYPE_INVALID);
            }
            result
        };
        // NSS takes a number only into a buffer of its exact length.
        let value = match exactly(ask) {
            Some(value) => Ok(value),
            None => bytes(FUNCTION, ask),
        };
        match value {
            Ok(value) => Ok(Some(value)),
            Err(CallError {
                code: sys::CKR_ATTRIBUTE_TYPE_INVALID | sys::CKR_ATTRIBUTE_SENSITIVE,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn set_attribute(
        &self,
        object: sys::CK_OBJECT_HANDLE,
        attribute: Attribute,
    ) -> CallResult<()> {
        let template = [attribute];
        let mut raw = raw_template(&template);
        call!(
            self.module,
            C_SetAttributeValue,
            self.handle,
            object,
            raw.as_mut_ptr(),
            1
        )
    }

    pub(super) fn create_object(
        &self,
        template: &[Attribute],
    ) -> CallResult<sys::CK_OBJECT_HANDLE> {
        let mut raw = raw_template(template);
        let mut object = 0;
        call!(
            self.module,
            C_CreateObject,
            self.handle,
            raw.as_mut_ptr(),
            ulong(raw.len()),
            &raw mut object,
        )?;
        Ok(object)
    }

    pub(super) fn destroy_object(&self, object: sys::CK_OBJECT_HANDLE) -> CallResult<()> {
        call!(self.module, C_DestroyObject, self.handle, object)
    }

    /// Generates a key pair: the public and the private object.
    pub(super) fn generate_key_pair(
        &self,
        mechanism: Mechanism,
        public: &[Attribute],
        private: &[Attribute],
    ) -> CallResult<(sys::CK_OBJECT_HANDLE, sys::CK_OBJECT_HANDLE)> {
        let (mut public, mut private) = (raw_template(public), raw_template(private));
        let mut made = (0, 0);
        mechanism.with(|mechanism| {
            call!(
                self.module,
                C_GenerateKeyPair,
                self.handle,
                mechanism,
                public.as_mut_ptr(),
                ulong(public.len()),
                private.as_mut_ptr(),
                ulong(private.len()),
                &raw mut made.0,
                &raw mut made.1,
            )
        })?;
        Ok(made)
    }

    /// Signs. `authenticate` is called between the beginning and the end of the signature, with no other call between:
    /// keys with `CKA_ALWAYS_AUTHENTICATE` require that.
    pub(super) fn sign(
        &self,
        mechanism: Mechanism,
        key: sys::CK_OBJECT_HANDLE,
        data: &[u8],
        authenticate: impl FnOnce(&Self) -> CallResult<()>,
    ) -> CallResult<Zeroizing<Vec<u8>>> {
        mechanism.with(|mechanism| call!(self.module, C_SignInit, self.handle, mechanism, key))?;
        let authenticated = authenticate(self);
        // Without authentication this fails, and ends the operation that has begun.
        let signed = bytes("C_Sign", |buffer, length| {
            call!(
                self.module,
                C_Sign,
                self.handle,
                data.as_ptr().cast_mut(),
                ulong(data.len()),
                buffer,
                length,
            )
        });
        authenticated.and(signed)
    }

    pub(super) fn wrap_key(
        &self,
        mechanism: Mechanism,
        wrapping: sys::CK_OBJECT_HANDLE,
        key: sys::CK_OBJECT_HANDLE,
    ) -> CallResult<Zeroizing<Vec<u8>>> {
        bytes("C_WrapKey", |buffer, length| {
            mechanism.with(|mechanism| {
                call!(
                    self.module,
                    C_WrapKey,
                    self.handle,
                    mechanism,
                    wrapping,
                    key,
                    buffer,
                    length,
                )
            })
        })
    }

    pub(super) fn unwrap_key(
        &self,
        mechanism: Mechanism,
        unwrapping: sys::CK_OBJECT_HANDLE,
        wrapped: &[u8],
        template: &[Attribute],
    ) -> CallResult<sys::CK_OBJECT_HANDLE> {
        let mut raw = raw_template(template);
        let mut object = 0;
        mechanism.with(|mechanism| {
            call!(
                self.module,
                C_UnwrapKey,
                self.handle,
                mechanism,
                unwrapping,
                wrapped.as_ptr().cast_mut(),
                ulong(wrapped.len()),
                raw.as_mut_ptr(),
                ulong(raw.len()),
                &raw mut object,
            )
        })?;
        Ok(object)
    }

    pub(super) fn generate_random(&self, buffer: &mut [u8]) -> CallResult<()> {
        let length = ulong(buffer.len());
        call!(
            self.module,
            C_GenerateRandom,
            self.handle,
            buffer.as_mut_ptr(),
            length
        )
    }
}

const fn checked(function: &'static str, code: CK_RV) -> CallResult<()> {
    if code == sys::CKR_OK {
        Ok(())
    } else {
        Err(CallError { function, code })
    }
}

const fn implausible(function: &'static str) -> CallError {
    CallError {
        function,
        code: IMPLAUSIBLE,
    }
}

fn ulong(length: usize) -> CK_ULONG {
    CK_ULONG::try_from(length).unwrap_or(CK_ULONG::MAX)
}

/// A length that a module reported, if the buffer has that many.
fn bounded(function: &'static str, length: CK_ULONG, most: usize) -> CallResult<usize> {
    let length = usize::try_from(length).ok();
    length
        .filter(|length| *length <= most)
        .ok_or_else(|| implausible(function))
}

/// Reads a list: its length first, then its entries, again where entries were added between.
fn list<T: Copy + Default>(
    function: &'static str,
    call: impl Fn(*mut T, *mut CK_ULONG) -> CallResult<()>,
) -> CallResult<Vec<T>> {
    let too_small = checked(function, sys::CKR_BUFFER_TOO_SMALL);
    for _ in 0..BUFFER_TRIES {
        let mut count = 0;
        call(ptr::null_mut(), &raw mut count)?;
        let room = bounded(function, count, MOST_ENTRIES)?;
        let mut entries = vec![T::default(); room];
        match call(entries.as_mut_ptr(), &raw mut count) {
            Ok(()) => {
                entries.truncate(bounded(function, count, room)?);
                return Ok(entries);
            }
            too_small_again if too_small_again == too_small => {}
            Err(error) => return Err(error),
        }
    }
    too_small.map(|()| Vec::new())
}

/// Reads bytes into a buffer of the length that a query gives; `None` where that does not work.
fn exactly(call: impl Fn(*mut u8, &mut CK_ULONG) -> CallResult<()>) -> Option<Zeroizing<Vec<u8>>> {
    let mut length = 0;
    call(ptr::null_mut(), &mut length).ok()?;
    let room = usize::try_from(length).ok()?;
    let mut buffer = Zeroizing::new(vec![0; Some(room).filter(|room| *room <= LONGEST_ANSWER)?]);
    call(buffer.as_mut_ptr(), &mut length).ok()?;
    buffer.truncate(usize::try_from(length).ok().filter(|it| *it <= room)?);
    Some(buffer)
}

/// Reads bytes into a buffer, into a larger one where it was too small.
fn bytes(
    function: &'static str,
    call: impl Fn(*mut u8, &mut CK_ULONG) -> CallResult<()>,
) -> CallResult<Zeroizing<Vec<u8>>> {
    let too_small = checked(function, sys::CKR_BUFFER_TOO_SMALL);
    let mut room = USUAL_ANSWER;
    while room <= LONGEST_ANSWER {
        let mut buffer = Zeroizing::new(vec![0; room]);
        let mut length = ulong(room);
        match call(buffer.as_mut_ptr(), &mut length) {
            Ok(()) => {
                buffer.truncate(bounded(function, length, room)?);
                return Ok(buffer);
            }
            too_small_again if too_small_again == too_small => room *= 4,
            Err(error) => return Err(error),
        }
    }
    too_small.map(|()| Zeroizing::default())
}

/// Modules read templates and do not write to them, though the standard declares the pointers as mutable.
fn raw_template(template: &[Attribute]) -> Vec<sys::CK_ATTRIBUTE> {
    let raw = template.iter().map(|attribute| sys::CK_ATTRIBUTE {
        type_: attribute.kind,
        pValue: attribute.value.as_ptr().cast_mut().cast(),
        ulValueLen: ulong(attribute.value.len()),
    });
    raw.collect()
}

fn pin_pointer(pin: Option<&str>) -> (*mut u8, CK_ULONG) {
    pin.map_or((ptr::null_mut(), 0), |pin| {
        (pin.as_ptr().cast_mut(), ulong(pin.len()))
    })
}

/// Padded with spaces by the standard, and with NUL by some modules. Bytes that are not UTF-8 are replaced.
fn text(padded: &[u8]) -> String {
    let text = String::from_utf8_lossy(padded);
    text.trim_end_matches([' ', '\0']).trim_start().to_owned()
}

fn version(version: sys::CK_VERSION) -> String {
    format!("{}.{}", version.major, version.minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_of_both_kinds_is_removed() {
        assert_eq!(text(b"SoftHSM v2      "), "SoftHSM v2");
        assert_eq!(text(b"SLB9670\0\0\0  \0"), "SLB9670");
        assert_eq!(text(b"\0\0"), "");
        assert_eq!(text(b"caf\xe9 1"), "caf\u{fffd} 1");
    }

    #[test]
    fn an_answer_longer_than_its_buffer_is_refused() {
        let longer = |_: *mut u8, length: &mut CK_ULONG| {
            *length += 1;
            Ok(())
        };
        assert_eq!(bytes("C_Sign", longer), Err(implausible("C_Sign")));
        let huge = |_: *mut u64, count: *mut CK_ULONG| {
            // SAFETY: `list` passes a valid pointer.
            unsafe { *count = CK_ULONG::MAX };
            Ok(())
        };
        assert_eq!(
            list("C_GetSlotList", huge),
            Err(implausible("C_GetSlotList"))
        );
    }

    #[test]
    fn a_buffer_that_is_always_too_small_ends() {
        let never = |_: *mut u8, _: &mut CK_ULONG| checked("C_Sign", sys::CKR_BUFFER_TOO_SMALL);
        let error = bytes("C_Sign", never).unwrap_err();
        assert_eq!(error.code, sys::CKR_BUFFER_TOO_SMALL);
    }
}
