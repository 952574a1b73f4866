//! Pages: one model, rendered as plain text and as HTML.

mod html;
mod markup;
mod qr;
mod text;
mod wrap;

use std::fmt::Display;

pub use qr::{QrCodes, QrError, qr_parts};
pub use text::WIDTH;
pub use wrap::{capitalized, width, wrap, wrapping};

use crate::record::visible;
use crate::words::Digest;

/// Text on a page from any source: every character is visible, and line feeds break lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(String);

impl<T: Display> From<T> for Text {
    fn from(text: T) -> Self {
        let text = text.to_string();
        let lines: Vec<String> = text.split('\n').map(visible).collect();
        Self(lines.join("\n"))
    }
}

/// A part of a page, or of a cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Title {
        title: Text,
        subtitle: Option<Text>,
    },
    /// What a reader must know first.
    Banner {
        text: Text,
        is_alarm: bool,
    },
    Heading(Text),
    Subheading(Text),
    Paragraph(Text),
    /// What a person typed, with its own line breaks.
    Quote(Text),
    Item(Mark, Text),
    /// A shell command, which may be broken between its parts.
    Command(Vec<Text>),
    /// A label, and lines for handwriting.
    WriteOn {
        label: Text,
        lines: usize,
    },
    /// Numbered lines, one for each word.
    WordRows(usize),
    Facts(Vec<(Text, Cell)>),
    Table(Table),
    /// A digest in hex and in numbered words, to be read aloud.
    Digest(Digest),
    Codes(QrCodes),
    /// A part to cut out.
    Slip(Vec<Block>),
    PageBreak,
}

/// The mark before an item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Dash,
    CheckBox,
    Number(u8),
}

/// The value of a fact, or a cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(Text),
    Number(u64),
    /// Space for this number of lines of handwriting.
    Blank(usize),
    /// Names, each with a box for initials.
    Initials(Vec<Text>),
    /// Words, one of which is ticked.
    CheckBoxes(&'static [&'static str]),
    Blocks(Vec<Block>),
}

impl<T: Display> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Cell {
    /// A digest in grouped hex, in two lines.
    pub fn hex(digest: &Digest) -> Self {
        digest.grouped_hex().join("\n").into()
    }
}

/// Rows of cells under headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    heading: Text,
    /// In columns of an 80-column page; columns with 0 share the remaining width equally.
    width: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Group(Text),
    Cells(Vec<Cell>),
}

impl Table {
    /// A table without rows. Each column has a heading and a width of up to 80, or 0 for a share of the remaining width.
    pub fn new(columns: &[(&str, usize)]) -> Self {
        let columns = columns.iter().map(|(heading, width)| Column {
            heading: heading.into(),
            width: *width,
        });
        Self {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    /// Adds a heading for the rows that follow.
    pub fn group(&mut self, heading: impl Display) {
        self.rows.push(Row::Group(heading.into()));
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    title: Text,
    /// The running head of each printed page, left and right.
    running: Option<[Text; 2]>,
    blocks: Vec<Block>,
}

impl Document {
    /// An empty document, with a title for the browser.
    pub fn new(title: impl Display) -> Self {
        Self {
            title: title.into(),
            running: None,
            blocks: Vec::new(),
        }
    }

    /// Adds a running head to each printed page of HTML.
    pub fn running_head(&mut self, left: impl Display, right: impl Display) {
        self.running = Some([left.into(), right.into()]);
    }

    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    pub fn title(&mut self, title: impl Display) {
        self.push(Block::Title {
            title: title.into(),
            subtitle: None,
        });
    }

    /// The title on the page, with a subtitle.
    pub fn title_with(&mut self, title: impl Display, subtitle: impl Display) {
        self.push(Block::Title {
            title: title.into(),
            subtitle: Some(subtitle.into()),
        });
    }

    pub fn banner(&mut self, text: impl Display) {
        self.push(Block::Banner {
            text: text.into(),
            is_alarm: false,
        });
    }

    /// A warning that the page is not from a production ceremony.
    pub fn alarm(&mut self, text: impl Display) {
        self.push(Block::Banner {
            text: text.into(),
            is_alarm: true,
        });
    }

    pub fn heading(&mut self, text: impl Display) {
        self.push(Block::Heading(text.into()));
    }

    pub fn subheading(&mut self, text: impl Display) {
        self.push(Block::Subheading(text.into()));
    }

    pub fn paragraph(&mut self, text: impl Display) {
        self.push(Block::Paragraph(text.into()));
    }

    /// Adds a name and its value to the preceding list of facts.
    pub fn fact(&mut self, name: impl Display, value: impl Into<Cell>) {
        let fact = (name.into(), value.into());
        match self.blocks.last_mut() {
            Some(Block::Facts(facts)) => facts.push(fact),
            _ => self.push(Block::Facts(vec![fact])),
        }
    }

    pub fn facts<N: Display, V: Into<Cell>>(&mut self, facts: impl IntoIterator<Item = (N, V)>) {
        for (name, value) in facts {
            self.fact(name, value);
        }
    }

    pub fn table(
        &mut self,
        columns: &[(&str, usize)],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) {
        let mut table = Table::new(columns);
        for row in rows {
            table.row(row.into_iter().map(Cell::from));
        }
        self.push(Block::Table(table));
    }

    pub fn quote(&mut self, text: impl Display) {
        self.push(Block::Quote(text.into()));
    }

    pub fn digest(&mut self, digest: &Digest) {
        self.push(Block::Digest(*digest));
    }

    pub fn append(&mut self, other: Self) {
        self.blocks.extend(other.blocks);
    }

    /// Plain text, at most 80 columns wide.
    pub fn to_text(&self) -> String {
        text::write(&self.blocks)
    }

    /// One HTML file for A4 paper, without scripts and external resources.
    pub fn to_html(&self) -> String {
        html::write(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: &str =
        "<b>Anna & Söhne</b>\u{202e} of a street with a name that is longer than a column is wide";

    /// A page with every kind of block and cell, and foreign text wherever text can be.
    fn page() -> Document {
        let mut page = Document::new(FOREIGN);
        page.running_head(FOREIGN, FOREIGN);
        page.title_with(FOREIGN, FOREIGN);
        page.banner(FOREIGN);
        page.alarm(FOREIGN);
        page.heading(FOREIGN);
        page.subheading(FOREIGN);
        page.paragraph(FOREIGN);
        page.quote(FOREIGN);
        page.digest(&Digest::of(b""));
        page.facts([(FOREIGN, Cell::from(FOREIGN)), (FOREIGN, Cell::Blank(2))]);
        for mark in [Mark::Dash, Mark::CheckBox, Mark::Number(1)] {
            page.push(Block::Item(mark, FOREIGN.into()));
        }
        page.push(Block::PageBreak);
        page.push(Block::WordRows(5));
        page.push(Block::Command(vec![FOREIGN.into(), FOREIGN.into()]));
        page.push(Block::Codes(QrCodes::of(b"a file\n").unwrap()));
        let write_on = |lines| Block::WriteOn {
            label: FOREIGN.into(),
            lines,
        };
        page.push(write_on(1));
        let mut table = Table::new(&[(FOREIGN, 7), (FOREIGN, 0), (FOREIGN, 9), (FOREIGN, 20)]);
        table.group(FOREIGN);
        table.row([
            Cell::Number(1),
            Cell::Blocks(vec![write_on(2), Block::Subheading(FOREIGN.into())]),
            Cell::CheckBoxes(&["agree", "refuse"]),
            Cell::Initials(vec![FOREIGN.into()]),
        ]);
        page.push(Block::Slip(vec![Block::Table(table)]));
        page
    }

    #[test]
    fn text_is_at_most_80_columns_wide_and_all_visible() {
        let text = page().to_text();
        let is_command =
            |line: &str| line.starts_with("    <b>") || line.starts_with("        <b>");
        for line in text.lines().filter(|line| !is_command(line)) {
            assert!(width(line) <= WIDTH, "{line}");
            assert_eq!(line, line.trim_end());
        }
        assert!(
            text.contains("Söhne") && !text.contains('\u{202e}'),
            "{text}"
        );
    }

    #[test]
    fn html_has_foreign_text_as_text_and_every_element_ends() {
        let html = page().to_html();
        assert!(
            !html.contains("<b>") && !html.contains('\u{202e}'),
            "{html}"
        );
        assert!(html.contains("&lt;b&gt;Anna &amp; Söhne&lt;/b&gt;\\u{202e}"));
        let mut open = Vec::new();
        for tag in html.split('<').skip(1) {
            let name: String = tag.chars().take_while(|c| !" >".contains(*c)).collect();
            match name.strip_prefix('/') {
                Some(ended) => assert_eq!(open.pop().as_deref(), Some(ended)),
                None if name == "!doctype" || name == "meta" => {}
                None => open.push(name),
            }
        }
        assert_eq!(open, [""; 0]);
    }

    #[test]
    fn tables_and_facts_stand_in_columns() {
        let mut page = Document::new("");
        page.facts([("Key", "key-1"), ("Repository", "example.org")]);
        page.table(
            &[("Name", 8), ("Verdict", 12)],
            [vec!["Ada".to_owned(), "agrees".to_owned()]],
        );
        assert_eq!(
            page.to_text(),
            "Key         key-1\nRepository  example.org\n\n\
             Name      Verdict\n--------  ------------\nAda       agrees\n"
        );
    }
}
