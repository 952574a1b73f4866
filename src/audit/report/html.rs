//! The few parts of which the page is made. Whatever text goes in, is escaped on the way.

use std::fmt::{Display, Write as _};

use crate::record::HtmlText;
use crate::words::Digest;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    /// An element that holds text; the tag may have attributes of our own.
    pub(super) fn element(&mut self, tag: &str, text: impl Display) {
        let name = tag.split(' ').next().unwrap_or(tag);
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "<{tag}>{}</{name}>", HtmlText(text));
    }

    /// A paragraph that says that there is nothing.
    pub(super) fn none(&mut self, text: &str) {
        self.element("p class=\"soft\"", text);
    }

    /// A table with a heading for each column.
    pub(super) fn table(&mut self, headings: &[&str], rows: &[Vec<String>]) {
        self.raw("<table>");
        self.row(headings.iter().map(|heading| ("th", heading)));
        for row in rows {
            self.row(row.iter().map(|cell| ("td", cell)));
        }
        self.raw("</table>");
    }

    /// A table of names and what they are.
    pub(super) fn facts(&mut self, facts: &[(&str, String)]) {
        self.raw("<table><tbody>");
        for (name, value) in facts {
            self.row([("th", &(*name).to_owned()), ("td", value)].into_iter());
        }
        self.raw("</tbody></table>");
    }

    /// A row of cells, each with its tag.
    pub(super) fn row<T: Display>(&mut self, cells: impl Iterator<Item = (&'static str, T)>) {
        self.raw("<tr>");
        for (tag, text) in cells {
            let text = text.to_string();
            // Nobody reads 64 characters of a proportional font.
            let is_digest = Digest::from_hex(&text).is_ok();
            self.element(if is_digest { "td class=\"hex\"" } else { tag }, text);
        }
        self.raw("</tr>");
    }

    /// A digest in hex and in words, as it stands on the screen and in ink.
    pub(super) fn digest(&mut self, digest: &Digest) {
        self.raw("<div class=\"digest\">");
        self.element("p", digest.grouped_hex().join("\n"));
        let words: Vec<_> = digest
            .words()
            .chunks(8)
            .map(|words| words.join(" "))
            .collect();
        self.element("p", words.join("\n"));
        self.raw("</div>");
    }

    /// The text of the page.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}
