//! Pinned input files: files that a script binds by their hashes.

use std::collections::BTreeMap;
use std::io;

use crate::metadata::Key;
use crate::words::Digest;

/// The name of the custody log in a script.
pub const CUSTODY_LIST: &str = "previous/custody.jsonl";

/// Reads pinned input files. This module does no I/O itself.
pub trait PinnedFileSource {
    /// The content of the file with that name: a relative name that was checked.
    ///
    /// # Errors
    /// If the file does not exist or cannot be read.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// The token profile of that name: a checked word. A built-in profile is not the source's concern.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn profile(&self, name: &str) -> io::Result<Vec<u8>> {
        self.read(&profile_path(name))
    }
}

/// Where a profile that a script names is stored next to it.
pub(super) fn profile_path(name: &str) -> String {
    format!("profiles/{name}.toml")
}

impl PinnedFileSource for BTreeMap<String, Vec<u8>> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.get(name)
            .cloned()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// A public key in a pinned input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedKey {
    pub file: String,
    /// Of the file, as in the script.
    pub sha256: Digest,
    pub key: Key,
}

/// A file whose content has the hash in the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// As in the script; safe to use below a directory.
    pub name: String,
    pub sha256: Digest,
    pub bytes: Vec<u8>,
}

/// Names that a ceremony directory uses itself, besides the copies of pinned input files.
const TAKEN: [&str; 18] = [
    "backup",
    "cards.html",
    "cards.txt",
    "certificate.html",
    "certificate.json",
    "certificate.txt",
    "closing-note.txt",
    "export",
    "keys",
    "lock",
    "records",
    "report.html",
    "root",
    "script.toml",
    "sha256sums",
    "tokens",
    "transcript.jsonl",
    "verify.txt",
];

/// What to do about a name that cannot be used in a ceremony directory.
pub(super) fn name_error(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if name.is_empty() || name.len() > 120 || !name.chars().all(plain) {
        return Some("use 1 to 120 of A-Z, a-z, 0-9, \".\", \"_\", \"-\", \"/\"".into());
    }
    if name
        .split('/')
        .any(|part| part.is_empty() || part.starts_with(['.', '-']))
    {
        return Some(
            "use a name relative to the script, in which no part is empty or starts with \".\" or \"-\""
                .into(),
        );
    }
    let first = name.split('/').next().unwrap_or_default();
    TAKEN
        .contains(&first.to_ascii_lowercase().as_str())
        .then(|| format!("use another name: a ceremony directory uses {first:?} itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_directory() {
        assert_eq!(name_error("online/timestamp.pub.pem"), None);
        for bad in [
            "",
            "/etc/passwd",
            "../up.pem",
            "a/../b.pem",
            "a//b",
            "a/",
            "./a",
            ".hidden",
            "-rf",
            "a\\b",
            "c:\\x",
            "a\u{202e}b",
            "transcript.jsonl",
            "Keys/a.pem",
            &"a".repeat(121),
        ] {
            assert!(name_error(bad).is_some(), "{bad:?}");
        }
    }
}
