//! Foreign text, so that it cannot steer a terminal or look like something else.

/// The text with every character that cannot be seen, or that changes how others are seen, written out: `\u{202e}`.
/// Quotation marks and backslashes stay as they are.
pub fn visible(text: &str) -> String {
    // Most texts are nothing but what every keyboard has.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.split_inclusive(['"', '\'', '\\'])
        .map(|piece| match piece.char_indices().next_back() {
            Some((end, mark @ ('"' | '\'' | '\\'))) => {
                format!("{}{mark}", piece[..end].escape_debug())
            }
            _ => piece.escape_debug().to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_seen_is_written_out() {
        for plain in ["", "José says \"it's C:\\\"", "ключ", "हिन्दी", "a – b"] {
            assert_eq!(visible(plain), plain);
        }
        for (text, shown) in [
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\nb\0", "a\\nb\\0"),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("\"\u{301}", "\"\\u{301}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
