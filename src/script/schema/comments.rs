//! The comments after the fields of a ready script, from the declarations.

use toml_edit::{DocumentMut, Item};

use super::{Field, SCRIPT, Table, Type};
use crate::script::Kind;

/// Replaces each comment after a field by the declared text of the field. Comments above tables and in steps are kept.
pub(in crate::script) fn annotate(document: &mut DocumentMut) {
    let kind = document.get("kind").and_then(Item::as_str);
    let mut kinds = Kind::SPELLINGS.iter();
    let kind = kinds.find(|(word, _)| Some(*word) == kind);
    if let Some((_, kind)) = kind {
        annotate_table(document.as_table_mut(), &SCRIPT, *kind);
    }
}

fn annotate_table(table: &mut toml_edit::Table, declared: &Table, kind: Kind) {
    for (name, item) in table.iter_mut() {
        let Some(field) = declared.field(&name, Some(kind)) else {
            continue;
        };
        match (item, field.value) {
            (Item::Value(value), _) => {
                let suffix = value.decor().suffix().and_then(|suffix| suffix.as_str());
                let space = suffix.and_then(|suffix| Some(suffix.split_once('#')?.0));
                if let (Some(space), Some(comment)) = (space, field.comment(value.as_str())) {
                    let suffix = format!("{space}# {comment}");
                    value.decor_mut().set_suffix(suffix);
                }
            }
            (Item::Table(inner), Type::Table(declared)) => annotate_table(inner, declared, kind),
            (Item::ArrayOfTables(tables), Type::Tables(declared, _)) => {
                for inner in tables.iter_mut() {
                    annotate_table(inner, declared, kind);
                }
            }
            _ => {}
        }
    }
}

impl Field {
    /// The meaning of the current word, or the first sentence about the field; none for an act, which the script
    /// explains itself.
    fn comment(&self, word: Option<&str>) -> Option<String> {
        match self.value {
            Type::Text(_) => None,
            Type::Word(words) if self.shows_word => {
                let mut words = words.iter();
                let (_, meaning) = words.find(|(known, _)| Some(*known) == word)?;
                Some((*meaning).to_owned())
            }
            _ => {
                let sentence = self.about.split(". ").next()?.trim_end_matches('.');
                let mut characters = sentence.chars();
                let first = characters.next()?.to_lowercase();
                Some(first.chain(characters).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables;
    use super::*;
    use crate::script::embedded;

    fn ready() -> Vec<(&'static str, &'static str)> {
        let signing = include_str!("../../../ceremony-scripts/signing.toml");
        let others = embedded().iter().map(|ready| (ready.name, ready.text));
        others.chain([("signing", signing)]).collect()
    }

    #[test]
    fn the_ready_scripts_explain_their_fields_as_declared() {
        let mut old = Vec::new();
        for (name, text) in ready() {
            let mut document: DocumentMut = text.parse().unwrap();
            annotate(&mut document);
            if document.to_string() == text {
                continue;
            }
            old.push(name);
            if std::env::var_os("REGENERATE").is_some() {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/ceremony-scripts");
                std::fs::write(format!("{folder}/{name}.toml"), document.to_string()).unwrap();
            }
        }
        assert!(
            old.is_empty(),
            "comments of {old:?} are outdated: run `REGENERATE=1 cargo test --lib script::` twice"
        );
    }

    /// Every `word   meaning` above a table, with the lines on which the meaning continues.
    fn explained(text: &str) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut continues = false;
        for line in text.lines() {
            let line = line.strip_prefix("#   ");
            let pair = line.and_then(|line| line.split_once("  "));
            continues = match (pair, found.last_mut()) {
                (Some((word, meaning)), _)
                    if !word.is_empty() && !word.starts_with("conclave ") =>
                {
                    let word = word.rsplit_once(" = ").map_or(word, |(_, word)| word);
                    let meaning = meaning.trim();
                    if meaning.starts_with('#') {
                        continue;
                    }
                    found.push((word.replace('"', ""), meaning.to_owned()));
                    true
                }
                (Some(("", rest)), Some((_, meaning))) if continues => {
                    *meaning = format!("{meaning} {}", rest.trim());
                    true
                }
                _ => false,
            };
        }
        found
    }

    #[test]
    fn the_ready_scripts_explain_words_as_declared() {
        let all = tables();
        let fields = all.iter().flat_map(|(_, table)| table.fields);
        let words = fields.filter_map(|field| match field.value {
            Type::Word(words) | Type::List(&Type::Word(words), _) => Some(words),
            _ => None,
        });
        let words: Vec<_> = words.flatten().collect();
        let mut count = 0;
        for (name, text) in ready() {
            for (word, meaning) in explained(text) {
                let mut known = words.iter().filter(|(known, _)| *known == word).peekable();
                if known.peek().is_none() {
                    continue;
                }
                let declared: Vec<&str> = known.map(|(_, meaning)| *meaning).collect();
                assert!(
                    declared.contains(&meaning.as_str()),
                    "{name}: {word}: {meaning:?} is not {declared:?}"
                );
                count += 1;
            }
        }
        assert!(count > 15, "{count} words were found");
    }
}
