//! How a key is to be backed up: who keeps a share, how it is closed, and who must come together.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::recipient::Recipient;
use super::slip39::{Group, Split, SplitError};
use crate::certificate::PublicKey;
use crate::record::Provenance;
use crate::words::Digest;

/// How the file of a share is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// To the custodian's recipients: one, and perhaps a second that lies sealed elsewhere. Each opens it alone.
    Recipients(Vec<Recipient>),
    /// Under a passphrase that the custodian types.
    Passphrase,
}

/// Who keeps a share, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custodian {
    /// The custodian's ID, as the script has it.
    pub id: String,
    /// The name.
    pub name: String,
    /// How the file is closed; none if there is no file.
    pub closing: Option<Closing>,
    /// Whether the custodian writes the words by hand, from the screen.
    pub by_hand: bool,
}

/// Custodians of whom some must come together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodianGroup {
    /// How many.
    pub threshold: u8,
    /// Of whom.
    pub custodians: Vec<Custodian>,
}

/// A set that the new one replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupersededSet {
    /// Its fingerprint.
    pub set: Digest,
    /// The number that its shares have in common.
    pub identifier: u16,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What is known of the set before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFacts {
    /// What the names of its files have in common: 8 to 16 lower-case hex characters, drawn at random before the set is
    /// made, so that the files of two sets of a key never have the same name.
    pub id: String,
    /// The line of roots.
    pub repository: String,
    /// How the script calls the key.
    pub key: String,
    /// The public half of the key.
    pub public_key: PublicKey,
    /// Where the private half comes from.
    pub provenance: Provenance,
    /// How many groups must come together.
    pub groups_needed: u8,
    /// The groups.
    pub groups: Vec<CustodianGroup>,
    /// When, in whole seconds, by the attested clock.
    pub made_at: Timestamp,
    /// Whether it is made in a rehearsal.
    pub is_rehearsal: bool,
    /// The sets of this key that it replaces.
    pub supersedes: Vec<SupersededSet>,
}

/// A plan that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPlan {
    facts: SetFacts,
    split: Split,
}

/// Why a set cannot be made so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The numbers of groups and shares.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// One person would keep two shares, and count twice.
    #[error("{custodian} stands in the groups twice, and would count for two people")]
    Twice {
        /// The ID.
        custodian: String,
    },
    /// Two custodians would open each other's share.
    #[error("{one} and {other} have the same recipient: either could open both shares")]
    SameRecipient {
        /// The ID of one.
        one: String,
        /// The ID of the other.
        other: String,
    },
    /// A recipient stands twice with one custodian.
    #[error("{custodian} has the same recipient twice")]
    RecipientTwice {
        /// The ID.
        custodian: String,
    },
    /// There is neither a file nor paper.
    #[error(
        "the share of {custodian} goes nowhere: neither to a recipient nor under a passphrase nor onto paper"
    )]
    Nowhere {
        /// The ID.
        custodian: String,
    },
    /// A file of that name cannot be.
    #[error("{text:?} cannot be part of the name of a file")]
    Name {
        /// What was given.
        text: String,
    },
    /// A text that is to stand in the sheet is not one line.
    #[error("{text:?} is not one line of at most 200 bytes that says something")]
    Line {
        /// What was given.
        text: String,
    },
    /// The ID is not 8 to 16 lower-case hex characters.
    #[error("{text:?} is no ID of a set: 8 to 16 characters of 0-9 and a-f")]
    Id {
        /// What was given.
        text: String,
    },
    /// A time with a fraction of a second.
    #[error("the time is not in whole seconds")]
    Time,
}

impl SetPlan {
    /// A plan, if it can be carried out.
    ///
    /// # Errors
    /// The first thing that speaks against it.
    pub fn new(facts: SetFacts) -> Result<Self, PlanError> {
        let split = split_of(facts.groups_needed, &facts.groups)?;
        if facts.made_at.subsec_nanosecond() != 0 {
            return Err(PlanError::Time);
        }
        is_id(&facts.id)?;
        is_line(&facts.repository)?;
        is_name(&facts.key)?;
        check_custodians(&facts.groups)?;
        Ok(Self { facts, split })
    }

    /// What it is made of.
    pub const fn facts(&self) -> &SetFacts {
        &self.facts
    }

    /// The numbers of it.
    pub const fn split(&self) -> &Split {
        &self.split
    }

    /// The name of the file of a custodian's share.
    pub fn share_file(&self, custodian: &str) -> String {
        share_file(&self.facts.key, &self.facts.id, custodian)
    }

    /// The name of the file of the wrapped key.
    pub fn wrapped_file(&self) -> String {
        wrapped_file(&self.facts.key, &self.facts.id)
    }

    /// The name of the file of the manifest.
    pub fn manifest_file(&self) -> String {
        manifest_file(&self.facts.key, &self.facts.id)
    }
}

/// Checks groups of custodians, before anything else of a set is known: what a script says of them.
///
/// # Errors
/// The first thing that speaks against them.
pub fn check_groups(groups_needed: u8, groups: &[CustodianGroup]) -> Result<Split, PlanError> {
    let split = split_of(groups_needed, groups)?;
    check_custodians(groups)?;
    Ok(split)
}

/// The name of the file of a share.
pub fn share_file(key: &str, id: &str, custodian: &str) -> String {
    format!("{key}.{id}.{custodian}.share.age")
}

/// The name of the file of a wrapped key.
pub fn wrapped_file(key: &str, id: &str) -> String {
    format!("{key}.{id}.wrapped")
}

/// The name of the file of a manifest.
pub fn manifest_file(key: &str, id: &str) -> String {
    format!("{key}.{id}.manifest.json")
}

pub(super) fn is_id(text: &str) -> Result<(), PlanError> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if (8..=16).contains(&text.len()) && text.bytes().all(is_hex) {
        return Ok(());
    }
    Err(PlanError::Id {
        text: text.to_owned(),
    })
}

fn split_of(groups_needed: u8, groups: &[CustodianGroup]) -> Result<Split, SplitError> {
    let group = |group: &CustodianGroup| Group {
        threshold: group.threshold,
        count: u8::try_from(group.custodians.len()).unwrap_or(u8::MAX),
    };
    Split::new(groups_needed, groups.iter().map(group).collect())
}

fn check_custodians(groups: &[CustodianGroup]) -> Result<(), PlanError> {
    let mut ids = BTreeSet::new();
    let mut owners: Vec<(String, &str)> = Vec::new();
    for custodian in groups.iter().flat_map(|group| &group.custodians) {
        let id = custodian.id.as_str();
        is_name(id)?;
        is_line(&custodian.name)?;
        if !ids.insert(id) {
            return Err(PlanError::Twice {
                custodian: id.to_owned(),
            });
        }
        match &custodian.closing {
            None if !custodian.by_hand => {
                return Err(PlanError::Nowhere {
                    custodian: id.to_owned(),
                });
            }
            Some(Closing::Recipients(recipients)) => {
                if recipients.is_empty() {
                    return Err(PlanError::Nowhere {
                        custodian: id.to_owned(),
                    });
                }
                for recipient in recipients {
                    let text = recipient.to_string();
                    match owners.iter().find(|(known, _)| *known == text) {
                        Some((_, owner)) if *owner == id => {
                            return Err(PlanError::RecipientTwice {
                                custodian: id.to_owned(),
                            });
                        }
                        Some((_, owner)) => {
                            return Err(PlanError::SameRecipient {
                                one: (*owner).to_owned(),
                                other: id.to_owned(),
                            });
                        }
                        None => owners.push((text, id)),
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What may be part of the name of a file, and of a command that somebody types from paper.
pub(super) fn is_name(text: &str) -> Result<(), PlanError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.bytes().all(is_plain) {
        return Err(PlanError::Name {
            text: text.to_owned(),
        });
    }
    Ok(())
}

pub(super) fn is_line(text: &str) -> Result<(), PlanError> {
    let says_something = !text.trim().is_empty() && text.trim() == text;
    if !says_something || text.len() > 200 || text.chars().any(char::is_control) {
        return Err(PlanError::Line {
            text: text.to_owned(),
        });
    }
    Ok(())
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipients(recipients) if recipients.len() > 1 => {
                write!(
                    f,
                    "encrypted to {} recipients, each of which can open it",
                    recipients.len()
                )
            }
            Self::Recipients(_) => f.write_str("encrypted to a recipient"),
            Self::Passphrase => f.write_str("encrypted with a passphrase"),
        }
    }
}
