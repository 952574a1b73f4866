//! A signing at another site: what is asked for, what is trusted there, and the script that is made of both.

use jiff::Timestamp;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::error::ScriptErrors;
use super::plan::Script;
use super::template::set;
use crate::metadata::{KeyId, TrustedRoot};
use crate::transfer::SigningRequest;
use crate::words::Digest;

const TEMPLATE: &str = include_str!("../../ceremony-scripts/signing.toml");

/// What a signing is about.
#[derive(Debug, Clone)]
pub struct Signing {
    /// What others ask for.
    pub request: SigningRequest,
    /// What is trusted here.
    pub trust: Trust,
}

/// What is trusted where a request is judged.
#[derive(Debug, Clone)]
pub enum Trust {
    /// A root that this machine trusts.
    Root(TrustedRoot),
    /// The digest words on the key holder's paper card, which are typed.
    Card,
}

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
    #[must_use]
    pub fn carried(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        std::iter::once(&self.request)
            .chain(&self.trusted)
            .chain(&self.register)
            .cloned()
            .collect()
    }

    /// The text of the script.
    #[must_use]
    pub fn write(&self) -> String {
        let Ok(mut document) = TEMPLATE.parse::<DocumentMut>() else {
            // The template is part of the program, and a test parses it.
            return String::new();
        };
        let root = document.as_table_mut();
        let title = format!("Sign root {} of {}", self.version, self.repository);
        set(root, "title", title);
        set(root, "repository", self.repository.as_str());
        set(root, "not_before", self.not_before.to_string());
        if let Some(table) = root.get_mut("request").and_then(Item::as_table_mut) {
            bind(table, &self.request);
        }
        if self.trusted.is_empty() {
            root.remove("trust");
        } else if let Some(table) = root.get_mut("trust").and_then(Item::as_table_mut) {
            let roots: Array = self.trusted.iter().map(bound).collect();
            set(table, "roots", roots);
        }
        match (&self.register, root.get_mut("register")) {
            (Some(register), Some(item)) => {
                if let Some(table) = item.as_table_mut() {
                    bind(table, register);
                }
            }
            _ => {
                root.remove("register");
            }
        }
        self.people(root);
        self.key(root);
        document.to_string()
    }

    fn people(&self, root: &mut Table) {
        let Some(people) = root
            .get_mut("person")
            .and_then(Item::as_array_of_tables_mut)
        else {
            return;
        };
        if let Some(holder) = people.get_mut(0) {
            set(holder, "name", self.holder.as_str());
        }
        match (&self.witness, people.get_mut(1)) {
            (Some(name), Some(witness)) => set(witness, "name", name.as_str()),
            _ => {
                people.remove(1);
            }
        }
    }

    fn key(&self, root: &mut Table) {
        let keys = root.get_mut("key").and_then(Item::as_array_of_tables_mut);
        let Some(key) = keys.and_then(|keys| keys.get_mut(0)) else {
            return;
        };
        set(key, "key_id", self.key_id.as_str());
        let mut token = InlineTable::new();
        token.insert("profile", self.profile.as_str().into());
        match &self.token {
            TokenMark::Label(label) => token.insert("label", label.as_str().into()),
            TokenMark::Serial(serial) => token.insert("serial", serial.as_str().into()),
        };
        key.insert("token", value(token));
    }

    /// The script, read and checked like any other.
    ///
    /// # Errors
    /// With its errors: a name with a character that nobody can see, for one.
    pub fn script(&self) -> Result<Script, ScriptErrors> {
        Script::parse(
            "signing.toml",
            &self.write(),
            &self.carried(),
            self.not_before,
        )
    }
}

fn bind(table: &mut Table, (name, bytes): &(String, Vec<u8>)) {
    set(table, "file", name.as_str());
    set(table, "sha256", Digest::of(bytes).to_string());
}

fn bound((name, bytes): &(String, Vec<u8>)) -> InlineTable {
    let mut file = InlineTable::new();
    file.insert("file", name.as_str().into());
    file.insert("sha256", Digest::of(bytes).to_string().into());
    file
}
