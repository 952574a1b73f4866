//! Writing the backup of a key into a script.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table};

use super::{BlueprintError, set, tables, text, uncomment, unplaced};

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
) -> Result<String, BlueprintError> {
    let mut document: DocumentMut = text_of
        .parse()
        .map_err(|_| BlueprintError::Template("text"))?;
    let keys = tables(&mut document, "key")?;
    let plan = keys.iter_mut().find(|table| text(table, "id") == key);
    set(
        plan.ok_or(BlueprintError::Template("such key"))?,
        "backup",
        "shares",
    );
    let people = tables(&mut document, "person")?;
    for (keeper, n) in keepers.iter().zip(1..) {
        let mut person = Table::new();
        uncomment(&mut person);
        set(&mut person, "id", format!("custodian-{n}"));
        set(&mut person, "name", keeper.name.as_str());
        set(&mut person, "roles", Array::from_iter(["custodian"]));
        set(&mut person, "recipient", keeper.recipient.as_str());
        people.push(person);
    }
    document.insert("backup", Item::Table(groups(threshold, keepers.len())));
    media(&mut document);
    steps(tables(&mut document, "step")?, key)?;
    Ok(reordered(&document))
}

fn groups(threshold: u8, count: usize) -> Table {
    let mut group = InlineTable::new();
    group.insert("threshold", i64::from(threshold).into());
    let custodians = (1..=count).map(|n| format!("custodian-{n}"));
    group.insert("custodians", custodians.collect::<Array>().into());
    let mut backup = Table::new();
    uncomment(&mut backup);
    set(&mut backup, "groups", Array::from_iter([group]));
    backup
}

fn media(document: &mut DocumentMut) {
    let item = document
        .entry("medium")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(media) = item.as_array_of_tables_mut() else {
        return;
    };
    for holds in ["shares", "wrapped-key"] {
        let mut medium = Table::new();
        uncomment(&mut medium);
        set(&mut medium, "id", format!("{holds}-medium"));
        set(&mut medium, "holds", holds);
        media.push(medium);
    }
}

/// The key is backed up where it comes to be, and the backup is proven before the root is composed or the file leaves.
fn steps(steps: &mut ArrayOfTables, key: &str) -> Result<(), BlueprintError> {
    let all: Vec<Table> = steps.iter().cloned().collect();
    let makes = |step: &Table| {
        text(step, "key") == key && ["generate-key", "import-key"].contains(&text(step, "act"))
    };
    let made = all.iter().position(makes);
    let made = made.ok_or(BlueprintError::Template("step that makes the key"))?;
    let wants_it = |step: &Table| ["compose-root", "export"].contains(&text(step, "act"));
    let before = all.iter().position(wants_it);
    let before = before.ok_or(BlueprintError::Template("step that wants the key"))?;
    let step = |act: &str, minutes: i64| {
        let mut step = Table::new();
        uncomment(&mut step);
        set(&mut step, "act", act);
        set(&mut step, "key", key);
        set(&mut step, "minutes", minutes);
        step
    };
    steps.clear();
    for (place, table) in all.into_iter().enumerate() {
        if place == before {
            steps.push(step("prove-backup", 10));
        }
        steps.push(unplaced(table));
        if place == made {
            steps.push(step("back-up-key", 10));
        }
    }
    Ok(())
}

/// The text, with tables that were put in where people look for them: before the steps.
pub(super) fn reordered(document: &DocumentMut) -> String {
    let written = document.to_string();
    let Ok(mut document) = written.parse::<DocumentMut>() else {
        return written;
    };
    if let Some((key, steps)) = document.remove_entry("step") {
        document.insert_formatted(&key, unplaced_all(steps));
    }
    document.to_string()
}

fn unplaced_all(mut item: Item) -> Item {
    if let Some(tables) = item.as_array_of_tables_mut() {
        for table in tables.iter_mut() {
            table.set_position(None);
        }
    }
    item
}
