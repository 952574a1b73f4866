//! The script of a backup of an existing key: from its old shares, from its token, or to destroy an old set.

use jiff::Timestamp;
use toml_edit::Table;

use super::backup::{custodian, groups};
use super::document::{Document, NamedFile, inline, person, pinned, set, step, table, text};
use super::restore::open_shares;
use super::{Keeper, TemplateError};
use crate::backup::Manifest;

/// The content of a backup script.
#[derive(Debug, Clone)]
pub struct BackupTemplate {
    pub repository: String,
    /// `None` makes a title from the key.
    pub title: Option<String>,
    pub not_before: Timestamp,
    /// Where the key is.
    pub source: BackupSource,
    /// How many custodians are needed to restore the key.
    pub threshold: u8,
    /// Who gets a share; empty if an old set is only destroyed.
    pub keepers: Vec<Keeper>,
}

/// Where the key of a backup is.
#[derive(Debug, Clone)]
pub enum BackupSource {
    /// On its token, which can export it wrapped.
    Token {
        /// Its ID in the script.
        key: String,
        public_key: NamedFile,
        profile: String,
    },
    /// In its old shares.
    Shares {
        /// The manifest of the old set.
        manifest: NamedFile,
        /// The parsed manifest.
        set: Box<Manifest>,
        /// The manifest of the set that superseded it: then no shares are made.
        superseded_by: Option<NamedFile>,
    },
}

impl BackupTemplate {
    /// The text of the script, not yet parsed.
    ///
    /// # Errors
    /// If the ready script lacks a part.
    pub fn write(&self) -> Result<String, TemplateError> {
        let mut document = Document::ready("backup")?;
        document.header(self.title(), &self.repository, self.not_before);
        match &self.source {
            BackupSource::Token { .. } => document.remove("restore"),
            BackupSource::Shares {
                manifest,
                superseded_by,
                ..
            } => {
                let restore = document.table("restore")?;
                set(restore, "manifest", pinned(manifest));
                if let Some(file) = superseded_by {
                    set(restore, "superseded_by", pinned(file));
                }
            }
        }
        let keepers = self.with_ids();
        if self.makes() {
            let ids = keepers.iter().map(|(id, _)| id.as_str());
            let groups = groups(self.threshold, ids);
            set(document.table("backup")?, "groups", groups);
        } else {
            document.remove("backup");
            document.remove("medium");
        }
        document.rewrite("person", |people| Ok(self.people(people, &keepers)))?;
        document.rewrite("step", |steps| Ok(self.steps(steps)))?;
        if let BackupSource::Token {
            key,
            public_key,
            profile,
        } = &self.source
        {
            let table = table([
                ("id", key.as_str().into()),
                ("holder", "holder-1".into()),
                ("token", inline([("profile", profile.as_str().into())])),
                ("public_key", pinned(public_key)),
            ]);
            document.add("key", [table]);
        }
        Ok(document.to_string())
    }

    /// Whether shares are made, not only destroyed.
    const fn makes(&self) -> bool {
        !matches!(
            &self.source,
            BackupSource::Shares {
                superseded_by: Some(_),
                ..
            }
        )
    }

    fn title(&self) -> String {
        let what = |key: &str, new: &str| format!("{new} {key} of {}", self.repository);
        self.title.clone().unwrap_or_else(|| match &self.source {
            BackupSource::Token { key, .. } => what(key, "Shares for"),
            BackupSource::Shares { set, .. } if self.makes() => {
                what(&set.facts().key, "New shares for")
            }
            BackupSource::Shares { set, .. } => what(&set.facts().key, "Destroy old shares for"),
        })
    }

    fn old_set(&self) -> Option<&Manifest> {
        match &self.source {
            BackupSource::Shares { set, .. } => Some(set),
            BackupSource::Token { .. } => None,
        }
    }

    /// The keepers with their IDs in the old set, or with new ones.
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

    fn people(&self, mut people: Vec<Table>, keepers: &[(String, &Keeper)]) -> Vec<Table> {
        people.retain(|table| !text(table, "id").starts_with("custodian-"));
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
        people.extend(keepers.iter().map(|(id, keeper)| custodian(id, keeper)));
        people
    }

    fn steps(&self, steps: Vec<Table>) -> Vec<Table> {
        let mut written = Vec::new();
        let mut opens = false;
        for mut table in steps {
            let act = text(&table, "act");
            let is_making = matches!(act, "back-up-key" | "verify-backup");
            let is_opening = act == "open-share";
            let is_of_old_set = is_opening
                || matches!(
                    act,
                    "restore-key"
                        | "verify-restored-key"
                        | "destroy-restored-key"
                        | "destroy-shares"
                );
            match &self.source {
                BackupSource::Token { key, .. } => {
                    if is_opening && !std::mem::replace(&mut opens, true) {
                        written.push(step("identify-token", Some(key)));
                    }
                    if is_of_old_set {
                        continue;
                    }
                    if is_making {
                        set(&mut table, "key", key.as_str());
                    }
                }
                BackupSource::Shares { .. } if !self.makes() => {
                    if act != "destroy-shares" && (is_of_old_set || is_making) {
                        continue;
                    }
                }
                BackupSource::Shares { set, .. } if is_opening => {
                    if !std::mem::replace(&mut opens, true) {
                        written.extend(open_shares(table, set));
                    }
                    continue;
                }
                BackupSource::Shares { .. } => {}
            }
            written.push(table);
        }
        written
    }
}
