//! The 1,024 words of SLIP-0039, in alphabetical order. The first four letters of each are its own.

use std::sync::LazyLock;

const TEXT: &str = include_str!("wordlist.txt");

static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| TEXT.split_whitespace().collect());

/// The word for a number below 1,024.
pub(super) fn word(number: u16) -> &'static str {
    WORDS[usize::from(number) % WORDS.len()]
}

/// The number of a word, in lower case.
pub(super) fn number(word: &str) -> Option<u16> {
    let place = WORDS.binary_search(&word).ok()?;
    u16::try_from(place).ok()
}

/// Whether it is a word of the list, in lower case.
#[must_use]
pub fn is_word(word: &str) -> bool {
    number(word).is_some()
}

/// The words that begin so, for completion while one types.
pub fn completions(beginning: &str) -> impl Iterator<Item = &'static str> {
    let from = WORDS.partition_point(|word| *word < beginning);
    WORDS[from..]
        .iter()
        .copied()
        .take_while(move |word| word.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_sorted_and_told_apart_by_four_letters() {
        assert_eq!(WORDS.len(), 1024);
        assert!(WORDS.windows(2).all(|pair| pair[0][..4] < pair[1][..4]));
        for (place, word) in WORDS.iter().enumerate() {
            assert_eq!(number(word).map(usize::from), Some(place));
            assert_eq!(completions(&word[..4]).collect::<Vec<_>>(), [*word]);
        }
        assert_eq!(number("conclave"), None);
        assert_eq!(completions("acad").collect::<Vec<_>>(), ["academic"]);
        assert_eq!(completions("").count(), 1024);
    }
}
