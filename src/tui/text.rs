//! Text as cells of a terminal: escaped, measured, wrapped.

use std::borrow::Cow;

pub(super) use crate::document::width;

use super::theme::Charset;
use crate::document::wrapping;

/// Escapes foreign text, so that it cannot control the terminal, hide, or reorder its neighbors.
pub(super) fn escape(text: &str, charset: Charset) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_misleading(c) || !charset.shows(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character is invisible, or changes other characters.
fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Breaks a text into lines of at most `room` cells, with a hanging indent of `hang` spaces.
pub(super) fn wrap(text: &str, room: usize, hang: usize) -> Vec<String> {
    let hang = " ".repeat(hang);
    let options = wrapping(room.max(hang.len() + 2)).subsequent_indent(&hang);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(Cow::into_owned).collect()
}

/// A text of at most `room` cells; an omitted end is marked.
pub(super) fn shorten(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > room {
            break;
        }
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    if room > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misleading_characters_are_escaped() {
        for (text, shown) in [
            ("key holder 3", "key holder 3"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("Zoë", "Zoë"),
        ] {
            assert_eq!(escape(text, Charset::Unicode), shown);
        }
        assert_eq!(escape("Zoë …", Charset::Ascii), "Zo\\u{eb} …");
    }

    #[test]
    fn lines_break_at_spaces_and_hang() {
        assert_eq!(wrap("one two three", 7, 0), ["one two", "three"]);
        assert_eq!(wrap("- one two three", 7, 2), ["- one", "  two", "  three"]);
        assert_eq!(wrap("abcdefghij", 4, 0), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("- abcdefghij", 6, 2), ["- abcd", "  efgh", "  ij"]);
        assert_eq!(wrap("", 5, 0), [""]);
        assert_eq!(wrap("a  b", 5, 0), ["a  b"]);
    }

    #[test]
    fn no_line_is_too_long_and_nothing_is_lost() {
        let text = "The quick  brown 狐 jumps over e3b0c44298fc1c149afbf4c8996fb924 dogs";
        for room in 4..40 {
            for hang in [0, 2] {
                let lines = wrap(text, room, hang);
                assert!(lines.iter().all(|line| width(line) <= room), "{lines:?}");
                let letters = |text: &str| text.replace(' ', "");
                assert_eq!(letters(&lines.concat()), letters(text));
            }
        }
    }

    #[test]
    fn a_shortened_text_is_marked() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde…");
        assert_eq!(shorten("ab cdefg", 4), "ab…");
    }
}
