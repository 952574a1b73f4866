//! The table `[restore]` of a drill or a recovery.

use super::carried::PinnedFiles;
use super::fields::{Fields, Value};
use super::log::{At, Span};
use crate::backup::Manifest;
use crate::script::plan::Kind;
use crate::script::{DrillLevel, PinnedFile, RestorePlan};

/// The longest manifest.
const LONGEST: usize = 1 << 20;
/// A share that is lost for longer is no backup.
const MOST_DAYS: i64 = 365;

/// The table as it was read.
pub(in crate::script) struct RestoreEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) manifest: Option<At<Manifest>>,
    pub(in crate::script) grade: Option<DrillLevel>,
    /// The set that took its place already: then there is nothing to restore.
    pub(in crate::script) replaced_by: Option<At<Manifest>>,
    file: Option<PinnedFile>,
    days: Option<u16>,
}

pub(super) fn read(
    mut fields: Fields<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
    kind: Kind,
) -> RestoreEntry {
    let span = fields.span.clone();
    let example = "key-1.0123456789abcdef.manifest.json";
    let found = fields
        .required(
            "manifest",
            "manifest = { file = \"key-1.0123456789abcdef.manifest.json\", sha256 = \"…\" }",
        )
        .and_then(|value| value.table("\"manifest\""))
        .and_then(|table| carrier.file(table, LONGEST, example));
    let (manifest, file) = found
        .and_then(|(value, carried)| manifest(&value, carried))
        .unzip();
    let replacing = match kind {
        Kind::Backup => fields.optional("replaced_by"),
        _ => None,
    };
    let replaced_by = replacing
        .as_ref()
        .and_then(|value| value.table("\"replaced_by\""))
        .and_then(|table| carrier.file(table, LONGEST, example))
        .and_then(|(value, carried)| self::manifest(&value, carried))
        .map(|(manifest, _)| manifest);
    let grade = match kind {
        // Its shares may be opened before they are destroyed; none comes together with another.
        Kind::Backup if replacing.is_some() => Some(DrillLevel::Custody),
        Kind::Recovery | Kind::Backup => Some(DrillLevel::Full),
        _ => fields
            .required("grade", "grade = \"full\"; or \"quorum\", or \"custody\"")
            .and_then(|value| value.one_of("script.grade", DrillLevel::SPELLINGS)),
    };
    let days = match fields.optional("reissue_within_days") {
        None => Some(RestorePlan::USUAL_DAYS),
        Some(value) => value.integer().and_then(|days| {
            let number = u16::try_from(days).ok();
            let number = number.filter(|_| (1..=MOST_DAYS).contains(&days));
            if number.is_none() {
                value.fault(
                    "script.restore",
                    format!("a lost share is not made good in {days} days"),
                    format!("give 1 to {MOST_DAYS}, or leave it out for 30"),
                );
            }
            number
        }),
    };
    fields.finish();
    RestoreEntry {
        span,
        manifest,
        grade,
        replaced_by,
        file,
        days,
    }
}

fn manifest(value: &Value<'_, '_>, carried: PinnedFile) -> Option<(At<Manifest>, PinnedFile)> {
    match Manifest::read(&carried.bytes) {
        Ok(manifest) => Some((value.at(Some(manifest))?, carried)),
        Err(refusal) => {
            value.fault(
                "script.manifest",
                format!("no manifest of a share set: {refusal}"),
                "carry in the file KEY.ID.manifest.json that lies with the shares, and with the record of the backup",
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
            grade: self.grade?,
            replaced_by: self.replaced_by.map(|at| at.value),
            reissue_within_days: self.days?,
        })
    }
}
