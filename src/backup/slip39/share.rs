//! One share, and its encoding as words.

use std::fmt;

use zeroize::Zeroizing;

use super::checksum;
use super::cipher::Parameters;
use super::wordlist;

const BITS: usize = 10;
/// Words before the value: identifier, flags, positions and thresholds.
const HEADER: usize = 4;
/// The length for 128 bits.
const SHORTEST: usize = HEADER + 13 + checksum::WORDS;
/// The length for 512 bits.
const LONGEST: usize = HEADER + 52 + checksum::WORDS;

/// A share. Its value is wiped when dropped, and never printed.
pub struct Share {
    pub(super) parameters: Parameters,
    pub(super) group: u8,
    pub(super) group_threshold: u8,
    pub(super) group_count: u8,
    pub(super) member: u8,
    pub(super) member_threshold: u8,
    pub(super) value: Zeroizing<Vec<u8>>,
}

/// Contains no words, which are secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    #[error("word {place} is not in the word list")]
    Word {
        /// Counted from 1.
        place: usize,
    },
    #[error("expected the 33 words of a share, found {found}")]
    Length { found: usize },
    #[error("the checksum does not match: a word is wrong, or two words are swapped")]
    Checksum,
    #[error("the words are not a valid share: the padding is not zero")]
    Padding,
    #[error("the words are not a valid share: more groups are required than exist")]
    GroupThreshold,
}

impl Share {
    /// Reads the words of a share in any case, separated by white space.
    ///
    /// # Errors
    /// The first problem of the words.
    pub fn read(words: &str) -> Result<Self, ShareError> {
        let mut numbers = Zeroizing::new(Vec::with_capacity(LONGEST));
        let mut found = 0;
        for word in words.split_whitespace() {
            found += 1;
            if found > LONGEST {
                continue;
            }
            let lower = Zeroizing::new(word.to_ascii_lowercase());
            let number = wordlist::number(&lower).ok_or(ShareError::Word { place: found })?;
            numbers.push(number);
        }
        if !(SHORTEST..=LONGEST).contains(&found) {
            return Err(ShareError::Length { found });
        }
        Self::from_numbers(&numbers)
    }

    fn from_numbers(words: &[u16]) -> Result<Self, ShareError> {
        let head = words[..HEADER]
            .iter()
            .fold(0_u64, |bits, word| bits << BITS | u64::from(*word));
        let nibble = |shift: u32| u8::try_from((head >> shift) & 0x0f).unwrap_or_default();
        let parameters = Parameters {
            identifier: u16::try_from((head >> 25) & 0x7fff).unwrap_or_default(),
            extendable: (head >> 24) & 1 == 1,
            exponent: nibble(20),
        };
        if !checksum::holds(customization(parameters.extendable), words) {
            return Err(ShareError::Checksum);
        }
        let value_words = &words[HEADER..words.len() - checksum::WORDS];
        let padding = value_words.len() * BITS % 16;
        if padding > 8 {
            return Err(ShareError::Length { found: words.len() });
        }
        let share = Self {
            parameters,
            group: nibble(16),
            group_threshold: nibble(12) + 1,
            group_count: nibble(8) + 1,
            member: nibble(4),
            member_threshold: nibble(0) + 1,
            value: unpack(value_words, padding).ok_or(ShareError::Padding)?,
        };
        if share.group_threshold > share.group_count {
            return Err(ShareError::GroupThreshold);
        }
        Ok(share)
    }

    /// The words, separated by single spaces.
    pub fn words(&self) -> Zeroizing<String> {
        let head = u64::from(self.parameters.identifier) << 25
            | u64::from(self.parameters.extendable) << 24
            | u64::from(self.parameters.exponent) << 20
            | u64::from(self.group) << 16
            | u64::from(self.group_threshold - 1) << 12
            | u64::from(self.group_count - 1) << 8
            | u64::from(self.member) << 4
            | u64::from(self.member_threshold - 1);
        let mut numbers = Zeroizing::new(Vec::with_capacity(LONGEST));
        for shift in [30, 20, 10, 0] {
            numbers.push(u16::try_from((head >> shift) & 0x3ff).unwrap_or_default());
        }
        pack(&self.value, &mut numbers);
        let sum = checksum::of(customization(self.parameters.extendable), &numbers);
        numbers.extend(sum);
        // The longest word has eight letters.
        let mut text = Zeroizing::new(String::with_capacity(numbers.len() * 9));
        for (place, number) in numbers.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text.push_str(wordlist::word(*number));
        }
        text
    }

    /// The identifier of the set, below 32,768.
    pub const fn identifier(&self) -> u16 {
        self.parameters.identifier
    }

    /// The group, counted from 1, and the number of groups.
    pub const fn group(&self) -> (u8, u8) {
        (self.group + 1, self.group_count)
    }

    pub const fn groups_needed(&self) -> u8 {
        self.group_threshold
    }

    /// Counted from 1.
    pub const fn member(&self) -> u8 {
        self.member + 1
    }

    pub const fn members_needed(&self) -> u8 {
        self.member_threshold
    }
}

/// Without the value.
impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("identifier", &self.parameters.identifier)
            .field("group", &self.group)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

const fn customization(extendable: bool) -> &'static [u8] {
    if extendable {
        b"shamir_extendable"
    } else {
        b"shamir"
    }
}

/// Encodes bytes as words, with padding before the first bit.
fn pack(value: &[u8], words: &mut Vec<u16>) {
    let bits = value.len() * 8;
    let padding = (BITS - bits % BITS) % BITS;
    let (mut held, mut held_bits) = (0_u32, padding);
    for byte in value {
        held = held << 8 | u32::from(*byte);
        held_bits += 8;
        while held_bits >= BITS {
            held_bits -= BITS;
            words.push(u16::try_from((held >> held_bits) & 0x3ff).unwrap_or_default());
        }
        held &= (1 << held_bits) - 1;
    }
}

/// Decodes words; `None` if the padding is not zero.
fn unpack(words: &[u16], padding: usize) -> Option<Zeroizing<Vec<u8>>> {
    let first = u32::from(*words.first()?);
    if first >> (BITS - padding) != 0 {
        return None;
    }
    let mut value = Zeroizing::new(Vec::with_capacity(words.len() * BITS / 8));
    let (mut held, mut held_bits) = (first, BITS - padding);
    for word in words.iter().skip(1).map(Some).chain([None]) {
        while held_bits >= 8 {
            held_bits -= 8;
            value.push(u8::try_from((held >> held_bits) & 0xff).unwrap_or_default());
        }
        held &= (1 << held_bits) - 1;
        if let Some(word) = word {
            held = held << BITS | u32::from(*word);
            held_bits += BITS;
        }
    }
    Some(value)
}
