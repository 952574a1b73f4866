//! The files of the ceremony are exported.

use super::asking::confirm;
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, hold, require};
use crate::ceremony::{Ceremony, Check, Effect, ExportedFile, Next};
use crate::script::{Act, Step};
use crate::transfer::Enrollment;
use crate::words::Digest;

impl Ceremony {
    /// The exported files: the root under its version number and as `root.json`, for new clients. None before the root
    /// was signed.
    pub fn export_files(&self) -> Vec<(ExportedFile, Vec<u8>)> {
        if self.script.signing().is_some() {
            return self
                .detached_signatures()
                .into_iter()
                .map(|detached| named(detached.file_name(), detached.to_file_bytes()))
                .collect();
        }
        if !self.script.makes_root() {
            let files = self.enrollments().into_iter();
            return files
                .map(|(key, file)| named(Enrollment::file_name(key.as_str()), file.to_file_bytes()))
                .collect();
        }
        let Some(signed) = self.root().signed() else {
            return Vec::new();
        };
        let bytes = signed.to_file_bytes();
        let own = [
            format!("{}.root.json", signed.frozen().version()),
            "root.json".to_owned(),
        ]
        .into_iter()
        .map(|name| named(name, bytes.clone()));
        let further = self.further_in_folders().into_iter();
        let further = further.flat_map(|(folder, view)| {
            let files = view.export_files().into_iter();
            files.map(move |(file, bytes)| named(format!("{folder}/{}", file.name), bytes))
        });
        own.chain(further).collect()
    }
}

/// A file to export, with its transcript entry.
fn named(name: String, bytes: Vec<u8>) -> (ExportedFile, Vec<u8>) {
    let file = ExportedFile {
        name,
        size: bytes.len() as u64,
        sha256: Digest::of(&bytes),
    };
    (file, bytes)
}

pub(crate) fn next(c: &Ceremony, step: &Step) -> Next {
    if c.root().is_export_announced() {
        return Next::Do(Effect::Export {
            files: c.export_files(),
            supersedes: c.base_root().and_then(|before| {
                let (_, bytes) = before.chain().last()?;
                Some(Digest::of(bytes))
            }),
        });
    }
    let names: Vec<_> = c
        .export_files()
        .iter()
        .map(|(file, _)| format!("{} ({} bytes)", file.name, file.size))
        .collect();
    let line = format!(
        "These files are written to the export folder, read back and compared: {}.",
        names.join(", ")
    );
    Next::Ask(confirm(c, step, [line], "Export"))
}

pub(crate) fn exported_files(c: &Ceremony) -> Vec<ExportedFile> {
    c.export_files().into_iter().map(|(file, _)| file).collect()
}

fn require_exportable(c: &mut Ceremony, at: &At<'_>, files: &[ExportedFile]) -> Applied {
    at.require_act(c, |act| *act == Act::Export)?;
    require(
        c.verified().is_some() || c.script.signing().is_some() || !c.script.makes_root(),
        "the root was not verified",
    )?;
    require(
        c.are_new_keys_proven(),
        "the file of a key is not exported before its token has proved possession",
    )?;
    hold(
        Check::ExportContent,
        files == exported_files(c),
        "the files are not those of the signed root",
    )
}

pub(crate) fn announced(c: &mut Ceremony, at: &At<'_>, files: &[ExportedFile]) -> Applied {
    require_exportable(c, at, files)?;
    c.root_mut().announce_export()
}

pub(crate) fn exported(c: &mut Ceremony, at: &At<'_>, files: &[ExportedFile]) -> Applied {
    require_exportable(c, at, files)?;
    c.root_mut().export(files)
}

pub(crate) fn export_intended_sentence(files: &[ExportedFile]) -> String {
    format!("About to export: {}.", names_of(files))
}

pub(crate) fn exported_sentence(files: &[ExportedFile]) -> String {
    format!("Exported, read back and compared: {}.", names_of(files))
}

fn names_of(files: &[ExportedFile]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    names.join(", ")
}
