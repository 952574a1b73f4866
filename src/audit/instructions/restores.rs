//! Drills and recoveries in `VERIFY.txt`: the restored key is the key of the manifest.

use std::fmt::{self, Write as _};

use super::verifier_of;
use crate::ceremony::Ceremony;
use crate::metadata::Scheme;

const EXTRACT: &str = include_str!("restores.sh");

/// The scheme of the restored key.
pub(super) fn scheme(ceremony: &Ceremony) -> Option<Scheme> {
    Scheme::for_public_key(&ceremony.set_at_hand()?.facts().public_key)
}

pub(super) fn write(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    let Some(plan) = ceremony.script().restore() else {
        return Ok(());
    };
    writeln!(text)?;
    // Names of pinned input files have no special characters of the shell.
    writeln!(text, "manifest={}", plan.file.name)?;
    text.write_str(EXTRACT)?;
    if ceremony.restore().is_proven() {
        writeln!(text)?;
        writeln!(
            text,
            "verifies 'signature of the restored key' {} \"$work/restored.pem\" \"$work/restored.signature\" \"$work/restored.message\"",
            verifier_of(scheme(ceremony))
        )?;
    }
    Ok(())
}
