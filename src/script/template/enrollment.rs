//! Enrolls keys that were generated elsewhere in a script that was written for new ones.

use toml_edit::{InlineTable, Table, Value};

use super::TemplateError;
use super::document::{Document, NamedFile, list, pinned, set, step, table, text};
use crate::script::{CUSTODY_LIST, SlotPlan};
use crate::transfer::Enrollment;

/// A key that a script enrolls.
#[derive(Debug, Clone)]
pub struct EnrolledKey {
    /// The enrollment file, or the certificates of an attestation.
    pub files: Vec<NamedFile>,
    pub enrollment: Enrollment,
    /// The site of its token; `None` if the token is present.
    pub site: Option<String>,
}

impl EnrolledKey {
    fn name(&self) -> &String {
        &self.enrollment.claims().name
    }

    fn write_files(&self, key: &mut Table) {
        match self.files.as_slice() {
            [file] => set(key, "enrollment", pinned(file)),
            files => set(key, "attestation", list(files.iter().map(pinned))),
        }
    }

    /// Replaces a key that would be generated.
    fn adopt(&self, key: &mut Table) {
        for made in ["type", "backup", "activation"] {
            key.remove(made);
        }
        let known = &self.enrollment.claims().token;
        let mut token = InlineTable::from_iter([("profile", known.profile.as_str())]);
        for (mark, value) in [("serial", &known.serial), ("label", &known.label)] {
            if !value.is_empty() {
                token.insert(mark, value.as_str().into());
            }
        }
        if let Some(said) = self.enrollment.attestation() {
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
        self.write_files(key);
    }

    /// Adds it as a key of another site, and returns its ID in the script.
    fn add(&self, keys: &mut Vec<Table>) -> String {
        let number = |key: &Table| text(key, "id").strip_prefix("key-")?.parse::<u32>().ok();
        let last = keys.iter().filter_map(number).max();
        let id = format!("key-{}", last.unwrap_or(0) + 1);
        let mut added = table([("id", id.as_str().into())]);
        if keys.iter().any(|key| key.contains_key("change")) {
            set(&mut added, "change", "add");
        }
        set(&mut added, "site", self.site.as_deref().unwrap_or_default());
        set(
            &mut added,
            "held_by",
            self.enrollment.claims().holder.as_str(),
        );
        self.write_files(&mut added);
        keys.push(added);
        id
    }
}

/// Enrolls keys in the text of a script. A key whose token is present replaces a key that would be generated: the one
/// with its name, or else the first. A key of another site is added. The custody log is [`CUSTODY_LIST`] of the script.
///
/// # Errors
/// If there are more keys than the script generates.
pub fn enroll(
    text_of: &str,
    enrolled: &[EnrolledKey],
    custody: Option<&[u8]>,
) -> Result<String, TemplateError> {
    if enrolled.is_empty() && custody.is_none() {
        return Ok(text_of.to_owned());
    }
    let mut document = Document::parse(text_of)?;
    let (here, distant): (Vec<_>, Vec<_>) = enrolled.iter().partition(|key| key.site.is_none());
    let made = document
        .tables("key")
        .filter(|key| key.contains_key("type"));
    let mut free: Vec<String> = made.map(|key| text(key, "id").to_owned()).collect();
    let is_named = |key: &&EnrolledKey| free.contains(key.name());
    let (named, others): (Vec<_>, Vec<_>) = here.into_iter().partition(is_named);
    let mut adopted: Vec<String> = Vec::new();
    for key in named.into_iter().chain(others) {
        if free.is_empty() {
            let file = key.files.first().map(|(name, _)| name.clone());
            return Err(TemplateError::NoPlace(file.unwrap_or_default()));
        }
        let place = free.iter().position(|id| id == key.name()).unwrap_or(0);
        let id = free.remove(place);
        if let Some(table) = document.tables("key").find(|table| text(table, "id") == id) {
            key.adopt(table);
        }
        adopted.push(id);
    }
    // A spare replaces the token of a new key.
    if free.is_empty() {
        document.remove("spare");
    }
    for spare in document.tables("spare") {
        if let Some(keys) = spare
            .get_mut("keys")
            .and_then(toml_edit::Item::as_array_mut)
        {
            keys.retain(|key| {
                key.as_str()
                    .is_none_or(|key| !adopted.iter().any(|id| id == key))
            });
        }
    }
    let mut remote = Vec::new();
    document.rewrite("key", |mut keys| {
        remote.extend(distant.into_iter().map(|key| key.add(&mut keys)));
        Ok(keys)
    })?;
    let is_change = document.has("previous");
    document.rewrite("step", |steps| {
        Ok(with_enrollments(steps, &adopted, &remote, is_change))
    })?;
    if let Some(list) = custody {
        let list: Value = pinned(&(CUSTODY_LIST.to_owned(), list.to_vec()));
        let table = if is_change {
            document.table("previous")?
        } else {
            document.root()
        };
        set(table, "custody_log", list);
    }
    Ok(document.to_string())
}

/// Adds attestation roots to the text of a script.
///
/// # Errors
/// If the text is not a script.
pub fn trust_roots(text_of: &str, roots: &[NamedFile]) -> Result<String, TemplateError> {
    let mut document = Document::parse(text_of)?;
    let files = list(roots.iter().map(pinned));
    let table = table([("additional_roots", files)]);
    document.root().insert("attestation", table.into());
    Ok(document.to_string())
}

fn with_enrollments(
    steps: Vec<Table>,
    adopted: &[String],
    remote: &[String],
    is_change: bool,
) -> Vec<Table> {
    let mut steps_of_collecting = steps.iter().map(|table| text(table, "act"));
    let collects = steps_of_collecting.any(|act| act == "collect-signatures");
    let mut written = Vec::new();
    for mut table in steps {
        let is_adopted = adopted.iter().any(|id| id == text(&table, "key"));
        match text(&table, "act") {
            "initialize-token" | "set-pin" if is_adopted => continue,
            "generate-key" | "import-key" if is_adopted => set(&mut table, "act", "enroll-key"),
            "compose-root" => {
                written.extend(remote.iter().map(|id| step("enroll-key", Some(id))));
            }
            "verify-root" if is_change && !remote.is_empty() && !collects => {
                written.push(step("collect-signatures", None));
            }
            _ => {}
        }
        written.push(table);
    }
    written
}
