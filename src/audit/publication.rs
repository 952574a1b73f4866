//! The files of an export: the root, and how to publish it.

use crate::ceremony::{Ceremony, Mode};
use crate::script::{FurtherRepository, KeyPlan};
use crate::transfer::Consignment;

/// The files of an export: the new root version, the previous version, and the instructions for the destination in the
/// script. Empty if no root was made and verified.
pub fn publication(ceremony: &Ceremony) -> Vec<(String, Vec<u8>)> {
    let further = ceremony.further_in_folders().into_iter();
    let mut files = package(ceremony, key_files(ceremony));
    files.extend(further.flat_map(|(folder, view)| {
        // The instructions for the old key appear once, after all roots are published.
        let files = package(&view, Vec::new()).into_iter();
        files.map(move |(name, bytes)| (format!("{folder}/{name}"), bytes))
    }));
    files
}

/// The files of one root.
fn package(ceremony: &Ceremony, key_files: Vec<String>) -> Vec<(String, Vec<u8>)> {
    let (Some(signed), Some(_)) = (ceremony.signed(), ceremony.verified()) else {
        return Vec::new();
    };
    if !ceremony.script().makes_root() {
        return Vec::new();
    }
    let before = ceremony.base_root();
    let root = signed.frozen().document();
    let file_before = before.and_then(|before| {
        let (_, bytes) = before.chain().last()?;
        Some((before.root().version(), bytes.clone()))
    });
    let file = (root.version(), signed.to_file_bytes());
    let consignment = Consignment {
        files: file_before.into_iter().chain([file]).collect(),
        root,
        previous: before.map(|before| before.root().document()),
        repository: Some(ceremony.script().repository()),
        is_rehearsal: ceremony.mode() == Mode::Rehearsal,
        further: ceremony
            .script()
            .further()
            .iter()
            .map(FurtherRepository::folder)
            .collect(),
        key_files,
    };
    ceremony.script().root().destination.package(&consignment)
}

/// The key files whose keys are removed from the root.
fn key_files(ceremony: &Ceremony) -> Vec<String> {
    let is_file = |plan: &&KeyPlan| plan.token.profile.is_key_file();
    if ceremony.mode() == Mode::Rehearsal {
        return Vec::new();
    }
    let plans = ceremony.script().keys().iter().filter(is_file);
    plans.filter_map(|plan| plan.token.serial.clone()).collect()
}
