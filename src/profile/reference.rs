//! `docs/formats/profile.md`, from the declarations.

use std::fmt::Write as _;

use super::declaration::{Field, Table};
use super::{Backup, Initialize, Keys, Login, Module, Profile, Signing, Slots};

const HEAD: &str = "\
# The token profile

A token profile describes one make of token: how Conclave reaches it, what it can do and how it behaves. The [built-in
profiles](../../hsm-config) are examples, and `conclave token trial` writes a profile for a token of another make.

<!-- Generated from src/profile/fields.rs. Do not edit: run `REGENERATE=1 cargo test --lib profile::`. -->

## Rules

- A profile is [TOML](https://toml.io), UTF-8, of at most 1 MiB. A field that is not declared here is an error.
- A field that is omitted has its default.
- A PIN or a password is never in a profile.

## Where a profile is found

A script names a profile in the field `profile` of a token:

- `profile = { file = \"my-hsm.toml\", sha256 = \"…\" }` binds a file next to the script by its SHA-256.
- `profile = \"my-hsm\"` is a name. Conclave takes the first of these that exists: `my-hsm.toml` next to the script,
  `profiles/my-hsm.toml` next to the script, `$XDG_CONFIG_HOME/conclave/profiles/my-hsm.toml` (without that variable
  `~/.config/conclave/profiles/my-hsm.toml`), `/etc/conclave/profiles/my-hsm.toml`, the built-in profile of that name.

The commands `conclave token …` and `conclave root sign` look for a name given with `--profile` in the same places, with the
current folder in place of the script's. A value with a `/` is a path.

The ceremony directory keeps a copy of each profile, and the transcript records its SHA-256. A ceremony is only resumed with
the same profiles.
";

/// The complete reference of profiles, in Markdown.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    section(&mut text, &Profile::TABLE, &Profile::default());
    section(&mut text, &Module::TABLE, &Module::default());
    section(&mut text, &Slots::TABLE, &Slots::default());
    section(&mut text, &Initialize::TABLE, &Initialize::default());
    section(&mut text, &Login::TABLE, &Login::default());
    section(&mut text, &Keys::TABLE, &Keys::default());
    section(&mut text, &Signing::TABLE, &Signing::default());
    section(&mut text, &Backup::TABLE, &Backup::default());
    text
}

fn section(text: &mut String, table: &Table, defaults: &impl serde::Serialize) {
    let heading = match table.name.strip_prefix('[') {
        Some(_) => format!("`{}`", table.name),
        None => table.name.to_owned(),
    };
    let _ = write!(text, "\n## {heading}\n\n{}\n", joined(table.about));
    text.push_str("\n| field | value | default | meaning |\n|---|---|---|---|\n");
    let defaults = toml::Table::try_from(defaults).unwrap_or_default();
    for field in table.fields {
        let default = match defaults.get(field.name) {
            Some(toml::Value::Table(_)) | None => String::new(),
            Some(toml::Value::String(text)) if text.is_empty() => String::new(),
            Some(value) => format!("`{value}`"),
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} |",
            field.name,
            field.value,
            joined(field.about)
        );
    }
    for Field { name, words, .. } in table.fields.iter().filter(|it| !it.words.is_empty()) {
        let _ = write!(text, "\n`{name}`:\n\n");
        for (word, meaning) in *words {
            let _ = writeln!(text, "- `{word}`: {}", joined(meaning));
        }
    }
}

/// The lines of a doc comment as one.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_reference_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats/profile.md");
        let generated = reference();
        if std::env::var_os("REGENERATE").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == generated,
            "docs/formats/profile.md is old: run `REGENERATE=1 cargo test --lib profile::`, and read the difference"
        );
    }
}
