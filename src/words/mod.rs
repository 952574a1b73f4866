//! SHA-256 digests in grouped hex and in words, for reading aloud.

use std::fmt;
use std::io;

use aws_lc_rs::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SHA-256 digest, with a text form of 64 lower-case hex characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    #[error("the digest is not 64 lower-case hex characters")]
    Hex,
    /// The PGP word list alternates, so swapped and missing words are detected.
    #[error("{word:?} is not a digest word at position {position}")]
    Word {
        /// Counted from 1.
        position: usize,
        word: String,
    },
    #[error("expected the 32 words of a digest, found {found}")]
    WordCount { found: usize },
}

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(out)
    }

    /// # Errors
    /// Those of the reader.
    pub fn of_reader(mut reader: impl io::Read) -> io::Result<Self> {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                count => context.update(&buffer[..count]),
            }
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        Ok(Self(out))
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// # Errors
    /// If the text is not 64 lower-case hex characters.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DigestError::Hex);
        }
        let mut out = [0; 32];
        hex::decode_to_slice(text, &mut out).map_err(|_| DigestError::Hex)?;
        Ok(Self(out))
    }

    /// Reads the 32 words of the PGP word list, in any case and spacing.
    ///
    /// # Errors
    /// If a word is unknown or in the wrong position, or there are not 32 words.
    pub fn from_words(text: &str) -> Result<Self, DigestError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut out = [0; 32];
        for (index, word) in words.iter().enumerate() {
            let byte = byte_for(word, index).ok_or_else(|| DigestError::Word {
                position: index + 1,
                word: (*word).to_owned(),
            })?;
            if let Some(slot) = out.get_mut(index) {
                *slot = byte;
            }
        }
        if words.len() != out.len() {
            return Err(DigestError::WordCount { found: words.len() });
        }
        Ok(Self(out))
    }

    /// Two lines of hex in groups of four characters: `9f86 d081 …`.
    pub fn grouped_hex(&self) -> [String; 2] {
        let line = |half: &[u8]| {
            half.chunks(2)
                .map(hex::encode)
                .collect::<Vec<_>>()
                .join(" ")
        };
        [line(&self.0[..16]), line(&self.0[16..])]
    }

    /// All 32 words of the PGP word list, one per byte.
    pub fn words(&self) -> Vec<&'static str> {
        self.0
            .iter()
            .enumerate()
            .map(|(index, byte)| word_for(*byte, index))
            .collect()
    }

    /// The first `count` words.
    pub fn first_words(&self, count: usize) -> String {
        let mut words = self.words();
        words.truncate(count);
        words.join(" ")
    }

    /// The first 8 hex characters in two groups and the last four: `9f86 d081 … 0a08`.
    pub fn short_hex(&self) -> String {
        format!(
            "{} {} … {}",
            hex::encode(&self.0[..2]),
            hex::encode(&self.0[2..4]),
            hex::encode(&self.0[30..])
        )
    }
}

/// The list alternates between words of two and of three syllables. In the crate, words borrow from their bytes, so the
/// bytes must be static.
fn word_for(byte: u8, index: usize) -> &'static str {
    static EVERY_BYTE_TWICE: [[u8; 2]; 256] = {
        let mut table = [[0; 2]; 256];
        let mut byte = 0u8;
        loop {
            table[byte as usize] = [byte; 2];
            if byte == u8::MAX {
                break table;
            }
            byte += 1;
        }
    };
    pgp_words::to_words(&EVERY_BYTE_TWICE[usize::from(byte)])[index % 2]
}

fn byte_for(word: &str, index: usize) -> Option<u8> {
    let word = word.to_ascii_lowercase();
    // A word of the other list is not valid at this position.
    let padded: &[&str] = if index.is_multiple_of(2) {
        &[word.as_str()]
    } else {
        &["aardvark", word.as_str()]
    };
    pgp_words::to_bytes(padded)?.last().copied()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn known_digest_in_hex_and_words() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(
            digest.grouped_hex(),
            [
                "e3b0 c442 98fc 1c14 9afb f4c8 996f b924",
                "27ae 41e4 649b 934c a495 991b 7852 b855"
            ]
        );
        assert_eq!(digest.short_hex(), "e3b0 c442 … b855");
    }

    /// The example of the authors: a PGP fingerprint and its words.
    #[test]
    fn words_are_from_the_pgp_list() {
        let mut bytes = [0; 32];
        hex::decode_to_slice("E58294F2E9A227486E8B061B31CC528FD7FA3F19", &mut bytes[..20]).unwrap();
        assert_eq!(
            Digest::from_bytes(bytes).first_words(20),
            "topmost istanbul pluto vagabond treadmill pacific brackish dictator \
             goldfish medusa afflict bravado chatter revolver dupont midsummer \
             stopwatch whimsical cowbell bottomless"
        );
    }

    #[test]
    fn the_words_of_each_list_differ() {
        for place in 0..2 {
            let words: std::collections::HashSet<_> =
                (0..=u8::MAX).map(|byte| word_for(byte, place)).collect();
            assert_eq!(words.len(), 256);
        }
    }

    #[test]
    fn readers_are_hashed() {
        let bytes = vec![7; 200_000];
        assert_eq!(
            Digest::of_reader(bytes.as_slice()).unwrap(),
            Digest::of(&bytes)
        );
    }

    #[test]
    fn words_round_trip() {
        let digest = Digest::of(b"conclave");
        let words = digest.words().join("  ").to_uppercase();
        assert_eq!(Digest::from_words(&words).unwrap(), digest);
    }

    #[test]
    fn swapped_and_missing_words_are_detected() {
        let digest = Digest::of(b"conclave");
        let mut words = digest.words();
        words.swap(4, 5);
        assert!(matches!(
            Digest::from_words(&words.join(" ")),
            Err(DigestError::Word { position: 5, .. })
        ));
        let short = &digest.words()[..31];
        assert_eq!(
            Digest::from_words(&short.join(" ")),
            Err(DigestError::WordCount { found: 31 })
        );
    }

    #[test]
    fn hex_is_strict() {
        for text in [
            &EMPTY.to_uppercase(),
            &EMPTY[1..],
            &format!(" {EMPTY}"),
            "zz",
        ] {
            assert_eq!(Digest::from_hex(text), Err(DigestError::Hex), "{text:?}");
        }
    }
}
