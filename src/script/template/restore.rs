//! Writing a drill or a recovery from the manifest of a share set.

use jiff::Timestamp;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::{BlueprintError, activation, bound, set, tables, text, uncomment, unplaced};
use crate::backup::Manifest;
use crate::metadata::KeyType;
use crate::script::embedded::embedded;
use crate::script::plan::Kind;
use crate::script::{DrillLevel, Opens};

/// What a new drill or recovery is to say.
#[derive(Debug, Clone)]
pub struct RestoreBlueprint {
    /// Drill or recovery.
    pub kind: Kind,
    /// How far a drill goes.
    pub grade: DrillLevel,
    /// `None` makes a title from the manifest.
    pub title: Option<String>,
    /// The clock may not be earlier.
    pub not_before: Timestamp,
    /// The name of the manifest's file in the script, and the file.
    pub manifest: (String, Vec<u8>),
    /// The same, read.
    pub set: Manifest,
    /// The profile of the token that takes the restored key in; none for a drill in locked memory.
    pub onto: Option<String>,
    /// Where custodians open files that are closed to a recipient.
    pub opens: Opens,
}

impl RestoreBlueprint {
    /// The script's text. It still has to be parsed.
    ///
    /// # Errors
    /// When the ready script lacks a part, or no token takes a key of that type.
    pub fn write(&self) -> Result<String, BlueprintError> {
        // Where a token is wanted, a recovery has the steps for it already.
        let name = if self.onto.is_some() {
            Kind::Recovery.as_str()
        } else {
            Kind::Drill.as_str()
        };
        let ready = embedded().iter().find(|script| script.name == name);
        let ready = ready.ok_or(BlueprintError::Template("drill"))?;
        let mut document: DocumentMut = ready
            .text
            .parse()
            .map_err(|_| BlueprintError::Template("text"))?;
        let facts = self.set.facts();
        let title = self.title.clone().unwrap_or_else(|| match self.kind {
            Kind::Recovery => format!("Recovery of {} of {}", facts.key, facts.repository),
            _ => format!("Recovery drill of {} of {}", facts.key, facts.repository),
        });
        set(&mut document, "kind", self.kind.as_str());
        set(&mut document, "title", title);
        set(&mut document, "repository", facts.repository.as_str());
        set(&mut document, "not_before", self.not_before.to_string());
        let restore = document.get_mut("restore").and_then(Item::as_table_mut);
        let restore = restore.ok_or(BlueprintError::Template("[restore]"))?;
        let (file, bytes) = &self.manifest;
        set(restore, "manifest", bound(file, bytes));
        if self.kind == Kind::Drill {
            set(restore, "grade", self.grade.as_str());
        }
        self.people(tables(&mut document, "person")?);
        if let Some(profile) = &self.onto {
            self.key(tables(&mut document, "key")?, profile)?;
        }
        self.steps(tables(&mut document, "step")?);
        Ok(document.to_string())
    }

    fn people(&self, people: &mut ArrayOfTables) {
        let all: Vec<Table> = people.iter().cloned().collect();
        people.clear();
        for table in all {
            if !text(&table, "id").starts_with("custodian-") {
                people.push(unplaced(table));
            }
        }
        for share in self.set.shares() {
            let mut person = Table::new();
            uncomment(&mut person);
            set(&mut person, "id", share.label().custodian.as_str());
            set(&mut person, "name", share.label().name.as_str());
            set(
                &mut person,
                "roles",
                toml_edit::Array::from_iter(["custodian"]),
            );
            if let Some(crate::backup::Closing::Recipients(_)) = share.custodian().closing {
                let mut spellings = Opens::SPELLINGS.iter();
                let spelling = spellings.find(|(_, opens)| *opens == self.opens);
                set(
                    &mut person,
                    "opens",
                    spelling.map_or("own-device", |(word, _)| *word),
                );
            }
            people.push(person);
        }
    }

    fn key(&self, keys: &mut ArrayOfTables, profile: &str) -> Result<(), BlueprintError> {
        let facts = self.set.facts();
        let algorithm = facts.public_key.algorithm();
        let mut types = KeyType::ALL.into_iter();
        let key_type = types.find(|kind| kind.algorithm() == algorithm);
        let key_type = key_type.ok_or(BlueprintError::Template("key of that type"))?;
        for key in keys.iter_mut() {
            set(key, "id", facts.key.as_str());
            set(key, "type", key_type.to_string());
            if let Some(token) = key.get_mut("token").and_then(Item::as_inline_table_mut) {
                token.insert("profile", profile.into());
                token.insert("label", format!("conclave-{}", facts.key).into());
            }
            activation(key, profile, "holder-1");
        }
        Ok(())
    }

    fn steps(&self, steps: &mut ArrayOfTables) {
        let all: Vec<Table> = steps.iter().cloned().collect();
        let is_drill = self.kind == Kind::Drill;
        steps.clear();
        let mut has_shares = false;
        for mut table in all {
            let act = text(&table, "act").to_owned();
            match act.as_str() {
                "open-share" if has_shares => continue,
                "open-share" => {
                    for share in self.set.shares() {
                        let mut step = table.clone();
                        if std::mem::replace(&mut has_shares, true) {
                            uncomment(&mut step);
                        }
                        set(&mut step, "custodian", share.label().custodian.as_str());
                        steps.push(unplaced(step));
                    }
                    continue;
                }
                "restore-key" if is_drill && self.grade == DrillLevel::Custody => continue,
                "prove-restore" | "destroy" if is_drill && self.grade != DrillLevel::Full => {
                    continue;
                }
                "prove-token" | "seal" if is_drill => {
                    if act == "seal" {
                        continue;
                    }
                    set(&mut table, "act", "destroy");
                }
                _ => {}
            }
            if table.contains_key("key") {
                set(&mut table, "key", self.set.facts().key.as_str());
            }
            steps.push(unplaced(table));
        }
    }
}
