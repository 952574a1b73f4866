//! What the sentence of an event is told with.

use crate::script::{PersonId, Script};

use super::display_names::DisplayNames;

/// What a sentence needs beside its event.
pub(in crate::ceremony) struct Telling<'t> {
    pub(in crate::ceremony) script: &'t Script,
    pub(in crate::ceremony) display_names: &'t DisplayNames,
    pub(in crate::ceremony) ids: &'t [PersonId],
    /// The names of those who took part.
    pub(in crate::ceremony) people: &'t str,
}
