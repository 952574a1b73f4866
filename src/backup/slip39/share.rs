//! One share: what stands in its words, and how it is written and read.

use std::fmt;

use zeroize::Zeroizing;

use super::checksum;
use super::cipher::Parameters;
use super::wordlist;

const BITS: usize = 10;
/// Words before the value: identifier, flags, places and thresholds.
const HEADER: usize = 4;
/// The fewest words: a value of 128 bits.
const SHORTEST: usize = HEADER + 13 + checksum::WORDS;
/// The most that are read: a value of 512 bits. There is no use for more.
const LONGEST: usize = HEADER + 52 + checksum::WORDS;

/// A share. Its value is wiped when it is dropped, and never printed.
pub struct Share {
    pub(super) parameters: Parameters,
    pub(super) group: u8,
    pub(super) group_threshold: u8,
    pub(super) group_count: u8,
    pub(super) member: u8,
    pub(super) member_threshold: u8,
    pub(super) value: Zeroizing<Vec<u8>>,
}

/// Why words are no share. No error holds a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// A word is not in the list.
    #[error("word {place} is not one of the 1,024 words")]
    Word {
        /// Counted from 1.
        place: usize,
    },
    /// Too few or too many words.
    #[error("a share of 256 bits has 33 words, not {found}")]
    Length {
        /// How many there were.
        found: usize,
    },
    /// All words are in the list, but not in this order in any share.
    #[error("the checksum of the words does not fit: a word is wrong, or two have changed places")]
    Checksum,
    /// The bits that fill up the first word of the value are not zero.
    #[error("the words are not those of a share: its padding is not empty")]
    Padding,
    /// More groups would be needed than there are.
    #[error("the share wants more groups than there are")]
    GroupThreshold,
}

impl Share {
    /// Reads the words of a share, parted by white space, in any case.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
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

    /// The words, parted by single spaces.
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

    /// The number that all shares of a set have in common, below 32,768.
    pub const fn identifier(&self) -> u16 {
        self.parameters.identifier
    }

    /// Which group it is of, counted from 1, and of how many.
    pub const fn group(&self) -> (u8, u8) {
        (self.group + 1, self.group_count)
    }

    /// How many groups are needed.
    pub const fn groups_needed(&self) -> u8 {
        self.group_threshold
    }

    /// Which share of its group it is, counted from 1.
    pub const fn member(&self) -> u8 {
        self.member + 1
    }

    /// How many shares of its group are needed.
    pub const fn members_needed(&self) -> u8 {
        self.member_threshold
    }
}

/// Where it stands, and nothing of its value.
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

/// Bytes as words, with empty bits before the first so that the last one is full.
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

/// Words as bytes; nothing if a bit before the first byte is set.
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
