//! Pinned input files: files that a script names and binds by their hashes.

use std::collections::BTreeMap;
use std::io;

use crate::metadata::Key;
use crate::words::Digest;

/// The name of the custody list in a script.
pub const CUSTODY_LIST: &str = "previous/custody.jsonl";

/// Where pinned input files are read from. The script room does no I/O of its own.
pub trait PinnedFileSource {
    /// The content of the file that the script calls `name`: a relative name that was checked.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// The token profile of that name: a checked word. A built-in profile is not the source's concern.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn profile(&self, name: &str) -> io::Result<Vec<u8>> {
        self.read(&profile_path(name))
    }
}

/// Where a profile that a script names is kept beside it.
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

/// A public key that was carried in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedKey {
    /// The file's name in the script.
    pub file: String,
    /// The SHA-256 of the file, which is what the script binds.
    pub sha256: Digest,
    pub key: Key,
}

/// A file whose content is the one that the script binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// As in the script; safe to be used below a directory.
    pub name: String,
    /// Of the content.
    pub sha256: Digest,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A ceremony directory holds the script, copies of what it carries, and these.
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

/// Why a file of that name cannot be kept in a ceremony directory.
pub(super) fn name_error(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if name.is_empty() || name.len() > 120 || !name.chars().all(plain) {
        return Some("a file name is 1 to 120 of A-Z, a-z, 0-9, \".\", \"_\", \"-\", \"/\"".into());
    }
    if name
        .split('/')
        .any(|part| part.is_empty() || part.starts_with(['.', '-']))
    {
        return Some(
            "a file name is relative to the script, and no part of it is empty, \
             or starts with \".\" or \"-\""
                .into(),
        );
    }
    let first = name.split('/').next().unwrap_or_default();
    TAKEN
        .contains(&first.to_ascii_lowercase().as_str())
        .then(|| format!("{first:?} has its own meaning in a ceremony directory"))
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
