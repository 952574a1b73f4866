//! The encryption of the secret before splitting: a Feistel network of four rounds with PBKDF2 as the round function. Every
//! passphrase results in some secret, so a wrong passphrase cannot be detected.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

/// The parameters of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// 15 bits that distinguish sets.
    pub(super) identifier: u16,
    /// Whether the cipher ignores the identifier, so that another set for the same secret is possible.
    pub(super) extendable: bool,
    /// Each round has 2,500 × 2^exponent iterations.
    pub(super) exponent: u8,
}

const ROUNDS: u8 = 4;
/// Per round, with exponent 0.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2499);
const TWO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

pub(super) fn encrypt(secret: &[u8], passphrase: &[u8], with: Parameters) -> Zeroizing<Vec<u8>> {
    feistel(secret, passphrase, with, 0..ROUNDS)
}

pub(super) fn decrypt(encrypted: &[u8], passphrase: &[u8], with: Parameters) -> Zeroizing<Vec<u8>> {
    feistel(encrypted, passphrase, with, (0..ROUNDS).rev())
}

/// The halves are swapped after each round and once at the end.
fn feistel(
    input: &[u8],
    passphrase: &[u8],
    with: Parameters,
    rounds: impl Iterator<Item = u8>,
) -> Zeroizing<Vec<u8>> {
    let (left, right) = input.split_at(input.len() / 2);
    let mut left = Zeroizing::new(left.to_vec());
    let mut right = Zeroizing::new(right.to_vec());
    for round in rounds {
        let mask = round_value(round, passphrase, with, &right);
        for (byte, mask) in left.iter_mut().zip(mask.iter()) {
            *byte ^= mask;
        }
        std::mem::swap(&mut left, &mut right);
    }
    let mut output = Zeroizing::new(Vec::with_capacity(input.len()));
    output.extend_from_slice(&right);
    output.extend_from_slice(&left);
    output
}

fn round_value(round: u8, passphrase: &[u8], with: Parameters, half: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut password = Zeroizing::new(Vec::with_capacity(1 + passphrase.len()));
    password.push(round);
    password.extend_from_slice(passphrase);
    let mut salt = Zeroizing::new(Vec::with_capacity(8 + half.len()));
    if !with.extendable {
        salt.extend_from_slice(b"shamir");
        salt.extend_from_slice(&with.identifier.to_be_bytes());
    }
    salt.extend_from_slice(half);
    let iterations = ITERATIONS.saturating_mul(TWO.saturating_pow(u32::from(with.exponent)));
    let mut out = Zeroizing::new(vec![0; half.len()]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        &salt,
        &password,
        &mut out,
    );
    out
}
