//! Problems of individual clients with roots that the specification allows.
//!
//! `docs/lint.md` lists the client versions that were tested, or the report of each problem.

mod client;
mod notary;
mod tuf;

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::authority::ListedKey;
use super::document::RootDocument;
use super::format::RootFormat;
use super::key::Key;
use super::role::RoleKind;
use super::root_file::{RootFile, SignatureEntry};

pub use client::Client;

/// The effect of a problem on a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The client refuses the whole file, regardless of its signatures.
    #[strum(serialize = "refuses the file")]
    RefusesFile,
    /// The client does not count signatures by the key.
    #[strum(serialize = "ignores the key")]
    IgnoresKey,
    /// The client accepts the file, but does not always handle it correctly.
    #[strum(serialize = "can malfunction")]
    Malfunctions,
}

/// A problem of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintRemark {
    pub client: Client,
    /// The stable ID: `lint.key-id`.
    pub rule: &'static str,
    pub effect: Effect,
    /// For people. Untrusted text in it is escaped.
    pub detail: String,
}

impl fmt::Display for LintRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client,
            rule,
            effect,
            detail,
        } = self;
        write!(f, "{client} {effect}: {detail} ({rule})")
    }
}

/// Where and when a root of Notary will be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'a> {
    /// The name of the repository, if it is known.
    pub gun: Option<&'a str>,
    /// The time at which clients read the root.
    pub at: Timestamp,
}

struct Rule {
    id: &'static str,
    effects: &'static [(Client, Effect)],
    /// Describes each occurrence.
    find: fn(Subject<'_>) -> Vec<String>,
}

const fn rule(
    id: &'static str,
    effects: &'static [(Client, Effect)],
    find: fn(Subject<'_>) -> Vec<String>,
) -> Rule {
    Rule { id, effects, find }
}

/// The root to be checked.
#[derive(Clone, Copy)]
struct Subject<'a> {
    document: &'a RootDocument,
    /// `None` if the root is not signed yet.
    file: Option<&'a RootFile>,
    /// For the rules of Notary only.
    service: Option<Service<'a>>,
}

/// Problems of TUF clients with a root file. For roots of Notary and its clients, use [`lint_notary`].
pub fn lint(file: &RootFile, clients: &[Client]) -> Vec<LintRemark> {
    lint_tuf(file.document(), Some(file), clients)
}

/// [`lint`] for a root that is not signed yet.
pub fn lint_document(document: &RootDocument, clients: &[Client]) -> Vec<LintRemark> {
    lint_tuf(document, None, clients)
}

/// Problems of Notary clients with a root file.
pub fn lint_notary(file: &RootFile, service: Service<'_>) -> Vec<LintRemark> {
    let subject = Subject {
        file: Some(file),
        document: file.document(),
        service: Some(service),
    };
    apply(notary::RULES, subject, &[Client::Notary])
}

/// [`lint_notary`] for a root that is not signed yet.
pub fn lint_notary_document(document: &RootDocument, service: Service<'_>) -> Vec<LintRemark> {
    let subject = Subject {
        document,
        file: None,
        service: Some(service),
    };
    apply(notary::RULES, subject, &[Client::Notary])
}

/// The IDs of all rules, in the order of `docs/lint.md`.
pub fn lint_rules() -> Vec<&'static str> {
    let rules = tuf::RULES.iter().chain(notary::RULES);
    rules.map(|rule| rule.id).collect()
}

fn lint_tuf(
    document: &RootDocument,
    file: Option<&RootFile>,
    clients: &[Client],
) -> Vec<LintRemark> {
    if document.format() == RootFormat::Notary {
        let tuf_clients = clients.iter().filter(|client| **client != Client::Notary);
        return tuf_clients
            .map(|client| LintRemark {
                client: *client,
                rule: tuf::FORMAT,
                effect: Effect::RefusesFile,
                detail: "the root is in Notary's format, not TUF 1.0".to_owned(),
            })
            .collect();
    }
    let subject = Subject {
        document,
        file,
        service: None,
    };
    let mut remarks = apply(tuf::RULES, subject, clients);
    remarks.sort_by_key(|remark| remark.client);
    remarks
}

fn apply(rules: &[Rule], subject: Subject<'_>, clients: &[Client]) -> Vec<LintRemark> {
    let mut remarks = Vec::new();
    for rule in rules {
        for detail in (rule.find)(subject) {
            let affected = rule
                .effects
                .iter()
                .filter(|(client, _)| clients.contains(client));
            remarks.extend(affected.map(|(client, effect)| LintRemark {
                client: *client,
                rule: rule.id,
                effect: *effect,
                detail: detail.clone(),
            }));
        }
    }
    remarks
}

impl Subject<'_> {
    fn keys(self, describe: impl Fn(&str, &ListedKey) -> Option<String>) -> Vec<String> {
        let keys = self.document.keys().iter();
        keys.filter_map(|(id, listed)| describe(&id.short(), listed))
            .collect()
    }

    fn root_keys(self, mut describe: impl FnMut(&str, &Key) -> Option<String>) -> Vec<String> {
        let keys = self.document.role_keys(RoleKind::Root);
        keys.filter_map(|(id, listed)| describe(&id.short(), listed.key()))
            .collect()
    }

    fn signatures(self, describe: impl Fn(&str, &SignatureEntry) -> Option<String>) -> Vec<String> {
        let entries = self.file.map(RootFile::signatures).unwrap_or_default();
        entries
            .iter()
            .filter_map(|entry| describe(&entry.key_id().short(), entry))
            .collect()
    }

    /// Key IDs of a role that are not listed under `keys`.
    fn missing_keys(self, kind: RoleKind) -> impl Iterator<Item = String> {
        let ids = self.document.role(kind).key_ids().iter();
        ids.filter(move |id| !self.document.keys().contains_key(*id))
            .map(move |id| {
                format!(
                    "role {kind} contains key {}, which is not listed",
                    id.short()
                )
            })
    }
}

fn unknown_roles(subject: Subject<'_>) -> Vec<String> {
    let roles = subject.document.tree().get("roles");
    let names = roles
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys);
    names
        .filter(|name| !RoleKind::ALL.iter().any(|kind| kind.as_str() == *name))
        .map(|name| format!("the role {name:?} is unknown"))
        .collect()
}

fn when(condition: bool, text: impl Into<String>) -> Vec<String> {
    condition.then(|| text.into()).into_iter().collect()
}

#[cfg(test)]
mod tests;
