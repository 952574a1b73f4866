//! RS1024, the checksum of a share: a Reed-Solomon code over 1,024 elements. It detects up to three wrong words.

/// The words of the checksum.
pub(super) const WORDS: usize = 3;

const GENERATOR: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];

/// The remainder of a customization string and words. Runs in constant time.
fn remainder(customization: &[u8], words: impl Iterator<Item = u16>) -> u32 {
    let symbols = customization
        .iter()
        .map(|byte| u16::from(*byte))
        .chain(words);
    let mut remainder = 1_u32;
    for symbol in symbols {
        let top = remainder >> 20;
        remainder = ((remainder & 0x000f_ffff) << 10) ^ u32::from(symbol);
        for (bit, generator) in GENERATOR.iter().enumerate() {
            remainder ^= generator & ((top >> bit) & 1).wrapping_neg();
        }
    }
    remainder
}

/// Whether the last three words are the checksum of the others.
pub(super) fn holds(customization: &[u8], words: &[u16]) -> bool {
    remainder(customization, words.iter().copied()) == 1
}

/// The checksum of words.
pub(super) fn of(customization: &[u8], words: &[u16]) -> [u16; WORDS] {
    let value = remainder(customization, words.iter().copied().chain([0; WORDS])) ^ 1;
    [20, 10, 0].map(|shift| u16::try_from((value >> shift) & 0x3ff).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_matches_only_its_words() {
        let mut words: Vec<u16> = (0..30).map(|n| n * 37 % 1024).collect();
        words.extend(of(b"shamir", &words));
        assert!(holds(b"shamir", &words));
        assert!(!holds(b"shamir_extendable", &words));
        for place in 0..words.len() {
            let mut other = words.clone();
            other[place] ^= 1;
            assert!(!holds(b"shamir", &other), "{place}");
            other = words.clone();
            if place > 0 && other[place] != other[place - 1] {
                other.swap(place, place - 1);
                assert!(!holds(b"shamir", &other), "swapped at {place}");
            }
        }
    }
}
