//! Keys, spares and media share one list of IDs.

use super::twice;
use crate::script::read::{At, Draft, Log, Span};

/// No spare and no medium has the ID of another, or of a key.
pub(super) fn names(log: &Log<'_>, draft: &Draft) {
    let entry = |text: &str, span: &Span| At {
        value: text.to_owned(),
        span: span.clone(),
    };
    let mut names: Vec<At<String>> = Vec::new();
    for key in draft.keys.iter().filter_map(|key| key.id.as_ref()) {
        // A duplicate key ID has already been reported.
        if !names.iter().any(|known| known.value == key.value.as_str()) {
            names.push(entry(key.value.as_str(), &key.span));
        }
    }
    let spares = draft.spares.iter().filter_map(|spare| spare.id.as_ref());
    names.extend(spares.map(|id| entry(id.value.as_str(), &id.span)));
    let media = draft.media.iter().filter_map(|medium| medium.id.as_ref());
    names.extend(media.map(|id| entry(id.value.as_str(), &id.span)));
    twice(log, "ID", names.iter());
}
