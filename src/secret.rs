//! Secrets as types: wiped when dropped, never printed, copied or serialized.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

/// The user PIN or the SO PIN of a token.
pub struct Pin(Zeroizing<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Some tokens interpret an empty PIN as a query and return success.
    #[error("the PIN is empty")]
    Empty,
    /// No token supports this.
    #[error("the PIN is longer than 255 bytes")]
    TooLong,
    #[error("this is a one-time password, which a YubiKey types when it is touched")]
    OneTimePassword,
    /// For example by pasting text.
    #[error("the PIN contains a control character")]
    Control,
}

/// The 16 letters that YubiKeys type. They are on the same keys on most keyboards.
const MODHEX: &str = "cbdefghijklnrtuv";

/// The minimum length of a one-time password.
const SHORTEST_OTP: usize = 32;

impl Pin {
    /// # Errors
    /// [`PinError`].
    pub fn new(text: Zeroizing<String>) -> Result<Self, PinError> {
        if text.is_empty() {
            Err(PinError::Empty)
        } else if text.len() > 255 {
            Err(PinError::TooLong)
        } else if text.chars().any(char::is_control) {
            Err(PinError::Control)
        } else if text.len() >= SHORTEST_OTP && text.chars().all(|c| MODHEX.contains(c)) {
            Err(PinError::OneTimePassword)
        } else {
            Ok(Self(text))
        }
    }

    /// Whether it contains only the digits 0 to 9, which are the same in all keyboard layouts.
    pub fn is_digits(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The passphrase of a file or identity.
pub struct Passphrase(Zeroizing<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    #[error("the passphrase is empty")]
    Empty,
    /// For example by pasting a file.
    #[error("the passphrase is longer than 1024 bytes")]
    TooLong,
    #[error("the passphrase contains a control character")]
    Control,
}

impl Passphrase {
    /// # Errors
    /// [`PassphraseError`].
    pub fn new(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            Err(PassphraseError::Empty)
        } else if text.len() > 1024 {
            Err(PassphraseError::TooLong)
        } else if text.chars().any(char::is_control) {
            Err(PassphraseError::Control)
        } else {
            Ok(Self(text))
        }
    }
}

/// Some or all words of a share, in lower case, separated by single spaces.
pub struct ShareWords(Zeroizing<String>);

impl ShareWords {
    /// Accepts words in any case and spacing.
    pub fn new(text: &Zeroizing<String>) -> Self {
        // Enough capacity, because a growing string leaves unwiped copies.
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

    pub fn count(&self) -> usize {
        self.0.split_whitespace().count()
    }
}

/// Secret texts are compared in constant time and never printed.
macro_rules! secret_text {
    ($($name:ident)+) => {$(
        impl $name {
            /// The unencrypted secret.
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

/// An unencrypted private key (PKCS #8 DER). It must only be written to a token.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// The content is not checked here.
    pub const fn new(pkcs8: Zeroizing<Vec<u8>>) -> Self {
        Self(pkcs8)
    }

    /// The unencrypted key, only for the token that imports it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Overwrites the key and returns whether its memory contains only zeros.
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
    fn pins_are_never_printed() {
        assert_eq!(format!("{:?}", pin("canary-271828").unwrap()), "Pin(…)");
    }

    #[test]
    fn impossible_passphrases_are_refused() {
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
    fn case_and_spacing_of_words_are_ignored() {
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
