//! A sheet as a page of HTML.

use std::fmt::Write as _;

use super::qr::{Modules, OF_PAGE, QrError, codes};
use super::{CHECK_WORDS_ROWS, CHECKS, CODES, ROWS, ShareSheet, rows};
use crate::backup::CHECK_WORDS;
use crate::record::HtmlText;

const STYLE: &str = include_str!("sheet.css");
/// The light frame around a code, in modules.
const QUIET: usize = 4;

pub(super) fn write(sheet: &ShareSheet<'_>) -> Result<String, QrError> {
    let title = sheet.title();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
        HtmlText(&title)
    );
    // Writing to a string cannot fail.
    if let Some(banner) = sheet.banner() {
        let _ = writeln!(page, "<p class=\"banner\">{}</p>", HtmlText(banner));
    }
    page.push_str("<table class=\"facts\">\n");
    for (name, value) in sheet.facts() {
        let (name, value) = (HtmlText(name), HtmlText(value));
        let _ = writeln!(page, "<tr><th>{name}</th><td>{value}</td></tr>");
    }
    let _ = writeln!(
        page,
        "</table>\n<h2>{}</h2>\n<p>{}</p>\n<ol class=\"words\">",
        HtmlText(sheet.rows_heading()),
        HtmlText(ROWS)
    );
    for _ in rows() {
        page.push_str("<li></li>");
    }
    page.push_str("\n</ol>\n");
    if sheet.custodian.by_hand {
        let _ = writeln!(
            page,
            "<p>{}</p>\n<ol class=\"words check\">{}</ol>",
            HtmlText(CHECK_WORDS_ROWS),
            "<li></li>".repeat(CHECK_WORDS)
        );
    }
    let _ = writeln!(
        page,
        "<pre>{}</pre>\n<h2>Checked</h2>\n<table class=\"checks\">",
        HtmlText(sheet.instructions().trim())
    );
    page.push_str("<tr><th>Date</th><th>By</th><th>Result</th></tr>\n");
    page.push_str(&"<tr><td></td><td></td><td></td></tr>\n".repeat(CHECKS));
    page.push_str("</table>\n");
    if let Some(file) = sheet.file {
        let codes = codes(file, OF_PAGE)?;
        let _ = writeln!(
            page,
            "<section class=\"codes\">\n<h2>{} as {} QR codes</h2>\n<p>{}</p>",
            HtmlText(sheet.label.share_file()),
            codes.len(),
            HtmlText(CODES)
        );
        for (number, code) in (1..).zip(&codes) {
            let _ = writeln!(
                page,
                "<figure>{}<figcaption>{number} of {}</figcaption></figure>",
                svg(code),
                codes.len()
            );
        }
        page.push_str("</section>\n");
    }
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

/// A code as a picture: runs of dark modules, row by row.
fn svg(code: &Modules) -> String {
    let side = code.width + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.width {
        let mut x = 0;
        while x < code.width {
            let run = (x..code.width).take_while(|x| code.is_dark(*x, y)).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run + 1;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    )
}
