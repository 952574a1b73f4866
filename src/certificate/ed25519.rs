//! Ed25519 public keys that honest key generation does not produce (RFC 8032, section 5.1.3).

/// The y coordinates of the eight points of small order, little-endian. Points ±P have the same y.
const SMALL_ORDER: [[u8; 32]; 5] = [
    // order 4: y = 0
    [0; 32],
    // order 1: y = 1, the neutral element
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    // order 8
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    // order 8
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    // order 2: y = p - 1
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
];

/// Refuses encodings that are not reduced modulo p = 2^255 - 19, and points of small order.
pub(super) fn check(key: &[u8; 32]) -> Result<(), &'static str> {
    let mut y = *key;
    // The top bit is the sign of x.
    y[31] &= 0x7f;
    if y[31] == 0x7f && y[1..31].iter().all(|byte| *byte == 0xff) && y[0] >= 0xed {
        return Err("the Ed25519 key is not in reduced form");
    }
    if SMALL_ORDER.contains(&y) {
        return Err("the Ed25519 key has small order, so one signature verifies for all messages");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_small_order_are_refused_with_both_signs() {
        for mut y in SMALL_ORDER {
            assert!(check(&y).is_err());
            y[31] |= 0x80;
            assert!(check(&y).is_err());
        }
    }

    #[test]
    fn numbers_of_at_least_p_are_refused() {
        let mut y = [0xff; 32];
        for (lowest, top) in [(0xed, 0x7f), (0xee, 0xff), (0xff, 0x7f)] {
            y[0] = lowest;
            y[31] = top;
            assert!(check(&y).is_err());
        }
    }

    #[test]
    fn the_base_point_is_valid() {
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert_eq!(check(&base), Ok(()));
    }
}
