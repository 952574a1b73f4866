//! What particular clients handle wrongly in a root that the specification allows.
//!
//! Every rule was seen: `docs/lint.md` says with which version of the client, or where it was reported.

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

pub use client::{Client, UnknownClient};

/// What a client makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It refuses the whole file, whoever signed.
    Refuses,
    /// It reads the file, but counts no signature of that key.
    DoesNotCount,
    /// It takes the file, and does something with it that it should not.
    Errs,
}

impl Effect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuses => "refuses the file",
            Self::DoesNotCount => "does not count the key",
            Self::Errs => "may err",
        }
    }
}

/// What one client makes of one oddity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintRemark {
    pub client: Client,
    /// The stable ID of the rule: `lint.key-id`.
    pub rule: &'static str,
    pub effect: Effect,
    /// A sentence for a person. Foreign text in it is escaped.
    pub detail: String,
}

impl fmt::Display for LintRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} ({})",
            self.client,
            self.effect.as_str(),
            self.detail,
            self.rule
        )
    }
}

/// Where and when a root of Notary is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'a> {
    /// The name of the repository, where it is known.
    pub gun: Option<&'a str>,
    /// The time at which clients read it.
    pub at: Timestamp,
}

/// Something that clients handle wrongly.
struct Rule {
    id: &'static str,
    effects: &'static [(Client, Effect)],
    /// A sentence about each place where it is.
    find: fn(Subject<'_>) -> Vec<String>,
}

const fn rule(
    id: &'static str,
    effects: &'static [(Client, Effect)],
    find: fn(Subject<'_>) -> Vec<String>,
) -> Rule {
    Rule { id, effects, find }
}

/// What the rules look at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    document: &'a RootDocument,
    /// The file around it, once there is one.
    file: Option<&'a RootFile>,
    /// Only the rules of Notary ask for it.
    service: Option<Service<'a>>,
}

/// What these clients handle wrongly in a root file. For a root of Notary and its own clients, use [`lint_notary`].
pub fn lint(file: &RootFile, clients: &[Client]) -> Vec<LintRemark> {
    lint_tuf(Subject::of_file(file, None), clients)
}

/// [`lint`], of a root that is not signed yet.
pub fn lint_document(document: &RootDocument, clients: &[Client]) -> Vec<LintRemark> {
    lint_tuf(Subject::of_document(document, None), clients)
}

/// What Notary's clients handle wrongly in a root file.
pub fn lint_notary(file: &RootFile, service: Service<'_>) -> Vec<LintRemark> {
    let subject = Subject::of_file(file, Some(service));
    apply(notary::RULES, subject, &[Client::Notary])
}

/// [`lint_notary`], of a root that is not signed yet.
pub fn lint_notary_document(document: &RootDocument, service: Service<'_>) -> Vec<LintRemark> {
    let subject = Subject::of_document(document, Some(service));
    apply(notary::RULES, subject, &[Client::Notary])
}

/// The IDs of all rules, in the order of `docs/lint.md`.
pub fn lint_rules() -> Vec<&'static str> {
    let rules = tuf::RULES.iter().chain(notary::RULES);
    rules.map(|rule| rule.id).collect()
}

fn lint_tuf(subject: Subject<'_>, clients: &[Client]) -> Vec<LintRemark> {
    if subject.document.format() == RootFormat::Notary {
        let foreign = clients.iter().filter(|client| **client != Client::Notary);
        return foreign
            .map(|client| LintRemark {
                client: *client,
                rule: tuf::FORMAT,
                effect: Effect::Refuses,
                detail: "this is Notary's format; clients of TUF 1.0 read another".to_owned(),
            })
            .collect();
    }
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

impl<'a> Subject<'a> {
    const fn of_file(file: &'a RootFile, service: Option<Service<'a>>) -> Self {
        Self {
            document: file.document(),
            file: Some(file),
            service,
        }
    }

    const fn of_document(document: &'a RootDocument, service: Option<Service<'a>>) -> Self {
        Self {
            document,
            file: None,
            service,
        }
    }

    /// A sentence about each key that there is something to say of.
    fn keys(self, say: impl Fn(&str, &ListedKey) -> Option<String>) -> Vec<String> {
        let keys = self.document.keys().iter();
        keys.filter_map(|(id, listed)| say(&id.short(), listed))
            .collect()
    }

    /// A sentence about each key of the root role that there is something to say of.
    fn root_keys(self, mut say: impl FnMut(&str, &Key) -> Option<String>) -> Vec<String> {
        let keys = self.document.role_keys(RoleKind::Root);
        keys.filter_map(|(id, listed)| say(&id.short(), listed.key()))
            .collect()
    }

    /// A sentence about each signature that there is something to say of.
    fn signatures(self, say: impl Fn(&str, &SignatureEntry) -> Option<String>) -> Vec<String> {
        let entries = self.file.map(RootFile::signatures).unwrap_or_default();
        entries
            .iter()
            .filter_map(|entry| say(&entry.key_id().short(), entry))
            .collect()
    }

    /// Key IDs of a role that are not among the keys.
    fn missing_keys(self, kind: RoleKind) -> impl Iterator<Item = String> {
        let ids = self.document.role(kind).key_ids().iter();
        ids.filter(move |id| !self.document.keys().contains_key(*id))
            .map(move |id| format!("role {kind} names key {}, which is not listed", id.short()))
    }
}

/// Roles that root metadata does not have.
fn unknown_roles(subject: Subject<'_>) -> Vec<String> {
    let roles = subject.document.tree().get("roles");
    let names = roles
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys);
    names
        .filter(|name| !RoleKind::ALL.iter().any(|kind| kind.as_str() == *name))
        .map(|name| format!("there is a role {name:?}"))
        .collect()
}

fn when(case: bool, text: impl Into<String>) -> Vec<String> {
    case.then(|| text.into()).into_iter().collect()
}

#[cfg(test)]
mod tests;
