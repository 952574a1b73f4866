//! The script of a signing at another site.

use jiff::Timestamp;
use toml_edit::{Array, Table};

use super::TemplateError;
use super::document::{Document, NamedFile, inline, pinned, set};
use crate::metadata::KeyId;
use crate::script::error::ScriptErrors;
use crate::script::plan::Script;
use crate::words::Digest;

const TEMPLATE: &str = include_str!("../../../ceremony-scripts/signing.toml");

/// The content of a signing script.
#[derive(Debug, Clone)]
pub struct SigningPlan {
    pub request: (String, Vec<u8>),
    /// The root files that this machine trusts, oldest first; empty if the card is typed.
    pub trusted: Vec<(String, Vec<u8>)>,
    /// The register of signed payloads.
    pub register: Option<(String, Vec<u8>)>,
    pub repository: String,
    pub version: u64,
    pub not_before: Timestamp,
    pub holder: String,
    pub witness: Option<String>,
    /// The ID of the key in the request.
    pub key_id: KeyId,
    pub profile: String,
    /// The file of that profile, if it is not built in.
    pub profile_file: Option<(String, Vec<u8>)>,
    pub token: TokenMark,
}

/// What identifies the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenMark {
    Label(String),
    Serial(String),
}

impl SigningPlan {
    /// The pinned input files of the script.
    pub fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        std::iter::once(&self.request)
            .chain(&self.trusted)
            .chain(&self.register)
            .chain(&self.profile_file)
            .cloned()
            .collect()
    }

    fn fill(&self) -> Result<String, TemplateError> {
        let mut document = Document::parse(TEMPLATE)?;
        let title = format!("Sign root {} of {}", self.version, self.repository);
        document.header(title, &self.repository, self.not_before);
        bind(document.table("request")?, &self.request);
        if self.trusted.is_empty() {
            document.remove("trust");
        } else {
            let roots: Array = self.trusted.iter().map(pinned).collect();
            set(document.table("trust")?, "roots", roots);
        }
        match &self.register {
            Some(register) => bind(document.table("register")?, register),
            None => document.remove("register"),
        }
        let mut people = document.tables("person");
        if let Some(holder) = people.next() {
            set(holder, "name", self.holder.as_str());
        }
        if let (Some(name), Some(witness)) = (&self.witness, people.next()) {
            set(witness, "name", name.as_str());
        }
        drop(people);
        if self.witness.is_none() {
            document.rewrite("person", |mut people| {
                people.truncate(1);
                Ok(people)
            })?;
        }
        let (mark, value) = match &self.token {
            TokenMark::Label(label) => ("label", label),
            TokenMark::Serial(serial) => ("serial", serial),
        };
        let token = inline([
            ("profile", self.profile.as_str().into()),
            (mark, value.as_str().into()),
        ]);
        if let Some(key) = document.tables("key").next() {
            set(key, "key_id", self.key_id.as_str());
            key.insert("token", toml_edit::value(token));
        }
        Ok(document.to_string())
    }

    /// The text of the script.
    pub fn write(&self) -> String {
        // The ready script is part of the program, and a test writes it.
        self.fill().unwrap_or_default()
    }

    /// The script, parsed and checked like any other.
    ///
    /// # Errors
    /// The errors of the script, such as an invisible character in a name.
    pub fn script(&self) -> Result<Script, ScriptErrors> {
        Script::parse(
            "signing.toml",
            &self.write(),
            &self.files(),
            self.not_before,
        )
    }
}

fn bind(table: &mut Table, (name, bytes): &NamedFile) {
    set(table, "file", name.as_str());
    set(table, "sha256", Digest::of(bytes).to_string());
}
