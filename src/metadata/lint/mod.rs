//! What particular clients stumble over in a root that the specification allows.
//!
//! Every rule was seen: `docs/lint.md` says with which version of the client, or where it was reported.

mod client;
mod notary;
mod rules;

use std::fmt;

use serde::Serialize;

use super::document::RootDocument;
use super::format::RootFormat;
use super::root_file::RootFile;

pub use client::{Client, UnknownClient};
pub use notary::{Service, lint_notary, lint_notary_document};

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
    /// A few words for people.
    #[must_use]
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
    /// Who stumbles.
    pub client: Client,
    /// The stable ID of the rule: `lint.key-id`.
    pub rule: &'static str,
    /// What the client does.
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

/// What the rules look at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    document: &'a RootDocument,
    /// The file around it, once there is one.
    file: Option<&'a RootFile>,
}

/// What these clients stumble over in a root file. What Notary does in one of its own format, [`lint_notary`] tells.
#[must_use]
pub fn lint(file: &RootFile, clients: &[Client]) -> Vec<LintRemark> {
    apply(
        Subject {
            document: file.document(),
            file: Some(file),
        },
        clients,
    )
}

/// What these clients stumble over in a root that is not signed yet.
#[must_use]
pub fn lint_document(document: &RootDocument, clients: &[Client]) -> Vec<LintRemark> {
    apply(
        Subject {
            document,
            file: None,
        },
        clients,
    )
}

/// The IDs of all rules, in the order of `docs/lint.md`.
#[must_use]
pub fn lint_rules() -> Vec<&'static str> {
    let of_tuf = rules::RULES.iter().map(|rule| rule.id);
    of_tuf.chain(notary::ids()).collect()
}

fn apply(subject: Subject<'_>, clients: &[Client]) -> Vec<LintRemark> {
    if subject.document.format() == RootFormat::Notary {
        let foreign = clients.iter().filter(|client| **client != Client::Notary);
        return foreign
            .map(|client| LintRemark {
                client: *client,
                rule: rules::FORMAT,
                effect: Effect::Refuses,
                detail: "this is Notary's format; clients of TUF 1.0 read another".to_owned(),
            })
            .collect();
    }
    let mut remarks = Vec::new();
    for rule in rules::RULES {
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
    remarks.sort_by_key(|remark| remark.client);
    remarks
}

#[cfg(test)]
mod tests;
