//! `docs/formats/script.md`, from the declarations.

use std::fmt::Write as _;

use super::act::{Description, InRestore, Need};
use super::schema::{ALL, Field, Need as FieldNeed, Type, tables};
use super::{Act, Kind};

const HEAD: &str = "\
# The ceremony script

A script is the only input of a ceremony. This is the reference of every table and field. The [ready
scripts](../../ceremony-scripts) show how to combine them, and `conclave script new` writes one. `conclave script check`
reports all errors of a script at once, each with its line, its column and a hint.

<!-- Generated from src/script/schema. Do not edit: run `REGENERATE=1 cargo test --lib script::`. -->

## Rules

- A script is [TOML](https://toml.io) in UTF-8, at most 1 MiB long, without invisible characters.
- A field that is not declared here for its kind of ceremony is an error, and so is a person, a key or a medium that is
  never used.
- A script must not contain a PIN or a password, not even in a comment.

## Values

| value | meaning |
|---|---|
| text | a text in quotes, one line unless stated |
| ID | a text of 1 to 40 of a-z, 0-9 and `-`, starting with a letter |
| number | a whole number, without quotes |
| time | a text of the form `2026-12-01T09:00:00Z`: UTC, no fractions of seconds |
| file | a pinned input file, `{ file = \"…\", sha256 = \"…\" }` |
| table | `[name]` with fields below it, or `{ … }` on one line |
| tables | `[[name]]` for each table, or a list of `{ … }` |
";

/// The complete reference of scripts, in Markdown.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for (heading, table) in tables() {
        section(
            &mut text,
            &format!("## {heading}"),
            table.about,
            table.fields,
        );
    }
    text.push_str("\n## Acts\n\nWhat a step does, and its fields. Each step must follow the steps that are listed here under \
         \"After\", if the script has them.\n");
    for (name, act) in Act::by_name() {
        section(&mut text, &format!("### `{name}`"), &about(act), act.fields);
    }
    text
}

/// What an act is, which kinds of ceremony may have it, how long it takes, and what it follows.
fn about(act: &Description) -> String {
    let mut kinds: Vec<&str> = act.kinds.iter().map(|kind| kind.as_str()).collect();
    kinds.extend(match act.in_restore {
        InRestore::Never => &[][..],
        InRestore::Always | InRestore::ByLevel if act.kinds.contains(&Kind::Backup) => {
            &["drill", "recovery"]
        }
        InRestore::Always | InRestore::ByLevel => &["drill", "recovery", "backup from old shares"],
        InRestore::IfKept => &["recovery"],
    });
    let mut text = format!(
        "{}\n\nIn: {}. Usual duration: {} min.",
        act.about,
        kinds.join(", "),
        act.minutes
    );
    let mut after: Vec<&str> = Vec::new();
    for need in act.needs {
        after.extend(match need {
            Need::Every(other) | Need::Same(other) => Some(other.name),
            Need::KeysReady | Need::KeysReadyToExport => Some("the last step of each key"),
            Need::Restored => Some("the steps that restore a key"),
        });
    }
    after.dedup();
    if !after.is_empty() {
        let _ = write!(text, " After: {}.", after.join(", "));
    }
    text
}

fn section(text: &mut String, heading: &str, about: &str, fields: &[Field]) {
    let _ = write!(text, "\n{heading}\n");
    if !about.is_empty() {
        let _ = write!(text, "\n{about}\n");
    }
    if fields.is_empty() {
        return;
    }
    text.push_str("\n| field | value | needed | meaning |\n|---|---|---|---|\n");
    for field in fields {
        let _ = write!(
            text,
            "| `{}` | {} | {} | {}",
            field.name,
            value(&field.value),
            needed(field),
            field.about,
        );
        // Tables have their own sections.
        if !field.example.starts_with("a table") && !field.example.starts_with("tables") {
            let _ = write!(text, " Example: `{}`", field.example.replace('`', "'"));
        }
        text.push_str(" |\n");
    }
    let mut listed: Vec<&str> = Vec::new();
    for field in fields {
        let (Type::Word(words) | Type::List(&Type::Word(words), _)) = field.value else {
            continue;
        };
        if listed.contains(&field.name) {
            continue;
        }
        listed.push(field.name);
        let _ = write!(text, "\n`{}`:\n\n", field.name);
        for (word, meaning) in words {
            let _ = writeln!(text, "- `{word}`: {meaning}");
        }
    }
}

fn value(value: &Type) -> String {
    match value {
        Type::Id => "ID".to_owned(),
        Type::Line(most) => format!("text, at most {most} characters"),
        Type::Lines(most) => format!("text, several lines, at most {most} characters"),
        Type::Text(rule) => format!("text: {rule}"),
        Type::Word(_) => "one of the words below".to_owned(),
        Type::Integer(least, most) if least == most => format!("the number {least}"),
        Type::Integer(least, most) => format!("number, {least} to {most}"),
        Type::Boolean => "`true` or `false`".to_owned(),
        Type::Time => "time".to_owned(),
        Type::List(item, most) => match item {
            Type::Word(_) => "list of the words below".to_owned(),
            _ => format!("list of at most {most} IDs"),
        },
        Type::Table(_) => "table".to_owned(),
        Type::Tables(_, most) => format!("tables, at most {most}"),
        Type::File(pin) => format!("file, at most {} KiB", pin.longest / 1024),
        Type::Profile(pin) => format!("text, or a file of at most {} KiB", pin.longest / 1024),
        Type::Files(pin, most) => {
            format!(
                "list of at most {most} files, each at most {} KiB",
                pin.longest / 1024
            )
        }
    }
}

fn needed(field: &Field) -> String {
    let need = match field.need {
        FieldNeed::Required => "required",
        FieldNeed::Optional => "optional",
        FieldNeed::When(case) => case,
    };
    let names = |is_meant: &dyn Fn(&Kind) -> bool| {
        let kinds = ALL.iter().filter(|kind| is_meant(kind));
        kinds
            .map(|kind| kind.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let kinds = match ALL.len() - field.kinds.len() {
        0 => return need.to_owned(),
        1..4 => format!("all but {}", names(&|kind| !field.kinds.contains(kind))),
        _ => names(&|kind| field.kinds.contains(kind)),
    };
    format!("{kinds}: {need}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_reference_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats/script.md");
        let generated = reference();
        if std::env::var_os("REGENERATE").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == generated,
            "docs/formats/script.md is outdated: run `REGENERATE=1 cargo test --lib script::`, and read the difference"
        );
    }
}
