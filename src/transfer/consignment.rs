//! The content of a package for a destination.

use crate::metadata::RootDocument;

/// The content of a package for a destination.
#[derive(Debug, Clone)]
pub struct Consignment<'a> {
    /// Root files by version, in ascending order.
    pub files: Vec<(u64, Vec<u8>)>,
    /// The newest root.
    pub root: &'a RootDocument,
    pub previous: Option<&'a RootDocument>,
    pub repository: Option<&'a str>,
    pub is_rehearsal: bool,
    /// The folders with the roots of further repositories.
    pub further: Vec<String>,
    /// The IDs of removed root keys that are stored in key files.
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
