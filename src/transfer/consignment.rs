//! What goes to a destination.

use crate::metadata::RootDocument;

/// The versions that go there, and what changes with the last one.
#[derive(Debug, Clone)]
pub struct Consignment<'a> {
    /// The files of the versions by their numbers, ascending.
    pub files: Vec<(u64, Vec<u8>)>,
    /// The newest.
    pub root: &'a RootDocument,
    /// The one before it, where it is there.
    pub previous: Option<&'a RootDocument>,
    /// The name of the line of roots, where it is known.
    pub repository: Option<&'a str>,
    /// Whether throw-away tokens signed it.
    pub is_rehearsal: bool,
    /// The folders of the package in which the roots of further repositories lie.
    pub further: Vec<String>,
    /// The IDs of keys that leave the root, and lie in files.
    pub key_files: Vec<String>,
}

pub(super) fn root_name(version: u64) -> String {
    format!("{version}.root.json")
}

pub(super) fn numbered(consignment: &Consignment<'_>) -> String {
    let versions = consignment.files.iter();
    let names: Vec<_> = versions.map(|(version, _)| root_name(*version)).collect();
    names.join(" ")
}
