//! The scripts that come with the program.

use std::io;
use std::sync::LazyLock;

use super::PinnedFileSource;
use super::kind::Kind;
use super::plan::{RoleKind, Script};
use crate::metadata::Key;

/// A ready script, with the files that it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// As commands call it: `genesis`.
    pub name: &'static str,
    /// The kind of ceremony.
    pub kind: Kind,
    /// One line, for a list.
    pub summary: &'static str,
    /// The script.
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

/// Public keys whose private halves were discarded, so that rehearsals need no keys of anyone.
const SAMPLE_KEYS: &[(&str, &[u8])] = pinned![
    "online/timestamp.pub.pem",
    "online/snapshot.pub.pem",
    "online/targets.pub.pem",
];

/// A first root that was signed by keys which were then discarded, and which trusts the sample keys.
const SAMPLE_ROOT: &[(&str, &[u8])] = pinned!["previous/1.root.json"];

/// The manifest of a share set of a rehearsal, of a key that nobody has.
const SAMPLE_MANIFEST: &[(&str, &[u8])] = pinned!["restore/key-1.0123456789abcdef.manifest.json"];

/// Roots of Notary that stock tools signed by a key that was then discarded.
const SAMPLE_NOTARY_ROOTS: &[(&str, &[u8])] =
    pinned!["notary/2.root.json", "notary/tools/2.root.json"];

const SCRIPTS: [Embedded; 10] = [
    Embedded {
        name: "genesis",
        kind: Kind::Genesis,
        summary: "makes the root keys and signs the first root",
        text: include_str!("../../ceremony-scripts/genesis.toml"),
        files: SAMPLE_KEYS,
    },
    Embedded {
        name: "rotation",
        kind: Kind::Rotation,
        summary: "changes keys, thresholds or online roles; here a lost key is replaced",
        text: include_str!("../../ceremony-scripts/rotation.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "renewal",
        kind: Kind::Renewal,
        summary: "gives the root a later expiry, and changes nothing else",
        text: include_str!("../../ceremony-scripts/renewal.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "revocation",
        kind: Kind::Rotation,
        summary: "takes a lost or stolen key out of the root",
        text: include_str!("../../ceremony-scripts/revocation.toml"),
        files: SAMPLE_ROOT,
    },
    Embedded {
        name: "enrollment",
        kind: Kind::Enrollment,
        summary: "makes a key at another site, for a root that is signed elsewhere",
        text: include_str!("../../ceremony-scripts/enrollment.toml"),
        files: &[],
    },
    Embedded {
        name: "drill",
        kind: Kind::Drill,
        summary: "shows that shares restore a key, and keeps nothing of it",
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
        summary: "gives a key that exists shares, or other ones in the place of old ones",
        text: include_str!("../../ceremony-scripts/backup.toml"),
        files: SAMPLE_MANIFEST,
    },
    Embedded {
        name: "notary",
        kind: Kind::Genesis,
        summary: "makes root keys for Docker Content Trust, and signs the first root",
        text: include_str!("../../ceremony-scripts/notary.toml"),
        files: SAMPLE_KEYS,
    },
    Embedded {
        name: "notary-migration",
        kind: Kind::Rotation,
        summary: "takes the repositories of Docker Content Trust out of a key file, into tokens",
        text: include_str!("../../ceremony-scripts/notary-migration.toml"),
        files: SAMPLE_NOTARY_ROOTS,
    },
];

/// All of them.
pub const fn embedded() -> &'static [Embedded] {
    &SCRIPTS
}

/// Whether this is one of the sample keys, in whatever file it came.
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
    /// Whether an online role trusts a sample key of this program, whose private
    /// half nobody has: good for rehearsals, refused in production.
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
