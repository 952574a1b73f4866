//! Secrets as types: wiped when dropped, never printed, copied or serialised.

use std::fmt;

use zeroize::Zeroizing;

/// A PIN of a token: the user's or the security officer's.
///
/// The type tells nothing of its content: `{:?}` is the same for every PIN.
pub struct Pin(Zeroizing<String>);

/// Why a text cannot be a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Nothing was typed. Some tokens take an empty PIN for a query that succeeds.
    #[error("the PIN is empty")]
    Empty,
    /// Longer than 255 bytes, which no token takes.
    #[error("the PIN is longer than 255 bytes")]
    TooLong,
    /// A control character: a stray key, or text that was pasted.
    #[error("the PIN has a control character in it")]
    Control,
}

impl Pin {
    /// Takes a PIN as it was typed, and takes over the duty to wipe it.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, or has a control character.
    pub fn new(text: Zeroizing<String>) -> Result<Self, PinError> {
        if text.is_empty() {
            return Err(PinError::Empty);
        }
        if text.len() > 255 {
            return Err(PinError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PinError::Control);
        }
        Ok(Self(text))
    }

    /// The PIN in clear, for the token that asked for it and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is made of the digits 0 to 9 alone, which every keyboard gives alike.
    #[must_use]
    pub fn is_digits(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether two entries are the same PIN, told in a time that depends on their lengths only.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes())
            .is_ok()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(text: &str) -> Result<Pin, PinError> {
        Pin::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", pin("canary-271828").unwrap()), "Pin(…)");
    }

    #[test]
    fn impossible_pins_are_refused() {
        assert_eq!(pin("").unwrap_err(), PinError::Empty);
        assert_eq!(pin(&"1".repeat(256)).unwrap_err(), PinError::TooLong);
        assert_eq!(pin("12\u{1b}34").unwrap_err(), PinError::Control);
    }

    #[test]
    fn two_entries_compare() {
        assert!(pin("123456").unwrap().same_as(&pin("123456").unwrap()));
        assert!(!pin("123456").unwrap().same_as(&pin("123457").unwrap()));
        assert!(!pin("123456").unwrap().same_as(&pin("1234567").unwrap()));
    }
}
