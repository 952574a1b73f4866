//! Backups in `VERIFY.txt`: the manifests are compared with the transcript.

use std::fmt::{self, Write as _};

use crate::ceremony::Ceremony;

const COMPARE: &str = include_str!("backups.sh");

pub(super) fn write(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    if !ceremony
        .backups()
        .any(|(_, backup)| backup.made().is_some())
    {
        return Ok(());
    }
    writeln!(text)?;
    writeln!(
        text,
        "# The manifest of each backup belongs to its key. Shares and wrapped keys are not in this directory: compare the\n# files on their media with the printed digests (sha256sum FILE). Every share contains instructions for restoring\n# the key with age, a SLIP-39 tool and OpenSSL."
    )?;
    text.write_str(COMPARE)
}
