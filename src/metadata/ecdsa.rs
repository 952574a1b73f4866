//! ECDSA signatures: raw r‖s as tokens give them, DER as TUF wants them.

use der::asn1::UintRef;
use der::{Decode as _, Encode, Sequence};

/// Why bytes are not a raw ECDSA signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EcdsaError {
    /// r and s must have the same length, that of the curve: 32, 48 or 66 bytes.
    #[error("a raw ECDSA signature has 64, 96 or 132 bytes, not {found}")]
    Length { found: usize },
    #[error("r or s of the ECDSA signature is zero")]
    Zero,
}

#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The DER form (RFC 3279, section 2.2.3) of a raw signature r‖s.
///
/// # Errors
/// When no curve has signatures of that length, or r or s is zero.
pub fn ecdsa_der_from_raw(raw: &[u8]) -> Result<Vec<u8>, EcdsaError> {
    let length = EcdsaError::Length { found: raw.len() };
    if !matches!(raw.len(), 64 | 96 | 132) {
        return Err(length);
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    if [r, s].iter().any(|half| half.iter().all(|byte| *byte == 0)) {
        return Err(EcdsaError::Zero);
    }
    let r = UintRef::new(r).map_err(|_| length)?;
    let s = UintRef::new(s).map_err(|_| length)?;
    EcdsaSignature { r, s }.to_der().map_err(|_| length)
}

/// The raw form r‖s of a signature in DER, each half so many bytes; `None` if it is none.
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
    fn raw_and_der_lead_to_each_other() {
        let mut raw = vec![0; 96];
        (raw[5], raw[50]) = (0x80, 0x7f);
        let der = ecdsa_der_from_raw(&raw).unwrap();
        assert_eq!(ecdsa_raw_from_der(&der, 48), Some(raw));
        assert_eq!(ecdsa_raw_from_der(&der, 32), None);
        assert_eq!(ecdsa_raw_from_der(b"no signature", 48), None);
    }

    #[test]
    fn other_lengths_and_zero_are_refused() {
        assert_eq!(
            ecdsa_der_from_raw(&[1; 63]),
            Err(EcdsaError::Length { found: 63 })
        );
        let mut zero_s = [0; 64];
        zero_s[0] = 1;
        assert_eq!(ecdsa_der_from_raw(&zero_s), Err(EcdsaError::Zero));
    }
}
