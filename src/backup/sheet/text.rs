//! A sheet as plain text.

use super::qr::{Modules, OF_TEXT, QrError, codes};
use super::{CHECK_WORDS_ROWS, CHECKS, CODES, ROWS, ShareSheet, rows};
use crate::backup::instructions::{Text, WIDTH};

/// Rows for words beside each other.
const COLUMNS: usize = 3;

pub(super) fn write(sheet: &ShareSheet<'_>) -> Result<String, QrError> {
    let mut text = Text::default();
    text.line(&sheet.title());
    if let Some(banner) = sheet.banner() {
        text.line(&format!("*** {banner} ***"));
    }
    text.blank();
    for (name, value) in sheet.facts() {
        text.fact(name, &value);
    }
    text.heading(sheet.rows_heading());
    text.say(ROWS);
    text.blank();
    let rule = "_".repeat(WIDTH / COLUMNS - 6);
    let rows: Vec<String> = rows().map(|row| format!("{row:>3} {rule}")).collect();
    for row in rows.chunks(COLUMNS) {
        text.line(&row.join("  "));
        text.blank();
    }
    if sheet.custodian.by_hand {
        let rule = "_".repeat(WIDTH / 2 - 4);
        text.line(CHECK_WORDS_ROWS);
        text.blank();
        for _ in 0..2 {
            text.line(&format!("    {rule}  {rule}"));
            text.blank();
        }
    }
    text.append(&sheet.instructions());
    text.heading("Checked");
    for _ in 0..CHECKS {
        text.line("Date ______________  by ______________________________  result ____________");
        text.blank();
    }
    if let Some(file) = sheet.file {
        let codes = codes(file, OF_TEXT)?;
        text.heading(&format!(
            "{} as {} QR codes",
            sheet.label.share_file(),
            codes.len()
        ));
        text.say(CODES);
        for (number, code) in (1..).zip(&codes) {
            text.blank();
            text.line(&format!("{number} of {}", codes.len()));
            text.blank();
            for row in (0..code.width).step_by(2) {
                text.line(&half_blocks(code, row));
            }
        }
    }
    Ok(text.end())
}

/// Two rows of modules as one of text, dark on light paper.
fn half_blocks(code: &Modules, row: usize) -> String {
    let mut line = String::from("    ");
    for x in 0..code.width {
        line.push(match (code.is_dark(x, row), code.is_dark(x, row + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
    }
    line
}
