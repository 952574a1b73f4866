//! A PKCS#11 module that misbehaves: SoftHSM behind a switch for each quirk that real modules have.
//!
//! `CONCLAVE_QUIRKS` names the quirks, separated by commas. `CONCLAVE_QUIRKS_PIN` and `CONCLAVE_QUIRKS_SO_PIN` are what people
//! enter on the device.
//!
//! All code here is `unsafe`, since it stands between two C interfaces: every function gets the pointers that Conclave passes
//! to a module, which are valid as the standard demands, and passes them on to SoftHSM.

#![allow(non_snake_case, clippy::missing_safety_doc)]

use std::collections::HashMap;
use std::env;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use cryptoki_sys::*;

const SOFTHSM: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

/// Every quirk, so that a test which misspells one fails.
pub const QUIRKS: [&str; 36] = [
    "none",
    "full-template-refused",
    "public-template-refused",
    "generation-reports-error",
    "local-false",
    "local-unknown",
    "flags-silent",
    "different-ids",
    "module-ids",
    "ids-of-8-bytes",
    "public-objects-need-login",
    "login-lost-after-generation",
    "context-login",
    "no-login",
    "pin-pad",
    "only-210a",
    "only-210b",
    "no-wrapping",
    "only-ecdsa-sha256",
    "der-signatures",
    "signature-length-upper-bound",
    "signature-length-huge",
    "buffer-always-too-small",
    "bare-points",
    "garbage-info",
    "empty-serials",
    "pin-length-zero",
    "pin-length-reversed",
    "token-info-fails-once",
    "cannot-lock",
    "initialize-fails-once",
    "destroy-ignored",
    "destroy-unsupported",
    "value-readable",
    "find-fails-once",
    "sign-fails-once",
];

static LIBRARY: OnceLock<Pkcs11> = OnceLock::new();
static REAL: OnceLock<CK_FUNCTION_LIST> = OnceLock::new();
/// Signatures that have begun: mechanism, key, and whether a context-specific login followed at once.
static SIGNING: Mutex<Option<HashMap<CK_SESSION_HANDLE, (CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, bool)>>> =
    Mutex::new(None);

fn has(quirk: &str) -> bool {
    static NAMED: OnceLock<Vec<String>> = OnceLock::new();
    assert!(QUIRKS.contains(&quirk), "{quirk} is not in the list");
    let named = NAMED.get_or_init(|| {
        let named = env::var("CONCLAVE_QUIRKS").unwrap_or_default();
        let named: Vec<String> = named.split(',').map(str::to_owned).collect();
        for quirk in &named {
            assert!(QUIRKS.contains(&quirk.as_str()), "{quirk} is not a quirk");
        }
        named
    });
    named.iter().any(|named| named == quirk)
}

/// Whether this call of a function is the one that fails: the second, so that the first look succeeds.
fn fails_now(quirk: &str, calls: &AtomicUsize) -> bool {
    has(quirk) && calls.fetch_add(1, Ordering::SeqCst) == 1
}

macro_rules! real {
    ($function:ident($($argument:expr),* $(,)?)) => {
        (REAL.get().unwrap().$function.unwrap())($($argument),*)
    };
}

fn entered(variable: &str) -> Vec<u8> {
    env::var(variable).unwrap_or_default().into_bytes()
}

unsafe extern "C" fn initialize(arguments: *mut std::ffi::c_void) -> CK_RV {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe {
        let mut arguments = arguments.cast::<CK_C_INITIALIZE_ARGS>();
        if has("cannot-lock") {
            if !arguments.is_null() && (*arguments).flags & CKF_OS_LOCKING_OK != 0 {
                return CKR_CANT_LOCK;
            }
            arguments = ptr::null_mut();
        }
        if fails_now("initialize-fails-once", &CALLS) {
            return CKR_GENERAL_ERROR;
        }
        real!(C_Initialize(arguments.cast()))
    }
}

unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe {
        if fails_now("token-info-fails-once", &CALLS) {
            return CKR_DEVICE_ERROR;
        }
        let code = real!(C_GetTokenInfo(slot, info));
        if code != CKR_OK {
            return code;
        }
        let info = &mut *info;
        if has("garbage-info") {
            info.utcTime = [0xfe; 16];
            info.manufacturerID[30..].fill(0xff);
            info.serialNumber[..2].fill(0xff);
            info.ulTotalPublicMemory = CK_ULONG::MAX - 3;
        }
        if has("empty-serials") {
            info.serialNumber = [b' '; 16];
        }
        if has("pin-length-zero") {
            (info.ulMinPinLen, info.ulMaxPinLen) = (0, 0);
        }
        if has("pin-length-reversed") {
            (info.ulMinPinLen, info.ulMaxPinLen) = (CK_ULONG::MAX, 4);
        }
        if has("no-login") {
            info.flags &= !CKF_LOGIN_REQUIRED;
        }
        if has("pin-pad") {
            info.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
        }
        CKR_OK
    }
}

unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    list: *mut CK_MECHANISM_TYPE,
    count: *mut CK_ULONG,
) -> CK_RV {
    unsafe {
        let mut room = 0;
        let code = real!(C_GetMechanismList(slot, ptr::null_mut(), &mut room));
        if code != CKR_OK {
            return code;
        }
        let mut found = vec![0; room as usize];
        real!(C_GetMechanismList(slot, found.as_mut_ptr(), &mut room));
        for mechanism in &mut found {
            if *mechanism == CKM_AES_KEY_WRAP_PAD && has("only-210b") {
                *mechanism = CKM_AES_KEY_WRAP_KWP;
            }
            if *mechanism == CKM_ECDSA && has("only-ecdsa-sha256") {
                *mechanism = CKM_ECDSA_SHA256;
            }
        }
        found.retain(|mechanism| *mechanism != CKM_AES_KEY_WRAP_PAD || !has("no-wrapping"));
        if !list.is_null() {
            if (*count as usize) < found.len() {
                return CKR_BUFFER_TOO_SMALL;
            }
            ptr::copy_nonoverlapping(found.as_ptr(), list, found.len());
        }
        *count = found.len() as CK_ULONG;
        CKR_OK
    }
}

unsafe extern "C" fn init_token(
    slot: CK_SLOT_ID,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
    label: *mut CK_UTF8CHAR,
) -> CK_RV {
    unsafe {
        if !has("pin-pad") {
            return real!(C_InitToken(slot, pin, length, label));
        }
        if !pin.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        let mut pin = entered("CONCLAVE_QUIRKS_SO_PIN");
        real!(C_InitToken(slot, pin.as_mut_ptr(), pin.len() as CK_ULONG, label))
    }
}

unsafe extern "C" fn init_pin(
    session: CK_SESSION_HANDLE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> CK_RV {
    unsafe {
        if !has("pin-pad") {
            return real!(C_InitPIN(session, pin, length));
        }
        if !pin.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        let mut pin = entered("CONCLAVE_QUIRKS_PIN");
        real!(C_InitPIN(session, pin.as_mut_ptr(), pin.len() as CK_ULONG))
    }
}

unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: *mut std::ffi::c_void,
    notify: CK_NOTIFY,
    session: *mut CK_SESSION_HANDLE,
) -> CK_RV {
    unsafe {
        let code = real!(C_OpenSession(slot, flags, application, notify, session));
        if code == CKR_OK && has("no-login") {
            let mut pin = entered("CONCLAVE_QUIRKS_PIN");
            real!(C_Login(*session, CKU_USER, pin.as_mut_ptr(), pin.len() as CK_ULONG));
        }
        code
    }
}

unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> CK_RV {
    unsafe {
        if user == CKU_CONTEXT_SPECIFIC {
            let mut signing = SIGNING.lock().unwrap();
            let Some(begun) = signing.get_or_insert_default().get_mut(&session) else {
                return CKR_OPERATION_NOT_INITIALIZED;
            };
            let given = if pin.is_null() {
                Vec::new()
            } else {
                slice::from_raw_parts(pin, length as usize).to_vec()
            };
            begun.2 = given == entered("CONCLAVE_QUIRKS_PIN");
            return if begun.2 { CKR_OK } else { CKR_PIN_INCORRECT };
        }
        if !has("pin-pad") {
            return real!(C_Login(session, user, pin, length));
        }
        if !pin.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        let mut pin = entered(if user == CKU_SO {
            "CONCLAVE_QUIRKS_SO_PIN"
        } else {
            "CONCLAVE_QUIRKS_PIN"
        });
        real!(C_Login(session, user, pin.as_mut_ptr(), pin.len() as CK_ULONG))
    }
}

/// A look at anything between C_SignInit and C_Login ends a signature that needs its own login.
fn disturb(session: CK_SESSION_HANDLE) {
    if has("context-login") {
        SIGNING.lock().unwrap().get_or_insert_default().remove(&session);
    }
}

unsafe fn is_logged_in(session: CK_SESSION_HANDLE) -> bool {
    unsafe {
        let mut info = CK_SESSION_INFO::default();
        real!(C_GetSessionInfo(session, &mut info));
        info.state == CKS_RW_USER_FUNCTIONS
    }
}

unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe {
        disturb(session);
        if fails_now("find-fails-once", &CALLS) {
            return CKR_DEVICE_ERROR;
        }
        real!(C_FindObjectsInit(session, template, count))
    }
}

unsafe extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    objects: *mut CK_OBJECT_HANDLE,
    most: CK_ULONG,
    count: *mut CK_ULONG,
) -> CK_RV {
    unsafe {
        if has("public-objects-need-login") && !is_logged_in(session) {
            *count = 0;
            return CKR_OK;
        }
        real!(C_FindObjects(session, objects, most, count))
    }
}

unsafe fn class_of(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_OBJECT_CLASS {
    unsafe {
        let mut class: CK_OBJECT_CLASS = 0;
        let mut attribute = CK_ATTRIBUTE {
            type_: CKA_CLASS,
            pValue: (&raw mut class).cast(),
            ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
        };
        real!(C_GetAttributeValue(session, object, &mut attribute, 1));
        class
    }
}

unsafe fn give(attribute: &mut CK_ATTRIBUTE, value: &[u8]) -> CK_RV {
    unsafe {
        if !attribute.pValue.is_null() {
            if (attribute.ulValueLen as usize) < value.len() {
                return CKR_BUFFER_TOO_SMALL;
            }
            ptr::copy_nonoverlapping(value.as_ptr(), attribute.pValue.cast(), value.len());
        }
        attribute.ulValueLen = value.len() as CK_ULONG;
        CKR_OK
    }
}

unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    unsafe {
        disturb(session);
        // Conclave asks for one attribute at a time.
        assert_eq!(count, 1);
        let attribute = &mut *template;
        let is_private = class_of(session, object) == CKO_PRIVATE_KEY;
        let silent: &[CK_ATTRIBUTE_TYPE] = if has("flags-silent") {
            &[
                CKA_SENSITIVE,
                CKA_EXTRACTABLE,
                CKA_ALWAYS_SENSITIVE,
                CKA_NEVER_EXTRACTABLE,
                CKA_LOCAL,
            ]
        } else if has("local-unknown") {
            &[CKA_LOCAL]
        } else {
            &[]
        };
        if is_private && silent.contains(&attribute.type_) {
            attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return CKR_GENERAL_ERROR;
        }
        match attribute.type_ {
            CKA_LOCAL if has("local-false") => return give(attribute, &[0]),
            CKA_VALUE if is_private && has("value-readable") => return give(attribute, &[7; 32]),
            CKA_ALWAYS_AUTHENTICATE if is_private && has("context-login") => {
                return give(attribute, &[1]);
            }
            CKA_EC_POINT if has("bare-points") && !attribute.pValue.is_null() => {
                let code = real!(C_GetAttributeValue(session, object, template, count));
                if code != CKR_OK {
                    return code;
                }
                let value: *mut u8 = attribute.pValue.cast();
                let point = slice::from_raw_parts(value, attribute.ulValueLen as usize).to_vec();
                return give(attribute, &point[2..]);
            }
            _ => {}
        }
        real!(C_GetAttributeValue(session, object, template, count))
    }
}

unsafe extern "C" fn set_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    unsafe {
        disturb(session);
        if (has("different-ids") || has("module-ids")) && (*template).type_ == CKA_ID {
            return CKR_ATTRIBUTE_READ_ONLY;
        }
        real!(C_SetAttributeValue(session, object, template, count))
    }
}

unsafe fn attributes(template: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Vec<CK_ATTRIBUTE> {
    unsafe { slice::from_raw_parts(template, count as usize).to_vec() }
}

#[allow(clippy::too_many_arguments)]
unsafe extern "C" fn generate_key_pair(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    public: *mut CK_ATTRIBUTE,
    public_count: CK_ULONG,
    private: *mut CK_ATTRIBUTE,
    private_count: CK_ULONG,
    public_made: *mut CK_OBJECT_HANDLE,
    private_made: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    unsafe {
        let mut public = attributes(public, public_count);
        let mut private = attributes(private, private_count);
        let names = |template: &[CK_ATTRIBUTE], kind| template.iter().any(|it| it.type_ == kind);
        for kind in [CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE] {
            assert!(names(&private, kind), "a private half must be told {kind:#x}");
        }
        if has("full-template-refused") && names(&private, CKA_DECRYPT) {
            return CKR_GENERAL_ERROR;
        }
        if has("public-template-refused") && names(&public, CKA_PRIVATE) {
            return CKR_FUNCTION_FAILED;
        }
        let id_length = |template: &[CK_ATTRIBUTE]| {
            let id = template.iter().find(|it| it.type_ == CKA_ID);
            id.map_or(8, |id| id.ulValueLen)
        };
        if has("ids-of-8-bytes") && id_length(&private) != 8 {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        static NEXT_ID: AtomicUsize = AtomicUsize::new(0x10);
        let own_id = |template: &mut Vec<CK_ATTRIBUTE>, id: &mut [u8; 8]| {
            template.retain(|it| it.type_ != CKA_ID);
            template.push(CK_ATTRIBUTE {
                type_: CKA_ID,
                pValue: id.as_mut_ptr().cast(),
                ulValueLen: 8,
            });
        };
        let mut first = [0; 8];
        first[7] = NEXT_ID.fetch_add(2, Ordering::SeqCst) as u8;
        let mut second = first;
        if has("module-ids") {
            own_id(&mut public, &mut first);
            own_id(&mut private, &mut first);
        }
        if has("different-ids") {
            second[7] += 1;
            own_id(&mut public, &mut first);
            own_id(&mut private, &mut second);
        }
        let code = real!(C_GenerateKeyPair(
            session,
            mechanism,
            public.as_mut_ptr(),
            public.len() as CK_ULONG,
            private.as_mut_ptr(),
            private.len() as CK_ULONG,
            public_made,
            private_made,
        ));
        if code == CKR_OK && has("login-lost-after-generation") {
            real!(C_Logout(session));
        }
        if code == CKR_OK && has("generation-reports-error") {
            return CKR_FUNCTION_FAILED;
        }
        code
    }
}

unsafe extern "C" fn destroy_object(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
    unsafe {
        let is_key = matches!(class_of(session, object), CKO_PRIVATE_KEY | CKO_PUBLIC_KEY);
        if is_key && has("destroy-ignored") {
            return CKR_OK;
        }
        if is_key && has("destroy-unsupported") {
            return CKR_FUNCTION_NOT_SUPPORTED;
        }
        real!(C_DestroyObject(session, object))
    }
}

unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    unsafe {
        let kind = (*mechanism).mechanism;
        if has("context-login") || (has("only-ecdsa-sha256") && kind == CKM_ECDSA_SHA256) {
            let mut signing = SIGNING.lock().unwrap();
            let signing = signing.get_or_insert_default();
            signing.insert(session, (kind, key, false));
            return CKR_OK;
        }
        if has("only-ecdsa-sha256") && kind == CKM_ECDSA {
            return CKR_MECHANISM_INVALID;
        }
        real!(C_SignInit(session, mechanism, key))
    }
}

unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_length: *mut CK_ULONG,
) -> CK_RV {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe {
        if has("buffer-always-too-small") {
            return CKR_BUFFER_TOO_SMALL;
        }
        if signature.is_null() && has("signature-length-upper-bound") {
            *signature_length = 512;
            return CKR_OK;
        }
        let mut data = slice::from_raw_parts(data, length as usize).to_vec();
        let begun = SIGNING.lock().unwrap().get_or_insert_default().remove(&session);
        if let Some((mut kind, key, authenticated)) = begun {
            if has("context-login") && !authenticated {
                return CKR_USER_NOT_LOGGED_IN;
            }
            if kind == CKM_ECDSA_SHA256 {
                let mut sha256 = CK_MECHANISM {
                    mechanism: CKM_SHA256,
                    pParameter: ptr::null_mut(),
                    ulParameterLen: 0,
                };
                real!(C_DigestInit(session, &mut sha256));
                let mut digest = [0; 32];
                let mut digest_length = 32;
                real!(C_Digest(
                    session,
                    data.as_mut_ptr(),
                    length,
                    digest.as_mut_ptr(),
                    &mut digest_length,
                ));
                data = digest.to_vec();
                kind = CKM_ECDSA;
            }
            let mut mechanism = CK_MECHANISM {
                mechanism: kind,
                pParameter: ptr::null_mut(),
                ulParameterLen: 0,
            };
            let code = real!(C_SignInit(session, &mut mechanism, key));
            if code != CKR_OK {
                return code;
            }
        }
        let length = data.len() as CK_ULONG;
        let code = real!(C_Sign(session, data.as_mut_ptr(), length, signature, signature_length));
        if code != CKR_OK || signature.is_null() {
            return code;
        }
        if fails_now("sign-fails-once", &CALLS) {
            return CKR_DEVICE_ERROR;
        }
        if has("signature-length-huge") {
            *signature_length = 1 << 60;
        }
        if has("der-signatures") {
            let raw = slice::from_raw_parts(signature, *signature_length as usize);
            let (r, s) = raw.split_at(raw.len() / 2);
            let numbers = [der_integer(r), der_integer(s)].concat();
            let der = [&[0x30, numbers.len() as u8], numbers.as_slice()].concat();
            ptr::copy_nonoverlapping(der.as_ptr(), signature, der.len());
            *signature_length = der.len() as CK_ULONG;
        }
        CKR_OK
    }
}

fn der_integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut value = number[zeros..].to_vec();
    if value.first().is_none_or(|byte| byte & 0x80 != 0) {
        value.insert(0, 0);
    }
    [&[2, value.len() as u8], value.as_slice()].concat()
}

/// The wrapping mechanism that SoftHSM knows for the one that the quirk offers; none where it offers another.
fn wrapping(kind: CK_MECHANISM_TYPE) -> Option<CK_MECHANISM_TYPE> {
    let offered = if has("only-210b") {
        CKM_AES_KEY_WRAP_KWP
    } else {
        CKM_AES_KEY_WRAP_PAD
    };
    (kind == offered && !has("no-wrapping")).then_some(CKM_AES_KEY_WRAP_PAD)
}

unsafe extern "C" fn wrap_key(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    wrapping_key: CK_OBJECT_HANDLE,
    key: CK_OBJECT_HANDLE,
    wrapped: *mut CK_BYTE,
    length: *mut CK_ULONG,
) -> CK_RV {
    unsafe {
        let Some(kind) = wrapping((*mechanism).mechanism) else {
            return CKR_MECHANISM_INVALID;
        };
        let mut mechanism = *mechanism;
        mechanism.mechanism = kind;
        real!(C_WrapKey(session, &mut mechanism, wrapping_key, key, wrapped, length))
    }
}

#[allow(clippy::too_many_arguments)]
unsafe extern "C" fn unwrap_key(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    unwrapping_key: CK_OBJECT_HANDLE,
    wrapped: *mut CK_BYTE,
    length: CK_ULONG,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
    key: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    unsafe {
        let Some(kind) = wrapping((*mechanism).mechanism) else {
            return CKR_MECHANISM_INVALID;
        };
        let mut mechanism = *mechanism;
        mechanism.mechanism = kind;
        real!(C_UnwrapKey(
            session,
            &mut mechanism,
            unwrapping_key,
            wrapped,
            length,
            template,
            count,
            key,
        ))
    }
}

/// # Safety
/// As the standard demands: the pointer is valid for a list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    static QUIRKY: OnceLock<usize> = OnceLock::new();
    let quirky = QUIRKY.get_or_init(|| {
        let path = SOFTHSM.iter().find(|path| std::fs::exists(path).unwrap_or(false));
        let path = path.expect("SoftHSM is not installed");
        let mut real: *mut CK_FUNCTION_LIST = ptr::null_mut();
        let quirky = unsafe {
            let library = LIBRARY.get_or_init(|| Pkcs11::new(path).expect("SoftHSM cannot be loaded"));
            (library.C_GetFunctionList.as_ref().expect("SoftHSM has a list"))(&mut real);
            *real
        };
        REAL.get_or_init(|| quirky);
        let quirky = CK_FUNCTION_LIST {
            C_Initialize: Some(initialize),
            C_GetTokenInfo: Some(get_token_info),
            C_GetMechanismList: Some(get_mechanism_list),
            C_InitToken: Some(init_token),
            C_InitPIN: Some(init_pin),
            C_OpenSession: Some(open_session),
            C_Login: Some(login),
            C_FindObjectsInit: Some(find_objects_init),
            C_FindObjects: Some(find_objects),
            C_GetAttributeValue: Some(get_attribute_value),
            C_SetAttributeValue: Some(set_attribute_value),
            C_GenerateKeyPair: Some(generate_key_pair),
            C_DestroyObject: Some(destroy_object),
            C_SignInit: Some(sign_init),
            C_Sign: Some(sign),
            C_WrapKey: Some(wrap_key),
            C_UnwrapKey: Some(unwrap_key),
            ..quirky
        };
        Box::into_raw(Box::new(quirky)) as usize
    });
    unsafe { *list = *quirky as *mut CK_FUNCTION_LIST };
    CKR_OK
}
