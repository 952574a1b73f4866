//! The field of 256 elements that AES uses: polynomials modulo x^8 + x^4 + x^3 + x + 1.

/// Runs in constant time.
pub(super) const fn multiply(a: u8, b: u8) -> u8 {
    let mut product = 0;
    let mut shifted = a;
    let mut bit = 0;
    while bit < 8 {
        product ^= shifted & ((b >> bit) & 1).wrapping_neg();
        let carry = (shifted >> 7).wrapping_neg();
        shifted = (shifted << 1) ^ (0x1b & carry);
        bit += 1;
    }
    product
}

/// The multiplicative inverse (the 254th power). 0 for 0.
pub(super) const fn inverse(a: u8) -> u8 {
    let mut power = a;
    let mut result = 1;
    let mut doubling = 0;
    // 254 = 2 + 4 + … + 128
    while doubling < 7 {
        power = multiply(power, power);
        result = multiply(result, power);
        doubling += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_aes() {
        // FIPS 197, 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
    }

    #[test]
    fn every_element_but_zero_has_an_inverse() {
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
        }
        assert_eq!(inverse(0), 0);
    }

    #[test]
    fn multiplication_is_commutative_and_distributive() {
        for a in 0..=255 {
            for b in 0..=255 {
                assert_eq!(multiply(a, b), multiply(b, a));
                let c = a.rotate_left(3) ^ 0x5a;
                assert_eq!(multiply(a ^ c, b), multiply(a, b) ^ multiply(c, b));
            }
        }
    }
}
