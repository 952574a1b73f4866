//! What `C_GetTokenInfo` says.

use cryptoki::slot::TokenInfo;

use crate::record::{TokenId, Tries};

use super::super::{Seen, TokenState};

/// The longest PIN that [`crate::secret::Pin`] holds, for tokens that do not say.
const LONGEST_PIN: usize = 255;

pub(super) fn seen(profile: &str, info: &TokenInfo) -> Seen {
    Seen {
        id: id(profile, info),
        state: state(info),
    }
}

pub(super) fn id(profile: &str, info: &TokenInfo) -> TokenId {
    let field = |text: &str| unpadded(text).to_owned();
    TokenId {
        profile: profile.to_owned(),
        manufacturer: field(info.manufacturer_id()),
        model: field(info.model()),
        serial: field(info.serial_number()),
        // What stands there before the token is initialized means nothing.
        label: if info.token_initialized() {
            field(info.label())
        } else {
            String::new()
        },
    }
}

pub(super) fn state(info: &TokenInfo) -> TokenState {
    let longest = match info.max_pin_length() {
        0 => LONGEST_PIN,
        length => length.min(LONGEST_PIN),
    };
    let initialized = info.token_initialized();
    // The flags of a blank token mean nothing; SoftHSM says that its SO PIN is locked.
    let told = |tries| if initialized { tries } else { Tries::Unknown };
    TokenState {
        initialized,
        pin_set: info.user_pin_initialized(),
        pin_tries: told(tries(
            info.user_pin_locked(),
            info.user_pin_final_try(),
            info.user_pin_count_low(),
        )),
        so_pin_tries: told(tries(
            info.so_pin_locked(),
            info.so_pin_final_try(),
            info.so_pin_count_low(),
        )),
        pin_length: info.min_pin_length().clamp(1, longest)..=longest,
        login_required: info.login_required(),
        own_pin_pad: info.protected_authentication_path(),
        write_protected: info.write_protected(),
        at_factory_value: Vec::new(),
    }
}

/// The flags in the order of what is worst: some modules raise them all at once.
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

/// Fields are padded with spaces by the standard, and with NUL by some modules.
fn unpadded(text: &str) -> &str {
    text.trim_end_matches([' ', '\0']).trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_of_both_kinds_goes() {
        assert_eq!(unpadded("SoftHSM v2      "), "SoftHSM v2");
        assert_eq!(unpadded("SLB9670\0\0\0  \0"), "SLB9670");
        assert_eq!(unpadded("\0\0"), "");
    }

    #[test]
    fn the_worst_flag_counts() {
        assert_eq!(tries(false, false, false), Tries::Unknown);
        assert_eq!(tries(false, false, true), Tries::Low);
        assert_eq!(tries(false, true, true), Tries::Last);
        assert_eq!(tries(true, true, true), Tries::Exactly(0));
    }
}
