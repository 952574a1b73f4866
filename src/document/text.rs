//! A page as plain text, at most 80 columns wide.

use std::iter;

use super::qr::Modules;
use super::wrap::{width as width_of, wrap};
use super::{Block, Cell, Column, Mark, Row, Table, Text};
use crate::words::Digest;

pub const WIDTH: usize = 80;
/// The minimum width of the names of facts: next to them, a digest of 64 characters fits on one line.
const NAMES: usize = 14;
/// Between the columns of a table.
const GAP: &str = "  ";
/// Blanks for words on one line, and the length of each.
const WORD_ROWS: (usize, usize) = (3, 20);

pub(super) fn write(blocks: &[Block]) -> String {
    let mut text = String::new();
    for line in page(blocks) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Blocks, separated by empty lines.
fn page(blocks: &[Block]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before = None;
    for block in blocks {
        let more = lines_of(block, WIDTH);
        if let (Some(before), false) = (before, more.is_empty()) {
            lines.extend(vec![String::new(); gap(before, block)]);
        }
        if !more.is_empty() {
            before = Some(block);
        }
        lines.extend(more);
    }
    lines
}

/// The number of empty lines between two blocks.
fn gap(before: &Block, after: &Block) -> usize {
    match (before, after) {
        (Block::Heading(_) | Block::Subheading(_), _)
        | (Block::Item(Mark::Dash | Mark::CheckBox, _), Block::Item(..)) => 0,
        (_, Block::Heading(_)) => 2,
        _ => 1,
    }
}

fn lines_of(block: &Block, width: usize) -> Vec<String> {
    match block {
        Block::Title { title, subtitle } => {
            let rule = iter::once("=".repeat(width));
            let text = [Some(title), subtitle.as_ref()].into_iter().flatten();
            let text = text.flat_map(|text| wrap(&text.0, width));
            rule.clone().chain(text).chain(rule).collect()
        }
        Block::Banner { text, .. } => wrap(&format!("*** {} ***", text.0), width),
        Block::Heading(text) => {
            let mut lines = wrap(&text.0, width);
            lines.push("-".repeat(width));
            lines
        }
        Block::Subheading(text) | Block::Paragraph(text) => wrap(&text.0, width),
        Block::Quote(text) => hanging("    ", &text.0, width),
        Block::Item(mark, text) => match mark {
            Mark::Dash => hanging("- ", &text.0, width),
            Mark::CheckBox => hanging("[ ] ", &text.0, width),
            Mark::Number(number) => hanging(&format!("{number}. "), &text.0, width),
        },
        Block::Command(parts) => command(parts, width),
        Block::WriteOn { label, lines } => write_on(&label.0, *lines, width),
        Block::WordRows(count) => word_rows(*count),
        Block::Facts(facts) => self::facts(facts, width),
        Block::Table(table) => self::table(table, width),
        Block::Digest(digest) => self::digest(digest),
        Block::Codes(codes) => codes_of(&codes.of_text),
        Block::Slip(blocks) => {
            let mut lines = vec!["- ".repeat(width / 2), String::new()];
            lines.extend(page(blocks));
            lines
        }
        Block::PageBreak => Vec::new(),
    }
}

/// A mark, and a text with a hanging indent.
fn hanging(mark: &str, text: &str, width: usize) -> Vec<String> {
    let indent = width_of(mark);
    let lines = wrap(text, width.saturating_sub(indent)).into_iter();
    let marks = iter::once(mark.to_owned()).chain(iter::repeat(" ".repeat(indent)));
    marks.zip(lines).map(|(mark, line)| mark + &line).collect()
}

fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(width_of(text));
    text.to_owned() + &" ".repeat(missing)
}

/// A command on its own line, indented by four columns; a long command continues after `\`, as in a shell.
pub(super) fn command(parts: &[Text], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, Text(part)) in parts.iter().enumerate() {
        // A line that continues ends with a space and a backslash.
        let room = if index + 1 == parts.len() {
            width
        } else {
            width - 2
        };
        match lines.last_mut() {
            Some(line) if width_of(line) + 1 + width_of(part) <= room => {
                line.push(' ');
                line.push_str(part);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("        {part}"));
            }
            None => lines.push(format!("    {part}")),
        }
    }
    lines
}

/// A label, followed by its first line if there is enough space.
fn write_on(label: &str, count: usize, width: usize) -> Vec<String> {
    let room = width.saturating_sub(width_of(label) + GAP.len());
    if count == 1 && room >= width / 3 && width == WIDTH {
        return vec![format!("{label}{GAP}{}", "_".repeat(room))];
    }
    let mut lines = wrap(&format!("{label}:"), width);
    lines.extend(blank(count, width));
    lines
}

fn blank(lines: usize, width: usize) -> Vec<String> {
    vec!["_".repeat(width); lines]
}

fn word_rows(count: usize) -> Vec<String> {
    let (beside, length) = WORD_ROWS;
    let rows: Vec<String> = (1..=count)
        .map(|row| format!("{row:>3} {}", "_".repeat(length)))
        .collect();
    let rows: Vec<String> = rows.chunks(beside).map(|rows| rows.join(GAP)).collect();
    spaced(rows.into_iter().map(|row| vec![row]))
}

/// Rows separated by empty lines, as space for handwriting.
fn spaced(rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(row);
    }
    lines
}

fn facts(facts: &[(Text, Cell)], width: usize) -> Vec<String> {
    let names = facts.iter().map(|(name, _)| width_of(&name.0));
    let words = facts.iter().filter_map(|(_, value)| match value {
        Cell::Text(text) => text.0.split_whitespace().map(width_of).max(),
        _ => None,
    });
    let room = width.saturating_sub(words.max().unwrap_or(0) + GAP.len());
    let names = names.max().unwrap_or(0).min(room.max(NAMES));
    let values = width.saturating_sub(names + GAP.len());
    let mut lines = Vec::new();
    for (name, value) in facts {
        if matches!(value, Cell::Blank(_)) && !lines.is_empty() {
            lines.push(String::new());
        }
        let cells = [wrap(&name.0, names), cell(value, values)];
        lines.extend(side_by_side(&cells, &[names, values]));
    }
    lines
}

fn cell(cell: &Cell, width: usize) -> Vec<String> {
    match cell {
        Cell::Text(text) => wrap(&text.0, width),
        Cell::Number(number) => vec![format!("{number:>width$}")],
        Cell::Blank(lines) => blank(*lines, width),
        Cell::Initials(names) => {
            let room = width.saturating_sub(6);
            let names = names.iter().flat_map(|name| {
                let mut lines = wrap(&name.0, room);
                lines[0] = pad(&lines[0], room) + "  ____";
                lines
            });
            names.collect()
        }
        Cell::CheckBoxes(words) => words
            .iter()
            .flat_map(|word| hanging("[ ] ", word, width))
            .collect(),
        Cell::Blocks(blocks) => blocks
            .iter()
            .flat_map(|block| lines_of(block, width))
            .collect(),
    }
}

fn table(table: &Table, width: usize) -> Vec<String> {
    let widths = widths(&table.columns, width);
    let headings = table.columns.iter().zip(&widths);
    let headings = headings.map(|(column, width)| wrap(&column.heading.0, *width));
    let rules = widths.iter().map(|width| vec!["-".repeat(*width)]);
    let mut lines = side_by_side(&headings.collect::<Vec<_>>(), &widths);
    lines.extend(side_by_side(&rules.collect::<Vec<_>>(), &widths));
    let mut is_close = true;
    let rows = table.rows.iter().map(|row| match row {
        Row::Group(heading) => {
            is_close = false;
            wrap(&format!("== {} ==", heading.0), width)
        }
        Row::Cells(cells) => {
            is_close &= cells
                .iter()
                .all(|cell| matches!(cell, Cell::Text(_) | Cell::Number(_)));
            let cells = cells.iter().zip(&widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| self::cell(cell, *width))
                .collect();
            side_by_side(&cells, &widths)
        }
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if is_close && rows.iter().all(|row| row.len() == 1) {
        lines.extend(rows.into_iter().flatten());
    } else {
        lines.push(String::new());
        lines.extend(spaced(rows.into_iter()));
    }
    lines
}

/// Cells with several lines, each in its column.
fn side_by_side(cells: &[Vec<String>], widths: &[usize]) -> Vec<String> {
    let rows = cells.iter().map(Vec::len).max().unwrap_or(0);
    let row = |row: usize| {
        let cells = cells.iter().zip(widths);
        let cells =
            cells.map(|(lines, width)| pad(lines.get(row).map_or("", String::as_str), *width));
        cells.collect::<Vec<_>>().join(GAP)
    };
    (0..rows).map(row).collect()
}

/// The widths of all columns.
fn widths(columns: &[Column], width: usize) -> Vec<usize> {
    let taken: usize = columns.iter().map(|column| column.width).sum();
    let open = columns.iter().filter(|column| column.width == 0).count();
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    let each = width.saturating_sub(taken + gaps) / open.max(1);
    columns
        .iter()
        .map(|column| {
            if column.width == 0 {
                each
            } else {
                column.width
            }
        })
        .collect()
}

fn digest(digest: &Digest) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(digest.grouped_hex().map(|half| format!("    {half}")));
    lines.push(String::new());
    for (row, words) in digest.words().chunks(4).enumerate() {
        let words: Vec<String> = words.iter().map(|word| pad(word, 14)).collect();
        lines.push(format!("    {:>2}  {}", row * 4 + 1, words.join(" ")));
    }
    lines
}

fn codes_of(codes: &[Modules]) -> Vec<String> {
    let count = codes.len();
    spaced((1..).zip(codes).map(|(number, code)| {
        let mut lines = vec![format!("{number} of {count}"), String::new()];
        lines.extend((0..code.width).step_by(2).map(|row| half_blocks(code, row)));
        lines
    }))
}

/// Two rows of modules as one of text, dark on light paper.
fn half_blocks(code: &Modules, row: usize) -> String {
    let blocks = (0..code.width).map(|x| match (code.is_dark(x, row), code.is_dark(x, row + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    });
    iter::repeat_n(' ', 4).chain(blocks).collect()
}
