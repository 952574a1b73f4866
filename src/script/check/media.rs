//! Media: each of its own, and every one that is sealed is there.

use super::twice;
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
            let known: Vec<&str> = media().map(|id| id.value.as_str()).collect();
            log.error(
                "script.medium",
                &sealed.span,
                format!("there is no medium {:?}", sealed.value.as_str()),
                if known.is_empty() {
                    "add a table [[medium]] with that id".to_owned()
                } else {
                    format!("media of this script: {}", known.join(", "))
                },
            );
        }
    }
}
