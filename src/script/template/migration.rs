//! The script of a migration from a key file of Docker Content Trust to tokens.

use jiff::Timestamp;
use toml_edit::Table;

use super::document::{
    Document, NamedFile, pinned, repeat_steps, set, set_activation, set_token, text, uncomment,
};
use super::{TemplateError, check_tokens, new_token};
use crate::metadata::KeyType;
use crate::script::plan::folder_of;

/// A repository whose root key is the one in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigratedRepository {
    /// The GUN.
    pub name: String,
    pub version: u64,
    /// As the server serves it.
    pub root: Vec<u8>,
}

impl MigratedRepository {
    fn file(&self) -> NamedFile {
        let folder = folder_of(&self.name);
        let name = format!("notary/{folder}/{}.root.json", self.version);
        (name, self.root.clone())
    }
}

/// The content of the script of a migration.
#[derive(Debug, Clone)]
pub struct MigrationTemplate {
    /// `None` makes a title from the first repository.
    pub title: Option<String>,
    pub not_before: Timestamp,
    pub expires: Timestamp,
    /// All repositories under the key; the first is the script's own.
    pub repositories: Vec<MigratedRepository>,
    /// The ID of the old key in the root of the first.
    pub key_id: String,
    /// The name of its file.
    pub key_file: String,
    /// The number of new keys.
    pub tokens: u8,
    pub key_type: KeyType,
    pub profile: String,
}

impl MigrationTemplate {
    /// The pinned input files of the script.
    pub fn files(&self) -> impl Iterator<Item = NamedFile> {
        self.repositories.iter().map(MigratedRepository::file)
    }

    /// The text of the script, not yet parsed.
    ///
    /// # Errors
    /// Without a repository, or with an invalid number of tokens.
    pub fn write(&self) -> Result<String, TemplateError> {
        check_tokens(self.tokens)?;
        let Some((own, further)) = self.repositories.split_first() else {
            return Err(TemplateError::Missing("repository"));
        };
        let mut document = Document::ready("notary-migration")?;
        let title = self.title.clone().unwrap_or_else(|| match further.len() {
            0 => format!("Move {} from a key file to tokens", own.name),
            more => format!(
                "Move {} and {more} more from a key file to tokens",
                own.name
            ),
        });
        document.header(title, &own.name, self.not_before);
        set(document.table("root")?, "expires", self.expires.to_string());
        set(document.table("previous")?, "root", pinned(&own.file()));
        if further.is_empty() {
            document.remove("further_repository");
        } else {
            document.rewrite("further_repository", |tables| repositories(tables, further))?;
        }
        document.rewrite("key", |keys| self.keys(&keys))?;
        document.rewrite("step", |steps| {
            let is_new = |step: &Table| text(step, "key").starts_with("key-");
            Ok(repeat_steps(&steps, self.tokens, is_new))
        })?;
        Ok(document.to_string())
    }

    fn keys(&self, keys: &[Table]) -> Result<Vec<Table>, TemplateError> {
        let [old, new, ..] = keys else {
            return Err(TemplateError::Missing("key"));
        };
        let mut old = old.clone();
        set(&mut old, "key_id", self.key_id.as_str());
        set_token(&mut old, [("serial", self.key_file.as_str().into())]);
        let mut written = vec![old];
        for n in 1..=self.tokens {
            let mut key = new.clone();
            set(&mut key, "id", format!("key-{n}"));
            set(&mut key, "type", self.key_type.to_string());
            set_token(&mut key, new_token(&self.profile, n));
            set_activation(&mut key, &self.profile, "owner");
            written.push(key);
        }
        Ok(written)
    }
}

fn repositories(
    tables: Vec<Table>,
    further: &[MigratedRepository],
) -> Result<Vec<Table>, TemplateError> {
    let mut pattern = tables.into_iter().next();
    let pattern = pattern.as_mut();
    let pattern = pattern.ok_or(TemplateError::Missing("further_repository"))?;
    let mut written = Vec::new();
    for repository in further {
        let mut table = pattern.clone();
        set(&mut table, "name", repository.name.as_str());
        set(&mut table, "root", pinned(&repository.file()));
        written.push(table);
        uncomment(pattern);
    }
    Ok(written)
}
