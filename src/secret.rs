//! Secrets as types: wiped when dropped, never printed, copied or serialized.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

/// A PIN of a token: the user's or the security officer's.
pub struct Pin(Zeroizing<String>);

/// Why a text cannot be a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Nothing was typed. Some tokens take an empty PIN for a query that succeeds.
    #[error("the PIN is empty")]
    Empty,
    /// Longer than 255 bytes, which no token takes.
    #[error("the PIN is longer than 255 bytes")]
    TooLong,
    /// A YubiKey was touched, and typed a one-time password.
    #[error("that is a one-time password, which a YubiKey types when it is touched")]
    OneTimePassword,
    /// A control character: a stray key, or text that was pasted.
    #[error("the PIN has a control character in it")]
    Control,
}

/// The sixteen letters that are on the same keys on most keyboards; YubiKeys type with them.
const MODHEX: &str = "cbdefghijklnrtuv";

/// The least that a YubiKey types at a touch.
const SHORTEST_OTP: usize = 32;

impl Pin {
    /// Takes a PIN as it was typed, and takes over the duty to wipe it.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, has a control character, or was typed by a YubiKey.
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
        if text.len() >= SHORTEST_OTP && text.chars().all(|c| MODHEX.contains(c)) {
            return Err(PinError::OneTimePassword);
        }
        Ok(Self(text))
    }

    /// Whether it is made of the digits 0 to 9 alone, which every keyboard gives alike.
    pub fn is_digits(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A passphrase under which a file is closed, or by which an identity opens.
pub struct Passphrase(Zeroizing<String>);

/// Why a text cannot be a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    #[error("the passphrase is empty")]
    Empty,
    /// Longer than 1024 bytes: a file was pasted.
    #[error("the passphrase is longer than 1024 bytes")]
    TooLong,
    /// A control character: a stray key, or text that was pasted.
    #[error("the passphrase has a control character in it")]
    Control,
}

impl Passphrase {
    /// Takes a passphrase as it was typed, and takes over the duty to wipe it.
    ///
    /// # Errors
    /// When it is empty, longer than 1024 bytes, or has a control character.
    pub fn new(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > 1024 {
            return Err(PassphraseError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PassphraseError::Control);
        }
        Ok(Self(text))
    }
}

/// The words of a share, in lower case and parted by single spaces; or some of them, while they are typed.
pub struct ShareWords(Zeroizing<String>);

impl ShareWords {
    /// Takes words as they were typed or read, in any case and spacing, and takes over the duty to wipe them.
    pub fn new(text: &Zeroizing<String>) -> Self {
        // As long as the text at most, so that it never moves.
        let mut words = Zeroizing::new(String::with_capacity(text.len()));
        for word in text.split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
        words.make_ascii_lowercase();
        Self(words)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.split_whitespace().count()
    }
}

/// What secrets of text have in common: they are compared in a time that depends on their lengths only, and never printed.
macro_rules! secret_text {
    ($($name:ident)+) => {$(
        impl $name {
            /// The secret in clear, for what it opens or closes and nothing else.
            pub fn expose(&self) -> &str {
                &self.0
            }

            pub fn same_as(&self, other: &Self) -> bool {
                let (one, other) = (self.0.as_bytes(), other.0.as_bytes());
                aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
secret_text!(Pin Passphrase ShareWords);

/// A private key in clear: PKCS #8 in DER. Never written anywhere but into a token.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// Takes over the duty to wipe it. What is inside is for the token to judge.
    pub const fn new(pkcs8: Zeroizing<Vec<u8>>) -> Self {
        Self(pkcs8)
    }

    /// The key in clear, only for the token that imports it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Overwrites it, and says whether nothing but zeroes is left where it was.
    pub fn wipe(mut self) -> bool {
        self.0.as_mut_slice().zeroize();
        self.0.iter().all(|byte| *byte == 0)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
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
    fn impossible_passphrases_are_refused_and_none_is_printed() {
        let phrase = |text: &str| Passphrase::new(Zeroizing::new(text.to_owned()));
        assert_eq!(phrase("").unwrap_err(), PassphraseError::Empty);
        assert_eq!(phrase("one\ntwo").unwrap_err(), PassphraseError::Control);
        let long = "x".repeat(1025);
        assert_eq!(phrase(&long).unwrap_err(), PassphraseError::TooLong);
        let canary = phrase("canary 271828").unwrap();
        assert_eq!(format!("{canary:?}"), "Passphrase(…)");
        assert!(canary.same_as(&phrase("canary 271828").unwrap()));
        assert!(!canary.same_as(&phrase("canary 271829").unwrap()));
    }

    #[test]
    fn words_are_the_same_however_they_are_typed() {
        let words = |text: &str| ShareWords::new(&Zeroizing::new(text.to_owned()));
        let one = words(" Academic\tacid\n  ACROBAT ");
        assert_eq!(one.expose(), "academic acid acrobat");
        assert_eq!(one.count(), 3);
        assert!(one.same_as(&words("academic acid acrobat")));
        assert!(!one.same_as(&words("academic acrobat acid")));
        assert_eq!(format!("{one:?}"), "ShareWords(…)");
    }

    #[test]
    fn impossible_pins_are_refused() {
        assert_eq!(pin("").unwrap_err(), PinError::Empty);
        assert_eq!(pin(&"1".repeat(256)).unwrap_err(), PinError::TooLong);
        assert_eq!(pin("12\u{1b}34").unwrap_err(), PinError::Control);
        let touched = "ccccccjjrgtrcbdtvelvlkkhcrncckiegjkjdcdlrblv";
        assert_eq!(pin(touched).unwrap_err(), PinError::OneTimePassword);
        assert!(pin("correct horse battery staple in a drawer").is_ok());
    }

    #[test]
    fn two_entries_compare() {
        assert!(pin("123456").unwrap().same_as(&pin("123456").unwrap()));
        assert!(!pin("123456").unwrap().same_as(&pin("123457").unwrap()));
        assert!(!pin("123456").unwrap().same_as(&pin("1234567").unwrap()));
    }
}
