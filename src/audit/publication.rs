//! What leaves the room with a root: beside the version itself, how it gets to its clients.

use crate::ceremony::{Ceremony, Mode};
use crate::transfer::{Consignment, Destination};

/// The files of an export: the version that was made, the one before it, and the instructions of the script's
/// destination. None where no root was made and verified.
#[must_use]
pub fn publication(ceremony: &Ceremony) -> Vec<(String, Vec<u8>)> {
    let (Some(signed), Some(_)) = (ceremony.signed(), ceremony.verified()) else {
        return Vec::new();
    };
    if !ceremony.script().makes_root() {
        return Vec::new();
    }
    let before = ceremony.foundation();
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
    };
    ceremony.script().root().destination.package(&consignment)
}

/// Whether a file of an export follows from the others, and is made anew with them.
#[must_use]
pub fn is_made_anew(name: &str) -> bool {
    Destination::is_made_anew(name)
}
