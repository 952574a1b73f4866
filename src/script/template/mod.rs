//! Writing a script from a ready one: the comments stay, the rest is filled in.

mod backup;
mod change;
mod enrollment;
mod migration;
mod reissue;
mod restore;

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

pub use backup::{Keeper, back_up};
pub use change::{ChangeBlueprint, KeyFate};
pub use enrollment::{EnrolledKey, enroll, trust_roots};
pub use migration::{MigratedRepository, MigrationBlueprint};
pub use reissue::{BackupBlueprint, BackupSource, NamedFile};
pub use restore::RestoreBlueprint;

use super::TokenSecret;
use super::embedded::embedded;
use super::plan::{Kind, RoleKind};
use crate::metadata::KeyType;
use crate::words::Digest;

const MOST_TOKENS: u8 = 32;

/// Public key files of online roles: their names in the script, and their contents.
pub type OnlineFiles = BTreeMap<RoleKind, Vec<(String, Vec<u8>)>>;

/// What a new script is to say. People get the names of their parts: `Key holder 3`.
#[derive(Debug, Clone)]
pub struct ScriptTemplate {
    /// What the ceremony is for.
    pub kind: Kind,
    /// `None` makes a title from the repository.
    pub title: Option<String>,
    /// The name of the line of roots.
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
    /// Public keys of online roles, by file name and content. A role that is not
    /// here keeps the sample key of the ready script.
    pub online: OnlineFiles,
}

/// Why no script can be written from a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlueprintError {
    /// None, or more than anyone would want to touch in a day.
    #[error("a script has 1 to {MOST_TOKENS} tokens, not {0}")]
    Tokens(u8),
    /// A threshold that cannot be reached, or needs nobody.
    #[error("a threshold of {threshold} does not go with {tokens} tokens")]
    Threshold {
        /// What was asked for.
        threshold: u8,
        /// How many tokens there are.
        tokens: u8,
    },
    /// The script makes fewer keys than are to take their places.
    #[error("there is no place for the key of {0:?}: the script makes too few keys")]
    NoPlace(String),
    /// The ready script lacks a part that has to be filled in.
    #[error("the ready script has no {0}")]
    Template(&'static str),
}

impl ScriptTemplate {
    /// The script's text. It still has to be parsed: names and dates are not judged here.
    ///
    /// # Errors
    /// When the numbers of tokens and signatures do not go together.
    pub fn write(&self) -> Result<String, BlueprintError> {
        self.write_from(self.kind.as_str())
    }

    /// The same, from the ready script of that name.
    ///
    /// # Errors
    /// As [`Self::write`]; when there is no such script.
    pub fn write_from(&self, ready: &str) -> Result<String, BlueprintError> {
        if !(1..=MOST_TOKENS).contains(&self.tokens) {
            return Err(BlueprintError::Tokens(self.tokens));
        }
        if !(1..=self.tokens).contains(&self.threshold) {
            return Err(BlueprintError::Threshold {
                threshold: self.threshold,
                tokens: self.tokens,
            });
        }
        let template = embedded().iter().find(|script| script.name == ready);
        let template = template.ok_or(BlueprintError::Template("text"))?;
        let mut document: DocumentMut = template
            .text
            .parse()
            .map_err(|_| BlueprintError::Template("text"))?;
        self.header(&mut document);
        if self.kind != Kind::Enrollment {
            self.root(&mut document)?;
        }
        self.people(tables(&mut document, "person")?)?;
        self.keys(tables(&mut document, "key")?)?;
        if let Ok(spares) = tables(&mut document, "spare") {
            self.spares(spares);
        }
        self.steps(tables(&mut document, "step")?)?;
        Ok(document.to_string())
    }

    fn header(&self, document: &mut DocumentMut) {
        let title = self.title.clone();
        let title = title.unwrap_or_else(|| match self.kind {
            Kind::Enrollment => format!("A key for the root of {}", self.repository),
            _ => format!("The first root of {}", self.repository),
        });
        set(document, "title", title);
        set(document, "repository", self.repository.as_str());
        set(document, "not_before", self.not_before.to_string());
    }

    fn root(&self, document: &mut DocumentMut) -> Result<(), BlueprintError> {
        let root = document.get_mut("root").and_then(Item::as_table_mut);
        let root = root.ok_or(BlueprintError::Template("[root]"))?;
        set(root, "threshold", i64::from(self.threshold));
        set(root, "expires", self.expires.to_string());
        for (role, files) in &self.online {
            let table = root
                .get_mut("roles")
                .and_then(|roles| roles.get_mut(role.as_str()))
                .and_then(Item::as_table_mut)
                .ok_or(BlueprintError::Template("online role"))?;
            let keys: Array = files
                .iter()
                .map(|(name, bytes)| {
                    let mut key = InlineTable::new();
                    key.insert("file", name.as_str().into());
                    key.insert("sha256", Digest::of(bytes).to_string().into());
                    key
                })
                .collect();
            set(table, "keys", keys);
        }
        Ok(())
    }

    /// Key holders are cut or added at the end; everyone else stays.
    fn people(&self, people: &mut ArrayOfTables) -> Result<(), BlueprintError> {
        let is_holder = |table: &Table| text(table, "id").starts_with("holder-");
        resize(people, is_holder, self.tokens, |table, n| {
            set(table, "id", format!("holder-{n}"));
            set(table, "name", format!("Key holder {n}"));
        })
    }

    fn keys(&self, keys: &mut ArrayOfTables) -> Result<(), BlueprintError> {
        resize(
            keys,
            |_| true,
            self.tokens,
            |table, n| {
                set(table, "id", format!("key-{n}"));
                set(table, "holder", format!("holder-{n}"));
                set(table, "type", self.key_type.to_string());
                if let Some(token) = table.get_mut("token").and_then(Item::as_inline_table_mut) {
                    token.insert("profile", self.profile.as_str().into());
                    token.insert("label", format!("conclave-key-{n}").into());
                }
                activation(table, &self.profile, &format!("holder-{n}"));
            },
        )
    }

    /// Spares are of the make of the keys' tokens.
    fn spares(&self, spares: &mut ArrayOfTables) {
        for spare in spares.iter_mut() {
            if let Some(token) = spare.get_mut("token").and_then(Item::as_inline_table_mut) {
                token.insert("profile", self.profile.as_str().into());
            }
        }
    }

    /// The steps of a key come in runs: those of the first key are the pattern for all.
    fn steps(&self, steps: &mut ArrayOfTables) -> Result<(), BlueprintError> {
        let pattern: Vec<Table> = steps.iter().cloned().collect();
        if !pattern.iter().any(|step| text(step, "key") == "key-1") {
            return Err(BlueprintError::Template("steps of key-1"));
        }
        steps.clear();
        let mut rest = pattern.as_slice();
        while let Some((first, tail)) = rest.split_first() {
            if !first.contains_key("key") {
                steps.push(unplaced(first.clone()));
                rest = tail;
                continue;
            }
            let length = rest
                .iter()
                .take_while(|step| step.contains_key("key"))
                .count();
            let (run, after) = rest.split_at(length);
            let of_first: Vec<&Table> = run
                .iter()
                .filter(|step| text(step, "key") == "key-1")
                .collect();
            for n in 1..=self.tokens {
                for step in &of_first {
                    let mut step = (*step).clone();
                    if n > 1 {
                        uncomment(&mut step);
                    }
                    set(&mut step, "key", format!("key-{n}"));
                    steps.push(unplaced(step));
                }
            }
            rest = after;
        }
        Ok(())
    }
}

fn tables<'d>(
    document: &'d mut DocumentMut,
    name: &'static str,
) -> Result<&'d mut ArrayOfTables, BlueprintError> {
    let item = document
        .get_mut(name)
        .and_then(Item::as_array_of_tables_mut);
    item.ok_or(BlueprintError::Template(name))
}

fn text<'t>(table: &'t Table, name: &str) -> &'t str {
    table.get(name).and_then(Item::as_str).unwrap_or_default()
}

/// `{ file = NAME, sha256 = … }`
fn bound(name: &str, bytes: &[u8]) -> Value {
    let mut file = InlineTable::new();
    file.insert("file", name.into());
    file.insert("sha256", Digest::of(bytes).to_string().into());
    file.into()
}

/// Puts a value in place of another, and leaves the comment behind it where it is.
pub(super) fn set(table: &mut Table, name: &str, new: impl Into<Value>) {
    let mut new: Value = new.into();
    let item = table.entry(name).or_insert(Item::None);
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = value(new);
}

/// The secrets of a key's token are those of its make, and its holder's.
fn activation(key: &mut Table, profile: &str, holder: &str) {
    let secrets = key.get_mut("activation").and_then(Item::as_array_mut);
    let secrets = secrets.into_iter().flat_map(Array::iter_mut);
    for secret in secrets.filter_map(Value::as_inline_table_mut) {
        if let Some(what) = secret.get_mut("what")
            && what.as_str() == Some(TokenSecret::SoPin.as_str())
        {
            let decor = what.decor().clone();
            *what = TokenSecret::ruling(profile).as_str().into();
            *what.decor_mut() = decor;
        }
        if let Some(by) = secret.get_mut("set_by") {
            let decor = by.decor().clone();
            *by = holder.into();
            *by.decor_mut() = decor;
        }
    }
}

/// Cuts or adds tables at the end, until `count` of those that match are there; then fills each.
fn resize(
    tables: &mut ArrayOfTables,
    matches: impl Fn(&Table) -> bool,
    count: u8,
    fill: impl Fn(&mut Table, u8),
) -> Result<(), BlueprintError> {
    let (mut matching, mut others) = (Vec::new(), Vec::new());
    for table in tables.iter() {
        let pile = if matches(table) {
            &mut matching
        } else {
            &mut others
        };
        pile.push(table.clone());
    }
    let last = matching.last().cloned();
    let mut last = last.ok_or(BlueprintError::Template("table to copy"))?;
    if matching.len() > 1 || !others.is_empty() {
        uncomment(&mut last);
    }
    matching.resize(usize::from(count), last);
    tables.clear();
    for table in others {
        tables.push(unplaced(table));
    }
    for (mut table, n) in matching.into_iter().zip(1..) {
        fill(&mut table, n);
        tables.push(unplaced(table));
    }
    Ok(())
}

/// A table whose place in the text is its place in the array.
fn unplaced(mut table: Table) -> Table {
    table.set_position(None);
    table
}

/// What stands above a copy is an empty line, not the comment of its pattern.
fn uncomment(table: &mut Table) {
    table.decor_mut().set_prefix("\n");
}
