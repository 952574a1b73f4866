//! The plan of a backup: the custodians, the protection of their shares, and the quorum.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::recipient::Recipient;
use super::slip39::{Group, Split, SplitError};
use crate::certificate::PublicKey;
use crate::record::Provenance;
use crate::words::Digest;

/// The protection of a share file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Encrypted to the custodian's recipients, for example a main and a spare identity. Each of them can open the file.
    Recipients(Vec<Recipient>),
    Passphrase,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct Custodian {
    /// The ID in the script.
    pub id: String,
    pub name: String,
    /// `None` if there is no file.
    pub protection: Option<Protection>,
    /// Whether the custodian writes down the words from the screen.
    pub on_paper: bool,
}

/// A custodian in the manifest.
#[derive(Serialize, Deserialize)]
struct Encoded {
    custodian: String,
    name: String,
    closed: Option<Closed>,
    recipients: Vec<Recipient>,
    by_hand: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Closed {
    Recipients,
    Passphrase,
}

impl From<Custodian> for Encoded {
    fn from(custodian: Custodian) -> Self {
        let (closed, recipients) = match custodian.protection {
            None => (None, Vec::new()),
            Some(Protection::Passphrase) => (Some(Closed::Passphrase), Vec::new()),
            Some(Protection::Recipients(recipients)) => (Some(Closed::Recipients), recipients),
        };
        Self {
            custodian: custodian.id,
            name: custodian.name,
            closed,
            recipients,
            by_hand: custodian.on_paper,
        }
    }
}

impl TryFrom<Encoded> for Custodian {
    type Error = &'static str;

    fn try_from(encoded: Encoded) -> Result<Self, Self::Error> {
        let protection = match (encoded.closed, encoded.recipients) {
            (None, none) if none.is_empty() => None,
            (Some(Closed::Passphrase), none) if none.is_empty() => Some(Protection::Passphrase),
            (Some(Closed::Recipients), recipients) => Some(Protection::Recipients(recipients)),
            _ => return Err("\"recipients\" does not match \"closed\""),
        };
        Ok(Self {
            id: encoded.custodian,
            name: encoded.name,
            protection,
            on_paper: encoded.by_hand,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustodianGroup {
    /// The number of required shares.
    pub threshold: u8,
    #[serde(rename = "shares")]
    pub custodians: Vec<Custodian>,
}

/// A set that is replaced by a new set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupersededSet {
    /// The fingerprint.
    pub set: Digest,
    /// The SLIP-39 identifier.
    pub identifier: u16,
    #[serde(rename = "made_at")]
    pub created_at: Timestamp,
}

/// The facts that are known before the set is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFacts {
    /// 8 to 16 random lower-case hex characters in the file names, so that files of different sets of a key never have
    /// the same name.
    pub id: String,
    pub repository: String,
    /// The ID of the key in the script.
    pub key: String,
    pub public_key: PublicKey,
    pub provenance: Provenance,
    /// The number of required groups.
    pub groups_needed: u8,
    pub groups: Vec<CustodianGroup>,
    /// By the attested clock, in whole seconds.
    pub created_at: Timestamp,
    pub is_rehearsal: bool,
    pub supersedes: Vec<SupersededSet>,
}

/// A valid plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPlan {
    facts: SetFacts,
    split: Split,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("{custodian} is listed as custodian twice and would count as two people")]
    DuplicateCustodian { custodian: String },
    #[error("{one} and {other} have the same recipient, so each could open both shares")]
    SameRecipient { one: String, other: String },
    #[error("{custodian} has the same recipient twice")]
    DuplicateRecipient { custodian: String },
    #[error("{custodian} does not have a recipient, a passphrase or a share on paper")]
    NoProtection { custodian: String },
    #[error(
        "{text:?} cannot be part of a file name: use up to 64 letters, digits, hyphens and underscores"
    )]
    Name { text: String },
    #[error("{text:?} is not one line of 1 to 200 bytes without spaces around it")]
    Line { text: String },
    #[error("{text:?} is not a valid set ID: use 8 to 16 characters from 0-9 and a-f")]
    Id { text: String },
    #[error("the time is not in whole seconds")]
    Time,
}

impl SetPlan {
    /// # Errors
    /// The first problem of the plan.
    pub fn new(facts: SetFacts) -> Result<Self, PlanError> {
        let split = check_groups(facts.groups_needed, &facts.groups)?;
        if facts.created_at.subsec_nanosecond() != 0 {
            return Err(PlanError::Time);
        }
        is_id(&facts.id)?;
        is_line(&facts.repository)?;
        is_name(&facts.key)?;
        Ok(Self { facts, split })
    }

    pub const fn facts(&self) -> &SetFacts {
        &self.facts
    }

    pub const fn split(&self) -> &Split {
        &self.split
    }

    pub fn share_file(&self, custodian: &str) -> String {
        share_file(&self.facts.key, &self.facts.id, custodian)
    }

    pub fn wrapped_file(&self) -> String {
        wrapped_file(&self.facts.key, &self.facts.id)
    }

    pub fn manifest_file(&self) -> String {
        manifest_file(&self.facts.key, &self.facts.id)
    }
}

/// Checks groups of custodians, for example in a script.
///
/// # Errors
/// The first problem of the groups.
pub fn check_groups(groups_needed: u8, groups: &[CustodianGroup]) -> Result<Split, PlanError> {
    let group = |group: &CustodianGroup| Group {
        threshold: group.threshold,
        count: u8::try_from(group.custodians.len()).unwrap_or(u8::MAX),
    };
    let split = Split::new(groups_needed, groups.iter().map(group).collect())?;
    check_custodians(groups)?;
    Ok(split)
}

/// A file name.
pub fn share_file(key: &str, id: &str, custodian: &str) -> String {
    format!("{key}.{id}.{custodian}.share.age")
}

/// A file name.
pub fn wrapped_file(key: &str, id: &str) -> String {
    format!("{key}.{id}.wrapped")
}

/// A file name.
pub fn manifest_file(key: &str, id: &str) -> String {
    format!("{key}.{id}.manifest.json")
}

pub(super) fn is_id(text: &str) -> Result<(), PlanError> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_valid = (8..=16).contains(&text.len()) && text.bytes().all(is_hex);
    let text = text.to_owned();
    is_valid.then_some(()).ok_or(PlanError::Id { text })
}

fn check_custodians(groups: &[CustodianGroup]) -> Result<(), PlanError> {
    let mut ids = BTreeSet::new();
    let mut recipients_seen: Vec<(String, &str)> = Vec::new();
    for custodian in groups.iter().flat_map(|group| &group.custodians) {
        let id = custodian.id.as_str();
        let owned = || id.to_owned();
        is_name(id)?;
        is_line(&custodian.name)?;
        if !ids.insert(id) {
            return Err(PlanError::DuplicateCustodian { custodian: owned() });
        }
        let recipients = match &custodian.protection {
            Some(Protection::Recipients(recipients)) if !recipients.is_empty() => recipients,
            Some(Protection::Passphrase) => continue,
            None if custodian.on_paper => continue,
            _ => return Err(PlanError::NoProtection { custodian: owned() }),
        };
        for recipient in recipients {
            let text = recipient.to_string();
            match recipients_seen.iter().find(|(known, _)| *known == text) {
                Some((_, holder)) if *holder == id => {
                    return Err(PlanError::DuplicateRecipient { custodian: owned() });
                }
                Some((_, holder)) => {
                    let (one, other) = ((*holder).to_owned(), owned());
                    return Err(PlanError::SameRecipient { one, other });
                }
                None => recipients_seen.push((text, id)),
            }
        }
    }
    Ok(())
}

/// Checks a part of a file name, which is also part of commands that people type from paper.
pub(super) fn is_name(text: &str) -> Result<(), PlanError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_valid =
        (1..=64).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(is_plain);
    let text = text.to_owned();
    is_valid.then_some(()).ok_or(PlanError::Name { text })
}

pub(super) fn is_line(text: &str) -> Result<(), PlanError> {
    let is_valid = (1..=200).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    let text = text.to_owned();
    is_valid.then_some(()).ok_or(PlanError::Line { text })
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipients(recipients) if recipients.len() > 1 => write!(
                f,
                "encrypted to {} recipients, each of which can open it",
                recipients.len()
            ),
            Self::Recipients(_) => f.write_str("encrypted to one recipient"),
            Self::Passphrase => f.write_str("encrypted with a passphrase"),
        }
    }
}
