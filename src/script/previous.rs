//! The trusted root that a ceremony changes, and what happens to its keys.

use std::fmt;

use crate::metadata::{Key, KeyId as RootKeyId, TrustedRoot};
use crate::transfer::PayloadRegister;
use crate::words::Digest;

use super::enrolled::Enrolled;
use super::id::KeyId;
use super::pinned::PinnedFile;

/// The trusted root, and the records of the ceremony that made it.
#[derive(Debug, Clone)]
pub struct Previous {
    /// The versions from the trust anchor to the root, which is last.
    pub chain: Vec<PinnedFile>,
    /// Verified by the chain; it may have expired.
    pub root: TrustedRoot,
    /// The transcript digest of the ceremony that made it.
    pub transcript_digest: Option<Digest>,
    pub custody: Option<PinnedFile>,
    /// The register of signed payloads, as a file.
    pub register: Option<PinnedFile>,
    /// The parsed register; empty without one.
    pub payloads: PayloadRegister,
}

impl Previous {
    /// The chain as `verify_chain` takes it: names and bytes, the trust anchor first.
    pub fn chain_files(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.chain
            .iter()
            .map(|file| (file.name.clone(), file.bytes.clone()))
    }
}

/// A key of the trusted root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootKey {
    /// Its ID there.
    pub id: RootKeyId,
    pub key: Key,
}

/// What happens to a root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// It is generated or enrolled, and is in the new root.
    Add,
    /// It is in both roots.
    Keep(RootKey),
    /// It is in both roots, in the new one under the ID that the specification defines.
    MoveId(RootKey),
    /// It is in the trusted root only.
    Remove(RootKey),
}

impl KeyChange {
    /// As in scripts: `move-id`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Keep(_) => "keep",
            Self::MoveId(_) => "move-id",
            Self::Remove(_) => "remove",
        }
    }

    /// The key as the trusted root has it; `None` for a new one.
    pub const fn before(&self) -> Option<&RootKey> {
        match self {
            Self::Add => None,
            Self::Keep(key) | Self::MoveId(key) | Self::Remove(key) => Some(key),
        }
    }

    pub const fn stays(&self) -> bool {
        !matches!(self, Self::Remove(_))
    }
}

impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A root key whose token is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistantKey {
    pub id: KeyId,
    /// An added key is enrolled.
    pub change: KeyChange,
    pub place: Place,
    /// The name of its holder, as it is read aloud. No control characters.
    pub held_by: Option<String>,
    /// The owner of the key in the root, if the destination requires it.
    pub owner: Option<String>,
    pub enrolled: Option<Enrolled>,
}

impl DistantKey {
    /// For a list of signatures: `site Lisbon`, `key-4 (Ada Lindgren)`.
    pub fn title(&self) -> String {
        let name = match &self.place {
            Place::Site(site) | Place::Elsewhere(site) => format!("site {site}"),
            Place::Absent | Place::Lost => self.id.to_string(),
        };
        match &self.held_by {
            Some(holder) => format!("{name} ({holder})"),
            None => name,
        }
    }
}

/// Where a key is whose token is not present.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// At another site, which owes its signature.
    Site(String),
    /// At another site, which does not sign this version: a first root is not sent to other sites.
    Elsewhere(String),
    /// It does not sign this root.
    Absent,
    /// Lost or stolen: it never signs again.
    Lost,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(site) | Self::Elsewhere(site) => write!(f, "at site {site}"),
            Self::Absent => f.write_str("absent"),
            Self::Lost => f.write_str("lost"),
        }
    }
}
