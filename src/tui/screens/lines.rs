//! Building blocks of text: paragraphs, items, digests, marks.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::text::{escape, width, wrap};
use crate::tui::theme::Theme;
use crate::words::Digest;

/// A word of a digest, with its number and a gap.
const WORD_CELLS: usize = 15;

/// Lines of a given width, from the top down.
pub(super) struct Lines {
    pub theme: Theme,
    width: usize,
    all: Vec<Line<'static>>,
}

impl Lines {
    pub(super) fn new(theme: Theme, width: u16) -> Self {
        Self {
            theme,
            width: usize::from(width),
            all: Vec::new(),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Line<'static>> {
        self.all
    }

    pub(super) const fn rows(&self) -> usize {
        self.all.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// An empty line, except at the start and after an empty line.
    pub(super) fn gap(&mut self) {
        if self.all.last().is_some_and(|line| line.width() > 0) {
            self.all.push(Line::default());
        }
    }

    /// A line that is not wrapped.
    pub(super) fn push(&mut self, line: impl Into<Line<'static>>) {
        self.all.push(line.into());
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.paragraph(text, self.theme.heading());
    }

    /// A wrapped paragraph.
    pub(super) fn paragraph(&mut self, text: &str, style: Style) {
        self.hanging("", text, Style::new(), style);
    }

    /// A paragraph after a mark, with a hanging indent.
    pub(super) fn hanging(&mut self, mark: &str, text: &str, mark_style: Style, style: Style) {
        let indent = width(mark);
        let room = self.width.saturating_sub(indent);
        let mut first = true;
        for part in text.split('\n') {
            let text = escape(part, self.theme.charset);
            // An item has its own hanging indent.
            let hang = if text.starts_with("+ ") || text.starts_with("- ") {
                2
            } else {
                0
            };
            for line in wrap(&text, room, hang) {
                let lead = if first {
                    Span::styled(mark.to_owned(), mark_style)
                } else {
                    Span::raw(" ".repeat(indent))
                };
                first = false;
                self.all
                    .push(Line::from(vec![lead, Span::styled(line, style)]));
            }
        }
    }

    /// An item of a list.
    pub(super) fn item(&mut self, text: &str) {
        let quiet = self.theme.quiet();
        self.hanging("· ", text, quiet, Style::new());
    }

    /// A name and its value.
    pub(super) fn entry(&mut self, name: &str, room: usize, text: &str, style: Style) {
        let quiet = self.theme.quiet();
        self.hanging(&format!("{name:<room$}"), text, quiet, style);
    }

    /// A digest: two lines of hex, then its numbered words.
    pub(super) fn digest(&mut self, digest: &Digest, columns: Option<usize>) {
        let (strong, quiet) = (self.theme.strong(), self.theme.quiet());
        for hex in digest.grouped_hex() {
            self.push(Span::styled(hex, strong));
        }
        let fitting = match self.width / WORD_CELLS {
            0..=3 => (self.width / WORD_CELLS).max(1),
            4..=7 => 4,
            _ => 8,
        };
        let columns = columns.unwrap_or(fitting);
        let words = digest.words();
        let rows = words.len().div_ceil(columns);
        let cells = (self.width / columns).min(WORD_CELLS + 3);
        for row in 0..rows {
            let mut spans = Vec::new();
            for column in 0..columns {
                let at = row * columns + column;
                let Some(word) = words.get(at) else { break };
                spans.push(Span::styled(format!("{:>2} ", at + 1), quiet));
                let room = cells.saturating_sub(3);
                spans.push(Span::styled(format!("{word:<room$}"), strong));
            }
            self.push(spans);
        }
    }

    pub(super) fn failure(&mut self, what: &str, hint: &str) {
        let fail = self.theme.fail();
        self.hanging("[FAIL] ", what, fail, fail);
        if !hint.is_empty() {
            self.hanging("       ", hint, Style::new(), Style::new());
        }
    }
}
