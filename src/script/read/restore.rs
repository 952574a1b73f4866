//! The table `[restore]` of a drill or a recovery.

use super::fields::{Fields, Value};
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use crate::backup::Manifest;
use crate::script::Kind;
use crate::script::{DrillLevel, PinnedFile, RestorePlan};

pub(in crate::script) struct RestoreEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) manifest: Option<At<Manifest>>,
    pub(in crate::script) level: Option<DrillLevel>,
    /// The set that has superseded it: then nothing is restored.
    pub(in crate::script) superseded_by: Option<At<Manifest>>,
    file: Option<PinnedFile>,
    days: Option<u16>,
}

pub(super) fn read(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    kind: Kind,
) -> RestoreEntry {
    let span = fields.span.clone();
    let mut read = |value: &Value<'_, '_>| {
        let (named, file) = files.read(value)?;
        manifest(&named, file)
    };
    let found = fields.value("manifest").and_then(|value| read(&value));
    let (manifest, file) = found.unzip();
    let replacing = fields.value("superseded_by");
    let superseded_by = replacing.as_ref().and_then(read);
    let superseded_by = superseded_by.map(|(manifest, _)| manifest);
    let level = match kind {
        // Its shares may be opened before they are destroyed, but are not combined.
        Kind::Backup if replacing.is_some() => Some(DrillLevel::Custody),
        Kind::Recovery | Kind::Backup => Some(DrillLevel::Full),
        _ => fields
            .value("level")
            .and_then(|value| value.word("script.level", DrillLevel::SPELLINGS)),
    };
    let days = match fields.value("reissue_within_days") {
        None => Some(RestorePlan::USUAL_DAYS),
        Some(value) => value.integer().and_then(|days| {
            let range = value.range();
            let number = u16::try_from(days).ok();
            let number = number.filter(|_| range.contains(&days));
            if number.is_none() {
                value.error(
                    "script.restore",
                    format!("\"reissue_within_days\" cannot be {days}"),
                    format!(
                        "use {} to {}, or leave it out for 30",
                        range.start(),
                        range.end()
                    ),
                );
            }
            number
        }),
    };
    fields.finish();
    RestoreEntry {
        span,
        manifest,
        level,
        superseded_by,
        file,
        days,
    }
}

fn manifest(value: &Value<'_, '_>, file: PinnedFile) -> Option<(At<Manifest>, PinnedFile)> {
    match Manifest::read(&file.bytes) {
        Ok(manifest) => Some((value.at(Some(manifest))?, file)),
        Err(refusal) => {
            value.error(
                "script.manifest",
                format!("this is not the manifest of a share set: {refusal}"),
                "use the file KEY.ID.manifest.json, which is kept with the shares and in the ceremony directory of the backup",
            );
            None
        }
    }
}

impl RestoreEntry {
    pub(super) fn complete(self) -> Option<RestorePlan> {
        Some(RestorePlan {
            file: self.file?,
            manifest: self.manifest?.value,
            level: self.level?,
            superseded_by: self.superseded_by.map(|at| at.value),
            reissue_within_days: self.days?,
        })
    }
}
