//! Escaping of untrusted text, so that it cannot control a terminal or imitate other text.

/// Escapes invisible characters and characters that change the display of others, as in `\u{202e}`. Quotation marks and
/// backslashes are not escaped.
pub fn visible(text: &str) -> String {
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
    fn only_invisible_characters_are_escaped() {
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
