//! ECDSA signatures: raw r‖s, as tokens return them, and DER, as TUF requires.

use der::asn1::UintRef;
use der::{Decode as _, Encode, Sequence};

#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The DER form (RFC 3279, section 2.2.3) of a raw signature r‖s of P-256, P-384 or P-521. `None` for any other length,
/// and if r or s is zero.
pub fn ecdsa_der_from_raw(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at(raw.len() / 2);
    let is_zero = |half: &[u8]| half.iter().all(|byte| *byte == 0);
    if !matches!(raw.len(), 64 | 96 | 132) || is_zero(r) || is_zero(s) {
        return None;
    }
    let (r, s) = (UintRef::new(r).ok()?, UintRef::new(s).ok()?);
    EcdsaSignature { r, s }.to_der().ok()
}

/// The raw form r‖s, with `half` bytes for each of r and s.
pub(super) fn ecdsa_raw_from_der(der: &[u8], half: usize) -> Option<Vec<u8>> {
    let EcdsaSignature { r, s } = EcdsaSignature::from_der(der).ok()?;
    let mut raw = vec![0; 2 * half];
    for (number, place) in [(r, 0), (s, half)] {
        let bytes = number.as_bytes();
        let start = place + half.checked_sub(bytes.len())?;
        raw.get_mut(start..place + half)?.copy_from_slice(bytes);
    }
    Some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_minimal_and_positive() {
        let mut raw = [0; 64];
        raw[31] = 0x80;
        raw[63] = 0x7f;
        assert_eq!(
            ecdsa_der_from_raw(&raw).unwrap(),
            [0x30, 7, 2, 2, 0, 0x80, 2, 1, 0x7f]
        );
    }

    #[test]
    fn raw_and_der_round_trip() {
        let mut raw = vec![0; 96];
        (raw[5], raw[50]) = (0x80, 0x7f);
        let der = ecdsa_der_from_raw(&raw).unwrap();
        assert_eq!(ecdsa_raw_from_der(&der, 48), Some(raw));
        assert_eq!(ecdsa_raw_from_der(&der, 32), None);
        assert_eq!(ecdsa_raw_from_der(b"no signature", 48), None);
    }

    #[test]
    fn other_lengths_and_zero_are_refused() {
        let mut zero_s = [0; 64];
        zero_s[0] = 1;
        for raw in [&[1; 63][..], &[1; 128], &zero_s] {
            assert_eq!(ecdsa_der_from_raw(raw), None);
        }
    }
}
