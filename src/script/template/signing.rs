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

/// Everything that a signing script is made of.
#[derive(Debug, Clone)]
pub struct SigningPlan {
    /// The name of the request's file, and its bytes.
    pub request: (String, Vec<u8>),
    /// The files of the roots that this machine trusts, the oldest first; empty where the card is typed.
    pub trusted: Vec<(String, Vec<u8>)>,
    /// The register of payloads, where there is one.
    pub register: Option<(String, Vec<u8>)>,
    /// The line of roots.
    pub repository: String,
    /// The version that is asked for.
    pub version: u64,
    /// The time from which on it is signed.
    pub not_before: Timestamp,
    /// The key holder's name.
    pub holder: String,
    /// The name of the witness, if there is one.
    pub witness: Option<String>,
    /// The key, by the ID that the request names.
    pub key_id: KeyId,
    /// The profile of the token.
    pub profile: String,
    /// The file of that profile, if it is not built in.
    pub profile_file: Option<(String, Vec<u8>)>,
    /// The token's label or serial number.
    pub token: TokenMark,
}

/// By what a token is told from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenMark {
    /// Its label.
    Label(String),
    /// Its serial number.
    Serial(String),
}

impl SigningPlan {
    /// The files that the script carries.
    pub fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        std::iter::once(&self.request)
            .chain(&self.trusted)
            .chain(&self.register)
            .chain(&self.profile_file)
            .cloned()
            .collect()
    }

    /// The text of the script.
    ///
    /// # Errors
    /// When the ready script lacks a part.
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
        // The ready script is part of the program, and a test fills it in.
        self.fill().unwrap_or_default()
    }

    /// The script, read and checked like any other.
    ///
    /// # Errors
    /// With its errors: a name with a character that nobody can see, for one.
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
