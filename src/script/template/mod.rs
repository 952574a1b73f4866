//! Writing a script from a ready one: the comments stay, the rest is filled in.

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

/// What a new script is to say. People get the names of their parts: `Key holder 3`.
#[derive(Debug, Clone)]
pub struct ScriptTemplate {
    pub kind: Kind,
    /// `None` makes a title from the repository.
    pub title: Option<String>,
    pub repository: String,
    /// Root keys, each with a holder and a token of its own: 1 to 32.
    pub tokens: u8,
    /// Signatures that a root needs: 1 to `tokens`.
    pub threshold: u8,
    /// The type of every root key.
    pub key_type: KeyType,
    /// The token profile of every root key: `softhsm2`.
    pub profile: String,
    /// The clock may not be earlier.
    pub not_before: Timestamp,
    /// When the root expires.
    pub expires: Timestamp,
    /// A role that is not here keeps the sample key of the ready script.
    pub online: OnlineFiles,
}

/// Why no script can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// None, or more than anyone would want to touch in a day.
    #[error("a script has 1 to {MOST_TOKENS} tokens, not {0}")]
    Tokens(u8),
    /// A threshold that cannot be reached, or needs nobody.
    #[error("a threshold of {threshold} does not go with {tokens} tokens")]
    Threshold { threshold: u8, tokens: u8 },
    /// The script makes fewer keys than are to take their places.
    #[error("there is no place for the key of {0:?}: the script makes too few keys")]
    NoPlace(String),
    /// The ready script lacks a part that has to be filled in.
    #[error("the ready script has no {0}")]
    Missing(&'static str),
}

impl ScriptTemplate {
    /// The script's text. It still has to be parsed: names and dates are not judged here.
    ///
    /// # Errors
    /// When the numbers of tokens and signatures do not go together.
    pub fn write(&self) -> Result<String, TemplateError> {
        self.write_from(self.kind.as_str())
    }

    /// The same, from the ready script of that name.
    ///
    /// # Errors
    /// As [`Self::write`]; when there is no such script.
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
            // Key holders are cut or added at the end; everyone else stays.
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

/// What a script says of the token of `key-N`.
fn new_token(profile: &str, n: impl std::fmt::Display) -> [(&'static str, toml_edit::Value); 2] {
    let label = format!("conclave-key-{n}");
    [("profile", profile.into()), ("label", label.into())]
}

/// Cuts or adds tables at the end, until `count` of those that match are there; then fills each.
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
