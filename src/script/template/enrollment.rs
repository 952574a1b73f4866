//! Writing keys that were made elsewhere into a script that was written for new ones.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table};

use super::{BlueprintError, bound, set, tables, text, uncomment, unplaced};
use crate::script::{CUSTODY_LIST, SlotPlan};
use crate::transfer::Enrollment;

/// A key that a script is to take in.
#[derive(Debug, Clone)]
pub struct EnrolledKey {
    /// Its files with their names in the script: the enrollment file, or the certificates of an attestation.
    pub files: Vec<(String, Vec<u8>)>,
    /// What they say.
    pub enrollment: Enrollment,
    /// The site where its token is; none where its holder brings it.
    pub site: Option<String>,
}

impl EnrolledKey {
    fn write_files(&self, key: &mut Table) {
        let mut files = self.files.iter().map(|(name, bytes)| bound(name, bytes));
        // An attestation needs the statement and the certificate of the device.
        if self.files.len() > 1 {
            set(key, "attestation", files.collect::<Array>());
        } else if let Some(file) = files.next() {
            set(key, "enrollment", file);
        }
    }
}

/// Writes keys into the text of a script. One whose token is brought takes the place of a key that would be made: the
/// one of its name, or else the first. One of another site is added. The custody list, where there is one, is
/// [`CUSTODY_LIST`] of the script.
///
/// # Errors
/// When there are more keys than places for them.
pub fn enroll(
    text_of: &str,
    files: &[EnrolledKey],
    custody: Option<&[u8]>,
) -> Result<String, BlueprintError> {
    if files.is_empty() && custody.is_none() {
        return Ok(text_of.to_owned());
    }
    let mut document: DocumentMut = text_of
        .parse()
        .map_err(|_| BlueprintError::Template("text"))?;
    let name = |file: &EnrolledKey| file.enrollment.claims().name.clone();
    let (here, distant): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.site.is_none());
    let mut free: Vec<String> = tables(&mut document, "key")?
        .iter()
        .filter(|key| key.contains_key("type"))
        .map(|key| text(key, "id").to_owned())
        .collect();
    let mut placed: Vec<(String, &EnrolledKey)> = Vec::new();
    let (named, others): (Vec<_>, Vec<_>) = here
        .into_iter()
        .partition(|file| free.contains(&name(file)));
    for file in named.into_iter().chain(others) {
        let place = free.iter().position(|id| *id == name(file)).unwrap_or(0);
        if free.is_empty() {
            return Err(BlueprintError::NoPlace(
                file.files
                    .first()
                    .map(|(name, _)| name.clone())
                    .unwrap_or_default(),
            ));
        }
        placed.push((free.remove(place), file));
    }
    for (id, file) in &placed {
        adopt_key(tables(&mut document, "key")?, id, file);
    }
    let ids: Vec<&str> = placed.iter().map(|(id, _)| id.as_str()).collect();
    spares(&mut document, &ids, free.is_empty());
    let mut remote = Vec::new();
    for file in distant {
        remote.push(add_key(tables(&mut document, "key")?, file));
    }
    let is_change = document.contains_key("previous");
    steps(tables(&mut document, "step")?, &ids, &remote, is_change);
    if let Some(list) = custody {
        let table = match document.get_mut("previous").and_then(Item::as_table_mut) {
            Some(previous) => previous,
            None => document.as_table_mut(),
        };
        set(table, "custody", bound(CUSTODY_LIST, list));
    }
    Ok(document.to_string())
}

/// Writes into the text of a script that attestations may end at these roots as well.
///
/// # Errors
/// When the text is not that of a script.
pub fn trust_roots(text_of: &str, roots: &[(String, Vec<u8>)]) -> Result<String, BlueprintError> {
    let mut document: DocumentMut = text_of
        .parse()
        .map_err(|_| BlueprintError::Template("text"))?;
    let files = roots.iter().map(|(name, bytes)| bound(name, bytes));
    let mut table = Table::new();
    uncomment(&mut table);
    set(&mut table, "additional_roots", files.collect::<Array>());
    document.insert("attestation", Item::Table(table));
    Ok(document.to_string())
}

fn adopt_key(keys: &mut ArrayOfTables, id: &str, file: &EnrolledKey) {
    let Some(key) = keys.iter_mut().find(|key| text(key, "id") == id) else {
        return;
    };
    for made in ["type", "backup", "activation"] {
        key.remove(made);
    }
    let known = &file.enrollment.claims().token;
    let mut token = InlineTable::new();
    token.insert("profile", known.profile.as_str().into());
    for (mark, value) in [("serial", &known.serial), ("label", &known.label)] {
        if !value.is_empty() {
            token.insert(mark, value.as_str().into());
        }
    }
    if let Some(said) = file.enrollment.attestation() {
        let usual = SlotPlan::default();
        if said.slot != format!("{:02x}", usual.number) {
            token.insert("slot", said.slot.as_str().into());
        }
        if said.pin_policy != usual.policy.pin {
            token.insert("pin_policy", said.pin_policy.as_str().into());
        }
        if said.touch_policy != usual.policy.touch {
            token.insert("touch_policy", said.touch_policy.as_str().into());
        }
    }
    set(key, "token", token);
    file.write_files(key);
}

/// Adds a key of another site, and gives its name.
fn add_key(keys: &mut ArrayOfTables, file: &EnrolledKey) -> String {
    let numbers = keys
        .iter()
        .filter_map(|key| text(key, "id").strip_prefix("key-")?.parse::<u32>().ok());
    let id = format!("key-{}", numbers.max().unwrap_or(0) + 1);
    let says_change = keys.iter().any(|key| key.contains_key("change"));
    let mut table = Table::new();
    uncomment(&mut table);
    set(&mut table, "id", id.as_str());
    if says_change {
        set(&mut table, "change", "add");
    }
    set(&mut table, "site", file.site.clone().unwrap_or_default());
    set(
        &mut table,
        "held_by",
        file.enrollment.claims().holder.as_str(),
    );
    file.write_files(&mut table);
    let all: Vec<Table> = keys.iter().cloned().chain([table]).collect();
    keys.clear();
    for table in all {
        keys.push(unplaced(table));
    }
    id
}

/// A spare stands in for the token of a key that is made; where none is, none is needed.
fn spares(document: &mut DocumentMut, adopted: &[&str], none_is_made: bool) {
    if none_is_made {
        document.remove("spare");
    }
    let spares = document.get_mut("spare");
    let spares = spares.and_then(Item::as_array_of_tables_mut);
    for spare in spares.into_iter().flat_map(ArrayOfTables::iter_mut) {
        if let Some(keys) = spare.get_mut("keys").and_then(Item::as_array_mut) {
            keys.retain(|key| key.as_str().is_none_or(|key| !adopted.contains(&key)));
        }
    }
}

fn steps(steps: &mut ArrayOfTables, adopted: &[&str], remote: &[String], is_change: bool) {
    let all: Vec<Table> = steps.iter().cloned().collect();
    let collects = all
        .iter()
        .any(|table| text(table, "act") == "collect-signatures");
    let of = |act: &str, key: Option<&str>| {
        let mut table = Table::new();
        uncomment(&mut table);
        set(&mut table, "act", act);
        if let Some(key) = key {
            set(&mut table, "key", key);
        }
        table
    };
    steps.clear();
    for mut table in all {
        let is_adopted = adopted.contains(&text(&table, "key"));
        match text(&table, "act") {
            "initialize-token" | "set-pin" if is_adopted => continue,
            "generate-key" | "import-key" if is_adopted => set(&mut table, "act", "enroll-key"),
            "compose-root" => {
                for id in remote {
                    steps.push(of("enroll-key", Some(id)));
                }
            }
            "verify-root" if is_change && !remote.is_empty() && !collects => {
                steps.push(of("collect-signatures", None));
            }
            _ => {}
        }
        steps.push(unplaced(table));
    }
}
