//! What `C_GetTokenInfo` reports about a token.

use std::ops::RangeInclusive;

use cryptoki_sys as sys;

use crate::profile::{Blank, LabelForm, LoginMethod, Profile};
use crate::record::{TokenId, Tries};

use super::super::{Seen, TokenState};
use super::raw::TokenInfo;

/// The longest PIN that [`crate::secret::Pin`] holds.
const LONGEST_PIN: usize = 255;

pub(super) fn seen(profile: &Profile, info: &TokenInfo) -> Seen {
    Seen {
        id: id(profile, info),
        state: state(profile, info),
    }
}

pub(super) fn id(profile: &Profile, info: &TokenInfo) -> TokenId {
    let is_initialized = info.flags & sys::CKF_TOKEN_INITIALIZED != 0;
    TokenId {
        profile: profile.name.clone(),
        manufacturer: info.manufacturer.clone(),
        model: info.model.clone(),
        serial: info.serial.clone(),
        // The label of an uninitialized token has no meaning, unless the token keeps it.
        label: if is_initialized || profile.initialize.label == LabelForm::Kept {
            info.label.clone()
        } else {
            String::new()
        },
    }
}

pub(super) fn state(profile: &Profile, info: &TokenInfo) -> TokenState {
    let has = |flag| info.flags & flag != 0;
    let initialized = match profile.initialize.blank {
        Blank::Uninitialized => has(sys::CKF_TOKEN_INITIALIZED),
        Blank::NoPin => has(sys::CKF_USER_PIN_INITIALIZED),
    };
    // The counters of a blank token have no meaning: SoftHSM reports a locked SO PIN.
    let counted = |tries| if initialized { tries } else { Tries::Unknown };
    TokenState {
        initialized,
        pin_set: has(sys::CKF_USER_PIN_INITIALIZED),
        pin_tries: counted(tries(
            has(sys::CKF_USER_PIN_LOCKED),
            has(sys::CKF_USER_PIN_FINAL_TRY),
            has(sys::CKF_USER_PIN_COUNT_LOW),
        )),
        so_pin_tries: counted(tries(
            has(sys::CKF_SO_PIN_LOCKED),
            has(sys::CKF_SO_PIN_FINAL_TRY),
            has(sys::CKF_SO_PIN_COUNT_LOW),
        )),
        pin_length: match profile.login.pin_length[..] {
            [shortest, longest] => shortest..=longest.min(LONGEST_PIN),
            _ => pin_length(info),
        },
        login_required: has(sys::CKF_LOGIN_REQUIRED) && profile.login.method != LoginMethod::None,
        pin_pad: has(sys::CKF_PROTECTED_AUTHENTICATION_PATH)
            || profile.login.method == LoginMethod::Device,
        write_protected: has(sys::CKF_WRITE_PROTECTED),
        at_factory_value: Vec::new(),
    }
}

/// The PIN lengths that the token reports. Limits that allow no PIN at all are ignored: the token decides itself.
fn pin_length(info: &TokenInfo) -> RangeInclusive<usize> {
    let longest = usize::try_from(info.longest_pin).ok();
    let longest = longest
        .filter(|length| (1..=LONGEST_PIN).contains(length))
        .unwrap_or(LONGEST_PIN);
    let shortest = usize::try_from(info.shortest_pin).unwrap_or(usize::MAX);
    if shortest > longest {
        return 1..=LONGEST_PIN;
    }
    shortest.max(1)..=longest
}

/// The worst flag counts: some modules set all of them at once.
const fn tries(locked: bool, last: bool, low: bool) -> Tries {
    if locked {
        Tries::Exactly(0)
    } else if last {
        Tries::Last
    } else if low {
        Tries::Low
    } else {
        Tries::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(shortest_pin: u32, longest_pin: u32) -> TokenInfo {
        TokenInfo {
            label: String::new(),
            manufacturer: String::new(),
            model: String::new(),
            serial: String::new(),
            flags: 0,
            shortest_pin: shortest_pin.into(),
            longest_pin: longest_pin.into(),
            firmware: String::new(),
        }
    }

    #[test]
    fn the_worst_flag_counts() {
        assert_eq!(tries(false, false, false), Tries::Unknown);
        assert_eq!(tries(false, false, true), Tries::Low);
        assert_eq!(tries(false, true, true), Tries::Last);
        assert_eq!(tries(true, true, true), Tries::Exactly(0));
    }

    #[test]
    fn limits_that_allow_no_pin_are_ignored() {
        assert_eq!(pin_length(&info(4, 255)), 4..=255);
        assert_eq!(pin_length(&info(0, 0)), 1..=255);
        assert_eq!(pin_length(&info(6, u32::MAX)), 6..=255);
        assert_eq!(pin_length(&info(8, 4)), 1..=255);
        assert_eq!(pin_length(&info(u32::MAX, u32::MAX)), 1..=255);
    }
}
