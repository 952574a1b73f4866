//! The label of a share, which is both inside the encrypted file and on the sheet.

use jiff::Timestamp;

use super::plan::{SetFacts, manifest_file, share_file, wrapped_file};
use crate::words::Digest;

/// The position of a share in its set, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub group: u8,
    /// The total number of groups.
    pub groups: u8,
    pub groups_needed: u8,
    pub member: u8,
    /// The total number of shares in the group.
    pub members: u8,
    pub members_needed: u8,
}

/// The label of a share. It is not secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLabel {
    pub repository: String,
    /// The ID of the key in the script.
    pub key: String,
    /// Of the public key.
    pub fingerprint: Digest,
    /// [`SetFacts::id`].
    pub id: String,
    /// The fingerprint of the set.
    pub set: Digest,
    pub created_at: Timestamp,
    pub is_rehearsal: bool,
    /// The ID of the custodian.
    pub custodian: String,
    /// The name of the custodian.
    pub name: String,
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
            created_at: facts.created_at,
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

    /// The name and ID of the custodian: `Anna Muster (custodian-1)`.
    pub fn who(&self) -> String {
        format!("{} ({})", self.name, self.custodian)
    }

    pub fn share_file(&self) -> String {
        share_file(&self.key, &self.id, &self.custodian)
    }

    pub fn wrapped_file(&self) -> String {
        wrapped_file(&self.key, &self.id)
    }

    pub fn manifest_file(&self) -> String {
        manifest_file(&self.key, &self.id)
    }

    /// The file names of the custodian's sheet, as text and as HTML.
    pub fn sheet_files(&self) -> [String; 2] {
        let Self {
            key, id, custodian, ..
        } = self;
        ["txt", "html"].map(|form| format!("{key}.{id}.{custodian}.sheet.{form}"))
    }
}
