//! The script of a drill or a recovery, from the manifest of a share set.

use jiff::Timestamp;
use toml_edit::Table;

use super::TemplateError;
use super::document::{
    Document, NamedFile, person, pinned, set, set_activation, set_token, text, uncomment,
};
use crate::backup::{Manifest, Protection};
use crate::metadata::KeyType;
use crate::script::Kind;
use crate::script::{DrillLevel, Opens};

/// The content of the script of a drill or a recovery.
#[derive(Debug, Clone)]
pub struct RestoreTemplate {
    pub kind: Kind,
    /// How far a drill goes.
    pub level: DrillLevel,
    /// `None` makes a title from the manifest.
    pub title: Option<String>,
    pub not_before: Timestamp,
    pub manifest: NamedFile,
    /// The parsed manifest.
    pub set: Manifest,
    /// The profile of the token for the restored key; `None` for a drill in locked memory.
    pub onto: Option<String>,
    /// Where custodians open files that are encrypted to a recipient.
    pub opens: Opens,
}

impl RestoreTemplate {
    /// The text of the script, not yet parsed.
    ///
    /// # Errors
    /// If the ready script lacks a part, or tokens do not support the type of the key.
    pub fn write(&self) -> Result<String, TemplateError> {
        // A recovery already has the steps for a token.
        let ready = match self.onto {
            Some(_) => Kind::Recovery,
            None => Kind::Drill,
        };
        let mut document = Document::ready(ready.as_str())?;
        let facts = self.set.facts();
        let title = self.title.clone().unwrap_or_else(|| match self.kind {
            Kind::Recovery => format!("Recovery of {} of {}", facts.key, facts.repository),
            _ => format!("Recovery drill of {} of {}", facts.key, facts.repository),
        });
        document.header(title, facts.repository.as_str(), self.not_before);
        set(document.root(), "kind", self.kind.as_str());
        let restore = document.table("restore")?;
        set(restore, "manifest", pinned(&self.manifest));
        if self.kind == Kind::Drill {
            set(restore, "level", self.level.as_str());
        }
        document.rewrite("person", |people| Ok(self.people(people)))?;
        if let Some(profile) = &self.onto {
            let algorithm = facts.public_key.algorithm();
            let mut types = KeyType::ALL.into_iter();
            let key_type = types.find(|kind| kind.algorithm() == algorithm);
            let key_type = key_type.ok_or(TemplateError::Missing("key of that type"))?;
            for key in document.tables("key") {
                set(key, "id", facts.key.as_str());
                set(key, "type", key_type.to_string());
                let label = format!("conclave-{}", facts.key);
                set_token(key, [("profile", profile.into()), ("label", label.into())]);
                set_activation(key, profile, "holder-1");
            }
        }
        document.rewrite("step", |steps| Ok(self.steps(steps)))?;
        Ok(document.to_string())
    }

    fn people(&self, mut people: Vec<Table>) -> Vec<Table> {
        people.retain(|table| !text(table, "id").starts_with("custodian-"));
        for share in self.set.shares() {
            let label = share.label();
            let mut custodian = person(&label.custodian, &label.name, "custodian");
            if let Some(Protection::Recipients(_)) = share.custodian().protection {
                set(&mut custodian, "opens", self.opens.as_str());
            }
            people.push(custodian);
        }
        people
    }

    fn steps(&self, steps: Vec<Table>) -> Vec<Table> {
        let is_drill = self.kind == Kind::Drill;
        let mut written = Vec::new();
        let mut opens = false;
        for mut table in steps {
            match text(&table, "act") {
                "open-share" => {
                    if !std::mem::replace(&mut opens, true) {
                        written.extend(open_shares(table, &self.set));
                    }
                    continue;
                }
                "restore-key" if is_drill && self.level == DrillLevel::Custody => continue,
                "verify-restored-key" | "destroy-restored-key"
                    if is_drill && self.level != DrillLevel::Full =>
                {
                    continue;
                }
                "seal" if is_drill => continue,
                "verify-token" if is_drill => set(&mut table, "act", "destroy-restored-key"),
                _ => {}
            }
            if table.contains_key("key") {
                set(&mut table, "key", self.set.facts().key.as_str());
            }
            written.push(table);
        }
        written
    }
}

/// A step for each share of a set.
pub(super) fn open_shares(mut pattern: Table, set_of_shares: &Manifest) -> Vec<Table> {
    let mut steps = Vec::new();
    for share in set_of_shares.shares() {
        let mut step = pattern.clone();
        set(&mut step, "custodian", share.label().custodian.as_str());
        steps.push(step);
        uncomment(&mut pattern);
    }
    steps
}
