//! Links in the documents: each leads to a file or a heading that exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::root;

fn documents() -> Vec<PathBuf> {
    let mut found = vec![];
    let mut open = ["docs", "ceremony-scripts", "hsm-config", "fuzz"]
        .map(|name| root().join(name))
        .to_vec();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path);
            }
        }
    }
    found.extend(["README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    found
}

/// The text without code, in which brackets are no links.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2).collect::<String>();
    outside.split('`').step_by(2).collect()
}

/// The targets of the links in a document.
fn targets(text: &str) -> Vec<String> {
    let mut found = vec![];
    for after in prose(text).split("](").skip(1) {
        if let Some((target, _)) = after.split_once(')') {
            found.push(target.to_owned());
        }
    }
    found
}

/// The anchors of the headings in a document, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| -> String {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        assert!(!text.contains("\n<<<<<<< "), "{}", document.display());
        for target in targets(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(file)
            };
            let shown = document.strip_prefix(root()).unwrap().display();
            assert!(Path::exists(&path), "{shown}: {target}");
            if !anchor.is_empty() {
                let headings = anchors(&fs::read_to_string(&path).unwrap());
                assert!(headings.contains(anchor), "{shown}: {target}");
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} links");
}
