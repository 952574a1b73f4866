//! The root before the one that a ceremony makes, and what becomes of its keys.

use std::fmt;

use crate::metadata::{Key, KeyId as RootKeyId, TrustedRoot};
use crate::transfer::PayloadRegister;
use crate::words::Digest;

use super::enrolled::Enrolled;
use super::id::KeyId;
use super::pinned::PinnedFile;

/// Where a ceremony begins: the root that it changes, and what the ceremony before left.
#[derive(Debug, Clone)]
pub struct Previous {
    /// The versions from the trust anchor up to the root, the root itself last.
    pub chain: Vec<PinnedFile>,
    /// The root, tied to the trust anchor by the chain; it may have expired.
    pub root: TrustedRoot,
    /// The head of the record of the ceremony that made it, if one of ours did.
    pub transcript_digest: Option<Digest>,
    /// The register of custody that the ceremony before left.
    pub custody: Option<PinnedFile>,
    /// The register of all payloads that were ever signed, as a file.
    pub register: Option<PinnedFile>,
    /// The same, read; empty where none was carried in.
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

/// A root key of the root before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootKey {
    /// Its ID there, by whatever rule it was made.
    pub id: RootKeyId,
    /// The key.
    pub key: Key,
}

/// What becomes of a root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// It is made today or was enrolled, and stands in the new root.
    Add,
    /// It stands in both roots.
    Keep(RootKey),
    /// It stands in both roots, and in the new one under the ID that the specification gives it.
    MoveId(RootKey),
    /// It stands in the root before, and not in the new one.
    Remove(RootKey),
}

impl KeyChange {
    /// As scripts spell it: `move-id`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Keep(_) => "keep",
            Self::MoveId(_) => "move-id",
            Self::Remove(_) => "remove",
        }
    }

    /// The key as the root before has it; none for a new one.
    pub const fn before(&self) -> Option<&RootKey> {
        match self {
            Self::Add => None,
            Self::Keep(key) | Self::MoveId(key) | Self::Remove(key) => Some(key),
        }
    }

    /// Whether it stands in the new root.
    pub const fn stays(&self) -> bool {
        !matches!(self, Self::Remove(_))
    }
}

impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A root key whose token is not in this room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistantKey {
    /// How the script calls the key.
    pub id: KeyId,
    /// What becomes of it; one that is added is enrolled.
    pub change: KeyChange,
    /// Where it is, and so whether it signs.
    pub place: Place,
    /// Who holds it, as it is read aloud. No control characters.
    pub held_by: Option<String>,
    /// Whose key the root says that it is, where its publisher wants to know.
    pub owner: Option<String>,
    /// The file by which a key is enrolled that no root has yet.
    pub enrolled: Option<Enrolled>,
}

impl DistantKey {
    /// Who or what a list of signatures names: `site Lisbon`, `key-4 (Ada Lindgren)`.
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

/// Where a key is that is not in the room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// At another site, which owes its signature.
    Site(String),
    /// At another site, which has no part in this version: a first root goes on no journey.
    Elsewhere(String),
    /// Somewhere, and it does not sign this time.
    Absent,
    /// Nobody has it any more, or somebody has it who should not: it must not be counted on.
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
