//! The 1,024 words of SLIP-39 in alphabetical order. The first four letters of each word are unique.

use std::sync::LazyLock;

use zeroize::Zeroizing;

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

/// Whether a lower-case word is in the list.
pub fn is_word(word: &str) -> bool {
    number(word).is_some()
}

/// The words with this beginning, for completion.
pub fn completions(beginning: &str) -> impl Iterator<Item = &'static str> {
    let from = WORDS.partition_point(|word| *word < beginning);
    WORDS[from..]
        .iter()
        .copied()
        .take_while(move |word| word.starts_with(beginning))
}

/// The words that match a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    None,
    /// A complete word, or the only word with this beginning.
    One(&'static str),
    Several,
}

/// Completes a beginning in any case, ignoring blanks around it.
pub fn complete(typed: &str) -> Completion {
    let lower = Zeroizing::new(typed.trim().to_lowercase());
    let mut begin = completions(&lower);
    match (begin.next(), begin.next()) {
        (None, _) => Completion::None,
        (Some(only), None) => Completion::One(only),
        (Some(first), Some(_)) if first == lower.as_str() => Completion::One(first),
        _ => Completion::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_letters_are_a_word() {
        assert_eq!(complete("acad"), Completion::One("academic"));
        assert_eq!(complete(" ACADEMIC "), Completion::One("academic"));
        // "aca" would do as well, for no other word begins so; "ac" begins several.
        assert_eq!(complete("ac"), Completion::Several);
        assert_eq!(complete("zzzz"), Completion::None);
        assert_eq!(complete(""), Completion::Several);
        // A word that begins another one is itself when it is typed out.
        for word in WORDS.iter() {
            assert_eq!(complete(word), Completion::One(word));
        }
    }

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
