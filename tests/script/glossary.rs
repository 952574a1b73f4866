//! The glossary: as a document, and as an appendix of the run sheet.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use conclave::document::{Document, WIDTH};
use conclave::script::append_glossary;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The rows of the tables in a document, without their headings.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path(name)).unwrap();
    let row = |line: &str| -> Option<Vec<String>> {
        let cells = line.strip_prefix("| ")?.strip_suffix('|')?.split('|');
        Some(cells.map(|cell| cell.trim().replace('`', "")).collect())
    };
    let lines: Vec<_> = text.lines().collect();
    let is_heading = |at: usize| {
        lines
            .get(at + 1)
            .is_some_and(|next| next.starts_with("|---"))
    };
    (0..lines.len())
        .filter(|at| !is_heading(*at))
        .filter_map(|at| row(lines[at]))
        .collect()
}

fn terms() -> BTreeSet<String> {
    rows("docs/glossary.md")
        .into_iter()
        .map(|row| row[0].to_lowercase())
        .collect()
}

#[test]
fn every_term_is_explained_once_in_one_sentence() {
    let rows = rows("docs/glossary.md");
    assert!(rows.len() > 100);
    assert_eq!(terms().len(), rows.len());
    for row in rows {
        assert_eq!(row.len(), 3, "{row:?}");
        let (meaning, end) = row[1].split_at(row[1].len() - 1);
        assert!(end == "." && !meaning.contains(". "), "{row:?}");
    }
}

#[test]
fn the_appendix_has_every_term() {
    let mut page = Document::new("Run sheet");
    append_glossary(&mut page);
    let text = page.to_text();
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
    let html = page.to_html();
    for row in rows("docs/glossary.md") {
        for part in row.iter().flat_map(|cell| cell.split('\'')) {
            assert!(html.contains(part), "{part}");
        }
    }
}

/// Terms of the style guide that a screen shows are in the glossary.
#[test]
fn terms_on_screens_have_an_entry() {
    let mut screens = String::new();
    for file in fs::read_dir(path("tests/tui/snapshots")).unwrap() {
        screens += &fs::read_to_string(file.unwrap().path())
            .unwrap()
            .to_lowercase();
    }
    let known = terms();
    let mut shown = 0;
    let concepts = rows("docs/style.md")
        .into_iter()
        .filter(|row| row.len() == 3);
    for written in concepts.map(|row| row[1].clone()) {
        for term in written.split(';') {
            let term = term.split([':', '(']).next().unwrap().trim().to_lowercase();
            if screens.contains(&term) {
                assert!(
                    known.contains(&term),
                    "docs/glossary.md does not explain: {term}"
                );
                shown += 1;
            }
        }
    }
    assert!(shown > 10, "only {shown} terms are on screens");
}
