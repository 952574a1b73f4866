//! Adds the backup of a key to a script.

use toml_edit::Table;

use super::TemplateError;
use super::document::{Document, inline, list, person, set, step, table, text};

/// Who keeps a share of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    pub name: String,
    /// The value of `recipient` in the script.
    pub recipient: String,
}

/// Adds the backup of one key to the text of a script that generates or imports it: custodians, their shares, two media,
/// and the steps.
///
/// # Errors
/// If the script has no such key, or no step that creates it.
pub fn back_up(
    text_of: &str,
    key: &str,
    threshold: u8,
    keepers: &[Keeper],
) -> Result<String, TemplateError> {
    let mut document = Document::parse(text_of)?;
    let plan = document
        .tables("key")
        .find(|table| text(table, "id") == key);
    let plan = plan.ok_or(TemplateError::Missing("such key"))?;
    set(plan, "backup", "shares");
    let ids = (1..=keepers.len()).map(|n| format!("custodian-{n}"));
    let ids: Vec<String> = ids.collect();
    document.rewrite("person", |mut people| {
        let keepers = ids.iter().zip(keepers);
        people.extend(keepers.map(|(id, keeper)| custodian(id, keeper)));
        Ok(people)
    })?;
    let groups = groups(threshold, ids.iter().map(String::as_str));
    document.add_table("backup", table([("groups", groups)]));
    let medium = |holds: &str| {
        let id = format!("{holds}-medium");
        table([("id", id.into()), ("holds", holds.into())])
    };
    document.add("medium", ["shares", "wrapped-key"].map(medium));
    document.rewrite("step", |steps| with_backup(steps, key))?;
    Ok(document.to_string())
}

pub(super) fn custodian(id: &str, keeper: &Keeper) -> Table {
    let mut custodian = person(id, &keeper.name, "custodian");
    set(&mut custodian, "recipient", keeper.recipient.as_str());
    custodian
}

/// One group of custodians.
pub(super) fn groups<'i>(
    threshold: u8,
    custodians: impl Iterator<Item = &'i str>,
) -> toml_edit::Value {
    list([inline([
        ("threshold", i64::from(threshold).into()),
        ("custodians", list(custodians)),
    ])])
}

/// The key is backed up when it is created, and the backup is verified before the root is composed or a file is exported.
fn with_backup(steps: Vec<Table>, key: &str) -> Result<Vec<Table>, TemplateError> {
    let makes = |step: &Table| {
        text(step, "key") == key && ["generate-key", "import-key"].contains(&text(step, "act"))
    };
    let made = steps.iter().position(makes);
    let made = made.ok_or(TemplateError::Missing("step that makes the key"))?;
    let uses = |step: &Table| ["compose-root", "export"].contains(&text(step, "act"));
    let before = steps.iter().position(uses);
    let before = before.ok_or(TemplateError::Missing("step that uses the key"))?;
    let new = |act| {
        let mut step = step(act, Some(key));
        set(&mut step, "minutes", 10);
        step
    };
    let mut written = Vec::new();
    for (place, table) in steps.into_iter().enumerate() {
        if place == before {
            written.push(new("verify-backup"));
        }
        written.push(table);
        if place == made {
            written.push(new("back-up-key"));
        }
    }
    Ok(written)
}
