//! Writing a backup of a key that exists: from its old shares, from its token, or of what is left of an old set.

use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table};

use super::{BlueprintError, Keeper, bound, set, tables, text, uncomment, unplaced};
use crate::backup::Manifest;
use crate::script::embedded::embedded;
use crate::script::plan::Kind;

/// A file that a script carries: its name there, and its bytes.
pub type NamedFile = (String, Vec<u8>);

/// What a new backup is to say.
#[derive(Debug, Clone)]
pub struct BackupBlueprint {
    /// The name of the repository.
    pub repository: String,
    /// `None` makes a title from the key.
    pub title: Option<String>,
    /// The clock may not be earlier.
    pub not_before: Timestamp,
    /// Where the key is.
    pub source: BackupSource,
    /// How many of the custodians restore the key.
    pub threshold: u8,
    /// Who gets a share; nobody where an old set is only destroyed.
    pub keepers: Vec<Keeper>,
}

/// Where the key of a backup is.
#[derive(Debug, Clone)]
pub enum BackupSource {
    /// On its token, which lets it out wrapped.
    Token {
        /// How the script calls it.
        key: String,
        /// Its public half.
        public_key: NamedFile,
        /// The profile of the token.
        profile: String,
    },
    /// In its old shares.
    Shares {
        /// The manifest of the old set.
        manifest: NamedFile,
        /// The same, read.
        set: Box<Manifest>,
        /// The manifest of what took its place already: then nothing is made.
        replaced_by: Option<NamedFile>,
    },
}

impl BackupBlueprint {
    /// The script's text. It still has to be parsed.
    ///
    /// # Errors
    /// When the ready script lacks a part.
    pub fn write(&self) -> Result<String, BlueprintError> {
        let ready = embedded().iter().find(|ready| ready.kind == Kind::Backup);
        let ready = ready.ok_or(BlueprintError::Template("backup"))?;
        let mut document: DocumentMut = ready
            .text
            .parse()
            .map_err(|_| BlueprintError::Template("text"))?;
        set(&mut document, "title", self.title());
        set(&mut document, "repository", self.repository.as_str());
        set(&mut document, "not_before", self.not_before.to_string());
        match &self.source {
            BackupSource::Token { .. } => {
                document.remove("restore");
            }
            BackupSource::Shares {
                manifest: (name, bytes),
                replaced_by,
                ..
            } => {
                let restore = document.get_mut("restore").and_then(Item::as_table_mut);
                let restore = restore.ok_or(BlueprintError::Template("[restore]"))?;
                set(restore, "manifest", bound(name, bytes));
                if let Some((name, bytes)) = replaced_by {
                    set(restore, "replaced_by", bound(name, bytes));
                }
            }
        }
        let keepers = self.with_ids();
        if self.makes() {
            self.groups(&mut document, &keepers)?;
        } else {
            document.remove("backup");
            document.remove("medium");
        }
        self.people(tables(&mut document, "person")?, &keepers);
        self.steps(tables(&mut document, "step")?);
        if let BackupSource::Token { .. } = self.source {
            // Where people look for it: before the steps.
            let steps = document.remove("step");
            document.insert("key", Item::ArrayOfTables(self.keys()));
            document.insert("step", steps.unwrap_or_default());
            return Ok(super::backup::reordered(&document));
        }
        Ok(document.to_string())
    }

    const fn makes(&self) -> bool {
        let replaced = matches!(
            &self.source,
            BackupSource::Shares {
                replaced_by: Some(_),
                ..
            }
        );
        !replaced
    }

    fn title(&self) -> String {
        let what = |key: &str, new: &str| format!("{new} {key} of {}", self.repository);
        self.title.clone().unwrap_or_else(|| match &self.source {
            BackupSource::Token { key, .. } => what(key, "Shares for"),
            BackupSource::Shares { set, .. } if self.makes() => {
                what(&set.facts().key, "New shares for")
            }
            BackupSource::Shares { set, .. } => what(&set.facts().key, "The end of old shares of"),
        })
    }

    fn old_set(&self) -> Option<&Manifest> {
        match &self.source {
            BackupSource::Shares { set, .. } => Some(set),
            BackupSource::Token { .. } => None,
        }
    }

    /// The keepers by the IDs that they have in the old set, or by new ones.
    fn with_ids(&self) -> Vec<(String, &Keeper)> {
        let old = |name: &str| {
            let mut shares = self.old_set()?.shares().iter();
            let share = shares.find(|share| share.label().name == name)?;
            Some(share.label().custodian.clone())
        };
        let is_old = |id: &str| self.old_set().is_some_and(|set| set.share_of(id).is_some());
        let mut number = 0;
        let mut fresh = || loop {
            number += 1;
            let id = format!("custodian-{number}");
            if !is_old(&id) {
                return id;
            }
        };
        let keepers = self.keepers.iter();
        keepers
            .map(|keeper| (old(&keeper.name).unwrap_or_else(&mut fresh), keeper))
            .collect()
    }

    fn groups(
        &self,
        document: &mut DocumentMut,
        keepers: &[(String, &Keeper)],
    ) -> Result<(), BlueprintError> {
        let mut group = InlineTable::new();
        group.insert("threshold", i64::from(self.threshold).into());
        let ids = keepers.iter().map(|(id, _)| id.as_str());
        group.insert("custodians", ids.collect::<Array>().into());
        let backup = document.get_mut("backup").and_then(Item::as_table_mut);
        let backup = backup.ok_or(BlueprintError::Template("[backup]"))?;
        set(backup, "groups", Array::from_iter([group]));
        Ok(())
    }

    fn people(&self, people: &mut ArrayOfTables, keepers: &[(String, &Keeper)]) {
        let all: Vec<Table> = people.iter().cloned().collect();
        people.clear();
        for table in all {
            if !text(&table, "id").starts_with("custodian-") {
                people.push(unplaced(table));
            }
        }
        let person = |id: &str, name: &str, role: &str| {
            let mut person = Table::new();
            uncomment(&mut person);
            set(&mut person, "id", id);
            set(&mut person, "name", name);
            set(&mut person, "roles", Array::from_iter([role]));
            person
        };
        if let BackupSource::Token { .. } = self.source {
            people.push(person("holder-1", "Key holder 1", "key-holder"));
        }
        let old = self.old_set().filter(|_| self.makes());
        for share in old.iter().flat_map(|set| set.shares()) {
            let label = share.label();
            if !keepers.iter().any(|(id, _)| *id == label.custodian) {
                people.push(person(&label.custodian, &label.name, "custodian"));
            }
        }
        for (id, keeper) in keepers {
            let mut person = person(id, &keeper.name, "custodian");
            set(&mut person, "recipient", keeper.recipient.as_str());
            people.push(person);
        }
    }

    fn keys(&self) -> ArrayOfTables {
        let mut keys = ArrayOfTables::new();
        if let BackupSource::Token {
            key,
            public_key: (name, bytes),
            profile,
        } = &self.source
        {
            let mut table = Table::new();
            uncomment(&mut table);
            set(&mut table, "id", key.as_str());
            set(&mut table, "holder", "holder-1");
            let mut token = InlineTable::new();
            token.insert("profile", profile.as_str().into());
            set(&mut table, "token", token);
            set(&mut table, "public_key", bound(name, bytes));
            keys.push(table);
        }
        keys
    }

    fn steps(&self, steps: &mut ArrayOfTables) {
        let all: Vec<Table> = steps.iter().cloned().collect();
        steps.clear();
        let mut has_shares = false;
        for mut table in all {
            let act = text(&table, "act").to_owned();
            let is_of_set = matches!(
                act.as_str(),
                "open-share" | "restore-key" | "prove-restore" | "destroy" | "destroy-shares"
            );
            match &self.source {
                BackupSource::Token { .. } if act == "open-share" && !has_shares => {
                    has_shares = true;
                    let mut step = Table::new();
                    uncomment(&mut step);
                    set(&mut step, "act", "open-token");
                    steps.push(self.of_key(step));
                }
                BackupSource::Token { .. } if is_of_set => {}
                BackupSource::Token { .. } => {
                    if matches!(act.as_str(), "back-up-key" | "prove-backup") {
                        table = self.of_key(table);
                    }
                    steps.push(unplaced(table));
                }
                BackupSource::Shares { .. } if !self.makes() => {
                    let is_of_making = matches!(act.as_str(), "back-up-key" | "prove-backup");
                    if act == "destroy-shares" || !is_of_set && !is_of_making {
                        steps.push(unplaced(table));
                    }
                }
                BackupSource::Shares { .. } if act == "open-share" => {
                    let old = self.old_set().filter(|_| !has_shares);
                    for share in old.iter().flat_map(|set| set.shares()) {
                        let mut step = table.clone();
                        if std::mem::replace(&mut has_shares, true) {
                            uncomment(&mut step);
                        }
                        set(&mut step, "custodian", share.label().custodian.as_str());
                        steps.push(unplaced(step));
                    }
                    has_shares = true;
                }
                BackupSource::Shares { .. } => steps.push(unplaced(table)),
            }
        }
    }

    fn of_key(&self, mut step: Table) -> Table {
        if let BackupSource::Token { key, .. } = &self.source {
            set(&mut step, "key", key.as_str());
        }
        step
    }
}
