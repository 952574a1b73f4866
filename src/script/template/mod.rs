//! Writes scripts from the ready ones: comments are kept, the rest is filled in.

mod backup;
mod change;
mod document;
mod enrollment;
mod migration;
mod reissue;
mod restore;
mod signing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml_edit::{Item, Table};

pub use backup::{Keeper, back_up};
pub use change::{ChangeTemplate, KeyDisposition};
pub use document::NamedFile;
pub use enrollment::{EnrolledKey, enroll, trust_roots};
pub use migration::{MigratedRepository, MigrationTemplate};
pub use reissue::{BackupSource, BackupTemplate};
pub use restore::RestoreTemplate;
pub use signing::{SigningPlan, TokenMark};

use document::{
    Document, list, pinned, repeat_steps, set, set_activation, set_token, text, uncomment,
};

use super::kind::Kind;
use super::plan::RoleKind;
use crate::metadata::KeyType;

const MOST_TOKENS: u8 = 32;

/// Public key files of online roles.
pub type OnlineFiles = BTreeMap<RoleKind, Vec<NamedFile>>;

/// The content of a new script. People are named after their roles: `Key holder 3`.
#[derive(Debug, Clone)]
pub struct ScriptTemplate {
    pub kind: Kind,
    /// `None` makes a title from the repository.
    pub title: Option<String>,
    pub repository: String,
    /// Root keys, each with its own holder and token: 1 to 32.
    pub tokens: u8,
    /// Signatures that a root needs: 1 to `tokens`.
    pub threshold: u8,
    /// The type of every root key.
    pub key_type: KeyType,
    /// The token profile of every root key: `softhsm2`.
    pub profile: String,
    pub not_before: Timestamp,
    pub expires: Timestamp,
    /// Other roles keep the sample key of the ready script.
    pub online: OnlineFiles,
}

/// Why a script cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    #[error("a script cannot have {0} tokens; use 1 to {MOST_TOKENS}")]
    Tokens(u8),
    #[error("a threshold of {threshold} is not possible with {tokens} tokens")]
    Threshold { threshold: u8, tokens: u8 },
    #[error("cannot enroll the key of {0:?}: the script does not generate enough keys")]
    NoPlace(String),
    #[error("the ready script has no {0}")]
    Missing(&'static str),
}

impl ScriptTemplate {
    /// The text of the script. Parsing it checks names and dates.
    ///
    /// # Errors
    /// With an invalid number of tokens, or a threshold that they cannot reach.
    pub fn write(&self) -> Result<String, TemplateError> {
        self.write_from(self.kind.as_str())
    }

    /// The same, from the ready script of that name.
    ///
    /// # Errors
    /// As [`Self::write`]; or without such a script.
    pub fn write_from(&self, ready: &str) -> Result<String, TemplateError> {
        check_tokens(self.tokens)?;
        if !(1..=self.tokens).contains(&self.threshold) {
            return Err(TemplateError::Threshold {
                threshold: self.threshold,
                tokens: self.tokens,
            });
        }
        let mut document = Document::ready(ready)?;
        let what = match self.kind {
            Kind::Enrollment => "A key for the root",
            _ => "The first root",
        };
        let title = self.title.clone();
        let title = title.unwrap_or_else(|| format!("{what} of {}", self.repository));
        document.header(title, &self.repository, self.not_before);
        if self.kind != Kind::Enrollment {
            self.root(document.table("root")?)?;
        }
        document.rewrite("person", |people| {
            // Key holders are removed or added at the end; everyone else stays.
            let is_holder = |table: &Table| text(table, "id").starts_with("holder-");
            resize(people, is_holder, self.tokens, |table, n| {
                set(table, "id", format!("holder-{n}"));
                set(table, "name", format!("Key holder {n}"));
            })
        })?;
        document.rewrite("key", |keys| {
            resize(keys, |_| true, self.tokens, |table, n| self.key(table, n))
        })?;
        for spare in document.tables("spare") {
            set_token(spare, [("profile", self.profile.as_str().into())]);
        }
        document.rewrite("step", |steps| {
            let of_first = |step: &Table| text(step, "key") == "key-1";
            if !steps.iter().any(of_first) {
                return Err(TemplateError::Missing("steps of key-1"));
            }
            Ok(repeat_steps(&steps, self.tokens, |step| {
                step.contains_key("key")
            }))
        })?;
        Ok(document.to_string())
    }

    fn root(&self, root: &mut Table) -> Result<(), TemplateError> {
        set(root, "threshold", i64::from(self.threshold));
        set(root, "expires", self.expires.to_string());
        for (role, files) in &self.online {
            let table = root
                .get_mut("roles")
                .and_then(|roles| roles.get_mut(role.as_str()))
                .and_then(Item::as_table_mut)
                .ok_or(TemplateError::Missing("online role"))?;
            set(table, "keys", list(files.iter().map(pinned)));
        }
        Ok(())
    }

    fn key(&self, table: &mut Table, n: u8) {
        set(table, "id", format!("key-{n}"));
        set(table, "holder", format!("holder-{n}"));
        set(table, "type", self.key_type.to_string());
        set_token(table, new_token(&self.profile, n));
        set_activation(table, &self.profile, &format!("holder-{n}"));
    }
}

fn check_tokens(tokens: u8) -> Result<(), TemplateError> {
    if (1..=MOST_TOKENS).contains(&tokens) {
        return Ok(());
    }
    Err(TemplateError::Tokens(tokens))
}

/// The token of `key-N`.
fn new_token(profile: &str, n: impl std::fmt::Display) -> [(&'static str, toml_edit::Value); 2] {
    let label = format!("conclave-key-{n}");
    [("profile", profile.into()), ("label", label.into())]
}

/// Removes or adds matching tables at the end until there are `count` of them, and fills each.
fn resize(
    tables: Vec<Table>,
    matches: impl Fn(&Table) -> bool,
    count: u8,
    fill: impl Fn(&mut Table, u8),
) -> Result<Vec<Table>, TemplateError> {
    let (mut matching, mut written): (Vec<_>, Vec<_>) = tables.into_iter().partition(matches);
    let last = matching.last().cloned();
    let mut last = last.ok_or(TemplateError::Missing("table to copy"))?;
    if matching.len() > 1 || !written.is_empty() {
        uncomment(&mut last);
    }
    matching.resize(usize::from(count), last);
    for (table, n) in matching.iter_mut().zip(1..) {
        fill(table, n);
    }
    written.extend(matching);
    Ok(written)
}
