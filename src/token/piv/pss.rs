//! The padding of RSA signatures, which the device does not do itself.

use aws_lc_rs::digest::{SHA256, digest};

use super::super::TokenError;
use super::fill_random;

/// The length of a SHA-256 digest, and of the salt of TUF's `rsassa-pss-sha256`.
const HASH: usize = 32;

/// EMSA-PSS with SHA-256, MGF1 and a salt of 32 bytes (RFC 8017, section 9.1.1), for a modulus of
/// so many bits, which must be a multiple of eight.
pub(super) fn pss(message: &[u8], bits: usize) -> Result<Vec<u8>, TokenError> {
    let mut salt = [0; HASH];
    fill_random(&mut salt)?;
    Ok(encode(message, &salt, bits))
}

fn encode(message: &[u8], salt: &[u8; HASH], bits: usize) -> Vec<u8> {
    let length = bits / 8;
    let mut hashed = vec![0; 8];
    hashed.extend_from_slice(digest(&SHA256, message).as_ref());
    hashed.extend_from_slice(salt);
    let hash = digest(&SHA256, &hashed);

    let masked = length - HASH - 1;
    let mut block = vec![0; masked - HASH - 1];
    block.push(1);
    block.extend_from_slice(salt);
    for (byte, mask) in block.iter_mut().zip(mgf1(hash.as_ref(), masked)) {
        *byte ^= mask;
    }
    // The modulus has one bit more than the padded message.
    block[0] &= 0x7f;
    block.extend_from_slice(hash.as_ref());
    block.push(0xbc);
    block
}

fn mgf1(seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + HASH);
    for counter in 0u32.. {
        if mask.len() >= length {
            break;
        }
        let block = [seed, &counter.to_be_bytes()].concat();
        mask.extend_from_slice(digest(&SHA256, &block).as_ref());
    }
    mask.truncate(length);
    mask
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 9.2), for the certificate of a key.
pub(super) fn pkcs1(message: &[u8], bits: usize) -> Vec<u8> {
    const PREFIX: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let hash = digest(&SHA256, message);
    let padding = bits / 8 - 3 - PREFIX.len() - HASH;
    let mut block = vec![0, 1];
    block.resize(2 + padding, 0xff);
    block.push(0);
    block.extend(PREFIX);
    block.extend_from_slice(hash.as_ref());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_as_long_as_asked_and_the_same_each_time() {
        assert_eq!(mgf1(b"seed", 70).len(), 70);
        assert_eq!(mgf1(b"seed", 70)[..32], mgf1(b"seed", 32)[..]);
    }

    /// Undoes the padding as a verifier does.
    #[test]
    fn the_padding_can_be_undone() {
        let salt = [9; HASH];
        let block = encode(b"message", &salt, 3072);
        assert_eq!(block.len(), 384);
        assert_eq!(block[383], 0xbc);
        assert!(block[0] < 0x80);
        let (masked, rest) = block.split_at(384 - HASH - 1);
        let mask = mgf1(&rest[..HASH], masked.len());
        let mut clear: Vec<u8> = masked.iter().zip(mask).map(|(a, b)| a ^ b).collect();
        clear[0] &= 0x7f;
        assert!(clear.ends_with(&[&[0, 1][..], &salt].concat()));
    }

    #[test]
    fn both_paddings_fill_the_modulus() {
        for bits in [2048, 3072, 4096] {
            assert_eq!(pss(b"message", bits).unwrap().len(), bits / 8);
            assert_eq!(pkcs1(b"message", bits).len(), bits / 8);
        }
    }
}
