//! The key-encryption key. It is mixed from two random sources, wraps the private key, and is split into shares.

use std::fmt;

use aws_lc_rs::hkdf;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::secret::PrivateKey;
use crate::words::Digest;

const MIX_SALT: &[u8] = b"conclave key-encryption key v1";
const COMMITMENT_DOMAIN: &[u8] = b"conclave key-encryption key commitment v1\n";

/// The maximum overhead of RFC 5649: its first block, and the padding.
const WRAPPING_ADDS: usize = 16;

/// A 256-bit key that wraps another key. Wiped when dropped, never printed. On the heap, because an array that is moved
/// leaves copies on the stack.
pub struct KeyEncryptionKey(Box<Zeroizing<[u8; 32]>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    #[error("the key-encryption key cannot be derived")]
    Mix,
    #[error("a key of this length cannot be wrapped")]
    Length,
    #[error("the wrapped key was changed, or was wrapped with a different key-encryption key")]
    Integrity,
}

impl KeyEncryptionKey {
    /// Derives the key with HKDF-SHA256 from random bytes of the operating system and of the token. Knowing only one of
    /// them is not enough. `about` binds the key to its purpose.
    ///
    /// # Errors
    /// [`WrapError::Mix`].
    pub fn mix(system: &[u8; 32], token: &[u8; 32], about: &[u8]) -> Result<Self, WrapError> {
        let mut input = Zeroizing::new([0; 64]);
        input[..32].copy_from_slice(system);
        input[32..].copy_from_slice(token);
        let mut key = Box::new(Zeroizing::new([0; 32]));
        hkdf::Salt::new(hkdf::HKDF_SHA256, MIX_SALT)
            .extract(input.as_slice())
            .expand(&[about], hkdf::HKDF_SHA256)
            .and_then(|derived| derived.fill(key.as_mut_slice()))
            .map_err(|_| WrapError::Mix)?;
        Ok(Self(key))
    }

    pub const fn new(key: Box<Zeroizing<[u8; 32]>>) -> Self {
        Self(key)
    }

    /// A restored key; `None` if the length is wrong.
    pub fn of(restored: &Zeroizing<Vec<u8>>) -> Option<Self> {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        if restored.len() != key.len() {
            return None;
        }
        key.copy_from_slice(restored);
        Some(Self(key))
    }

    /// The unencrypted key, only for splitting it and for wrapping in a token.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Identifies the key without revealing it: SHA-256 over a domain and the key.
    pub fn commitment(&self) -> Digest {
        let mut message = Zeroizing::new(Vec::with_capacity(COMMITMENT_DOMAIN.len() + 32));
        message.extend_from_slice(COMMITMENT_DOMAIN);
        message.extend_from_slice(self.0.as_slice());
        Digest::of(&message)
    }

    /// Wraps a private key with AES-KWP (RFC 5649, NIST SP 800-38F), which OpenSSL and tokens support.
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
        KeyEncryptionKey::new(Box::new(Zeroizing::new([byte; 32])))
    }

    #[test]
    fn only_the_unchanged_wrapped_key_is_unwrapped() {
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
    fn empty_keys_are_refused() {
        let empty = PrivateKey::new(Zeroizing::new(Vec::new()));
        assert_eq!(key(1).wrap(&empty).unwrap_err(), WrapError::Length);
        assert_eq!(key(1).unwrap(&[]).unwrap_err(), WrapError::Integrity);
    }

    #[test]
    fn both_sources_and_the_purpose_change_the_key() {
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
