//! Writing the script of a migration: out of a key file of Docker Content Trust, into tokens.

use jiff::Timestamp;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::{BlueprintError, MOST_TOKENS, bound, set, tables, text, uncomment, unplaced};
use crate::metadata::KeyType;
use crate::script::embedded::embedded;
use crate::script::repositories::folder_of;

/// A repository whose root key is the one in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigratedRepository {
    /// Its name, the GUN.
    pub name: String,
    /// The version of its root.
    pub version: u64,
    /// The root, as the server serves it.
    pub root: Vec<u8>,
}

impl MigratedRepository {
    /// The name of its root in the script.
    fn file(&self) -> String {
        format!(
            "notary/{}/{}.root.json",
            folder_of(&self.name),
            self.version
        )
    }
}

/// What the script of a migration is to say.
#[derive(Debug, Clone)]
pub struct MigrationBlueprint {
    /// `None` makes a title from the first repository.
    pub title: Option<String>,
    /// The clock may not be earlier.
    pub not_before: Timestamp,
    /// When the new roots expire.
    pub expires: Timestamp,
    /// All repositories under the key; the first is the script's own.
    pub repositories: Vec<MigratedRepository>,
    /// The ID of the old key in the root of the first.
    pub key_id: String,
    /// The ID after which its file is called.
    pub key_file: String,
    /// How many new keys there are; each is enough to sign.
    pub tokens: u8,
    /// The type of the new keys.
    pub key_type: KeyType,
    /// The profile of their tokens.
    pub profile: String,
}

impl MigrationBlueprint {
    /// The roots that the script carries.
    pub fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        let all = self.repositories.iter();
        all.map(|repository| (repository.file(), repository.root.clone()))
    }

    /// The script's text. It still has to be parsed.
    ///
    /// # Errors
    /// When there is no repository, or an impossible number of tokens.
    pub fn write(&self) -> Result<String, BlueprintError> {
        if !(1..=MOST_TOKENS).contains(&self.tokens) {
            return Err(BlueprintError::Tokens(self.tokens));
        }
        let Some((own, further)) = self.repositories.split_first() else {
            return Err(BlueprintError::Template("repository"));
        };
        let ready = embedded().iter().find(|one| one.name == "notary-migration");
        let ready = ready.ok_or(BlueprintError::Template("notary-migration"))?;
        let mut document: DocumentMut = ready
            .text
            .parse()
            .map_err(|_| BlueprintError::Template("text"))?;
        let title = self.title.clone().unwrap_or_else(|| match further.len() {
            0 => format!("Take {} out of a key file", own.name),
            more => format!("Take {} and {more} more out of a key file", own.name),
        });
        set(&mut document, "title", title);
        set(&mut document, "repository", own.name.as_str());
        set(&mut document, "not_before", self.not_before.to_string());
        let root = document.get_mut("root").and_then(Item::as_table_mut);
        let root = root.ok_or(BlueprintError::Template("[root]"))?;
        set(root, "expires", self.expires.to_string());
        let previous = document.get_mut("previous").and_then(Item::as_table_mut);
        let previous = previous.ok_or(BlueprintError::Template("[previous]"))?;
        set(previous, "root", bound(&own.file(), &own.root));
        repositories(tables(&mut document, "further_repository")?, further)?;
        if further.is_empty() {
            document.remove("further_repository");
        }
        self.keys(tables(&mut document, "key")?)?;
        self.steps(tables(&mut document, "step")?);
        Ok(document.to_string())
    }

    fn keys(&self, keys: &mut ArrayOfTables) -> Result<(), BlueprintError> {
        let all: Vec<Table> = keys.iter().cloned().collect();
        let [old, new, ..] = all.as_slice() else {
            return Err(BlueprintError::Template("key"));
        };
        keys.clear();
        let mut old = old.clone();
        set(&mut old, "key_id", self.key_id.as_str());
        let token = old.get_mut("token").and_then(Item::as_inline_table_mut);
        let token = token.ok_or(BlueprintError::Template("token"))?;
        token.insert("serial", self.key_file.as_str().into());
        keys.push(unplaced(old));
        for n in 1..=self.tokens {
            let mut key = new.clone();
            set(&mut key, "id", format!("key-{n}"));
            set(&mut key, "type", self.key_type.to_string());
            if let Some(token) = key.get_mut("token").and_then(Item::as_inline_table_mut) {
                token.insert("profile", self.profile.as_str().into());
                token.insert("label", format!("conclave-key-{n}").into());
            }
            super::activation(&mut key, &self.profile, "owner");
            keys.push(unplaced(key));
        }
        Ok(())
    }

    /// The steps of the first new key are the pattern for all.
    fn steps(&self, steps: &mut ArrayOfTables) {
        let all: Vec<Table> = steps.iter().cloned().collect();
        steps.clear();
        let is_new = |step: &Table| text(step, "key").starts_with("key-");
        let mut rest = all.as_slice();
        while let Some((first, tail)) = rest.split_first() {
            if !is_new(first) {
                steps.push(unplaced(first.clone()));
                rest = tail;
                continue;
            }
            let length = rest.iter().take_while(|step| is_new(step)).count();
            let (run, after) = rest.split_at(length);
            let pattern = || run.iter().filter(|step| text(step, "key") == "key-1");
            for n in 1..=self.tokens {
                for step in pattern() {
                    let mut step = step.clone();
                    if n > 1 {
                        uncomment(&mut step);
                    }
                    set(&mut step, "key", format!("key-{n}"));
                    steps.push(unplaced(step));
                }
            }
            rest = after;
        }
    }
}

fn repositories(
    tables: &mut ArrayOfTables,
    further: &[MigratedRepository],
) -> Result<(), BlueprintError> {
    let pattern = tables.get(0).cloned();
    let pattern = pattern.ok_or(BlueprintError::Template("further_repository"))?;
    tables.clear();
    for (index, repository) in further.iter().enumerate() {
        let mut table = pattern.clone();
        if index > 0 {
            uncomment(&mut table);
        }
        set(&mut table, "name", repository.name.as_str());
        set(
            &mut table,
            "root",
            bound(&repository.file(), &repository.root),
        );
        tables.push(unplaced(table));
    }
    Ok(())
}
