//! The table `[restore]` of a drill or a recovery.

use super::carried::Carrier;
use super::fields::Fields;
use super::log::{At, Span};
use crate::backup::Manifest;
use crate::script::plan::Kind;
use crate::script::{CarriedFile, Grade, RestorePlan};

/// The longest manifest.
const LONGEST: usize = 1 << 20;
/// A share that is lost for longer is no backup.
const MOST_DAYS: i64 = 365;

/// The table as it was read.
pub(in crate::script) struct RestoreEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) manifest: Option<At<Manifest>>,
    pub(in crate::script) grade: Option<Grade>,
    file: Option<CarriedFile>,
    days: Option<u16>,
}

pub(super) fn read(
    mut fields: Fields<'_, '_>,
    carrier: &mut Carrier<'_>,
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
    let mut file = None;
    let manifest = found.and_then(|(value, carried)| match Manifest::read(&carried.bytes) {
        Ok(manifest) => {
            file = Some(carried);
            value.at(Some(manifest))
        }
        Err(refusal) => {
            value.fault(
                "script.manifest",
                format!("no manifest of a share set: {refusal}"),
                "carry in the file KEY.ID.manifest.json that lies with the shares, and with the record of the backup",
            );
            None
        }
    });
    let grade = match kind {
        Kind::Recovery => Some(Grade::Full),
        _ => fields
            .required("grade", "grade = \"full\"; or \"quorum\", or \"custody\"")
            .and_then(|value| value.one_of("script.grade", Grade::SPELLINGS)),
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
        file,
        days,
    }
}

impl RestoreEntry {
    pub(super) fn complete(self) -> Option<RestorePlan> {
        Some(RestorePlan {
            file: self.file?,
            manifest: self.manifest?.value,
            grade: self.grade?,
            reissue_within_days: self.days?,
        })
    }
}
