//! Foreign text in a page of HTML.

use std::fmt::{self, Display, Write as _};

use super::visible;

/// Text in HTML: nothing in it is markup, and nothing in it is invisible.
#[derive(Debug, Clone, Copy)]
pub struct HtmlText<T>(pub T);

impl<T: Display> Display for HtmlText<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.to_string().split_inclusive('\n') {
            let (line, end) = match line.strip_suffix('\n') {
                Some(line) => (line, "\n"),
                None => (line, ""),
            };
            for c in visible(line).chars() {
                match c {
                    '&' => f.write_str("&amp;")?,
                    '<' => f.write_str("&lt;")?,
                    '>' => f.write_str("&gt;")?,
                    '"' => f.write_str("&quot;")?,
                    '\'' => f.write_str("&#39;")?,
                    c => f.write_char(c)?,
                }
            }
            f.write_str(end)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let text = HtmlText("<script>alert('1' & \"2\")</script>\u{202e}\u{1b}\na\rb").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;\\u{202e}\\u{1b}\na\\rb"
        );
    }
}
