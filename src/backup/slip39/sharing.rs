//! Shamir's secret sharing of bytes, with a digest that verifies a restored secret.

use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

use super::field::{inverse, multiply};

/// The x coordinate of the secret.
const SECRET_AT: u8 = 255;
/// The x coordinate of the digest.
const DIGEST_AT: u8 = 254;
const DIGEST_LENGTH: usize = 4;

/// A point of the polynomials, with a public x coordinate and secret bytes.
pub(super) struct Point {
    pub(super) at: u8,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// The points do not belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrongDigest;

/// Splits bytes into `count` points, of which `threshold` restore the bytes. `random` fills buffers.
pub(super) fn split<E>(
    secret: &[u8],
    threshold: u8,
    count: u8,
    random: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Vec<Point>, E> {
    let copy = |at| Point {
        at,
        bytes: Zeroizing::new(secret.to_vec()),
    };
    if threshold == 1 {
        return Ok((0..count).map(copy).collect());
    }
    let mut points = Vec::with_capacity(usize::from(count) + 2);
    for at in 0..threshold - 2 {
        let mut bytes = Zeroizing::new(vec![0; secret.len()]);
        random(&mut bytes)?;
        points.push(Point { at, bytes });
    }
    let mut salt = Zeroizing::new(vec![0; secret.len() - DIGEST_LENGTH]);
    random(&mut salt)?;
    let mut digest = Zeroizing::new(Vec::with_capacity(secret.len()));
    digest.extend_from_slice(&digest_of(secret, &salt));
    digest.extend_from_slice(&salt);
    let mut basis = Vec::with_capacity(usize::from(threshold));
    basis.extend(
        points
            .iter()
            .map(|point| (point.at, point.bytes.as_slice())),
    );
    basis.push((DIGEST_AT, digest.as_slice()));
    basis.push((SECRET_AT, secret));
    let rest: Vec<Point> = (threshold - 2..count)
        .map(|at| Point {
            at,
            bytes: value_at(at, &basis),
        })
        .collect();
    points.extend(rest);
    Ok(points)
}

/// Restores bytes from exactly `threshold` different points.
pub(super) fn restore(
    threshold: u8,
    points: &[(u8, &[u8])],
) -> Result<Zeroizing<Vec<u8>>, WrongDigest> {
    if threshold == 1 {
        let bytes = points.first().ok_or(WrongDigest)?.1;
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    let secret = value_at(SECRET_AT, points);
    let digest = value_at(DIGEST_AT, points);
    if digest.len() <= DIGEST_LENGTH {
        return Err(WrongDigest);
    }
    let (digest, salt) = digest.split_at(DIGEST_LENGTH);
    constant_time::verify_slices_are_equal(digest, &digest_of(&secret, salt))
        .map_err(|_| WrongDigest)?;
    Ok(secret)
}

/// Interpolates the polynomials at another x coordinate. The Lagrange factors do not depend on secrets.
pub(super) fn value_at(at: u8, points: &[(u8, &[u8])]) -> Zeroizing<Vec<u8>> {
    let length = points.first().map_or(0, |(_, bytes)| bytes.len());
    let mut value = Zeroizing::new(vec![0; length]);
    for (place, bytes) in points {
        let mut factor = 1;
        for (other, _) in points.iter().filter(|(other, _)| other != place) {
            factor = multiply(factor, multiply(at ^ other, inverse(place ^ other)));
        }
        for (sum, byte) in value.iter_mut().zip(bytes.iter()) {
            *sum ^= multiply(*byte, factor);
        }
    }
    value
}

fn digest_of(secret: &[u8], salt: &[u8]) -> [u8; DIGEST_LENGTH] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), secret);
    let mut digest = [0; DIGEST_LENGTH];
    digest.copy_from_slice(&tag.as_ref()[..DIGEST_LENGTH]);
    digest
}
