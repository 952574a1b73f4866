//! Keys, spares and media: what goes into bags has one list of names.

use super::twice;
use crate::script::read::{At, Draft, Log, Span};

/// No spare and no medium is called like another, or like a key.
pub(super) fn names(log: &Log<'_>, draft: &Draft) {
    let entry = |text: &str, span: &Span| At {
        value: text.to_owned(),
        span: span.clone(),
    };
    let mut names: Vec<At<String>> = Vec::new();
    for key in draft.keys.iter().filter_map(|key| key.id.as_ref()) {
        // A key's ID that is used twice was told already.
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
