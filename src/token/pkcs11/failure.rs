//! From what a module answers to what an operator can act on.

use cryptoki::error::{Error, RvError};

use super::super::TokenError;

/// What a failed call means, where the caller knows nothing more.
// By value, so that it fits `map_err`.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn device(error: Error) -> TokenError {
    let Error::Pkcs11(code, function) = &error else {
        return TokenError::Device {
            function: "the module".to_owned(),
            code: error.to_string(),
        };
    };
    match code {
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed => TokenError::Removed,
        RvError::UserNotLoggedIn => TokenError::LoginNeeded,
        RvError::UserPinNotInitialized => TokenError::PinNotSet,
        _ => TokenError::Device {
            function: format!("C_{function:?}"),
            code: constant(code),
        },
    }
}

/// What a failed call means that asked for a key or an algorithm; `what` is a verb.
pub(super) fn ability(what: &str) -> impl Fn(Error) -> TokenError {
    move |error| match code(&error) {
        Some(
            RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::FunctionNotSupported
            | RvError::KeySizeRange
            | RvError::CurveNotSupported
            | RvError::DomainParamsInvalid
            | RvError::RandomNoRng,
        ) => TokenError::unsupported(what),
        _ => device(error),
    }
}

/// The answer of the module, when it was one.
pub(super) const fn code(error: &Error) -> Option<&RvError> {
    match error {
        Error::Pkcs11(code, _) => Some(code),
        _ => None,
    }
}

/// The name in the standard: `CKR_DEVICE_ERROR`. `cryptoki` has sentences in its place.
fn constant(code: &RvError) -> String {
    match code {
        RvError::VendorDefined(number) => format!("CKR_VENDOR_DEFINED {number:#x}"),
        RvError::UnknownErrorCode(number) => format!("unknown answer {number:#x}"),
        _ => {
            let mut name = String::from("CKR");
            for c in format!("{code:?}").chars() {
                if c.is_ascii_uppercase() {
                    name.push('_');
                }
                name.push(c.to_ascii_uppercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;

    #[test]
    fn function_and_code_are_kept_as_the_standard_calls_them() {
        for (code, told) in [
            (RvError::DeviceError, "C_Sign failed: CKR_DEVICE_ERROR"),
            (
                RvError::VendorDefined(0x8000_0001),
                "C_Sign failed: CKR_VENDOR_DEFINED 0x80000001",
            ),
        ] {
            let error = device(Error::Pkcs11(code, Function::Sign));
            assert_eq!(error.to_string(), told);
        }
    }

    #[test]
    fn a_token_that_is_gone_is_told_as_removed() {
        for code in [
            RvError::DeviceRemoved,
            RvError::TokenNotPresent,
            RvError::SessionHandleInvalid,
        ] {
            let error = device(Error::Pkcs11(code, Function::Sign));
            assert_eq!(error, TokenError::Removed);
        }
    }

    #[test]
    fn what_a_token_cannot_do_is_told_as_such() {
        let error = ability("sign with ed25519")(Error::Pkcs11(
            RvError::MechanismInvalid,
            Function::SignInit,
        ));
        assert_eq!(error.to_string(), "the token cannot sign with ed25519");
    }
}
