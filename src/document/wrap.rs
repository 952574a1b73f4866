//! Wrapping of text.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// How all text is wrapped: at spaces, with as many words on a line as fit; a word that is longer than a line is broken
/// anywhere. Widths are columns of a terminal.
pub fn wrapping(width: usize) -> Options<'static> {
    // A line fits at least one wide character.
    Options::new(width.max(2))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

/// Breaks a text into lines of at most `width` columns; at least one line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let lines = textwrap::wrap(text, wrapping(width)).into_iter();
    lines.map(std::borrow::Cow::into_owned).collect()
}

/// The width of a text in columns of a terminal.
pub fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// The text with a capital first letter.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_and_long_words_broken() {
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrap("äöü ß", 3), ["äöü", "ß"]);
        assert_eq!(wrap("狐狐狐", 4), ["狐狐", "狐"]);
        assert_eq!(wrap("a-b-c d", 3), ["a-b", "-c", "d"]);
        assert_eq!(wrap("one\ntwo", 7), ["one", "two"]);
    }

    #[test]
    fn only_the_first_letter_becomes_a_capital() {
        assert_eq!(capitalized("key holder A"), "Key holder A");
        assert_eq!(capitalized("ß and ü"), "SS and ü");
        assert_eq!(capitalized(""), "");
    }
}
