//! The glossary as an appendix of the run sheet.

use crate::document::{Block, Cell, Document, Table};

/// The tables of this document and the paragraph about their sources are the appendix.
const GLOSSARY: &str = include_str!("../../../docs/glossary.md");

/// Appends the glossary: a page of its own, and a table for each of its sections.
pub fn append_glossary(page: &mut Document) {
    page.push(Block::PageBreak);
    page.heading("Glossary");
    let sources = GLOSSARY
        .split("\n\n")
        .find(|part| part.starts_with("Sources:"));
    page.paragraph(sources.unwrap_or_default().replace('\n', " "));
    for section in GLOSSARY.split("\n## ").skip(1) {
        let (heading, rows) = section.split_once('\n').unwrap_or((section, ""));
        page.subheading(heading);
        let mut table = Table::new(&[("Term", 18), ("Meaning", 42), ("Source", 16)]);
        for row in rows
            .lines()
            .skip_while(|line| !line.starts_with("|---"))
            .skip(1)
        {
            let cells = row.trim_matches('|').split('|');
            table.row(cells.map(|cell| Cell::from(cell.trim().replace('`', ""))));
        }
        page.push(Block::Table(table));
    }
}
