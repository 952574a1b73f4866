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

const NO_FILES: &[(&str, &[u8])] = &[];

macro_rules! ready {
    ($($name:literal $kind:ident $files:tt $summary:literal)+) => {
        &[$(Embedded {
            name: $name,
            kind: Kind::$kind,
            summary: $summary,
            text: include_str!(concat!("../../ceremony-scripts/", $name, ".toml")),
            files: $files,
        }),+]
    };
}

const SCRIPTS: &[Embedded] = ready! {
    "genesis" Genesis SAMPLE_KEYS "generates the root keys and signs the first root"
    "rotation" Rotation SAMPLE_ROOT "changes keys, thresholds or online roles; the sample replaces a lost key"
    "renewal" Renewal SAMPLE_ROOT "gives the root a later expiry and changes nothing else"
    "revocation" Rotation SAMPLE_ROOT "removes a lost or stolen key from the root"
    "enrollment" Enrollment NO_FILES "generates a key for a root that another site signs"
    "drill" Drill SAMPLE_MANIFEST "shows that shares restore a key, and keeps nothing"
    "recovery" Recovery SAMPLE_MANIFEST "restores a lost key from its shares onto a new token"
    "backup" Backup SAMPLE_MANIFEST "makes first or new shares for an existing key"
    "notary" Genesis SAMPLE_KEYS "generates root keys for Docker Content Trust and signs the first root"
    "notary-migration" Rotation SAMPLE_NOTARY_ROOTS "moves Docker Content Trust repositories from a key file to tokens"
};

pub const fn embedded() -> &'static [Embedded] {
    SCRIPTS
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
