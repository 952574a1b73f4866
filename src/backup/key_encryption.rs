//! The key-encryption key: random, mixed from two sources, it wraps a private key and is then split into shares.

use std::fmt;

use aws_lc_rs::hkdf;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::secret::PrivateKey;
use crate::words::Digest;

const MIX_SALT: &[u8] = b"conclave key-encryption key v1";
const COMMITMENT_DOMAIN: &[u8] = b"conclave key-encryption key commitment v1\n";

/// What RFC 5649 adds at most: its first block, and the padding.
const WRAPPING_ADDS: usize = 16;

/// A key of 256 bits that wraps another. Wiped when dropped, never printed.
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

/// Why a key was not wrapped or unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The randomness was not mixed; aws-lc refused.
    #[error("the key-encryption key could not be derived")]
    Mix,
    /// Nothing to wrap, or more than the standard takes.
    #[error("a key of that length cannot be wrapped")]
    Length,
    /// The wrapped key was not made with this key-encryption key, or was changed since.
    #[error(
        "the wrapped key does not open: it was made with another key-encryption key, or was changed"
    )]
    Integrity,
}

impl KeyEncryptionKey {
    /// Derives it with HKDF-SHA256 from what the operating system gave and what the token gave: nobody knows it who
    /// does not know both. `about` binds it to its purpose.
    ///
    /// # Errors
    /// [`WrapError::Mix`].
    pub fn mix(system: &[u8; 32], token: &[u8; 32], about: &[u8]) -> Result<Self, WrapError> {
        let mut input = Zeroizing::new([0; 64]);
        input[..32].copy_from_slice(system);
        input[32..].copy_from_slice(token);
        let mut key = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, MIX_SALT)
            .extract(input.as_slice())
            .expand(&[about], hkdf::HKDF_SHA256)
            .and_then(|derived| derived.fill(key.as_mut_slice()))
            .map_err(|_| WrapError::Mix)?;
        Ok(Self(key))
    }

    /// Takes one that shares restored.
    pub const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// Takes what shares restored; none if it has another length.
    pub fn of(restored: &Zeroizing<Vec<u8>>) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if restored.len() != key.len() {
            return None;
        }
        key.copy_from_slice(restored);
        Some(Self(key))
    }

    /// The key in clear: for the split and for the token that wraps with it, and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 over a domain and the key. It tells that a restored key is the one, and nothing else of it: nobody can
    /// try 2^256 keys.
    pub fn commitment(&self) -> Digest {
        let mut message = Zeroizing::new(Vec::with_capacity(COMMITMENT_DOMAIN.len() + 32));
        message.extend_from_slice(COMMITMENT_DOMAIN);
        message.extend_from_slice(self.0.as_slice());
        Digest::of(&message)
    }

    /// Wraps a private key as RFC 5649 says (AES-KWP, NIST SP 800-38F), which OpenSSL and tokens can undo.
    ///
    /// # Errors
    /// [`WrapError::Length`].
    pub fn wrap(&self, key: &PrivateKey) -> Result<Vec<u8>, WrapError> {
        let mut output = vec![0; key.expose().len() + WRAPPING_ADDS];
        let kek = AesKek::new(&AES_256, self.0.as_slice()).map_err(|_| WrapError::Length)?;
        let length = kek
            .wrap_with_padding(key.expose(), &mut output)
            .map_err(|_| WrapError::Length)?
            .len();
        output.truncate(length);
        Ok(output)
    }

    /// Unwraps what was wrapped here or in a token.
    ///
    /// # Errors
    /// [`WrapError::Integrity`].
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<PrivateKey, WrapError> {
        let mut output = Zeroizing::new(vec![0; wrapped.len()]);
        let kek = AesKek::new(&AES_256, self.0.as_slice()).map_err(|_| WrapError::Integrity)?;
        let length = kek
            .unwrap_with_padding(wrapped, &mut output)
            .map_err(|_| WrapError::Integrity)?
            .len();
        output.truncate(length);
        Ok(PrivateKey::new(output))
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> KeyEncryptionKey {
        KeyEncryptionKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_was_wrapped_comes_back_and_nothing_else_does() {
        for length in [1, 7, 8, 9, 138, 1219] {
            let private = PrivateKey::new(Zeroizing::new(vec![0xa5; length]));
            let wrapped = key(1).wrap(&private).unwrap();
            assert_eq!(wrapped.len(), length.div_ceil(8) * 8 + 8);
            assert_eq!(key(1).unwrap(&wrapped).unwrap().expose(), private.expose());
            assert_eq!(key(2).unwrap(&wrapped).unwrap_err(), WrapError::Integrity);
            for bit in 0..wrapped.len() * 8 {
                let mut changed = wrapped.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(key(1).unwrap(&changed).unwrap_err(), WrapError::Integrity);
            }
        }
    }

    #[test]
    fn nothing_is_not_wrapped() {
        let empty = PrivateKey::new(Zeroizing::new(Vec::new()));
        assert_eq!(key(1).wrap(&empty).unwrap_err(), WrapError::Length);
        assert_eq!(key(1).unwrap(&[]).unwrap_err(), WrapError::Integrity);
    }

    #[test]
    fn both_sources_and_the_purpose_count() {
        let mixed = |system, token, about: &[u8]| {
            KeyEncryptionKey::mix(&[system; 32], &[token; 32], about)
                .unwrap()
                .commitment()
        };
        let one = mixed(1, 2, b"key-1");
        for other in [
            mixed(3, 2, b"key-1"),
            mixed(1, 3, b"key-1"),
            mixed(1, 2, b"key-2"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one, mixed(1, 2, b"key-1"));
    }
}
