//! The scripts that come with the program.

use std::io;
use std::sync::LazyLock;

use super::PinnedFileSource;
use super::kind::Kind;
use super::plan::{RoleKind, Script};
use crate::metadata::Key;

/// A ready script, with its pinned files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// As in commands: `genesis`.
    pub name: &'static str,
    pub kind: Kind,
    /// One line, for a list.
    pub summary: &'static str,
    pub text: &'static str,
    /// Names, as in the script, and contents.
    pub files: &'static [(&'static str, &'static [u8])],
}

impl PinnedFileSource for Embedded {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut files = self.files.iter();
        files
            .find(|(known, _)| *known == name)
            .map(|(_, bytes)| bytes.to_vec())
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

macro_rules! pinned {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../ceremony-scripts/", $name)) as &[u8])),+]
    };
}

/// Public keys whose private keys were discarded, for rehearsals.
const SAMPLE_KEYS: &[(&str, &[u8])] = pinned![
    "online/timestamp.pub.pem",
    "online/snapshot.pub.pem",
    "online/targets.pub.pem",
];

/// A first root with the sample keys, signed by keys that were then discarded.
const SAMPLE_ROOT: &[(&str, &[u8])] = pinned!["previous/1.root.json"];

/// The manifest of a share set of a rehearsal.
const SAMPLE_MANIFEST: &[(&str, &[u8])] = pinned!["restore/key-1.0123456789abcdef.manifest.json"];

/// Notary roots that stock tools signed with a key that was then discarded.
const SAMPLE_NOTARY_ROOTS: &[(&str, &[u8])] =
    pinned!["notary/2.root.json", "notary/tools/2.root.json"];

const SCRIPTS: [Embedded; 10] = [
    Embedded {
        name: "genesis",
        kind: Kind::Genesis,
        summary: "generates the root keys and signs the first root",
        text: include_str!("../../ceremony-scripts/genesis.toml"),
        files: SAMPLE_KEYS,
    },
    Embedded {
        name: "rotation",
        kind: Kind::Rotation,
        summary: "changes keys, thresholds or online roles; the sample replaces a lost key",
        text: include_str!("../../ceremony-scripts/rotation.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "renewal",
        kind: Kind::Renewal,
        summary: "gives the root a later expiry and changes nothing else",
        text: include_str!("../../ceremony-scripts/renewal.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "revocation",
        kind: Kind::Rotation,
        summary: "removes a lost or stolen key from the root",
        text: include_str!("../../ceremony-scripts/revocation.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "enrollment",
        kind: Kind::Enrollment,
        summary: "generates a key for a root that another site signs",
        text: include_str!("../../ceremony-scripts/enrollment.toml"),
        files: &[],
    },
    Embedded {
        name: "drill",
        kind: Kind::Drill,
        summary: "shows that shares restore a key, and keeps nothing",
        text: include_str!("../../ceremony-scripts/drill.toml"),
        files: SAMPLE_MANIFEST,
    },
    Embedded {
        name: "recovery",
        kind: Kind::Recovery,
        summary: "restores a lost key from its shares onto a new token",
        text: include_str!("../../ceremony-scripts/recovery.toml"),
        files: SAMPLE_MANIFEST,
    },
    Embedded {
        name: "backup",
        kind: Kind::Backup,
        summary: "makes first or new shares for an existing key",
        text: include_str!("../../ceremony-scripts/backup.toml"),
        files: SAMPLE_MANIFEST,
    },
    Embedded {
        name: "notary",
        kind: Kind::Genesis,
        summary: "generates root keys for Docker Content Trust and signs the first root",
        text: include_str!("../../ceremony-scripts/notary.toml"),
        files: SAMPLE_KEYS,
    },
    Embedded {
        name: "notary-migration",
        kind: Kind::Rotation,
        summary: "moves Docker Content Trust repositories from a key file to tokens",
        text: include_str!("../../ceremony-scripts/notary-migration.toml"),
        files: SAMPLE_NOTARY_ROOTS,
    },
];

pub const fn embedded() -> &'static [Embedded] {
    &SCRIPTS
}

pub(super) fn is_sample(key: &Key) -> bool {
    static SAMPLES: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let files = SAMPLE_KEYS.iter();
        files
            .filter_map(|(_, bytes)| Key::from_file(bytes).ok())
            .collect()
    });
    SAMPLES.iter().any(|sample| sample.public() == key.public())
}

impl Script {
    /// Whether an online role has a sample key of this program: accepted in rehearsals, refused in productions.
    pub fn uses_sample_keys(&self) -> bool {
        let given: Vec<RoleKind> = self.root.roles.iter().map(|(kind, _)| kind).collect();
        let kept = self.previous.iter().flat_map(|previous| {
            let kinds = RoleKind::ALL.into_iter();
            let kept = kinds.filter(|kind| !given.contains(kind));
            kept.flat_map(|kind| previous.root.document().role_keys(kind.into()))
        });
        let mut keys = self
            .root
            .roles
            .iter()
            .flat_map(|(_, role)| role.keys.iter().map(|key| &key.key))
            .chain(kept.map(|(_, listed)| listed.key()));
        keys.any(is_sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_key_is_known_as_one() {
        for (name, bytes) in SAMPLE_KEYS {
            assert!(is_sample(&Key::from_file(bytes).unwrap()), "{name}");
        }
    }
}
