//! Media: each of its own, and every one that is sealed is there.

use std::fmt;

use super::twice;
use crate::script::read::{At, Draft, Log, Span};

/// The name of a key, a spare or a medium: all of them go into bags.
struct Name(String);

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let name = |text: &str, span: &Span| At {
        value: Name(text.to_owned()),
        span: span.clone(),
    };
    let keys = draft.keys.iter().filter_map(|key| key.id.as_ref());
    let spares = draft.spares.iter().filter_map(|spare| spare.id.as_ref());
    let mut others: Vec<At<Name>> = Vec::new();
    let named = keys
        .map(|at| name(at.value.as_str(), &at.span))
        .chain(spares.map(|at| name(at.value.as_str(), &at.span)));
    for other in named {
        // What these have twice was told already.
        if !others.iter().any(|known| known.value == other.value) {
            others.push(other);
        }
    }
    let media = draft.media.iter().filter_map(|medium| medium.id.as_ref());
    others.extend(media.map(|at| name(at.value.as_str(), &at.span)));
    twice(log, "ID", others.iter());
    let serials = draft
        .media
        .iter()
        .filter_map(|medium| medium.serial.as_ref());
    twice(log, "serial number", serials);
    for sealed in draft.steps.iter().filter_map(|step| step.medium.as_ref()) {
        let media = || draft.media.iter().filter_map(|medium| medium.id.as_ref());
        if !media().any(|id| id.value == sealed.value) {
            let known: Vec<&str> = media().map(|id| id.value.as_str()).collect();
            log.fault(
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
