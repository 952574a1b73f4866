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
        code => TokenError::Device {
            function: error.function.to_owned(),
            code: name(code),
        },
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
            IMPLAUSIBLE => "the module returned an implausible length".to_owned(),
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
            (sys::CKR_DEVICE_ERROR, "C_Sign failed: CKR_DEVICE_ERROR"),
            (0x8000_0001, "C_Sign failed: CKR_VENDOR_DEFINED 0x80000001"),
            (0x7fff, "C_Sign failed: unknown return value 0x7fff"),
            (
                IMPLAUSIBLE,
                "C_Sign failed: the module returned an implausible length",
            ),
        ] {
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
        let error = ability("sign with ed25519")(sign(sys::CKR_MECHANISM_INVALID));
        assert_eq!(error.to_string(), "the token cannot sign with ed25519");
    }
}
