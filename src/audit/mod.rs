//! What follows from a transcript, and whether a ceremony directory is what it says.

use crate::ceremony::Ceremony;
use crate::transcript::{Transcript, closing_note};

/// The files of a ceremony directory that follow from the script and the transcript.
#[must_use]
pub fn documents(ceremony: &Ceremony, transcript: &Transcript) -> Vec<(String, Vec<u8>)> {
    vec![(
        "closing-note.txt".to_owned(),
        closing_note(ceremony, transcript).into_bytes(),
    )]
}
