//! Writing the backup of a key into a script.

use toml_edit::Table;

use super::TemplateError;
use super::document::{Document, inline, list, person, set, step, table, text};

/// Who keeps a share of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    /// The name, as it is read aloud.
    pub name: String,
    /// What stands in the script as `recipient`.
    pub recipient: String,
}

/// Writes the backup of one key into the text of a script that makes it or brings it in: custodians, their shares, two
/// media, and the steps.
///
/// # Errors
/// When the script has no such key, or no steps in which it comes to be.
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

/// The key is backed up where it comes to be, and the backup is proven before the root is composed or the file leaves.
fn with_backup(steps: Vec<Table>, key: &str) -> Result<Vec<Table>, TemplateError> {
    let makes = |step: &Table| {
        text(step, "key") == key && ["generate-key", "import-key"].contains(&text(step, "act"))
    };
    let made = steps.iter().position(makes);
    let made = made.ok_or(TemplateError::Missing("step that makes the key"))?;
    let uses = |step: &Table| ["compose-root", "export"].contains(&text(step, "act"));
    let before = steps.iter().position(uses);
    let before = before.ok_or(TemplateError::Missing("step that wants the key"))?;
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
