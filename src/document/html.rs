//! A page as one HTML file for A4 paper.

use std::fmt::Write as _;

use super::markup::Html;
use super::qr::Modules;
use super::{Block, Cell, Document, Mark, Row, Table, Text, text};
use crate::words::Digest;

const HEAD: &str = "<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
";
const STYLE: &str = include_str!("page.css");
/// The quiet zone around a code, in modules.
const QUIET: usize = 4;
/// The width of a command on paper, in columns.
const COMMAND: usize = 100;

pub(super) fn write(document: &Document) -> String {
    let mut html = Html::default();
    html.literal("<!doctype html>\n");
    html.tag("html", &[("lang", "en")], |html| {
        html.element("head", "", |html| {
            html.literal(HEAD);
            html.leaf("title", "", &document.title);
            html.element("style", "", |html| {
                html.literal(STYLE);
                if let Some([left, right]) = &document.running {
                    html.literal("@page { @top-left { content: ");
                    html.css_string(left);
                    html.literal(" } @top-right { content: ");
                    html.css_string(right);
                    html.literal(" } }\n");
                }
            });
        });
        html.literal("\n");
        html.element("body", "", |html| {
            html.literal("\n");
            blocks(html, &document.blocks);
        });
    });
    html.literal("\n");
    html.into_string()
}

fn blocks(html: &mut Html, blocks: &[Block]) {
    for block in blocks {
        self::block(html, block);
    }
}

fn block(html: &mut Html, block: &Block) {
    match block {
        Block::Title { title, subtitle } => html.element("header", "", |html| {
            html.leaf("h1", "", title);
            if let Some(subtitle) = subtitle {
                html.leaf("p", "subtitle", subtitle);
            }
        }),
        Block::Banner { text, is_alarm } => {
            let class = if *is_alarm { "banner alarm" } else { "banner" };
            html.leaf("div", class, text);
        }
        Block::Heading(text) => html.leaf("h2", "", text),
        Block::Subheading(text) => html.leaf("h3", "", text),
        Block::Paragraph(text) => html.leaf("p", "", text),
        Block::Quote(text) => html.leaf("blockquote", "", text),
        Block::Item(mark, text) => match mark {
            Mark::Dash => html.leaf("p", "item", text),
            Mark::CheckBox => html.leaf("p", "check", text),
            Mark::Number(number) => {
                html.leaf("p", "number", &format!("{number}. {}", text.0).into());
            }
        },
        Block::Command(parts) => {
            html.leaf("pre", "", &text::command(parts, COMMAND).join("\n").into());
        }
        Block::WriteOn { label, lines } => {
            html.leaf("p", "label", label);
            rules(html, *lines);
        }
        Block::WordRows(count) => html.element("ol", "words rows", |html| {
            for _ in 0..*count {
                html.empty("li", "");
            }
        }),
        Block::Facts(facts) => self::facts(html, facts),
        Block::Table(table) => self::table(html, table),
        Block::Digest(digest) => self::digest(html, digest),
        Block::Codes(codes) => self::codes(html, &codes.of_html),
        Block::Slip(blocks) => html.element("section", "slip", |html| self::blocks(html, blocks)),
        Block::PageBreak => html.empty("div", "page-break"),
    }
}

fn rules(html: &mut Html, lines: usize) {
    for _ in 0..lines {
        html.empty("div", "rule");
    }
}

fn facts(html: &mut Html, facts: &[(Text, Cell)]) {
    html.element("table", "facts", |html| {
        html.literal("\n");
        for (name, value) in facts {
            html.element("tr", "", |html| {
                html.element("th", "", |html| html.text(name));
                match value {
                    Cell::Blank(lines) => html.element("td", "", |html| rules(html, *lines)),
                    value => cell(html, value),
                }
            });
            html.literal("\n");
        }
    });
    html.literal("\n");
}

fn table(html: &mut Html, table: &Table) {
    html.element("table", "grid", |html| {
        html.literal("\n");
        headings(html, table);
        let groups = table
            .rows
            .chunk_by(|_, next| !matches!(next, Row::Group(_)));
        for group in groups {
            html.element("tbody", "", |html| {
                html.literal("\n");
                for row in group {
                    self::row(html, table, row);
                }
            });
            html.literal("\n");
        }
    });
    html.literal("\n");
}

/// The headings of the columns, with their widths in percent.
fn headings(html: &mut Html, table: &Table) {
    html.element("thead", "", |html| {
        html.element("tr", "", |html| {
            for column in &table.columns {
                let width = match column.width {
                    0 => String::new(),
                    width => format!("width: {}%", (width + 2) * 100 / 82),
                };
                html.tag("th", &[("style", &width)], |html| {
                    html.text(&column.heading);
                });
            }
        });
    });
    html.literal("\n");
}

fn row(html: &mut Html, table: &Table, row: &Row) {
    match row {
        Row::Group(heading) => html.element("tr", "group", |html| {
            let span = table.columns.len().to_string();
            html.tag("th", &[("colspan", &span)], |html| html.text(heading));
        }),
        Row::Cells(cells) => html.element("tr", "", |html| {
            for cell in cells {
                self::cell(html, cell);
            }
        }),
    }
    html.literal("\n");
}

fn cell(html: &mut Html, cell: &Cell) {
    match cell {
        Cell::Text(text) => {
            // 64 hexadecimal digits are not legible in a proportional font.
            let hex: String = text.0.split_whitespace().collect();
            let class = if Digest::from_hex(&hex).is_ok() {
                "hex"
            } else {
                ""
            };
            html.element("td", class, |html| html.text(text));
        }
        Cell::Number(number) => html.element("td", "number", |html| html.text(&number.into())),
        Cell::Blank(_) => html.empty("td", "blank"),
        Cell::Initials(names) => html.element("td", "parts", |html| {
            for name in names {
                html.element("div", "initials", |html| {
                    html.element("span", "", |html| html.text(name));
                    html.empty("i", "");
                });
            }
        }),
        Cell::CheckBoxes(words) => html.element("td", "parts", |html| {
            for word in *words {
                html.leaf("p", "check", &word.into());
            }
        }),
        Cell::Blocks(blocks) => html.element("td", "parts", |html| self::blocks(html, blocks)),
    }
}

fn digest(html: &mut Html, digest: &Digest) {
    html.element("div", "digest", |html| {
        html.leaf("p", "", &digest.grouped_hex().join("\n").into());
        html.element("ol", "words", |html| {
            for word in digest.words() {
                html.element("li", "", |html| html.text(&word.into()));
            }
        });
    });
    html.literal("\n");
}

fn codes(html: &mut Html, codes: &[Modules]) {
    let count = codes.len();
    for (number, code) in (1..).zip(codes) {
        html.element("figure", "", |html| {
            svg(html, code);
            let caption = format!("{number} of {count}").into();
            html.element("figcaption", "", |html| html.text(&caption));
        });
        html.literal("\n");
    }
}

/// A code as an image: runs of dark modules, row by row.
fn svg(html: &mut Html, code: &Modules) {
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
    let view = format!("0 0 {side} {side}");
    let attributes = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("viewBox", &view),
        ("shape-rendering", "crispEdges"),
    ];
    html.tag("svg", &attributes, |html| {
        html.tag("path", &[("d", &path)], |_| {});
    });
}
