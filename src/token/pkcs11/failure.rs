//! From a return value of a module to an error that an operator can act on.

use cryptoki_sys::{self as sys, CK_RV};

use super::super::TokenError;
use super::raw::{CallError, IMPLAUSIBLE};

/// What a failed call means when nothing more is known about it.
pub(super) fn device(error: CallError) -> TokenError {
    match error.code {
        sys::CKR_DEVICE_REMOVED
        | sys::CKR_TOKEN_NOT_PRESENT
        | sys::CKR_TOKEN_NOT_RECOGNIZED
        | sys::CKR_SLOT_ID_INVALID
        | sys::CKR_SESSION_HANDLE_INVALID
        | sys::CKR_SESSION_CLOSED => TokenError::Removed,
        sys::CKR_USER_NOT_LOGGED_IN => TokenError::LoginNeeded,
        sys::CKR_USER_PIN_NOT_INITIALIZED => TokenError::PinNotSet,
        sys::CKR_FUNCTION_NOT_SUPPORTED => TokenError::unsupported(operation(error.function)),
        code => {
            let (reason, hint) = reason(code);
            TokenError::Device {
                problem: format!(
                    "cannot {}: {reason} ({}: {})",
                    operation(error.function),
                    error.function,
                    name(code)
                ),
                hint,
            }
        }
    }
}

/// What Conclave wanted of a function, as a verb.
fn operation(function: &str) -> &'static str {
    match function {
        "C_Initialize" | "C_Finalize" => "initialize the module",
        "C_GetSlotList" | "C_GetTokenInfo" | "C_GetInfo" | "C_GetSessionInfo" => {
            "identify the tokens of the module"
        }
        "C_GetMechanismList" => "list the mechanisms of the token",
        "C_InitToken" => "initialize the token",
        "C_InitPIN" | "C_SetPIN" => "set the PIN",
        "C_OpenSession" | "C_CloseSession" => "open a session with the token",
        "C_Login" | "C_Logout" => "log in to the token",
        "C_FindObjectsInit" | "C_FindObjects" | "C_FindObjectsFinal" | "C_GetAttributeValue" => {
            "read the objects of the token"
        }
        "C_SetAttributeValue" => "change an object on the token",
        "C_CreateObject" => "store an object on the token",
        "C_DestroyObject" => "destroy objects",
        "C_GenerateKeyPair" => "generate keys",
        "C_SignInit" | "C_Sign" => "sign",
        "C_WrapKey" => "wrap keys",
        "C_UnwrapKey" => "unwrap keys",
        "C_GenerateRandom" => "generate random bytes",
        _ => "use the token",
    }
}

/// Why a function failed, and the next safe action.
const fn reason(code: CK_RV) -> (&'static str, &'static str) {
    const AGAIN: &str =
        "remove the token, insert it again and retry; if it fails again, use the spare token";
    match code {
        sys::CKR_DEVICE_MEMORY | sys::CKR_TOKEN_RESOURCE_EXCEEDED => (
            "the token has no room left",
            "use another token, or delete objects that are not needed with the vendor's tool",
        ),
        sys::CKR_HOST_MEMORY => (
            "the module has no memory left",
            "close other programs and retry",
        ),
        sys::CKR_TOKEN_WRITE_PROTECTED | sys::CKR_SESSION_READ_ONLY => (
            "the token is write-protected",
            "remove the write protection with the vendor's tool, or use another token",
        ),
        sys::CKR_SESSION_COUNT
        | sys::CKR_SESSION_EXISTS
        | sys::CKR_SESSION_READ_ONLY_EXISTS
        | sys::CKR_SESSION_READ_WRITE_SO_EXISTS
        | sys::CKR_USER_ANOTHER_ALREADY_LOGGED_IN
        | sys::CKR_USER_TOO_MANY_TYPES
        | sys::CKR_USER_ALREADY_LOGGED_IN => (
            "another session is open",
            "close other programs that use the token, then retry",
        ),
        sys::CKR_PIN_EXPIRED => (
            "the PIN has expired",
            "set a new PIN with the vendor's tool or 'conclave token change-pin'",
        ),
        sys::CKR_ACTION_PROHIBITED
        | sys::CKR_KEY_FUNCTION_NOT_PERMITTED
        | sys::CKR_FUNCTION_REJECTED
        | sys::CKR_ATTRIBUTE_READ_ONLY
        | sys::CKR_USER_TYPE_INVALID => (
            "the token does not permit this",
            "check the policy of the token and its profile; 'conclave token trial' shows what a token supports",
        ),
        sys::CKR_TEMPLATE_INCOMPLETE
        | sys::CKR_TEMPLATE_INCONSISTENT
        | sys::CKR_ATTRIBUTE_TYPE_INVALID
        | sys::CKR_ATTRIBUTE_VALUE_INVALID
        | sys::CKR_ARGUMENTS_BAD => (
            "the module refuses what it was given",
            "check the profile of the token: 'conclave token trial' finds what the module accepts and writes a profile",
        ),
        sys::CKR_CRYPTOKI_NOT_INITIALIZED
        | sys::CKR_CANT_LOCK
        | sys::CKR_NEED_TO_CREATE_THREADS
        | sys::CKR_LIBRARY_LOAD_FAILED
        | sys::CKR_MUTEX_BAD
        | sys::CKR_MUTEX_NOT_LOCKED => (
            "the module is not ready",
            "retry: the module is initialized again; if it fails again, check its configuration",
        ),
        sys::CKR_FUNCTION_CANCELED | sys::CKR_CANCEL => (
            "it was canceled on the device",
            "retry, and confirm on the device",
        ),
        sys::CKR_FIPS_SELF_TEST_FAILED => (
            "the self-test of the device failed",
            "set the token aside and use the spare token",
        ),
        sys::CKR_BUFFER_TOO_SMALL | IMPLAUSIBLE => (
            "the module is faulty",
            "update the module, or use a token of another make",
        ),
        sys::CKR_GENERAL_ERROR | sys::CKR_FUNCTION_FAILED => ("the module reports an error", AGAIN),
        _ => ("the device reports an error", AGAIN),
    }
}

/// What a failed call means that needed an ability of the token; `what` is a verb.
pub(super) fn ability(what: &str) -> impl Fn(CallError) -> TokenError {
    move |error| {
        if is_unsupported(error.code) {
            TokenError::unsupported(what)
        } else {
            device(error)
        }
    }
}

/// Whether a module reports that it cannot do this, however it is asked.
pub(super) const fn is_unsupported(code: CK_RV) -> bool {
    matches!(
        code,
        sys::CKR_MECHANISM_INVALID
            | sys::CKR_MECHANISM_PARAM_INVALID
            | sys::CKR_FUNCTION_NOT_SUPPORTED
            | sys::CKR_KEY_SIZE_RANGE
            | sys::CKR_CURVE_NOT_SUPPORTED
            | sys::CKR_DOMAIN_PARAMS_INVALID
            | sys::CKR_RANDOM_NO_RNG
    )
}

macro_rules! names {
    ($code:ident: $($known:ident)+) => {
        match $code {
            $(sys::$known => stringify!($known).to_owned(),)+
            IMPLAUSIBLE => "implausible length".to_owned(),
            other if other >= sys::CKR_VENDOR_DEFINED => format!("CKR_VENDOR_DEFINED {other:#x}"),
            other => format!("unknown return value {other:#x}"),
        }
    };
}

/// The name of a return value in the standard: `CKR_DEVICE_ERROR`.
pub(super) fn name(code: CK_RV) -> String {
    names!(code:
        CKR_CANCEL CKR_HOST_MEMORY CKR_SLOT_ID_INVALID CKR_GENERAL_ERROR CKR_FUNCTION_FAILED CKR_ARGUMENTS_BAD
        CKR_NEED_TO_CREATE_THREADS CKR_CANT_LOCK CKR_ATTRIBUTE_READ_ONLY CKR_ATTRIBUTE_SENSITIVE
        CKR_ATTRIBUTE_TYPE_INVALID CKR_ATTRIBUTE_VALUE_INVALID CKR_ACTION_PROHIBITED CKR_DATA_INVALID
        CKR_DATA_LEN_RANGE CKR_DEVICE_ERROR CKR_DEVICE_MEMORY CKR_DEVICE_REMOVED CKR_ENCRYPTED_DATA_INVALID
        CKR_ENCRYPTED_DATA_LEN_RANGE CKR_FUNCTION_CANCELED CKR_FUNCTION_NOT_SUPPORTED CKR_KEY_HANDLE_INVALID
        CKR_KEY_SIZE_RANGE CKR_KEY_TYPE_INCONSISTENT CKR_KEY_FUNCTION_NOT_PERMITTED CKR_KEY_NOT_WRAPPABLE
        CKR_KEY_UNEXTRACTABLE CKR_MECHANISM_INVALID CKR_MECHANISM_PARAM_INVALID CKR_OBJECT_HANDLE_INVALID
        CKR_OPERATION_ACTIVE CKR_OPERATION_NOT_INITIALIZED CKR_PIN_INCORRECT CKR_PIN_INVALID CKR_PIN_LEN_RANGE
        CKR_PIN_EXPIRED CKR_PIN_LOCKED CKR_PIN_TOO_WEAK CKR_SESSION_CLOSED CKR_SESSION_COUNT
        CKR_SESSION_HANDLE_INVALID CKR_SESSION_READ_ONLY CKR_SESSION_EXISTS CKR_SESSION_READ_ONLY_EXISTS
        CKR_SESSION_READ_WRITE_SO_EXISTS CKR_TEMPLATE_INCOMPLETE CKR_TEMPLATE_INCONSISTENT CKR_TOKEN_NOT_PRESENT
        CKR_TOKEN_NOT_RECOGNIZED CKR_TOKEN_WRITE_PROTECTED CKR_UNWRAPPING_KEY_HANDLE_INVALID
        CKR_UNWRAPPING_KEY_SIZE_RANGE CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT CKR_USER_ALREADY_LOGGED_IN
        CKR_USER_NOT_LOGGED_IN CKR_USER_PIN_NOT_INITIALIZED CKR_USER_TYPE_INVALID
        CKR_USER_ANOTHER_ALREADY_LOGGED_IN CKR_USER_TOO_MANY_TYPES CKR_WRAPPED_KEY_INVALID
        CKR_WRAPPED_KEY_LEN_RANGE CKR_WRAPPING_KEY_HANDLE_INVALID CKR_WRAPPING_KEY_SIZE_RANGE
        CKR_WRAPPING_KEY_TYPE_INCONSISTENT CKR_RANDOM_SEED_NOT_SUPPORTED CKR_RANDOM_NO_RNG
        CKR_DOMAIN_PARAMS_INVALID CKR_CURVE_NOT_SUPPORTED CKR_BUFFER_TOO_SMALL CKR_INFORMATION_SENSITIVE
        CKR_CRYPTOKI_NOT_INITIALIZED CKR_CRYPTOKI_ALREADY_INITIALIZED CKR_MUTEX_BAD CKR_MUTEX_NOT_LOCKED
        CKR_FIPS_SELF_TEST_FAILED CKR_LIBRARY_LOAD_FAILED CKR_PUBLIC_KEY_INVALID CKR_FUNCTION_REJECTED
        CKR_TOKEN_RESOURCE_EXCEEDED CKR_KEY_EXHAUSTED CKR_PENDING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(code: CK_RV) -> CallError {
        CallError {
            function: "C_Sign",
            code,
        }
    }

    #[test]
    fn function_and_return_value_are_named_as_in_the_standard() {
        for (code, message) in [
            (
                sys::CKR_DEVICE_ERROR,
                "the device reports an error (C_Sign: CKR_DEVICE_ERROR)",
            ),
            (
                0x8000_0001,
                "the device reports an error (C_Sign: CKR_VENDOR_DEFINED 0x80000001)",
            ),
            (
                0x7fff,
                "the device reports an error (C_Sign: unknown return value 0x7fff)",
            ),
            (
                IMPLAUSIBLE,
                "the module is faulty (C_Sign: implausible length)",
            ),
        ] {
            let message = format!("cannot sign: {message}");
            assert_eq!(device(sign(code)).to_string(), message);
        }
    }

    #[test]
    fn a_missing_token_is_reported_as_removed() {
        for code in [
            sys::CKR_DEVICE_REMOVED,
            sys::CKR_TOKEN_NOT_PRESENT,
            sys::CKR_SESSION_HANDLE_INVALID,
        ] {
            assert_eq!(device(sign(code)), TokenError::Removed);
        }
    }

    #[test]
    fn what_a_token_does_not_support_is_reported_as_such() {
        let error = device(CallError {
            function: "C_DestroyObject",
            code: sys::CKR_FUNCTION_NOT_SUPPORTED,
        });
        assert_eq!(error.to_string(), "the token cannot destroy objects");
        let error = ability("sign with ed25519")(sign(sys::CKR_MECHANISM_INVALID));
        assert_eq!(error.to_string(), "the token cannot sign with ed25519");
    }
}
