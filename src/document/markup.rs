//! The one place where text becomes HTML.

use std::fmt::Write as _;

use super::Text;

/// HTML that is being written. Tags, classes and literals are constants (`&'static str`); everything else is escaped, so
/// no foreign text can become markup.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    pub(super) fn literal(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    pub(super) fn text(&mut self, text: &Text) {
        self.escape(&text.0);
    }

    /// An element with attributes and content.
    pub(super) fn tag(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        inside: impl FnOnce(&mut Self),
    ) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            self.escape(value);
            self.0.push('"');
        }
        self.0.push('>');
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element with a class, unless the class is empty.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        class: &'static str,
        inside: impl FnOnce(&mut Self),
    ) {
        self.tag(name, &[("class", class)], inside);
    }

    /// An element of text, on its own line.
    pub(super) fn leaf(&mut self, name: &'static str, class: &'static str, text: &Text) {
        self.element(name, class, |html| html.text(text));
        self.literal("\n");
    }

    pub(super) fn empty(&mut self, name: &'static str, class: &'static str) {
        self.element(name, class, |_| {});
    }

    /// A string in a style sheet. Everything except letters and digits is escaped, so the text can end neither the string
    /// nor the style sheet.
    pub(super) fn css_string(&mut self, text: &Text) {
        self.0.push('"');
        for c in text.0.chars() {
            if c.is_ascii_alphanumeric() {
                self.0.push(c);
            } else {
                let _ = write!(self.0, "\\{:06x}", u32::from(c));
            }
        }
        self.0.push('"');
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let mut html = Html::default();
        let foreign = "<script>alert('1' & \"2\")</script>\u{202e}\u{1b}\na\rb";
        html.tag("td", &[("title", "\"><b>")], |html| {
            html.text(&foreign.into());
        });
        assert_eq!(
            html.into_string(),
            "<td title=\"&quot;&gt;&lt;b&gt;\">&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;\\u{202e}\\u{1b}\na\\rb</td>"
        );
    }

    #[test]
    fn no_text_ends_a_style_sheet() {
        let mut html = Html::default();
        html.css_string(&"a\"</b".into());
        assert_eq!(html.into_string(), "\"a\\000022\\00003c\\00002fb\"");
    }
}
