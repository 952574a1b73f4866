//! Media: no duplicates, and every medium that is sealed exists.

use super::{twice, unknown};
use crate::script::read::{Draft, Log};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let serials = draft
        .media
        .iter()
        .filter_map(|medium| medium.serial.as_ref());
    twice(log, "serial number", serials);
    for sealed in draft.steps.iter().filter_map(|step| step.medium.as_ref()) {
        let media = || draft.media.iter().filter_map(|medium| medium.id.as_ref());
        if !media().any(|id| id.value == sealed.value) {
            unknown(log, "medium", sealed, media());
        }
    }
}
