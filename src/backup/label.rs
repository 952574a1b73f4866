//! What stands on a share, inside and outside: whose it is, of which set, and where in it.

use jiff::Timestamp;

use super::plan::{SetFacts, manifest_file, share_file, wrapped_file};
use crate::words::Digest;

/// Where a share stands in its set. All are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The group.
    pub group: u8,
    /// How many groups there are.
    pub groups: u8,
    /// How many of them are needed.
    pub groups_needed: u8,
    /// The share of the group.
    pub member: u8,
    /// How many shares the group has.
    pub members: u8,
    /// How many of them are needed.
    pub members_needed: u8,
}

/// What stands on a share. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLabel {
    /// The line of roots.
    pub repository: String,
    /// The key, as the script calls it.
    pub key: String,
    /// SHA-256 of its public half.
    pub fingerprint: Digest,
    /// What the names of the set's files have in common.
    pub id: String,
    /// The fingerprint of the set.
    pub set: Digest,
    /// When the set was made.
    pub made_at: Timestamp,
    /// Whether that was in a rehearsal.
    pub is_rehearsal: bool,
    /// The custodian's ID.
    pub custodian: String,
    /// The custodian's name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

impl ShareLabel {
    pub(super) fn of(facts: &SetFacts, set: Digest, group: usize, member: usize) -> Option<Self> {
        let of_group = facts.groups.get(group)?;
        let custodian = of_group.custodians.get(member)?;
        let counted = |number: usize| u8::try_from(number).ok();
        Some(Self {
            repository: facts.repository.clone(),
            key: facts.key.clone(),
            fingerprint: facts.public_key.fingerprint(),
            id: facts.id.clone(),
            set,
            made_at: facts.made_at,
            is_rehearsal: facts.is_rehearsal,
            custodian: custodian.id.clone(),
            name: custodian.name.clone(),
            place: Place {
                group: counted(group + 1)?,
                groups: counted(facts.groups.len())?,
                groups_needed: facts.groups_needed,
                member: counted(member + 1)?,
                members: counted(of_group.custodians.len())?,
                members_needed: of_group.threshold,
            },
        })
    }

    /// The custodian as people are named here: `Anna Muster (custodian-1)`.
    pub fn who(&self) -> String {
        format!("{} ({})", self.name, self.custodian)
    }

    /// The name of the share's file.
    pub fn share_file(&self) -> String {
        share_file(&self.key, &self.id, &self.custodian)
    }

    /// The name of the file of the wrapped key.
    pub fn wrapped_file(&self) -> String {
        wrapped_file(&self.key, &self.id)
    }

    /// The name of the file of the manifest.
    pub fn manifest_file(&self) -> String {
        manifest_file(&self.key, &self.id)
    }

    /// The names of the custodian's sheet, as text and as HTML.
    pub fn sheet_files(&self) -> [String; 2] {
        let Self {
            key, id, custodian, ..
        } = self;
        ["txt", "html"].map(|form| format!("{key}.{id}.{custodian}.sheet.{form}"))
    }
}
